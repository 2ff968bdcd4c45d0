"""Keep a still camera still: where the boxes of two frames are the same, the frames show the same.

A network without temporal layers denoises every frame alone. From the same noise it paints nearly the same background
each time, but what an entity hides changes what is painted beside it: a cloud comes and goes, a resting thing trembles
as another passes. So at every step a place's estimates are averaged over the frames whose boxes agree there.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from videodirector.layout2vid.nn.gated_attention import visible_tokens

__all__ = ["average_static", "static_mask"]


def static_mask(
    boxes: Float[Tensor, "frames entities 4"], present: Bool[Tensor, "frames entities"], size: tuple[int, int]
) -> Bool[Tensor, "frames frames height width"]:
    """Compare all pairs of frames at every place: true where the same boxes reach it, unmoved between the two.

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


def average_static(
    x0: Float[Tensor, "batch channels frames height width"], same: Bool[Tensor, "frames frames height width"]
) -> Float[Tensor, "batch channels frames height width"]:
    """Average estimates of the clean sample, at every place over the frames whose mask is set there."""
    share = same.to(x0.dtype) / same.sum(1, keepdim=True)
    return torch.einsum("bcghw,fghw->bcfhw", x0, share)
