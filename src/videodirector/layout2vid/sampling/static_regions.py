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

from videodirector.layout2vid.nn.canvas import covers
from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.nn.gated_attention import visible_tokens

__all__ = ["alike", "steady"]


def alike(entities: Entities, size: tuple[int, int]) -> Bool[Tensor, "frames frames height width"]:
    """Whether two frames show the same at a place: the same things reach into it, where they stood and as they looked.

    A thing reaches as far as its picture covers, where there is one, or else as its box does.

    Args:
        entities: of one scene.
        size: height and width of the latents.
    """
    boxes = torch.where(entities.present[0].unsqueeze(-1), entities.boxes[0], 0.0)
    count = len(boxes)
    reached = visible_tokens(boxes, *size)
    if entities.views is not None:
        reached = reached & covers(entities, size)
    same: Bool[Tensor, "frames frames places"] = torch.ones(
        count, count, reached.shape[1], dtype=torch.bool, device=boxes.device
    )
    for entity in range(boxes.shape[1]):
        here = reached[..., entity]
        stood = (boxes[:, None, entity] == boxes[None, :, entity]).all(-1)
        if entities.pose is not None:
            shown = entities.pose[0, :, entity]
            stood &= shown[:, None] == shown[None]
        same &= torch.where(here[:, None] & here[None], stood.unsqueeze(-1), here[:, None] == here[None])
    return same.unflatten(-1, size)


def steady(
    x0: Float[Tensor, "batch channels frames height width"], same: Bool[Tensor, "frames frames height width"]
) -> Float[Tensor, "batch channels frames height width"]:
    """Estimates of the clean sample, each place averaged over the frames that are alike there."""
    share = same.to(x0.dtype) / same.sum(1, keepdim=True)
    return torch.einsum("bcghw,fghw->bcfhw", x0, share)
