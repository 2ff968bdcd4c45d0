"""From a plan to an mp4: backends draw the scenes, the rest joins and writes them."""

from videodirector.generator.backend import Backend, Capabilities, Clip, Progress, SceneRenderer
from videodirector.generator.cache import SceneCache
from videodirector.generator.drawing import Drawing
from videodirector.generator.manifest import read_manifest
from videodirector.generator.render import render_sheet, render_video, settled
from videodirector.generator.scene import derived_seed, scene_seed

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
