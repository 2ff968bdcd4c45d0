"""Load a model for rendering: whichever format it has, on the best device here, in its fastest precision."""

from __future__ import annotations

from pathlib import Path

import torch

from videodirector.errors import ModelError
from videodirector.layout2vid.nn.unet import skip_closed_temporal_layers
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.weights.checkpoint import INDEX, local, read_class_name
from videodirector.layout2vid.weights.memory import channels_last, enough_memory, keep_memory

__all__ = ["arithmetic", "load"]


def load(
    model: str | Path,
    *,
    grounding: str | Path | None = None,
    imagines: bool = False,
    low_memory: bool = False,
    compiled: bool = False,
) -> Layout2VidPipeline:
    """Load a pipeline of ours, or a stock text-to-video model with grounding.

    Args:
        model: folder or hub id.
        grounding: another adapter than the model brings; see ``load_grounding``.
        imagines: sample how things look from an unCLIP prior, where the model also has a bank of pictures.
        low_memory: take less memory and more time. On a GPU networks then wait in main memory until they are needed.
        compiled: compile the layers of the UNet when they first run.

    Raises:
        RenderError: there is too little memory.
        ModelError, MissingDependencyError: as ``Layout2VidPipeline.from_pretrained``; or it cannot imagine.
    """
    keep_memory()
    device, fast = _best()
    precision = {"unet": fast, "grounding": fast, "vae": fast, "default": torch.float32}
    folder = local(model)
    ours = read_class_name(folder, INDEX) == Layout2VidPipeline.__name__
    pipeline = (
        Layout2VidPipeline.from_pretrained(folder, dtype=precision)
        if ours
        else Layout2VidPipeline.from_text_to_video(folder, grounding=grounding, dtype=precision)
    )
    if ours and grounding is not None:
        pipeline.load_grounding(grounding)
    if imagines:
        if pipeline.imagination is None:
            raise ModelError(
                f"{model} has no unCLIP prior to imagine pictures with", hint="leave out --option imagine=true"
            )
        pipeline.imagines = True
    skip_closed_temporal_layers(pipeline.unet)
    channels_last(pipeline.unet)
    channels_last(pipeline.vae)
    networks = [part.eval() for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]
    if low_memory:
        pipeline.save_memory()
    if low_memory and device.type == "cuda":
        pipeline.enable_model_cpu_offload()
    else:
        with enough_memory("for the model"):
            for network in networks:
                network.to(device)
    if compiled:
        pipeline.compile_layers()
    return pipeline


def arithmetic() -> str:
    """Describe what ``load`` computes with here: where it differs, pictures differ in their last bits."""
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
