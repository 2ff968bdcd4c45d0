"""Layout2Vid: a text-to-video diffusion pipeline whose entities are where their boxes say."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from diffusers import AutoencoderKL, DiffusionPipeline, PriorTransformer, SchedulerMixin, UNet3DConditionModel
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from videodirector.layout2vid._output_types import OUTPUT_TYPES, Layout2VidOutput, convert_frames, to_bytes
from videodirector.layout2vid.appearance.appearance import Appearance, Captions, Track
from videodirector.layout2vid.appearance.bank_prior import BankPrior
from videodirector.layout2vid.appearance.entity_embedding import EntityEmbedding, EntityEncoder, batch_entities
from videodirector.layout2vid.appearance.latents import decode, unique_frames
from videodirector.layout2vid.appearance.text_encoder import encode_prompt
from videodirector.layout2vid.conditioning import SceneCondition, from_boxes
from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.nn.gated_attention import GroundingTokens
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.sampling.compilation import compile_layers
from videodirector.layout2vid.sampling.denoiser import build_denoiser, frames_independent
from videodirector.layout2vid.sampling.guidance import add_unconditional, split_halves
from videodirector.layout2vid.sampling.sampler import (
    SAMPLERS,
    Denoiser,
    NoiseSchedule,
    SamplerName,
    Steps,
    schedule_of,
    shared_noise,
)
from videodirector.layout2vid.sampling.static_regions import static_mask
from videodirector.layout2vid.weights import text_to_video
from videodirector.layout2vid.weights._components import resolve_components
from videodirector.layout2vid.weights.adapters import load_grounding
from videodirector.layout2vid.weights.checkpoint import INDEX, check_folder, check_values, loading, local
from videodirector.layout2vid.weights.packaged_encoder import load_packaged

__all__ = ["EncodedLayout", "EntityEmbedding", "Layout2VidOutput", "Layout2VidPipeline"]


@dataclass(frozen=True, kw_only=True)
class EncodedLayout:
    """The layout of one scene as the denoiser takes it.

    Attributes:
        grounded_steps: how many steps impose it; in none, ``tokens`` and ``static`` are None.
        rows: what of it differs from frame to frame, a row for each frame.
        tokens: grounding tokens of all halves of guidance.
        static: where two frames show the same; see ``static_mask``.
    """

    grounded_steps: int
    rows: tuple[Tensor, ...]
    tokens: GroundingTokens | None = None
    static: Bool[Tensor, "frames frames height width"] | None = None


class Layout2VidPipeline(DiffusionPipeline):
    """Render scenes with boxes.

    Args:
        vae: the autoencoder.
        text_encoder: encodes captions, and the entities' names where there is no ``phrase_encoder``.
        tokenizer: of the text encoder.
        unet: the text-to-video UNet; the grounding is attached to it.
        grounding: position net and fusers.
        prior: from an entity's words to its picture embedding: a ``BankPrior``, or unCLIP's ``PriorTransformer``.
        scheduler: holds the noise schedule; sampling is done by ``videodirector.layout2vid.sampling.sampler``.
        phrase_encoder: CLIP's text tower for the entities' names.
        phrase_tokenizer: of the phrase encoder.
        image_encoder: CLIP's vision tower, for pictures of entities.
        image_processor: of the image encoder.
        prior_scheduler: of an unCLIP prior, or of the imagination.
        imagination: an unCLIP prior over latents of pictures, beside a ``BankPrior``;
            used in its place where ``imagines`` is set.
        text_encoder_package: Python package that text encoder and tokenizer come from, when they are not in the folder.
        noise_sharing: the share of the initial noise's variance that all frames of a scene have in common.
        layout_strength: the part of the steps in which the boxes are imposed, when the plan leaves it open.
        guidance_scale: of classifier-free guidance when the call leaves it open; 1 is none.
        num_inference_steps: when the call leaves them open.
        patch_size: how many latents along each side the UNet sees as one, packed into its channels.
        sampler: when the call leaves it open.
        temporal_grounding: whether temporal layers take part in the steps in which boxes are imposed.
        captions: of scenes with boxes: ``told``, their descriptions, or ``listed``, their things and their places.
        still_camera: whether frames show the same where their boxes are the same; see ``sampling.static_regions``.
        max_listed: how many things a listed caption names at most.
        backgrounds: the backgrounds that the model knows by name, each with its synonyms; None where it is not said.
        known_phrase: cosine from which the prior's nearest phrase means the same thing.
    """

    model_cpu_offload_seq = "text_encoder->phrase_encoder->image_encoder->prior->imagination->unet->vae"
    # The grounding's fusers run inside the UNet and its position net on its own, a prior's figures are used outside
    # of its forward: layer by layer neither is offloaded; the prior as a whole is.
    _exclude_from_cpu_offload: ClassVar = ["grounding", "prior"]
    _optional_components: ClassVar = [
        "text_encoder",
        "tokenizer",
        "prior",
        "phrase_encoder",
        "phrase_tokenizer",
        "image_encoder",
        "image_processor",
        "prior_scheduler",
        "imagination",
    ]

    def __init__(  # noqa: PLR0917  diffusers passes components by position
        self,
        vae: AutoencoderKL,
        text_encoder: Any,
        tokenizer: Any,
        unet: UNet3DConditionModel,
        grounding: Grounding,
        prior: BankPrior | PriorTransformer | None,
        scheduler: SchedulerMixin,
        phrase_encoder: Any = None,
        phrase_tokenizer: Any = None,
        image_encoder: Any = None,
        image_processor: Any = None,
        prior_scheduler: Any = None,
        imagination: PriorTransformer | None = None,
        text_encoder_package: str | None = None,
        noise_sharing: float = 0.0,
        layout_strength: float = 0.1,
        guidance_scale: float = 9.0,
        num_inference_steps: int = 50,
        patch_size: int = 1,
        sampler: SamplerName = "ddim",
        temporal_grounding: bool = True,
        captions: Captions = "told",
        still_camera: bool = False,
        max_listed: int = 5,
        backgrounds: dict[str, list[str]] | None = None,
        known_phrase: float = 0.6,
    ) -> None:
        super().__init__()
        self.register_modules(
            vae=vae,
            text_encoder=text_encoder,
            tokenizer=tokenizer,
            unet=unet,
            grounding=grounding,
            prior=prior,
            scheduler=scheduler,
            phrase_encoder=phrase_encoder,
            phrase_tokenizer=phrase_tokenizer,
            image_encoder=image_encoder,
            image_processor=image_processor,
            prior_scheduler=prior_scheduler,
            imagination=imagination,
        )
        self.register_to_config(
            text_encoder_package=text_encoder_package,
            noise_sharing=noise_sharing,
            layout_strength=layout_strength,
            guidance_scale=guidance_scale,
            num_inference_steps=num_inference_steps,
            patch_size=patch_size,
            sampler=sampler,
            temporal_grounding=temporal_grounding,
            captions=captions,
            still_camera=still_camera,
            max_listed=max_listed,
            backgrounds=backgrounds,
            known_phrase=known_phrase,
        )
        self.saves_memory = False
        self.imagines = False
        if not grounding.attached:
            grounding.attach(unet)

    # -- loading

    @classmethod
    def load_config(cls, path: Any, **options: Any) -> Any:
        """Read a folder's index; which modules its parts are imported from is decided by a fixed table.

        Raises:
            ModelFormatError: a part comes from elsewhere.
        """
        loaded = super().load_config(path, **options)
        index, *unused = loaded if isinstance(loaded, tuple) else (loaded,)
        resolved = resolve_components(index, Path(path) / INDEX)
        return (resolved, *unused) if unused else resolved

    @classmethod
    def from_pretrained(cls, path: str | Path, **options: Any) -> Layout2VidPipeline:
        """Load a pipeline that ``save_pretrained`` wrote, from a folder or from the hub.

        Raises:
            ModelError: a file is missing, broken or pickled; the error says which.
            MissingDependencyError: the package with the text encoder is not installed.
        """
        folder = local(path, variant=options.get("variant"))
        package = check_folder(folder)
        options.setdefault("low_cpu_mem_usage", importlib.util.find_spec("accelerate") is not None)
        with loading(path):
            if package and "text_encoder" not in options:
                options["text_encoder"], options["tokenizer"] = load_packaged(package)
            pipeline: Layout2VidPipeline = super().from_pretrained(str(folder), use_safetensors=True, **options)
        check_values(pipeline.components, path)
        return pipeline

    def save_pretrained(self, path: str | Path, **options: Any) -> None:
        """Write the pipeline as a folder; weights are always safetensors.

        Raises:
            ValueError: pickled weights were asked for.
        """
        if not options.pop("safe_serialization", True):
            raise ValueError("Layout2VidPipeline writes safetensors only: pickled weights can run any code when opened")
        super().save_pretrained(str(path), safe_serialization=True, **options)

    @classmethod
    def from_text_to_video(
        cls,
        model: str | Path,
        *,
        grounding: str | Path | Grounding | None = None,
        dtype: torch.dtype | dict[str, torch.dtype] | None = None,
        **settings: Any,
    ) -> Layout2VidPipeline:
        """Load a stock text-to-video model (``TextToVideoSDPipeline``'s: ModelScopeT2V, Zeroscope) with grounding.

        Args:
            model: its folder or hub id.
            grounding: what to attach: an adapter, or where one is (see ``load_grounding``). None takes the one that
                the folder brings, as LVD's do, or else a fresh one: until it is trained, the network is the stock one,
                bit for bit, and scenes differ from the stock pipeline's by rounding alone.
            dtype: precision of all parts, or of each by name, ``default`` for the rest.
            **settings: as in the constructor (``guidance_scale``, ``sampler``, ``image_encoder``, ...).

        Raises:
            ModelError: as ``from_pretrained``; or this is a model of another kind.
        """
        parts = text_to_video.load(model, grounding=grounding, dtype=dtype)
        return cls(**{"prior": None, "sampler": text_to_video.sampler_of(parts["scheduler"]), **parts, **settings})

    def load_grounding(self, source: str | Path) -> None:
        """Replace the grounding; see ``weights.adapters.load_grounding``."""
        self.detach()
        loaded = load_grounding(source, unet=self.unet).to(self.grounding.device, self.grounding.dtype)
        self.register_modules(grounding=loaded)
        self.attach()

    def attach(self) -> None:
        """Attach the grounding to the UNet, if it is not attached."""
        if not self.grounding.attached:
            self.grounding.attach(self.unet)

    def detach(self) -> None:
        """Give the UNet back its own modules; scenes are then rendered without their boxes."""
        self.grounding.detach()

    def load_clip(self, model: str | Path) -> None:
        """Embed entities' words and pictures with both towers of a CLIP model (``openai/clip-vit-large-patch14``)."""
        self.register_modules(**text_to_video.clip_towers(model, dtype=self.unet.dtype, device=self.unet.device))

    def load_prior(self, model: str | Path) -> None:
        """Use the unCLIP prior of a Karlo model (``kakaobrain/karlo-v1-alpha``), and its text tower with it."""
        self.register_modules(**text_to_video.unclip_prior(model, dtype=self.unet.dtype, device=self.unet.device))

    # -- memory

    def save_memory(self) -> None:
        """Trade time for memory: run guidance's halves one after the other, decode frames one by one and in tiles."""
        self.saves_memory = True
        self.vae.enable_slicing()
        self.vae.enable_tiling()

    def enable_group_offload(self, *args: Any, **options: Any) -> None:
        """As in diffusers; grounding and prior stay on the device."""
        excluded = options.pop("exclude_modules", None) or []
        excluded = [excluded] if isinstance(excluded, str) else list(excluded)
        super().enable_group_offload(*args, exclude_modules=[*excluded, *self._exclude_from_cpu_offload], **options)

    def compile_layers(self, **options: Any) -> None:
        """Compile UNet and grounding layer by layer, when they first run; ``options`` are ``torch.compile``'s."""
        compile_layers(self.unet, self.grounding, **options)

    # -- sizes

    @property
    def frame_size(self) -> tuple[int, int]:
        """(width, height) of the frames in pixels, when the call leaves it open."""
        height, width = self._latent_size(None, None)
        return width * self.patch_size * self.latent_scale, height * self.patch_size * self.latent_scale

    @property
    def patch_size(self) -> int:
        """How many latents along each side the UNet sees as one."""
        return int(self.config.patch_size)

    @property
    def latent_scale(self) -> int:
        """Pixels along a latent's side."""
        return 2 ** (len(self.vae.config.block_out_channels) - 1)

    def _latent_size(self, height: int | None, width: int | None) -> tuple[int, int]:
        given = self.unet.config.sample_size or 32
        own = (given, given) if isinstance(given, int) else tuple(given)
        step = self.latent_scale * self.patch_size
        for side in (height, width):
            if side is not None and (side < step or side % step):
                raise ValueError(f"height and width must be multiples of {step} pixels, not {side}")
        return (height // step if height else int(own[0])), (width // step if width else int(own[1]))

    # -- entities

    @property
    def entity_encoder(self) -> EntityEncoder:
        """The encoder of entities, built from the parts that this pipeline has now."""
        own = self.phrase_encoder is not None
        return EntityEncoder(
            config=self.grounding.config,
            text_encoder=self.phrase_encoder if own else self.text_encoder,
            tokenizer=self.phrase_tokenizer if own else self.tokenizer,
            image_encoder=self.image_encoder,
            image_processor=self.image_processor,
            prior=self.prior,
            prior_scheduler=self.prior_scheduler,
            imagination=self.imagination if self.imagines else None,
            vae=self.vae,
            latent_scale=self.latent_scale,
            device=self._execution_device,
        )

    def represent(
        self, entity: str | Appearance | EntityEmbedding, *, generator: torch.Generator | None = None
    ) -> EntityEmbedding:
        """Embed an entity; an embedding is returned as it is. See ``EntityEncoder.encode``."""
        return entity if isinstance(entity, EntityEmbedding) else self.entity_encoder.encode(entity, generator)

    def imagine(self, text: Float[Tensor, " text"], *, generator: torch.Generator | None = None) -> EntityEmbedding:
        """Embed an entity whose words are known as an embedding alone; see ``EntityEncoder.imagine``."""
        return self.entity_encoder.imagine(text, generator)

    def entities(self, condition: SceneCondition, looks: Sequence[EntityEmbedding]) -> Entities:
        """Stack one scene's entities as the grounding wants them, a batch of one."""
        return batch_entities(
            condition, looks, self.grounding.config, device=self._execution_device, dtype=self.grounding.dtype
        )

    # -- sampling

    def schedule(self, steps: int, sampler: SamplerName | None = None) -> NoiseSchedule:
        """Compute the points that sampling with this many steps visits; see ``sampler.schedule_of``."""
        return schedule_of(self.scheduler, steps, sampler or self.config.sampler)

    @torch.no_grad()
    def steps(
        self,
        condition: SceneCondition,
        looks: Sequence[EntityEmbedding],
        *,
        generator: torch.Generator | None = None,
        place: torch.Generator | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        layout_strength: float | None = None,
        negative_prompt: str = "",
        sampler: SamplerName | None = None,
        height: int | None = None,
        width: int | None = None,
        latents: Float[Tensor, "1 channels frames height width"] | None = None,
        words: Float[Tensor, "halves words context"] | None = None,
    ) -> Steps:
        """Denoise a scene step by step; a tensor that is sent in answer to a step replaces its sample.

        Args:
            condition: the scene.
            looks: how its entities look, in their order.
            generator: of the noise, on the CPU, so that a seed means the same on every device.
            place: of the noise that all frames share; scenes with the same background share its seed.
            num_inference_steps: of the sampler.
            guidance_scale: w of ``x0 + w (x0(condition) - x0)``; 1 is no guidance.
            layout_strength: alpha; the boxes are imposed for the first alpha * N steps, after which the fusers are
                skipped.
            negative_prompt: what to guide away from, instead of no caption.
            sampler: one of ``SAMPLERS``.
            height, width: of the frames in pixels.
            latents: the noise to start from, instead of one from the generators.
            words: states of the caption instead of its text, or of the negative prompt and the caption.
        """
        chosen: SamplerName = sampler or self.config.sampler
        count = num_inference_steps or int(self.config.num_inference_steps)
        scale = float(self.config.guidance_scale if guidance_scale is None else guidance_scale)
        size = self._latent_size(height, width)
        schedule = self.schedule(count, chosen)
        states = self.encode_text(condition.caption, None if scale == 1 else negative_prompt, known=words)
        if latents is None:
            latents = self.prepare_noise(condition, size, generator=generator, place=place)
        layout = self.encode_layout(condition, looks, size, steps=count, strength=layout_strength, guided=scale != 1)
        denoise = self.build_denoiser(states, layout, schedule, guidance_scale=scale)
        yield from SAMPLERS[chosen](denoise, latents.to(self._execution_device, torch.float32), schedule)

    def encode_text(
        self, prompt: str, negative_prompt: str | None, *, known: Float[Tensor, "halves words context"] | None = None
    ) -> Float[Tensor, "halves words context"]:
        """Encode the caption, behind what to guide away from where there is guidance; ``known`` states go before."""
        device = self._execution_device
        states = encode_prompt(self.text_encoder, self.tokenizer, prompt, negative_prompt, known=known, device=device)
        return states.to(device, self.unet.dtype)

    def prepare_noise(
        self,
        condition: SceneCondition,
        size: tuple[int, int],
        *,
        generator: torch.Generator | None = None,
        place: torch.Generator | None = None,
    ) -> Float[Tensor, "1 channels frames height width"]:
        """Sample the noise of all frames on the CPU; ``place`` gives the part that they share."""
        return shared_noise(
            (1, int(self.unet.config.in_channels), condition.boxes.shape[0], *size),
            sharing=float(self.config.noise_sharing),
            generator=generator,
            common=place,
        )

    def encode_layout(
        self,
        condition: SceneCondition,
        looks: Sequence[EntityEmbedding],
        size: tuple[int, int],
        *,
        steps: int,
        strength: float | None,
        guided: bool,
    ) -> EncodedLayout:
        """Turn boxes and entity embeddings into grounding tokens, for guidance of both halves.

        Where no step imposes them (alpha is 0, or the grounding is detached or untrained) there are none.
        """
        alpha = float(self.config.layout_strength if strength is None else strength)
        usable = self.grounding.attached and not self.grounding.closed
        grounded_steps = round(alpha * steps) if usable else 0
        rows = (condition.boxes, condition.present)
        if not grounded_steps:
            return EncodedLayout(grounded_steps=0, rows=rows)
        still = static_mask(*rows, size).to(self._execution_device) if self.config.still_camera else None
        entities = self.entities(condition, looks)
        tokens = self.grounding.tokens(add_unconditional(entities) if guided else entities, size=size)
        return EncodedLayout(grounded_steps=grounded_steps, rows=rows, tokens=tokens, static=still)

    def build_denoiser(
        self,
        states: Float[Tensor, "halves words context"],
        layout: EncodedLayout,
        schedule: NoiseSchedule,
        *,
        guidance_scale: float,
    ) -> Denoiser:
        """Build the network as samplers call it: grounded, guided, with frames that are equal computed once."""
        temporal = bool(self.config.temporal_grounding)
        # A canvas parts the halves at once; where frames are independent, each half then has its own that differ.
        independent = frames_independent(self.unet, grounded=True, temporal_grounding=temporal)
        parted = independent and layout.tokens is not None and layout.tokens.canvas is not None
        return build_denoiser(
            self.unet,
            self.grounding,
            schedule,
            rounds=split_halves(states, layout.tokens) if self.saves_memory or parted else [(states, layout.tokens)],
            layout=layout.rows,
            prediction=self.scheduler.config.prediction_type,
            guidance_scale=guidance_scale,
            grounded_steps=layout.grounded_steps,
            temporal_grounding=temporal,
            static=layout.static,
        )

    # -- rendering

    @torch.no_grad()
    def pictures(
        self, latents: Float[Tensor, "1 channels frames height width"], *, chunk: int | None = None
    ) -> Iterator[Float[Tensor, "pictures 3 height width"]]:
        """Decode one scene's latents to pictures in [-1, 1], ``chunk`` at a time: 16, or 1 where memory is saved."""
        chunk = chunk or (1 if self.saves_memory else 16)
        packed = latents[0].transpose(0, 1).to(self.vae.dtype)
        for part in torch.split(packed, chunk):
            first, place = unique_frames(part)
            yield decode(self.vae, part[first], patch_size=self.patch_size)[place]

    def decode(
        self, latents: Float[Tensor, "1 channels frames height width"], *, chunk: int | None = None
    ) -> UInt8[np.ndarray, "frames h w 3"]:
        """Decode one scene's latents to bytes, ``chunk`` frames at a time."""
        return np.concatenate([to_bytes(part) for part in self.pictures(latents, chunk=chunk)])

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | SceneCondition = "",
        entities: Sequence[str | Appearance | EntityEmbedding] = (),
        boxes: Sequence[Track] = (),
        *,
        num_frames: int = 16,
        generator: torch.Generator | None = None,
        output_type: str = "np",
        callback_on_step_end: Callable[[Layout2VidPipeline, int, Tensor, dict[str, Tensor]], dict[str, Tensor]]
        | None = None,
        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
        decode_chunk_size: int | None = None,
        **options: Any,
    ) -> Layout2VidOutput:
        """Render one scene.

        Args:
            prompt: its caption; or a whole scene, which then brings boxes and length.
            entities: the things in it: what to call each, or how it looks.
            boxes: for each thing its key boxes, evenly spaced over the scene, None where it is not visible.
            num_frames: length of the scene.
            generator: of the noise, on the CPU.
            output_type: see ``Layout2VidOutput``.
            callback_on_step_end: called after every step with the pipeline, the step, its timestep and the requested
                tensors; what it returns as ``latents`` replaces the sample.
            callback_on_step_end_tensor_inputs: of ``latents`` and ``x0``, the estimate of the clean sample.
            decode_chunk_size: frames to decode at a time.
            **options: those of ``steps``.
        """
        if output_type not in OUTPUT_TYPES:
            raise ValueError(f"output_type must be one of {', '.join(OUTPUT_TYPES)}, not {output_type!r}")
        condition = from_boxes(prompt, boxes, num_frames) if isinstance(prompt, str) else prompt
        if len(entities) != condition.boxes.shape[1]:
            raise ValueError(
                f"{len(entities)} entities and {condition.boxes.shape[1]} boxes: give each thing its boxes"
            )
        looks = [self.represent(entity, generator=generator) for entity in entities]
        running = self.steps(condition, looks, generator=generator, **options)
        latents, changed = torch.empty(0), None
        count = options.get("num_inference_steps") or int(self.config.num_inference_steps)
        with self.progress_bar(total=count) as bar:
            for timestep in self.schedule(count, options.get("sampler")).timesteps:
                step = running.send(changed)
                latents, changed = step.x, None
                if callback_on_step_end is not None:
                    known = {"latents": step.x, "x0": step.x0}
                    given = {name: known[name] for name in callback_on_step_end_tensor_inputs}
                    answer = callback_on_step_end(self, step.index, timestep, given) or {}
                    changed = answer.get("latents")
                    latents = latents if changed is None else changed
                bar.update()
        frames: Any = latents
        if output_type != "latent":
            parts = [part.cpu() for part in self.pictures(latents, chunk=decode_chunk_size)]
            frames = convert_frames(torch.cat(parts), output_type)
        self.maybe_free_model_hooks()
        return Layout2VidOutput(frames=frames)
