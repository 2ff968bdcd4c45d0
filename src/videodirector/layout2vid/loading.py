"""A model made ready to draw: whichever format it has, on the best device here, in its fastest precision."""

from __future__ import annotations

from pathlib import Path

import torch

from videodirector.errors import ModelError
from videodirector.layout2vid.nn.unet import skip_closed_temporal_layers
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.weights.checkpoint import INDEX, local, part_class
from videodirector.layout2vid.weights.memory import channels_last, enough_memory, keep_memory
from videodirector.layout2vid.weights.precision import computes_bfloat16

__all__ = ["arithmetic", "load"]


def load(
    model: str | Path,
    *,
    grounding: str | Path | None = None,
    imagines: bool = False,
    low_memory: bool = False,
    compiled: bool = False,
) -> Layout2VidPipeline:
    """A pipeline ready to draw, of ours or of a stock text-to-video model.

    Args:
        model: folder or hub id.
        grounding: another adapter than the model brings; see ``load_grounding``.
        imagines: imagine how things look with an unCLIP prior, where the model also has a memory of pictures.
        low_memory: take less memory and more time. On a GPU networks then wait in main memory until they are needed.
        compiled: compile the layers of the UNet when they first run.

    Raises:
        RenderError: there is too little memory.
        ModelError, MissingDependencyError: as :meth:`Layout2VidPipeline.from_pretrained`; or it cannot imagine.
    """
    keep_memory()
    device, fast = _best()
    precision = {"unet": fast, "grounding": fast, "vae": fast, "enlarger": fast, "default": torch.float32}
    folder = local(model)
    ours = part_class(folder, INDEX) == Layout2VidPipeline.__name__
    pipeline = (
        Layout2VidPipeline.from_pretrained(folder, dtype=precision)
        if ours
        else Layout2VidPipeline.from_text_to_video(folder, grounding=grounding, dtype=precision)
    )
    if ours and grounding is not None:
        pipeline.load_grounding(grounding)
    if imagines:
        if pipeline.imagination is None:
            raise ModelError(f"{model} has no unCLIP prior to imagine pictures with", hint="leave `imagine` away")
        pipeline.imagines = True
    skip_closed_temporal_layers(pipeline.unet)
    channels_last(pipeline.unet)
    channels_last(pipeline.vae)
    if pipeline.enlarger is not None:
        channels_last(pipeline.enlarger)
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
    """What ``load`` draws with here, in words: where these differ, pictures differ in their last bits."""
    device, fast = _best()
    kind = torch.cuda.get_device_name() if device.type == "cuda" else f"cpu {torch.backends.cpu.get_cpu_capability()}"
    return f"{kind}, {str(fast).removeprefix('torch.')}"


def _best() -> tuple[torch.device, torch.dtype]:
    if torch.cuda.is_available():
        return torch.device("cuda"), torch.float16
    return torch.device("cpu"), torch.bfloat16 if computes_bfloat16() else torch.float32
