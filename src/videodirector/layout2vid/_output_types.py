"""Convert frames to the output types of a pipeline: those of diffusers, and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers.utils import BaseOutput
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from videodirector.errors import RenderError

__all__ = ["OUTPUT_TYPES", "Layout2VidOutput", "convert_frames", "to_bytes"]

OUTPUT_TYPES = ("np", "pt", "pil", "latent", "uint8")


@dataclass
class Layout2VidOutput(BaseOutput):
    """The output of a call: ``frames[0]`` is the clip.

    In the forms of diffusers' pipelines: ``np`` (clips, frames, height, width, 3) in [0, 1]; ``pt`` the same as a
    tensor with channels before height; ``pil`` a list of pictures a clip; ``latent`` the latents. Also ``uint8``,
    (clips, frames, height, width, 3), the form in which backends return them.
    """

    frames: Any


def to_bytes(pictures: Float[Tensor, "pictures 3 height width"]) -> UInt8[np.ndarray, "pictures height width 3"]:
    """Convert pictures in [-1, 1] to bytes.

    Raises:
        RenderError: some are NaN or infinite; as bytes they would be black, and be kept in the cache.
    """
    if not bool(pictures.isfinite().all()):
        raise RenderError(
            "the model computed pictures that are not numbers (NaN or infinity)",
            hint="its weights may be damaged, or its numbers too large for half precision; see `videodirector doctor`",
        )
    return ((pictures + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def convert_frames(pictures: Float[Tensor, "frames 3 height width"], output_type: str) -> Any:
    """Convert a clip in [-1, 1] to an output type other than ``latent``."""
    if output_type == "uint8":
        return to_bytes(pictures)[np.newaxis]
    if output_type == "pil":
        return [[Image.fromarray(frame) for frame in to_bytes(pictures)]]
    clip = (pictures / 2 + 0.5).unsqueeze(0)
    return clip if output_type == "pt" else clip.permute(0, 1, 3, 4, 2).numpy()
