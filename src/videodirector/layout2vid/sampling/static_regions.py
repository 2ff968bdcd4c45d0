"""A camera that stands still: where the boxes say the same of two frames, they show the same.

A network without temporal layers draws every frame alone. From one noise it draws nearly the same background each
time, but what a thing hides changes what it draws beside it: a cloud comes and goes, a hill grows, a thing that stands
trembles as another one passes. So at every step the frames of which a place's boxes say the same settle on what they
see there, on average.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from videodirector.layout2vid.nn.gated_attention import visible_tokens

__all__ = ["alike", "steady"]


def alike(
    boxes: Float[Tensor, "frames entities 4"], present: Bool[Tensor, "frames entities"], size: tuple[int, int]
) -> Bool[Tensor, "frames frames height width"]:
    """Whether of two frames the boxes say the same at a place: the same ones reach into it, and stand where they stood.

    Args:
        boxes, present: of the scene, as in ``SceneCondition``.
        size: height and width of the latents.
    """
    count = len(boxes)
    shown = torch.where(present.unsqueeze(-1), boxes, 0.0)
    reached = visible_tokens(shown, *size)
    same: Bool[Tensor, "frames frames places"] = torch.ones(count, count, reached.shape[1], dtype=torch.bool)
    for entity in range(boxes.shape[1]):
        here = reached[..., entity]
        stood = (shown[:, None, entity] == shown[None, :, entity]).all(-1)
        same &= torch.where(here[:, None] & here[None], stood.unsqueeze(-1), here[:, None] == here[None])
    return same.unflatten(-1, size)


def steady(
    x0: Float[Tensor, "batch channels frames height width"], same: Bool[Tensor, "frames frames height width"]
) -> Float[Tensor, "batch channels frames height width"]:
    """Estimates of the clean sample, each place averaged over the frames that are alike there."""
    share = same.to(x0.dtype) / same.sum(1, keepdim=True)
    return torch.einsum("bcghw,fghw->bcfhw", x0, share)
