"""From a plan to an mp4: backends draw the scenes, the rest joins and writes them."""

from videodirector.generator.backends.protocol import Backend, Capabilities, Clip, Progress, SceneRenderer
from videodirector.generator.backends.scene import derived_seed, scene_seed
from videodirector.generator.render.cache import SceneCache
from videodirector.generator.render.manifest import read_manifest
from videodirector.generator.render.plan_renderer import Drawing
from videodirector.generator.render.render import render_sheet, render_video, settled

__all__ = [
    "Backend",
    "Capabilities",
    "Clip",
    "Drawing",
    "Progress",
    "SceneCache",
    "SceneRenderer",
    "derived_seed",
    "read_manifest",
    "render_sheet",
    "render_video",
    "scene_seed",
    "settled",
]
