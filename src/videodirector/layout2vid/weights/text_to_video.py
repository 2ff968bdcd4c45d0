"""Load parts of public models: stock text-to-video pipelines, CLIP's towers, Karlo's prior."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import AutoencoderKL, PriorTransformer, UnCLIPScheduler, UNet3DConditionModel

from videodirector.errors import ModelFormatError
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.sampling.sampler import SamplerName
from videodirector.layout2vid.weights.adapters import load_grounding
from videodirector.layout2vid.weights.checkpoint import (
    check_folder,
    check_values,
    check_weights,
    find_grounding,
    loading,
    local,
    read_class_name,
    require_keys,
)

__all__ = ["clip_towers", "load", "sampler_of", "unclip_prior"]

PARTS = ("vae", "text_encoder", "tokenizer", "unet", "scheduler")


def load(
    model: str | Path,
    *,
    grounding: str | Path | Grounding | None = None,
    dtype: torch.dtype | dict[str, torch.dtype] | None = None,
) -> dict[str, Any]:
    """Load the parts of a stock pipeline, with grounding; see ``Layout2VidPipeline.from_text_to_video``."""
    from transformers import CLIPTextModel, CLIPTokenizer

    folder = local(model)
    check_folder(folder, PARTS)
    kind = read_class_name(folder / "unet", "config.json")
    if kind != "UNet3DConditionModel":
        raise ModelFormatError(
            f"{model} is no text-to-video model of ModelScope's kind: its unet is a {kind}",
            hint="give a model in TextToVideoSDPipeline's format, such as ali-vilab/text-to-video-ms-1.7b",
        )

    def precision(part: str) -> torch.dtype:
        if isinstance(dtype, dict):
            return dtype.get(part) or dtype.get("default") or torch.float32
        return dtype or torch.float32

    with loading(model):
        loaded: Any = CLIPTextModel.from_pretrained(
            folder / "text_encoder", dtype=precision("text_encoder"), output_loading_info=True
        )
        encoder, report = loaded
        parts = {
            "vae": AutoencoderKL.from_pretrained(folder / "vae", dtype=precision("vae"), **FROM_DISK),
            "unet": UNet3DConditionModel.from_pretrained(folder / "unet", dtype=precision("unet"), **FROM_DISK),
            "text_encoder": encoder.eval().requires_grad_(False),
            "tokenizer": CLIPTokenizer.from_pretrained(folder / "tokenizer"),
            "scheduler": _scheduler(folder / "scheduler"),
        }
    check_values(parts, model)
    require_keys("text_encoder", report["missing_keys"], model)
    if not isinstance(grounding, Grounding):
        source = grounding if grounding is not None else find_grounding(folder)
        width = int(parts["unet"].config.cross_attention_dim)
        grounding = (
            load_grounding(source, unet=parts["unet"])
            if source is not None
            else Grounding.for_unet(parts["unet"], text_width=width, picture_shape=(0,), token_width=width, form="text")
        )
    with loading(model):
        parts["grounding"] = grounding.to(precision("grounding")).eval()
    return parts


FROM_DISK: dict[str, Any] = {"use_safetensors": True, "local_files_only": True}


def _scheduler(folder: Path) -> Any:
    name = read_class_name(folder, "scheduler_config.json")
    scheduler = getattr(diffusers, name, None)
    if scheduler is None or not name.endswith("Scheduler"):
        raise ModelFormatError(f"{folder} names no scheduler that diffusers has, but {name!r}")
    loaded = scheduler.from_pretrained(folder)
    if not hasattr(loaded, "alphas_cumprod"):
        raise ModelFormatError(
            f"{folder}: a {name} has no noise schedule of alphas",
            hint="this is a model of another kind (flow matching)",
        )
    return loaded


def sampler_of(scheduler: Any) -> SamplerName:
    """Name the sampler that corresponds to a scheduler of diffusers; DDIM where there is none."""
    known: dict[str, SamplerName] = {"PNDMScheduler": "plms", "DPMSolverMultistepScheduler": "dpm-solver++"}
    return known.get(type(scheduler).__name__, "ddim")


def clip_towers(model: str | Path, *, dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    """Load both towers of a CLIP model, as transformers stores it."""
    # The processor of pillow: the other one needs torchvision.
    from transformers import CLIPImageProcessorPil, CLIPTextModelWithProjection, CLIPTokenizer
    from transformers import CLIPVisionModelWithProjection as Vision

    folder = local(model)
    check_weights(folder)
    with loading(model):
        words = CLIPTextModelWithProjection.from_pretrained(folder, dtype=dtype).eval().requires_grad_(False)
        looks = Vision.from_pretrained(folder, dtype=dtype).eval().requires_grad_(False)
        return {
            "phrase_encoder": words.to(device),
            "phrase_tokenizer": CLIPTokenizer.from_pretrained(folder),
            "image_encoder": looks.to(device),
            "image_processor": CLIPImageProcessorPil.from_pretrained(folder),
        }


def unclip_prior(model: str | Path, *, dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    """Load the prior of a Karlo model, its scheduler, and the text tower that it reads."""
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer

    parts = ("prior", "prior_scheduler", "text_encoder", "tokenizer")
    folder = local(model, parts=parts)  # Karlo's decoders are large, and not needed here
    check_folder(folder, parts)
    with loading(model):
        words = CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder", dtype=dtype)
        prior = PriorTransformer.from_pretrained(folder / "prior", dtype=dtype, **FROM_DISK)
        return {
            "prior": prior.to(device).eval(),
            "prior_scheduler": UnCLIPScheduler.from_pretrained(folder / "prior_scheduler"),
            "phrase_encoder": words.to(device).eval().requires_grad_(False),
            "phrase_tokenizer": CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        }
