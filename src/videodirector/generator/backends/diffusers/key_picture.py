"""Renders single pictures with things in their boxes: the first frame of a clip, and the look of a group.

Factorised video generation (Emu Video): one model that reads boxes renders the first frame, another animates it.
"""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from videodirector._generators import finish
from videodirector.errors import ModelFormatError
from videodirector.files.digests import describe_machine, folder_revision
from videodirector.generator.backends.diffusers.families import UNKNOWN
from videodirector.generator.backends.diffusers.model import (
    find_folder,
    find_pipeline_class,
    load_pipeline,
    silence_libraries,
)
from videodirector.generator.backends.diffusers.options import DiffusersOptions
from videodirector.generator.backends.layout_prompt import build_caption, describe_layout
from videodirector.generator.backends.protocol import Backend, SceneRenderer
from videodirector.schemas import Box, Entity, Scene, VideoPlan

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["PictureRenderer", "build_portrait", "create_picture_renderer", "digest_picture", "take_still"]


class PictureRenderer(Protocol):
    """Renders a picture of a scene of one frame."""

    def render(self, plan: VideoPlan, scene: Scene, *, size: tuple[int, int], seed: int) -> Image:
        """Render a picture of (width, height) ``size``, RGB."""
        ...

    def effective(self, plan: VideoPlan, scene: Scene, *, seed: int) -> dict[str, Any]:
        """What decides the picture, as plain data; see ``SceneRenderer.effective``."""
        ...


def take_still(scene: Scene, at: Literal["first", "last"]) -> Scene:
    """Build a scene of the first or the last frame of a scene."""
    place = 0 if at == "first" else -1
    entities = [entity.model_copy(update={"layout": [entity.boxes(scene.frames)[place]]}) for entity in scene.entities]
    return scene.model_copy(update={"frames": 1, "entities": entities, "continues": None})


def build_portrait(scene: Scene, entity: Entity) -> Scene:
    """Build a scene of one thing alone, large in the middle, for the reference picture of its group."""
    alone = entity.model_copy(update={"layout": [Box(0.2, 0.2, 0.8, 0.8)]})
    words = entity.description or entity.name
    return scene.model_copy(
        update={"frames": 1, "entities": [alone], "continues": None, "description": words, "background": ""}
    )


def create_picture_renderer(name: str | None, options: DiffusersOptions) -> PictureRenderer:
    """Create what renders key pictures; see ``DiffusersOptions.key_model``. Loads no weights yet."""
    from videodirector.generator.backends.layout2vid import Layout2VidBackend
    from videodirector.generator.backends.storyboard import StoryboardBackend

    steps = options.key_steps
    if name is None or name == "storyworld":
        return _BackendPictures(Layout2VidBackend(), steps)
    if name == "storyboard":
        return _BackendPictures(StoryboardBackend(), steps)
    if Path(name, "grounding").is_dir():
        return _BackendPictures(Layout2VidBackend(name), steps)
    return _PipelinePictures(name, options)


class _BackendPictures:
    """Pictures of a backend that reads boxes."""

    def __init__(self, backend: Backend, steps: int | None) -> None:
        self._backend, self._steps = backend, steps
        self._prepared: tuple[VideoPlan, SceneRenderer] | None = None

    def render(self, plan: VideoPlan, scene: Scene, *, size: tuple[int, int], seed: int) -> Image:
        from PIL import Image as Pictures

        frames = finish(self._renderer(plan).render(scene, seed=seed, steps=self._steps)).frames
        return Pictures.fromarray(frames[0]).resize(size, Pictures.Resampling.LANCZOS)

    def effective(self, plan: VideoPlan, scene: Scene, *, seed: int) -> dict[str, Any]:
        return self._renderer(plan).effective(scene, seed=seed, steps=self._steps)

    def _renderer(self, plan: VideoPlan) -> SceneRenderer:
        if self._prepared is None or self._prepared[0] is not plan:
            self._prepared = plan, self._backend.prepare(plan)
        return self._prepared[1]


class _PipelinePictures:
    """A text-to-image pipeline: GLIGEN, which reads boxes, or any other, which gets them in its prompt."""

    def __init__(self, model: str, options: DiffusersOptions) -> None:
        self._model = model
        # The revision is that of the video model; quantised weights are for large transformers.
        self._options = options.model_copy(update={"revision": None, "quantise": "none"})
        self._pipeline: Any = None
        self._kind = find_pipeline_class(model)
        self._takes = inspect.signature(self._kind.__call__).parameters
        if "prompt" not in self._takes:
            raise ModelFormatError(f"{model} does not render pictures from words", hint="choose another key_model")

    def render(self, plan: VideoPlan, scene: Scene, *, size: tuple[int, int], seed: int) -> Image:  # noqa: ARG002
        import torch

        if self._pipeline is None:
            self._pipeline = load_pipeline(self._model, self._kind, UNKNOWN, self._options)
        wanted = self._words(scene) | {
            "width": -(-size[0] // 16) * 16,
            "height": -(-size[1] // 16) * 16,
            "generator": torch.Generator().manual_seed(seed),
            "output_type": "pil",
        }
        if self._options.key_steps is not None:
            wanted["num_inference_steps"] = self._options.key_steps
        with silence_libraries(), torch.no_grad():
            output = self._pipeline(**{name: value for name, value in wanted.items() if name in self._takes})
        picture: Image = output.images[0].convert("RGB").resize(size)
        return picture

    def effective(self, plan: VideoPlan, scene: Scene, *, seed: int) -> dict[str, Any]:  # noqa: ARG002
        revision = folder_revision(find_folder(self._model))
        return {
            "model": revision,
            "arithmetic": describe_machine("torch"),
            "seed": seed,
            "steps": self._options.key_steps,
            **self._words(scene),
        }

    def _words(self, scene: Scene) -> dict[str, Any]:
        """Boxes as they are, where the pipeline takes them, else in the prompt."""
        seen = [(entity, box) for entity in scene.entities if (box := entity.boxes(1)[0]) is not None]
        if "gligen_boxes" in self._takes:
            # It needs at least one box; that of the whole picture means nothing.
            grounded = [(entity.name, list(box)) for entity, box in seen] or [(scene.background, [0.0, 0.0, 1.0, 1.0])]
            return {
                "prompt": build_caption(scene),
                "gligen_phrases": [phrase for phrase, _ in grounded],
                "gligen_boxes": [box for _, box in grounded],
            }
        return {"prompt": " ".join(filter(None, (build_caption(scene), describe_layout(scene))))}


def digest_picture(picture: Image) -> str:
    """Digest a picture for a cache key."""
    content = f"{picture.mode} {picture.size} ".encode() + picture.tobytes()
    return hashlib.sha256(content).hexdigest()[:32]
