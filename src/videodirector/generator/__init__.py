"""From a plan to an mp4: backends render the scenes, the rest joins and writes them.

The names below are loaded when they are first used, so that a backend can be imported without the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from videodirector.generator.backends.protocol import Backend, Capabilities, Clip, Progress, SceneRenderer
    from videodirector.generator.backends.scene import derived_seed, scene_seed
    from videodirector.generator.render.cache import SceneCache
    from videodirector.generator.render.manifest import read_manifest
    from videodirector.generator.render.plan_renderer import PlanRenderer
    from videodirector.generator.render.render import apply_settings, render_sheet, render_video

__all__ = [
    "Backend",
    "Capabilities",
    "Clip",
    "PlanRenderer",
    "Progress",
    "SceneCache",
    "SceneRenderer",
    "apply_settings",
    "derived_seed",
    "read_manifest",
    "render_sheet",
    "render_video",
    "scene_seed",
]

_HOMES = {
    **dict.fromkeys(("Backend", "Capabilities", "Clip", "Progress", "SceneRenderer"), "backends.protocol"),
    **dict.fromkeys(("derived_seed", "scene_seed"), "backends.scene"),
    "SceneCache": "render.cache",
    "read_manifest": "render.manifest",
    "PlanRenderer": "render.plan_renderer",
    **dict.fromkeys(("apply_settings", "render_sheet", "render_video"), "render.render"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
