"""Renders plans with any video pipeline of diffusers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from videodirector.errors import RenderError
from videodirector.files.digests import describe_machine, folder_revision
from videodirector.generator.backends.control_video import draw_control_video
from videodirector.generator.backends.diffusers._signature import (
    PipelineSignature,
    SceneInputs,
    build_arguments,
    read_signature,
)
from videodirector.generator.backends.diffusers._worker import PipelineThread
from videodirector.generator.backends.diffusers.families import Family, find_family
from videodirector.generator.backends.diffusers.key_picture import (
    PictureRenderer,
    build_portrait,
    create_picture_renderer,
    digest_picture,
    take_still,
)
from videodirector.generator.backends.diffusers.model import (
    derive_capabilities,
    find_folder,
    find_pipeline_class,
    load_pipeline,
    read_configs,
    silence_libraries,
)
from videodirector.generator.backends.diffusers.options import DiffusersOptions
from videodirector.generator.backends.fitting import resample, resize
from videodirector.generator.backends.frames import Frame, Frames
from videodirector.generator.backends.layout_methods import (
    CompiledScene,
    LayoutMethod,
    choose_noise_seed,
    compile_scene,
    describe_entities,
)
from videodirector.generator.backends.protocol import Capabilities, Clip, Progress
from videodirector.generator.backends.references import load_references
from videodirector.generator.backends.scene import derived_seed, scene_seed, track_digest
from videodirector.schemas import Drawn, Entity, Scene, VideoPlan

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["DiffusersBackend", "DiffusersRenderer"]


class DiffusersBackend:
    """The ``diffusers`` backend: a text-to-video or image-to-video pipeline, called according to its signature.

    Args:
        model: folder or hub id of a pipeline, or a pipeline that is loaded already, of any class.
        size: (width, height) of its frames in pixels; None takes the model's own.
        options: see ``DiffusersOptions``.
    """

    def __init__(
        self, model: str | Any, *, size: tuple[int, int] | None = None, options: DiffusersOptions | None = None
    ) -> None:
        self._options = options or DiffusersOptions()
        self._size = size
        self._model: str | None = model if isinstance(model, str) else None
        self._pipeline: Any = None if isinstance(model, str) else model
        self._read: tuple[type, PipelineSignature, Family, Mapping[str, Mapping[str, Any]]] | None = None
        self._picture_renderer: PictureRenderer | None = None
        self._revision: str | None = None
        self.worker = PipelineThread()

    @property
    def capabilities(self) -> Capabilities:
        """Read from the pipeline's class and configs; loads no weights."""
        _, signature, family, configs = self._read_model()
        return derive_capabilities(signature, family, configs, size=self._size, options=self._options)

    @property
    def signature(self) -> PipelineSignature:
        """What the pipeline's call takes."""
        return self._read_model()[1]

    @property
    def options(self) -> DiffusersOptions:
        """The options of the backend."""
        return self._options

    def prepare(self, plan: VideoPlan) -> DiffusersRenderer:
        """Load the reference pictures; weights are loaded when the first scene is rendered.

        Raises:
            PlanError: a reference is not a picture that can be read.
            ModelError: there is no such pipeline, or it needs inputs that a plan does not have.
        """
        return DiffusersRenderer(plan, self, load_references(plan))

    def pipeline(self) -> Any:
        """The pipeline with its weights: loaded once, and kept."""
        if self._pipeline is None:
            kind, _, family, _ = self._read_model()
            assert self._model is not None, "without a name there was a pipeline"
            self._pipeline = load_pipeline(self._model, kind, family, self._options)
        return self._pipeline

    def picture_renderer(self) -> PictureRenderer:
        """The model that renders key pictures."""
        if self._picture_renderer is None:
            self._picture_renderer = create_picture_renderer(self._options.key_model, self._options)
        return self._picture_renderer

    def identity(self) -> dict[str, Any]:
        """Identify the model and its arithmetic, as plain data for cache keys."""
        if self._revision is None:
            self._revision = _find_revision(self._model, self._options.revision)
        exact = self._options.model_dump(include={"dtype", "device", "offload", "quantise", "tiling"})
        return {"model": self._revision, "arithmetic": describe_machine("torch"), **exact}

    def _read_model(self) -> tuple[type, PipelineSignature, Family, Mapping[str, Mapping[str, Any]]]:
        if self._read is None:
            if self._model is not None:
                kind = find_pipeline_class(self._model, revision=self._options.revision)
                configs: Mapping[str, Mapping[str, Any]] = read_configs(self._model, revision=self._options.revision)
            else:
                kind = type(self._pipeline)
                configs = _collect_configs(self._pipeline)
            self._read = kind, read_signature(kind), find_family(kind.__name__, configs), configs
        return self._read


class DiffusersRenderer:
    """Renders the scenes of one plan; see ``SceneRenderer``."""

    def __init__(self, plan: VideoPlan, backend: DiffusersBackend, references: Mapping[str, Image]) -> None:
        self._plan = plan
        self._backend = backend
        self._capabilities = backend.capabilities
        self._references = references
        self._portraits: dict[str, Image] = {}

    def render(
        self, scene: Scene, *, seed: int, steps: int | None = None, first_frame: Frame | None = None
    ) -> Generator[Progress, None, Clip]:
        """See ``SceneRenderer.render``."""
        compiled = compile_scene(self._plan, scene, self._capabilities, steps=steps)
        total = steps or self._capabilities.steps
        noise = choose_noise_seed(self._plan, scene, self._capabilities, seed)
        inputs = self._build_inputs(scene, compiled, seed=seed, steps=total, first_frame=first_frame)
        pipeline = self._backend.pipeline()
        call = build_arguments(self._backend.signature, inputs)

        grounded = round((1.0 if scene.layout_strength is None else scene.layout_strength) * total)

        def work(stepped: Callable[[], None]) -> Any:
            if compiled.method is not LayoutMethod.REGIONS or not scene.entities:
                return _call_pipeline(pipeline, self._backend.signature, call, seed=noise, stepped=stepped)
            with _attach_regions(
                pipeline, scene, describe_entities(self._plan, scene), inputs, call, grounded=grounded, stepped=stepped
            ) as (there, counted):
                return _call_pipeline(pipeline, self._backend.signature, there, seed=noise, stepped=counted)

        try:
            output = yield from self._backend.worker.run(work, total)
        except (ValueError, RuntimeError, TypeError, AssertionError, NameError, AttributeError, ImportError) as error:
            raise _explain_error(scene, self._backend.signature, error) from error
        frames = _to_frames(output, self._backend.signature)
        drawn = Drawn(frames=len(frames), width=frames.shape[2], height=frames.shape[1], frame_rate=compiled.rate)
        fitted = resize(resample(frames, scene.frames), self._capabilities.frame_size)
        return Clip(fitted, controls=compiled.controls, drawn=None if fitted is frames else drawn)

    def effective(self, scene: Scene, *, seed: int, steps: int | None) -> dict[str, Any]:
        """See ``SceneRenderer.effective``: the model and the inputs of its call, with digests in place of pictures."""
        compiled = compile_scene(self._plan, scene, self._capabilities, steps=steps)
        options = self._backend.options
        inputs: dict[str, Any] = {
            **self._backend.identity(),
            "rung": compiled.method.value,
            "prompt": compiled.prompt,
            "negative_prompt": options.negative_prompt,
            "guidance": options.guidance,
            "frames": [compiled.frames, scene.frames],
            "size": [list(compiled.size), list(self._capabilities.frame_size)],
            "rate": str(compiled.rate),
            "steps": steps or self._capabilities.steps,
            "seed": choose_noise_seed(self._plan, scene, self._capabilities, seed),
        }
        if compiled.method is LayoutMethod.KEY_PICTURE:
            inputs["key_pictures"] = [
                self._backend.picture_renderer().effective(self._plan, take_still(scene, end), seed=seed)
                for end in self._key_frames()
            ]
        elif compiled.method in {LayoutMethod.CONTROL_VIDEO, LayoutMethod.REGIONS}:
            inputs["conditioning_scale"] = options.conditioning_scale
            inputs["layout_strength"] = scene.layout_strength
            words = describe_entities(self._plan, scene)
            inputs["boxes"] = [
                [self._colour_names(scene)[entity.id], words[entity.id], track_digest(entity.boxes(compiled.frames))]
                for entity in scene.entities
            ]
        if self._capabilities.references:
            inputs["references"] = [self._describe_reference(scene, entity) for entity in scene.entities]
        if scene.continues is not None and self._capabilities.first_frame:
            before = self._plan.scene(scene.continues)
            inputs["continues"] = self.effective(before, seed=scene_seed(self._plan, before), steps=steps)
        return inputs

    def _describe_reference(self, scene: Scene, entity: Entity) -> Any:
        """Describe what decides the reference picture of an entity, as plain data."""
        file = self._plan.reference_of(scene, entity)
        if file is not None:
            return digest_picture(self._references[file])
        group = self._plan.group_of(scene, entity)
        if group is None or self._backend.options.key_model is None:
            return None
        seed = derived_seed(self._plan.seed, "portrait", group)
        return self._backend.picture_renderer().effective(self._plan, build_portrait(scene, entity), seed=seed)

    def _colour_names(self, scene: Scene) -> dict[str, str]:
        """Name what gives each entity its colour: its group, so that a thing keeps it in all scenes."""
        return {entity.id: self._plan.group_of(scene, entity) or entity.id for entity in scene.entities}

    def _key_frames(self) -> tuple[Literal["first", "last"], ...]:
        return ("first", "last") if self._capabilities.last_frame else ("first",)

    def _build_inputs(
        self, scene: Scene, compiled: CompiledScene, *, seed: int, steps: int, first_frame: Frame | None
    ) -> SceneInputs:
        from PIL import Image as Pictures

        size, options = compiled.size, self._backend.options
        first = None
        if first_frame is not None:
            first = Pictures.fromarray(first_frame).resize(size, Pictures.Resampling.LANCZOS)
        last = None
        control = None
        if compiled.method is LayoutMethod.KEY_PICTURE:
            render = self._backend.picture_renderer().render
            if first is None:
                first = render(self._plan, take_still(scene, "first"), size=size, seed=seed)
            if self._capabilities.last_frame:
                last = render(self._plan, take_still(scene, "last"), size=size, seed=seed)
        elif compiled.method is LayoutMethod.CONTROL_VIDEO:
            drawn = draw_control_video(scene, frames=compiled.frames, size=size, names=self._colour_names(scene))
            control = [Pictures.fromarray(frame) for frame in drawn]
        return SceneInputs(
            prompt=compiled.prompt,
            negative_prompt=options.negative_prompt,
            frames=compiled.frames,
            size=size,
            rate=compiled.rate,
            steps=steps,
            guidance=options.guidance,
            first_frame=first,
            last_frame=last,
            control=control,
            conditioning_scale=options.conditioning_scale,
            references=tuple(self._collect_references(scene)[: self._capabilities.references]),
        )

    def _collect_references(self, scene: Scene) -> list[Image]:
        """Collect the reference pictures of the groups in a scene: those given, or rendered once and kept."""
        if self._capabilities.references == 0:
            return []
        found: dict[str, Image] = {}
        for entity in scene.entities:
            file = self._plan.reference_of(scene, entity)
            group = self._plan.group_of(scene, entity)
            if file is not None:
                found.setdefault(file, _paste_on_white(self._references[file]))
            elif group is not None and self._backend.options.key_model is not None:
                if group not in self._portraits:
                    seed = derived_seed(self._plan.seed, "portrait", group)
                    self._portraits[group] = self._backend.picture_renderer().render(
                        self._plan, build_portrait(scene, entity), size=(512, 512), seed=seed
                    )
                found.setdefault(f"group {group}", self._portraits[group])
        return list(found.values())


@contextmanager
def _attach_regions(
    pipeline: Any,
    scene: Scene,
    looks: Mapping[str, str],
    inputs: SceneInputs,
    call: Mapping[str, Any],
    *,
    grounded: int,
    stepped: Callable[[], None],
) -> Iterator[tuple[dict[str, Any], Callable[[], None]]]:
    """Confine words to their boxes for the first ``grounded`` steps; yields the arguments and a step counter."""
    from videodirector.generator.backends.diffusers._regions import Regions, encode_regions

    with silence_libraries():
        words, allowed = encode_regions(
            pipeline, scene, looks, frames=inputs.frames, size=inputs.size, negative_prompt=inputs.negative_prompt
        )
    networks = (getattr(pipeline, name, None) for name in ("transformer", "transformer_2"))
    regions = Regions(*(network for network in networks if network is not None))
    regions.allowed, regions.active = allowed, grounded > 0
    done = 0

    def counted() -> None:
        nonlocal done
        done += 1
        regions.active = done < grounded
        stepped()

    regions.attach()
    try:
        rest = {name: value for name, value in call.items() if name != "negative_prompt"}
        yield rest | {"prompt": None} | words, counted
    finally:
        regions.detach()


def _call_pipeline(
    pipeline: Any, signature: PipelineSignature, call: dict[str, Any], *, seed: int, stepped: Callable[[], None]
) -> Any:
    """Call a pipeline, in the thread of ``PipelineThread``."""
    import torch

    call = dict(call)
    if "generator" in signature.takes:  # of the CPU, so that a seed means the same on every device
        call["generator"] = torch.Generator().manual_seed(seed)
    else:
        torch.manual_seed(seed)
    if "output_type" in signature.takes:
        call["output_type"] = "np"
    if "callback_on_step_end" in signature.takes:

        def at_step_end(_pipeline: Any, _step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            stepped()
            return tensors

        call["callback_on_step_end"] = at_step_end
    elif "callback" in signature.takes:
        call["callback"] = lambda *_: stepped()
    with silence_libraries(), torch.no_grad():
        return pipeline(**call)


def _to_frames(output: Any, signature: PipelineSignature) -> Frames:
    """Convert the output of a pipeline to uint8 frames; floats are converted in place, to save a copy."""
    frames = output[0] if isinstance(output, tuple) else getattr(output, "frames", getattr(output, "videos", output))
    if hasattr(frames, "detach"):  # a tensor, channels before height and width
        frames = np.moveaxis(frames.detach().float().cpu().numpy(), -3, -1)
    if isinstance(frames, list):  # of pictures, or of clips that are lists of pictures
        frames = frames[0] if isinstance(frames[0], list) else frames
        frames = np.stack([np.asarray(frame) for frame in frames])
    frames = np.asarray(frames)
    if frames.ndim == 5:
        frames = frames[0]
    if frames.ndim != 4 or frames.shape[-1] != 3 or not len(frames):
        raise RenderError(
            f"{signature.name} returned {type(output).__name__} of shape {frames.shape}, not a clip of RGB frames",
            hint="choose another model, or report it",
        )
    if frames.dtype == np.uint8:
        return np.asarray(frames, dtype=np.uint8)
    if not frames.flags.writeable:
        frames = frames.copy()
    if not (np.isfinite(frames.min()) and np.isfinite(frames.max())):
        raise RenderError(
            f"{signature.name} returned frames that are not finite numbers",
            hint="try --option dtype=float32, or dtype=bfloat16",
        )
    np.clip(frames, 0, 1, out=frames)
    np.multiply(frames, 255, out=frames)
    np.rint(frames, out=frames)
    clip: Frames = frames.astype(np.uint8)
    return clip


def _explain_error(scene: Scene, signature: PipelineSignature, error: Exception) -> RenderError:
    """Turn a pipeline's error into one for the user."""
    import torch

    if isinstance(error, torch.OutOfMemoryError):
        hint = "try --option offload=model, --option quantise=nf4, fewer frames, or a smaller --width and --height"
        return RenderError(f"scene {scene.id!r}: {signature.name} ran out of memory", hint=hint)
    words = str(error).strip().splitlines() or [type(error).__name__]
    return RenderError(
        f"scene {scene.id!r}: {signature.name} failed: {words[0][:500]}",
        hint="another size or length may do; the model's page says which it takes",
    )


def _paste_on_white(picture: Image) -> Image:
    from PIL import Image as Pictures

    canvas = Pictures.new("RGBA", picture.size, "white")
    canvas.alpha_composite(picture.convert("RGBA"))
    return canvas.convert("RGB")


def _collect_configs(pipeline: Any) -> dict[str, dict[str, Any]]:
    parts = {name: getattr(pipeline, name, None) for name in ("transformer", "unet", "vae")}
    return {
        name: {**part.config, "_class_name": type(part).__name__}
        for name, part in parts.items()
        if part is not None and hasattr(part, "config")
    }


def _find_revision(model: str | None, revision: str | None) -> str:
    if model is None:  # in memory: it may be another one the next time
        return f"in memory {secrets.token_hex(8)}"
    return folder_revision(find_folder(model, revision=revision))
