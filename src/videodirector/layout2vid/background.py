"""A camera that stands still: where no thing is, all frames of a scene show the same.

A network without temporal layers draws every frame alone. From one noise it draws nearly the same background each
time, but what a thing hides changes what it draws beside it: a cloud comes and goes, a hill grows. At every step the
frames that see a place settle on what they see there, on average.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from videodirector.layout2vid.gated_attention import visible_tokens

__all__ = ["covered", "steady"]


def covered(
    boxes: Float[Tensor, "frames entities 4"], present: Bool[Tensor, "frames entities"], size: tuple[int, int]
) -> Bool[Tensor, "frames height width"]:
    """Which places of the latents a box reaches into, on every frame."""
    shown = torch.where(present.unsqueeze(-1), boxes, 0.0)
    return visible_tokens(shown, *size).any(-1).unflatten(1, size)


def steady(
    x0: Float[Tensor, "batch channels frames height width"], hidden: Bool[Tensor, "frames height width"]
) -> Float[Tensor, "batch channels frames height width"]:
    """Estimates of the clean sample, places that are not hidden averaged over the frames that show them."""
    seen = (~hidden).to(x0.dtype)
    mean = (x0 * seen).sum(2, keepdim=True) / seen.sum(0).clamp(min=1)
    return torch.where(hidden, x0, mean)
