"""Draws plans with Layout2Vid: storyworld-mini, or another model in the same format."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from videodirector.errors import ModelNotFoundError
from videodirector.generator.backend import Capabilities, Clip, Progress
from videodirector.generator.ladder import lower
from videodirector.generator.references import load_references
from videodirector.generator.scene import derived_seed
from videodirector.schemas import Scene, VideoPlan

if TYPE_CHECKING:
    from videodirector.layout2vid.pipeline import Layout2VidPipeline, Representation

__all__ = ["Layout2VidBackend"]

MODEL = Path(__file__).parents[2] / "weights" / "storyworld-mini"

LONGEST = 64  # frames: four times what the temporal layers learned from

KNOWN = 0.6  # cosine above which a word of the prior's bank means the same thing (measured: strangers stay below 0.55)


class Layout2VidBackend:
    """The ``layout2vid`` backend: a layout-grounded video diffusion model.

    Args:
        model: folder or hub id of the weights; None takes storyworld-mini, which the package brings.
    """

    def __init__(self, model: str | None = None) -> None:
        self._model = model
        self._loaded: Layout2VidPipeline | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Boxes and reference pictures are part of what the model was trained on."""
        pipeline = self._pipeline()
        return Capabilities(
            name="layout2vid",
            frame_size=pipeline.frame_size,
            boxes="native",
            references=None,
            shared_groups=True,
            steps=int(pipeline.config.num_inference_steps),
            max_frames=LONGEST,
        )

    def prepare(self, plan: VideoPlan) -> Layout2VidRenderer:
        """Compute how every thing of the plan looks, once for all scenes of its group.

        Raises:
            PlanError: a reference is not a picture that can be read.
            ModelError, MissingDependencyError: the weights or the text encoder are missing or cannot be used.
        """
        return Layout2VidRenderer(plan, self._pipeline(), self.capabilities)

    def _pipeline(self) -> Layout2VidPipeline:
        if self._loaded is None:
            if self._model is None and not MODEL.is_dir():
                raise ModelNotFoundError(
                    "this installation came without the weights of storyworld-mini",
                    hint="install videodirector anew, give --model, or draw with --backend storyboard",
                )
            if self._model is not None and not Path(self._model).is_dir() and not _may_be_hub_id(self._model):
                raise ModelNotFoundError(
                    f"there is no model at {self._model!r}: it is no folder",
                    hint="give a folder in diffusers' format, or the id of a model on the hub, like owner/name",
                )
            from videodirector.layout2vid.pipeline import load

            self._loaded = load(self._model or MODEL)
        return self._loaded


class Layout2VidRenderer:
    """Draws the scenes of one plan; see ``SceneRenderer``."""

    def __init__(self, plan: VideoPlan, pipeline: Layout2VidPipeline, capabilities: Capabilities) -> None:
        from videodirector.layout2vid.conditioning import Appearance, appearances

        self._plan, self._pipeline, self._capabilities = plan, pipeline, capabilities
        known: dict[Appearance, Representation] = {}
        self._looks: dict[tuple[str, str], Representation] = {}
        self._notes: dict[tuple[str, str], str] = {}
        for place, appearance in appearances(plan, load_references(plan)).items():
            if appearance not in known:
                known[appearance] = pipeline.represent(appearance)
            self._looks[place] = known[appearance]
            note = _note(appearance.name, known[appearance])
            if note:
                self._notes[place] = note

    def render(self, scene: Scene, *, seed: int, steps: int | None = None) -> Generator[Progress, None, Clip]:
        """See ``SceneRenderer.render``.

        Scenes of one background group start from the same place in the noise, but for a scene with a seed of its own.
        """
        import torch

        from videodirector.layout2vid.conditioning import from_scene

        group = self._plan.background_group(scene) if scene.seed is None else None
        place = seed if group is None else derived_seed(self._plan.seed, "background", group)
        places = [(scene.id, entity.id) for entity in scene.entities]
        total = steps or int(self._pipeline.config.num_inference_steps)
        latents = torch.empty(0)
        for done, estimate in self._pipeline.sample(
            from_scene(scene),
            [self._looks[place] for place in places],
            generator=torch.Generator().manual_seed(seed),
            place=torch.Generator().manual_seed(place),
            num_inference_steps=total,
            layout_strength=scene.layout_strength,
        ):
            latents = estimate
            yield Progress(done, total)
        return Clip(
            self._pipeline.decode(latents),
            tuple(self._notes[key] for key in places if key in self._notes),
            lower(self._plan, scene, self._capabilities, steps=steps).controls,
        )


def _may_be_hub_id(model: str) -> bool:
    """Whether it is worth loading torch and asking the hub; for a mistyped path it is not."""
    return re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", model, re.ASCII) is not None


def _note(name: str, look: Representation) -> str | None:
    if look.nearest is None or look.nearest[0] == name:
        return None
    phrase, cosine = look.nearest
    if cosine < KNOWN:
        return f"this model does not know {name!r}; the nearest it can draw is {phrase!r} (cosine {cosine:.2f})"
    return f"{name!r} is drawn as {phrase!r} (cosine {cosine:.2f})"
