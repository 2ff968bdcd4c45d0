"""Layout2Vid: a text-to-video diffusion pipeline whose entities stand where their boxes say."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, DiffusionPipeline, UNet3DConditionModel
from jaxtyping import Bool, Float, UInt8
from PIL import Image, ImageOps
from torch import Tensor

from videodirector.errors import ModelError
from videodirector.layout2vid.appearance import Appearance
from videodirector.layout2vid.checkpoint import check_folder
from videodirector.layout2vid.conditioning import SceneCondition
from videodirector.layout2vid.entities import Entities
from videodirector.layout2vid.grounding import Grounding
from videodirector.layout2vid.latents import decode, encode, entity_picture, to_tensor
from videodirector.layout2vid.memory import channels_last, keep_memory
from videodirector.layout2vid.messages import quiet
from videodirector.layout2vid.prior import BankPrior
from videodirector.layout2vid.sampler import NoiseSchedule, Prediction, ddim, shared_noise, spaced, to_sample
from videodirector.layout2vid.text import encode_captions, encode_phrases, load_packaged
from videodirector.layout2vid.unet import skip_closed_temporal_layers

__all__ = ["Layout2VidPipeline", "Representation"]


class Representation:
    """How one thing looks, computed once and drawn in every scene: its text embedding and its picture embeddings.

    ``pictures`` holds the view to the left and the view to the right; ``nearest`` is the phrase that the prior took for
    it and how near that is (cosine), or None where a picture was given.
    """

    def __init__(
        self, *, text: Float[Tensor, " text"], pictures: Float[Tensor, "2 picture"], nearest: tuple[str, float] | None
    ) -> None:
        self.text, self.pictures, self.nearest = text, pictures, nearest


class Layout2VidPipeline(DiffusionPipeline):
    """Draws scenes with boxes.

    Args:
        vae: the autoencoder.
        text_encoder: encodes captions and the entities' names.
        tokenizer: of the text encoder.
        unet: the text-to-video UNet; the grounding is attached to it.
        grounding: position net and fusers.
        prior: from an entity's text embedding to its picture embedding.
        scheduler: holds the noise schedule; sampling is done by ``videodirector.layout2vid.sampler``.
        text_encoder_package: Python package that text encoder and tokenizer come from, when they are not in the folder.
        noise_sharing: the share of the initial noise's variance that all frames of a scene have in common.
        layout_strength: the part of the steps in which the boxes are imposed, when the plan leaves it open.
        guidance_scale: of classifier-free guidance when the call leaves it open; 1 is none.
        num_inference_steps: when the call leaves them open.
        patch_size: how many latents along each side the UNet sees as one, packed into its channels.
    """

    model_cpu_offload_seq = "text_encoder->prior->unet->vae"
    _optional_components: ClassVar = ["text_encoder", "tokenizer", "prior"]

    def __init__(  # noqa: PLR0917  diffusers passes components by position
        self,
        vae: AutoencoderKL,
        text_encoder: Any,
        tokenizer: Any,
        unet: UNet3DConditionModel,
        grounding: Grounding,
        prior: BankPrior | None,
        scheduler: DDIMScheduler,
        text_encoder_package: str | None = None,
        noise_sharing: float = 0.0,
        layout_strength: float = 0.1,
        guidance_scale: float = 9.0,
        num_inference_steps: int = 50,
        patch_size: int = 1,
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
        )
        self.register_to_config(
            text_encoder_package=text_encoder_package,
            noise_sharing=noise_sharing,
            layout_strength=layout_strength,
            guidance_scale=guidance_scale,
            num_inference_steps=num_inference_steps,
            patch_size=patch_size,
        )
        if not grounding.attached:
            grounding.attach(unet)

    @classmethod
    def from_pretrained(cls, path: str | Path, **options: Any) -> Layout2VidPipeline:
        """Load a pipeline from a folder in diffusers' format, or from a hub id.

        Raises:
            ModelError: a file is missing, broken or pickled; the error says which.
            MissingDependencyError: the package with the text encoder is not installed.
        """
        package = check_folder(Path(path)) if Path(path).is_dir() else None
        options.setdefault("low_cpu_mem_usage", importlib.util.find_spec("accelerate") is not None)
        try:
            with quiet():
                if package and "text_encoder" not in options:
                    options["text_encoder"], options["tokenizer"] = load_packaged(package)
                pipeline: Layout2VidPipeline = super().from_pretrained(str(path), use_safetensors=True, **options)
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"the model {path} cannot be loaded: {error}",
                hint="give a folder that Layout2VidPipeline.save_pretrained wrote, or the id of one on the hub",
            ) from error
        return pipeline

    @property
    def frame_size(self) -> tuple[int, int]:
        """(width, height) of the frames in pixels."""
        side = int(self.unet.config.sample_size) * self.patch_size * self._latent_scale
        return side, side

    @property
    def patch_size(self) -> int:
        """How many latents along each side the UNet sees as one."""
        return int(self.config.patch_size)

    @property
    def _latent_scale(self) -> int:
        return 2 ** (len(self.vae.config.block_out_channels) - 1)

    # -- entities

    @torch.no_grad()
    def represent(self, appearance: Appearance) -> Representation:
        """How a thing looks, from its words or from a picture of it.

        Raises:
            ModelError: words alone were given, and this model has no prior.
        """
        text = encode_phrases(self.text_encoder, self.tokenizer, [appearance.phrase])
        if appearance.picture is not None:
            pictures = self._views(appearance.picture)
            return Representation(text=text[0], pictures=pictures, nearest=None)
        if self.prior is None:
            raise ModelError(
                f"this model cannot imagine {appearance.name!r} from words: it has no prior",
                hint="give the plan a reference picture of it",
            )
        both = self.prior(text.expand(2, -1), torch.tensor([False, True], device=text.device))
        return Representation(text=text[0], pictures=both, nearest=self.prior.nearest(text)[0])

    def _views(self, image: Image.Image) -> Float[Tensor, "2 picture"]:
        """Embeddings of a picture as it is and mirrored."""
        size = int(self.grounding.config.picture_shape[-1]) * self._latent_scale
        pixels = [entity_picture(view, size) for view in (image, ImageOps.mirror(image))]
        return encode(self.vae, to_tensor(np.stack(pixels)).to(self.vae.device, self.vae.dtype)).flatten(1)

    def entities(self, condition: SceneCondition, looks: Sequence[Representation]) -> Entities:
        """One scene's entities as the grounding wants them, a batch of one."""
        device, dtype = self.unet.device, self.unet.dtype
        count = len(looks)
        if not looks:
            text_width = int(self.grounding.config.text_width)
            picture_width = int(np.prod(self.grounding.config.picture_shape))
            text, picture = torch.zeros(0, text_width), torch.zeros(0, picture_width)
        else:
            text = torch.stack([look.text for look in looks])
            picture = torch.stack(
                [look.pictures[int(side == "right")] for look, side in zip(looks, condition.sides, strict=True)]
            )
        known = torch.ones(1, count, dtype=torch.bool, device=device)
        return Entities(
            boxes=condition.boxes.to(device).unsqueeze(0),  # in full precision: half of it would make things jerk
            present=condition.present.to(device).unsqueeze(0),
            text=text.to(device, dtype).unsqueeze(0),
            picture=picture.to(device, dtype).unsqueeze(0),
            text_known=known,
            picture_known=known,
        )

    # -- sampling

    def schedule(self, steps: int) -> NoiseSchedule:
        """The points that sampling with this many steps visits."""
        return spaced(self.scheduler.alphas_cumprod, steps)

    @torch.no_grad()
    def sample(
        self,
        condition: SceneCondition,
        looks: Sequence[Representation],
        *,
        generator: torch.Generator,
        place: torch.Generator | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        layout_strength: float | None = None,
    ) -> Iterator[tuple[int, Float[Tensor, "1 channels frames height width"]]]:
        """Denoise a scene, yielding (steps done, estimate of the clean latents) after every step.

        Args:
            condition: the scene.
            looks: how its entities look, in their order.
            generator: of the noise, on the CPU, so that a seed means the same on every device.
            place: of the noise that all frames share; scenes that show the same place share this one.
            num_inference_steps: DDIM steps.
            guidance_scale: w of ``x0 + w (x0(condition) - x0)``; 1 is no guidance.
            layout_strength: alpha; the boxes are imposed for the first alpha * N steps.
        """
        steps = num_inference_steps or int(self.config.num_inference_steps)
        scale = float(self.config.guidance_scale if guidance_scale is None else guidance_scale)
        strength = float(self.config.layout_strength if layout_strength is None else layout_strength)
        schedule = self.schedule(steps)
        grounded_steps = round(strength * steps)
        frames = condition.boxes.shape[0]
        channels, side = int(self.unet.config.in_channels), int(self.unet.config.sample_size)
        noise = shared_noise(
            (1, channels, frames, side, side),
            sharing=float(self.config.noise_sharing),
            generator=generator,
            common=place,
        ).to(self.unet.device)
        captions = [condition.caption] if scale == 1 else ["", condition.caption]
        words = encode_captions(self.text_encoder, self.tokenizer, captions).to(self.unet.device, self.unet.dtype)
        entities = self.entities(condition, looks)
        tokens = self.grounding.tokens(without_and_with(entities) if scale != 1 else entities, size=(side, side))
        prediction: Prediction = self.scheduler.config.prediction_type

        def denoise(x: Tensor, index: int) -> Tensor:
            batch = x.to(self.unet.dtype).repeat(len(captions), 1, 1, 1, 1)
            with self.grounding.use(tokens if index < grounded_steps else None, size=(side, side)):
                output = self.unet(batch, schedule.timesteps[index], encoder_hidden_states=words).sample.float()
            estimates = to_sample(output, x, schedule.alpha[index], schedule.sigma[index], prediction)
            if scale == 1:
                return estimates
            without, conditioned = estimates.chunk(2)
            return without + scale * (conditioned - without)

        for step in ddim(denoise, noise, schedule):
            yield step.index + 1, step.x0

    @torch.no_grad()
    def decode(self, latents: Float[Tensor, "1 channels frames height width"]) -> UInt8[np.ndarray, "frames h w 3"]:
        """Frames of one scene's latents."""
        pictures = latents[0].transpose(0, 1).to(self.vae.dtype)
        pixels = torch.cat(
            [decode(self.vae, part, patch_size=self.patch_size).float() for part in torch.split(pictures, 16)]
        )
        return ((pixels + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()

    def __call__(
        self,
        condition: SceneCondition,
        looks: Sequence[Appearance | Representation],
        *,
        generator: torch.Generator,
        callback: Callable[[int, Tensor], None] | None = None,
        **options: Any,
    ) -> UInt8[np.ndarray, "frames h w 3"]:
        """Draw one scene; ``options`` are those of :meth:`sample`. ``callback`` hears (steps done, estimate)."""
        latents = torch.empty(0)
        known = [look if isinstance(look, Representation) else self.represent(look) for look in looks]
        for done, latents in self.sample(condition, known, generator=generator, **options):
            if callback:
                callback(done, latents)
        return self.decode(latents)


def without_and_with(entities: Entities) -> Entities:
    """A batch of two: the scene without its entities, for guidance, and the scene as it is."""

    def twice(tensor: Tensor) -> Tensor:
        return torch.cat([tensor, tensor])

    present: Bool[Tensor, "2 frames entities"] = torch.cat([torch.zeros_like(entities.present), entities.present])
    return Entities(
        boxes=twice(entities.boxes),
        present=present,
        text=twice(entities.text),
        picture=twice(entities.picture),
        text_known=torch.cat([torch.zeros_like(entities.text_known), entities.text_known]),
        picture_known=torch.cat([torch.zeros_like(entities.picture_known), entities.picture_known]),
    )


def load(model: str | Path) -> Layout2VidPipeline:
    """A pipeline ready to draw on the best device here: networks in evaluation mode, in its fastest precision.

    Raises:
        ModelError, MissingDependencyError: as :meth:`Layout2VidPipeline.from_pretrained`.
    """
    keep_memory()
    device, fast = _best()
    precision = {"unet": fast, "grounding": fast, "default": torch.float32}
    pipeline = Layout2VidPipeline.from_pretrained(model, dtype=precision)
    skip_closed_temporal_layers(pipeline.unet)
    for part in (pipeline.unet, pipeline.grounding, pipeline.vae, pipeline.text_encoder, pipeline.prior):
        if part is not None:
            part.to(device).eval()
    channels_last(pipeline.unet)
    channels_last(pipeline.vae)
    return pipeline


def arithmetic() -> str:
    """What ``load`` draws with here, in words: where these differ, pictures differ in their last bits."""
    device, fast = _best()
    kind = torch.cuda.get_device_name() if device.type == "cuda" else f"cpu {torch.backends.cpu.get_cpu_capability()}"
    return f"{kind}, {str(fast).removeprefix('torch.')}"


def _best() -> tuple[torch.device, torch.dtype]:
    if torch.cuda.is_available():
        return torch.device("cuda"), torch.float16
    return torch.device("cpu"), torch.bfloat16 if _computes_bfloat16() else torch.float32


def _computes_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware; without that it is slower than float32."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
