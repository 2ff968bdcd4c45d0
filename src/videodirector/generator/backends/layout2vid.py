"""Draws plans with Layout2Vid: storyworld-mini, or another model in the same format."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from videodirector.errors import ModelNotFoundError
from videodirector.files.digests import describe_machine, folder_revision
from videodirector.files.persistent_cache import load_or_compute
from videodirector.generator.backends.layout_methods import compile_scene
from videodirector.generator.backends.options import BackendOptions
from videodirector.generator.backends.protocol import Capabilities, Clip, Progress
from videodirector.generator.backends.references import load_references
from videodirector.generator.backends.scene import derived_seed, track_digest
from videodirector.imports import large_imports
from videodirector.layout2vid.appearance.appearance import Appearance, appearances, caption, side
from videodirector.layout2vid.weights.checkpoint import local, not_installed
from videodirector.layout2vid.weights.model_config import ModelFacts, read_facts
from videodirector.schemas import Entity, Scene, VideoPlan
from videodirector.storyworld import backgrounds
from videodirector.storyworld.scene import listing

if TYPE_CHECKING:
    from videodirector.layout2vid.pipeline import EntityEmbedding, Layout2VidPipeline

__all__ = ["Layout2VidBackend", "Layout2VidOptions"]

MODEL = Path(str(files("videodirector"))) / "weights" / "storyworld-mini"

LONGEST = 64  # frames: four times what the temporal layers learned from

LIBRARIES = ("diffusers", "numpy", "pillow", "scipy", "tokenizers", "torch", "transformers")

LISTED = 5  # looks: no caption of training lists more things, and the place must not fall off a caption's end

KNOWN = 0.6  # cosine above which a word of the prior's bank means the same thing (measured: strangers stay below 0.55)


class Layout2VidOptions(BackendOptions):
    """What a user may ask of the layout2vid backend beyond the plan: ``--option NAME=VALUE``.

    Attributes:
        memory: "low" takes less memory and more time: the halves of guidance wait for one another, frames are decoded
            one by one, and on a GPU networks stay in main memory until they are needed.
        grounding: folder, file or hub id of the adapter that imposes the boxes, instead of the model's own.
        imagine: let the model's unCLIP prior imagine from the words how things look that have no picture, where it
            otherwise takes them from its memory of pictures.
        sampler: instead of the model's own.
        guidance: strength of guidance, 1 for none; None leaves it to the model.
        negative_prompt: what to avoid.
        layout_strength: for which part of the steps the boxes are imposed in scenes whose plan does not say it; None
            leaves it to the model.
        compile: compile the layers of the UNet, which takes minutes once and saves time in every scene.
    """

    memory: Literal["normal", "low"] = "normal"
    grounding: str | None = None
    imagine: bool = False
    sampler: Literal["ddim", "plms", "dpm-solver++"] | None = None
    guidance: Annotated[float, Field(ge=1, le=100)] | None = None
    negative_prompt: str = ""
    layout_strength: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    compile: bool = False


class Layout2VidBackend:
    """The ``layout2vid`` backend: a layout-grounded video diffusion model.

    What it can do, and what decides a scene, is read from the model's folder; torch and the weights are loaded when
    the first scene is drawn.

    Args:
        model: folder or hub id of the weights; None takes storyworld-mini, which the package brings.
        options: see ``Layout2VidOptions``.
    """

    def __init__(self, model: str | None = None, *, options: Layout2VidOptions | None = None) -> None:
        self._model, self._options = model, options or Layout2VidOptions()
        self._found: tuple[Path, ModelFacts] | None = None
        self._loaded: Layout2VidPipeline | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Boxes and reference pictures are part of what the model was trained on."""
        _, facts = self._place()
        return Capabilities(
            name="layout2vid",
            frame_size=facts.frame_size,
            boxes="native" if facts.grounded else "approximate",
            listed=facts.grounded and facts.captions == "listed",
            references=None,
            shared_groups=True,
            steps=facts.num_inference_steps,
            max_frames=LONGEST,
            version="1",
            libraries=LIBRARIES,
        )

    def prepare(self, plan: VideoPlan) -> Layout2VidRenderer:
        """Settle which things of the plan look alike; how they look is computed when they are first drawn.

        Raises:
            PlanError: a reference is not a picture that can be read.
            ModelError: the weights are missing or cannot be used.
        """
        folder, facts = self._place()
        return Layout2VidRenderer(plan, folder, facts, self.capabilities, self._pipeline, options=self._options)

    def _place(self) -> tuple[Path, ModelFacts]:
        if self._found is None:
            folder = _folder(self._model)
            facts = read_facts(folder)
            self._found = folder, replace(facts, grounded=facts.grounded or self._options.grounding is not None)
        return self._found

    def _pipeline(self) -> Layout2VidPipeline:
        if self._loaded is None:
            folder, options = self._place()[0], self._options
            with large_imports():
                from videodirector.layout2vid.loading import load

                self._loaded = load(
                    folder,
                    grounding=options.grounding,
                    imagines=options.imagine,
                    low_memory=options.memory == "low",
                    compiled=options.compile,
                )
        return self._loaded


class Layout2VidRenderer:
    """Draws the scenes of one plan; see ``SceneRenderer``."""

    def __init__(
        self,
        plan: VideoPlan,
        folder: Path,
        facts: ModelFacts,
        capabilities: Capabilities,
        pipeline: Callable[[], Layout2VidPipeline],
        *,
        options: Layout2VidOptions,
    ) -> None:
        self._options = options
        self._plan, self._folder, self._facts = plan, folder, facts
        self._capabilities, self._pipeline = capabilities, pipeline
        self._pictures = load_references(plan)
        self._appearances = appearances(plan, self._pictures)
        self._imagines = facts.imagines or options.imagine
        self._looks: dict[Appearance, EntityEmbedding] = {}
        self._model: dict[str, str] = {}

    def effective(self, scene: Scene, *, seed: int, steps: int | None) -> dict[str, Any]:
        """See ``SceneRenderer.effective``.

        Boxes count frame by frame and in single precision, as the network sees them. A seed counts as far as noise is
        drawn from it: with ``noise_sharing`` 1 that of the place alone.
        """
        total = steps or self._facts.num_inference_steps
        grounded, lists = self._grounded_steps(scene, total), self._lists(scene, total)
        return {
            **self._weights(),
            "options": self._asked(),
            "caption": self._caption(scene, lists=lists),
            "background": _unknown(scene.background) if lists else "",
            "frames": scene.frames,
            "steps": total,
            "grounded_steps": grounded,
            "seed": seed if self._facts.noise_sharing < 1 else None,
            "place_seed": self._place_seed(scene, seed) if self._facts.noise_sharing > 0 else None,
            "entities": [self._entity(scene, place) for place in range(len(scene.entities))] if grounded else [],
        }

    def _asked(self) -> dict[str, Any]:
        # The strength counts by the steps that it gives, not where a scene has one of its own.
        asked = self._options.model_dump(exclude_defaults=True, exclude={"layout_strength"})
        adapter = self._options.grounding
        if adapter is not None and Path(adapter).exists():
            asked["grounding"] = folder_revision(Path(adapter))
        return asked

    def _weights(self) -> dict[str, str]:
        if not self._model:
            self._model = {
                "weights": folder_revision(self._folder),
                "text_encoder": _text_encoder(self._facts.text_encoder_package),
                "arithmetic": load_or_compute("arithmetic", describe_machine("torch"), _arithmetic),
            }
        return self._model

    def _entity(self, scene: Scene, number: int) -> dict[str, Any]:
        entity = scene.entities[number]
        appearance = self._appearances[scene.id, entity.id]
        track = entity.boxes(scene.frames)
        file = appearance.file
        return {
            "words": appearance.phrase,
            "picture": None if file is None else self._pictures.digest(file),
            "side": side(track),
            "boxes": track_digest(track, single=True),
            "seed": self._look_seed(appearance) if self._imagines else None,
        }

    def _caption(self, scene: Scene, *, lists: bool) -> str:
        """Of a model that has learned no boxes the words tell where things are.

        One that has learned words from lists of things is told of a scene with boxes what they show, and no more: what
        else a sentence speaks of it would draw as a blob.
        """
        if lists:
            looks = dict.fromkeys(self._appearances[scene.id, entity.id].phrase for entity in _with_boxes(scene))
            return listing(list(looks)[:LISTED], backgrounds.find(scene.background) or scene.background)
        return caption(scene) if self._facts.grounded else compile_scene(self._plan, scene, self._capabilities).prompt

    def _lists(self, scene: Scene, steps: int) -> bool:
        return self._capabilities.listed and self._grounded_steps(scene, steps) > 0

    def _look_seed(self, appearance: Appearance) -> int:
        return derived_seed(self._plan.seed, "appearance", appearance.key)

    def _strength(self, scene: Scene) -> float:
        """alpha: the scene's own, else the one asked for, else the model's."""
        said = (scene.layout_strength, self._options.layout_strength, self._facts.layout_strength)
        return next(strength for strength in said if strength is not None)

    def _grounded_steps(self, scene: Scene, steps: int) -> int:
        return round(self._strength(scene) * steps)

    def _place_seed(self, scene: Scene, seed: int) -> int:
        group = self._plan.background_group(scene) if scene.seed is None else None
        return seed if group is None else derived_seed(self._plan.seed, "background", group)

    def render(self, scene: Scene, *, seed: int, steps: int | None = None) -> Generator[Progress, None, Clip]:
        """See ``SceneRenderer.render``.

        Scenes of one background group start from the same place in the noise, but for a scene with a seed of its own.
        """
        pipeline = self._pipeline()  # first, for it imports the libraries, and knows how

        import torch

        from videodirector.layout2vid.conditioning import from_scene
        from videodirector.layout2vid.sampling.compilation import compiling
        from videodirector.layout2vid.weights.memory import enough_memory

        shown = [self._appearances[scene.id, entity.id] for entity in scene.entities]
        total = steps or self._facts.num_inference_steps
        latents = torch.empty(0)
        lists = self._lists(scene, total)
        condition = replace(from_scene(scene), caption=self._caption(scene, lists=lists))
        with compiling(), enough_memory(f"to draw scene {scene.id!r}"):
            looks = [self._look(appearance, pipeline) for appearance in shown]
            for step in pipeline.steps(
                condition,
                looks,
                generator=torch.Generator().manual_seed(seed),
                place=torch.Generator().manual_seed(self._place_seed(scene, seed)),
                num_inference_steps=total,
                layout_strength=self._strength(scene),
                guidance_scale=self._options.guidance,
                negative_prompt=self._options.negative_prompt,
                sampler=self._options.sampler,
            ):
                latents = step.x
                yield Progress(step.index + 1, total)
            frames = pipeline.decode(latents)
        drawn = zip(shown, looks, strict=True) if self._grounded_steps(scene, total) else ()
        notes = (_note(appearance.phrase, look) for appearance, look in drawn)
        return Clip(
            frames,
            tuple(filter(None, (*self._shortcomings(scene, condition.left_out, lists=lists), *notes))),
            compile_scene(self._plan, scene, self._capabilities, steps=steps).controls,
        )

    def _look(self, appearance: Appearance, pipeline: Layout2VidPipeline) -> EntityEmbedding:
        import torch

        if appearance not in self._looks:
            generator = torch.Generator().manual_seed(self._look_seed(appearance))
            self._looks[appearance] = pipeline.represent(appearance, generator=generator)
        return self._looks[appearance]

    def _shortcomings(self, scene: Scene, left_out: tuple[int, ...], *, lists: bool) -> Iterator[str]:
        if not self._facts.grounded and scene.entities:
            yield "this model has no trained grounding: where things are is told in words alone"
        if left_out:
            names = ", ".join(repr(scene.entities[position].id) for position in left_out)
            yield f"more entities than the model takes on a frame: the smallest were left out there ({names})"
        if lists and not _with_boxes(scene):
            yield "no entity of this scene has a box: the background is drawn alone"
        if lists and (unknown := _unknown(scene.background)):
            if place := backgrounds.find(unknown):
                yield f"the background {unknown!r} is drawn as {place!r}"
            else:
                yield f"this model does not know the background {unknown!r}, and draws what it makes of the word"


def _with_boxes(scene: Scene) -> list[Entity]:
    return [entity for entity in scene.entities if any(entity.layout)]


def _folder(model: str | None) -> Path:
    if model is None:
        if not MODEL.is_dir():
            raise ModelNotFoundError(
                "this installation came without the weights of storyworld-mini",
                hint="install videodirector anew, give --model, or draw with --backend storyboard",
            )
        return MODEL
    return local(model)


def _text_encoder(package: str | None) -> str:
    if package is None:
        return "in the folder"
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        raise not_installed(package) from None


def _arithmetic() -> str:
    with large_imports():
        from videodirector.layout2vid.loading import arithmetic

    return arithmetic()


def _unknown(background: str) -> str:
    """The background, where it is none of the world's own names; else nothing."""
    return "" if backgrounds.find(background) == _bare(background) else background


def _bare(phrase: str) -> str:
    return re.sub(r"^(an?|the) ", "", phrase)


def _note(phrase: str, look: EntityEmbedding) -> str | None:
    if look.nearest is None or look.nearest[0] == _bare(phrase):
        return None
    known, cosine = look.nearest
    if cosine < KNOWN:
        return f"this model does not know {phrase!r}; the nearest it can draw is {known!r} (cosine {cosine:.2f})"
    return f"{phrase!r} is drawn as {known!r} (cosine {cosine:.2f})"
