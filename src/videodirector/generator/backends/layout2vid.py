"""Render plans with Layout2Vid: storyworld-mini, or another model in the same format."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from videodirector.errors import ModelNotFoundError
from videodirector.files.digests import folder_revision, machine
from videodirector.files.memo import remembered
from videodirector.generator.backends.layout_methods import lower
from videodirector.generator.backends.options import BackendOptions
from videodirector.generator.backends.protocol import Capabilities, Clip, Progress
from videodirector.generator.backends.references import load_references
from videodirector.generator.backends.scene import derived_seed, track_digest
from videodirector.imports import large_imports
from videodirector.layout2vid.appearance.appearance import Appearance, appearances, caption, side
from videodirector.layout2vid.weights.checkpoint import local, not_installed
from videodirector.layout2vid.weights.model_config import ModelConfig, read_model_config
from videodirector.lexicon.captions import list_caption
from videodirector.schemas import Box, Control, Entity, Scene, VideoPlan

if TYPE_CHECKING:
    from videodirector.layout2vid.pipeline import EntityEmbedding, Layout2VidPipeline

__all__ = ["Layout2VidBackend", "Layout2VidOptions"]

MODEL = Path(str(files("videodirector"))) / "weights" / "storyworld-mini"

STORYWORLD = "storyworld"  # the album whose pictures are found by words, not by nearness in meaning alone

MAX_FRAMES = 64  # four times what the temporal layers learned from

LIBRARIES = ("diffusers", "numpy", "pillow", "scipy", "tokenizers", "torch", "transformers")


class Layout2VidOptions(BackendOptions):
    """Options of the layout2vid backend beyond the plan: ``--option NAME=VALUE``. None is the model's own setting.

    Attributes:
        memory: "low" takes less memory and more time: the halves of guidance run one after the other, frames are
            decoded one by one, and on a GPU networks stay in main memory until they are needed.
        grounding: folder, file or hub id of the adapter that imposes the boxes, instead of the model's own.
        imagine: sample how things look that have no picture from the model's unCLIP prior, not from its bank.
        sampler: instead of the model's own.
        guidance: scale of classifier-free guidance, 1 for none.
        negative_prompt: what to guide away from.
        layout_strength: part of the steps in which boxes are imposed, for scenes that do not set their own.
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
    """Render with a layout-grounded video diffusion model.

    Capabilities and scene keys follow from the model's folder alone; torch and the weights are loaded for the first
    scene that is rendered.

    Args:
        model: folder or hub id of the weights; None for storyworld-mini, which comes with the package.
        options: see ``Layout2VidOptions``.
    """

    def __init__(self, model: str | None = None, *, options: Layout2VidOptions | None = None) -> None:
        self._model, self._options = model, options or Layout2VidOptions()
        self._found: tuple[Path, ModelConfig] | None = None
        self._pipeline: Layout2VidPipeline | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Boxes and reference pictures are part of what the model was trained on."""
        _, config = self._read_model()
        return Capabilities(
            name="layout2vid",
            frame_size=config.frame_size,
            boxes="native" if config.grounded else "approximate",
            listed=config.grounded and config.captions == "listed",
            references=None,
            shared_groups=True,
            steps=config.num_inference_steps,
            max_frames=MAX_FRAMES,
            version="1",
            libraries=LIBRARIES,
        )

    def prepare(self, plan: VideoPlan) -> Layout2VidRenderer:
        """Decide which entities of the plan share an appearance; it is embedded when it is first rendered.

        Raises:
            PlanError: a reference is not a picture that can be read.
            ModelError: the weights are missing or cannot be used.
        """
        folder, config = self._read_model()
        return Layout2VidRenderer(plan, folder, config, self.capabilities, self._load_pipeline, options=self._options)

    def _read_model(self) -> tuple[Path, ModelConfig]:
        if self._found is None:
            folder = _find_model(self._model)
            config = read_model_config(folder)
            self._found = folder, replace(config, grounded=config.grounded or self._options.grounding is not None)
        return self._found

    def _load_pipeline(self) -> Layout2VidPipeline:
        if self._pipeline is None:
            folder, options = self._read_model()[0], self._options
            with large_imports():
                from videodirector.layout2vid.loading import load

                self._pipeline = load(
                    folder,
                    grounding=options.grounding,
                    imagines=options.imagine,
                    low_memory=options.memory == "low",
                    compiled=options.compile,
                )
        return self._pipeline


@dataclass(frozen=True, kw_only=True)
class _SceneRequest:
    """What the model is asked for one scene, decided before anything is loaded.

    ``grounded_steps`` are those in which boxes are imposed; ``place_seed`` is that of the noise which scenes with the
    same background share; ``background_note`` says where the model takes the background for another one.
    """

    caption: str
    steps: int
    layout_strength: float
    grounded_steps: int
    place_seed: int
    appearances: tuple[Appearance, ...]
    background_note: str
    controls: tuple[Control, ...]


class Layout2VidRenderer:
    """Render the scenes of one plan; see ``SceneRenderer``."""

    def __init__(
        self,
        plan: VideoPlan,
        folder: Path,
        config: ModelConfig,
        capabilities: Capabilities,
        load_pipeline: Callable[[], Layout2VidPipeline],
        *,
        options: Layout2VidOptions,
    ) -> None:
        self._plan, self._folder, self._config = plan, folder, config
        self._capabilities, self._load_pipeline, self._options = capabilities, load_pipeline, options
        self._pictures = load_references(plan)
        self._appearances = appearances(plan, self._pictures)
        self._imagines = config.imagines or options.imagine
        self._embeddings: dict[tuple[str | None, ...], EntityEmbedding] = {}
        self._weights: dict[str, str] = {}

    def effective(self, scene: Scene, *, seed: int, steps: int | None) -> dict[str, Any]:
        """See ``SceneRenderer.effective``.

        Boxes count frame by frame and in single precision, as the network sees them. A seed counts as far as noise is
        sampled from it: with ``noise_sharing`` 1 only that of the background.
        """
        request = self._build_request(scene, seed, steps)
        return {
            **self._identify_weights(),
            "options": self._identify_options(),
            "caption": request.caption,
            "background": scene.background if request.background_note else "",
            "frames": scene.frames,
            "steps": request.steps,
            "grounded_steps": request.grounded_steps,
            "seed": seed if self._config.noise_sharing < 1 else None,
            "place_seed": request.place_seed if self._config.noise_sharing > 0 else None,
            "entities": [
                self._identify_entity(appearance, entity.boxes(scene.frames))
                for appearance, entity in zip(request.appearances, scene.entities, strict=True)
                if request.grounded_steps
            ],
            # How far a thing comes in its cycle of movement from one frame to the next.
            "frame_rate": str(scene.frame_rate or self._plan.frame_rate) if request.grounded_steps else None,
        }

    def _identify_options(self) -> dict[str, Any]:
        # The strength counts through the steps that it gives.
        options = self._options.model_dump(exclude_defaults=True, exclude={"layout_strength"})
        adapter = self._options.grounding
        if adapter is not None and Path(adapter).exists():
            options["grounding"] = folder_revision(Path(adapter))
        return options

    def _identify_weights(self) -> dict[str, str]:
        if not self._weights:
            self._weights = {
                "weights": folder_revision(self._folder),
                "text_encoder": _identify_text_encoder(self._config.text_encoder_package),
                "arithmetic": remembered("arithmetic", machine("torch"), _identify_arithmetic),
            }
        return self._weights

    def _identify_entity(self, appearance: Appearance, track: list[Box | None]) -> dict[str, Any]:
        return {
            "words": appearance.phrase,
            "remembered": appearance.remembered,
            "picture": None if appearance.file is None else self._pictures.digest(appearance.file),
            "side": side(track),
            "boxes": track_digest(track, single=True),
            "seed": self._appearance_seed(appearance) if self._imagines else None,
        }

    def _appearance_seed(self, appearance: Appearance) -> int:
        return derived_seed(self._plan.seed, "appearance", appearance.key)

    def _build_request(self, scene: Scene, seed: int, steps: int | None) -> _SceneRequest:
        config = self._config
        count = steps or config.num_inference_steps
        given = (scene.layout_strength, self._options.layout_strength, config.layout_strength)
        strength = next(value for value in given if value is not None)
        grounded_steps = round(strength * count)
        listed = self._capabilities.listed and grounded_steps > 0
        compiled = lower(self._plan, scene, self._capabilities, steps=steps)
        found = tuple(self._find_appearance(scene, entity) for entity in scene.entities)
        words, note = caption(scene) if config.grounded else compiled.prompt, ""  # without boxes words tell the places
        if listed:  # whatever else the sentence mentions, such a model would draw as a blob
            seen = [look.phrase for look, entity in zip(found, scene.entities, strict=True) if any(entity.layout)]
            words = list_caption(
                list(dict.fromkeys(seen))[: config.max_listed],
                config.find_background(scene.background) or scene.background,
            )
            note = self._note_background(scene.background)
        group = self._plan.background_group(scene) if scene.seed is None else None
        return _SceneRequest(
            caption=words,
            steps=count,
            layout_strength=strength,
            grounded_steps=grounded_steps,
            place_seed=seed if group is None else derived_seed(self._plan.seed, "background", group),
            appearances=found,
            background_note=note,
            controls=compiled.controls,
        )

    def _note_background(self, background: str) -> str:
        """Say that the model does not know a background by this name; empty where it does."""
        name = self._config.find_background(background)
        if not background or not self._config.backgrounds or name == _without_article(background):
            return ""
        if name is not None:
            return f"the background {background!r} is drawn as {name!r}"
        return f"this model does not know the background {background!r}, and draws what it makes of the word"

    def render(self, scene: Scene, *, seed: int, steps: int | None = None) -> Generator[Progress, None, Clip]:
        """See ``SceneRenderer.render``.

        Scenes of one background group start from noise with the same shared part, unless a scene has its own seed.
        """
        pipeline = self._load_pipeline()  # first: it imports the libraries below as they should be

        import torch

        from videodirector.layout2vid.conditioning import from_scene
        from videodirector.layout2vid.sampling.compilation import compiling
        from videodirector.layout2vid.weights.memory import enough_memory

        request = self._build_request(scene, seed, steps)
        condition = from_scene(scene, words=request.caption, rate=float(self._plan.frame_rate))
        latents = torch.empty(0)
        with compiling(), enough_memory(f"to draw scene {scene.id!r}"):
            embeddings = [self._embed(appearance, pipeline) for appearance in request.appearances]
            for step in pipeline.steps(
                condition,
                embeddings,
                generator=torch.Generator().manual_seed(seed),
                place=torch.Generator().manual_seed(request.place_seed),
                num_inference_steps=request.steps,
                layout_strength=request.layout_strength,
                guidance_scale=self._options.guidance,
                negative_prompt=self._options.negative_prompt,
                sampler=self._options.sampler,
            ):
                latents = step.x
                yield Progress(step.index + 1, request.steps)
            entities = pipeline.laid_out(
                condition,
                embeddings,
                num_inference_steps=request.steps,
                layout_strength=request.layout_strength,
            )
            frames = pipeline.decode(latents, entities=entities)
        notes = tuple(self._build_notes(scene, request, embeddings, condition.left_out))
        return Clip(frames, notes, request.controls)

    def _embed(self, appearance: Appearance, pipeline: Layout2VidPipeline) -> EntityEmbedding:
        import torch

        key = appearance.key, appearance.phrase, appearance.file, appearance.remembered
        if key not in self._embeddings:
            generator = torch.Generator().manual_seed(self._appearance_seed(appearance))
            self._embeddings[key] = pipeline.represent(appearance, generator=generator)
        return self._embeddings[key]

    def _find_appearance(self, scene: Scene, entity: Entity) -> Appearance:
        """Find how an entity looks in this scene: what the words say that it does decides what the memory recalls."""
        appearance = self._appearances[scene.id, entity.id]
        if self._config.album != STORYWORLD or appearance.picture is not None or self._imagines:
            return appearance
        from videodirector.storyworld import album, art

        found = art.load().find(
            appearance.name,
            appearance.description,
            doing=art.said_of(entity.name, [e.name for e in scene.entities if e is not entity], scene.description),
            moving=side(entity.boxes(scene.frames)) is not None,
        )
        return appearance if found is None else replace(appearance, remembered=album.key(found))

    def _build_notes(
        self, scene: Scene, request: _SceneRequest, embeddings: list[EntityEmbedding], left_out: tuple[int, ...]
    ) -> Iterator[str]:
        if not self._config.grounded and scene.entities:
            yield "this model has no trained grounding: only words say where things are"
        if left_out:
            names = ", ".join(repr(scene.entities[position].id) for position in left_out)
            yield f"more entities than the model takes on a frame: the smallest were left out there ({names})"
        if self._capabilities.listed and request.grounded_steps and not any(any(e.layout) for e in scene.entities):
            yield "no entity of this scene has a box: the background is drawn alone"
        if request.background_note:
            yield request.background_note
        if request.grounded_steps:
            for appearance, embedding in zip(request.appearances, embeddings, strict=True):
                yield from self._note_nearest(appearance.phrase, embedding)

    def _note_nearest(self, phrase: str, embedding: EntityEmbedding) -> Iterator[str]:
        """Say which phrase of the prior's bank an entity is drawn as, where that is another."""
        if embedding.nearest is None or embedding.nearest[0] == _without_article(phrase):
            return
        known, cosine = embedding.nearest
        if cosine < self._config.known_phrase:
            yield f"this model does not know {phrase!r}; the nearest it can draw is {known!r} (cosine {cosine:.2f})"
        else:
            yield f"{phrase!r} is drawn as {known!r} (cosine {cosine:.2f})"


def _find_model(model: str | None) -> Path:
    if model is None:
        if not MODEL.is_dir():
            raise ModelNotFoundError(
                "this installation came without the weights of storyworld-mini",
                hint="install videodirector again, give --model, or render with --backend storyboard",
            )
        return MODEL
    return local(model)


def _identify_text_encoder(package: str | None) -> str:
    if package is None:
        return "in the folder"
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        raise not_installed(package) from None


def _identify_arithmetic() -> str:
    with large_imports():
        from videodirector.layout2vid.loading import arithmetic

    return arithmetic()


def _without_article(phrase: str) -> str:
    return re.sub(r"^(an?|the) ", "", phrase)
