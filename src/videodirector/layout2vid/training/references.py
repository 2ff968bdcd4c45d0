"""References that are not the target, so that copying cannot win.

A network that is always shown the very picture that it has to draw learns to copy it (AnyDoor, arXiv 2307.09481,
section 3.3). Shown another pose of the thing, its mirror image or nothing, it has to take the pose from the phase in
the grounding tokens and the rest from what stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool
from torch import Tensor

from videodirector.layout2vid.nn.entities import Entities

__all__ = ["References", "altered"]


@dataclass(frozen=True, kw_only=True)
class References:
    """How often, of all entities, each by itself: another pose, the mirror image, no picture at all, a box beside."""

    other_pose: float = 0.0
    mirrored: float = 0.0
    dropped: float = 0.0
    displaced: float = 0.0

    @property
    def true(self) -> bool:
        """Whether they are always the target's own."""
        return not (self.other_pose or self.mirrored or self.dropped or self.displaced)


def altered(
    entities: Entities, rates: References, generator: torch.Generator, *, picture_shape: tuple[int, int, int] | None
) -> Entities:
    """The entities with references that are not the target's; boxes, words and phases stay, but for displaced boxes.

    Args:
        entities: as the target shows them.
        rates: of what is altered.
        generator: of what is drawn by lot, on the CPU.
        picture_shape: (channels, height, width) of an embedding that is a latent, which is mirrored with the picture;
            None for others, which stay.
    """
    batch, _, count, _ = entities.boxes.shape
    device, poses = entities.boxes.device, entities.picture.shape[2]

    def some(rate: float) -> Bool[Tensor, "batch entities"]:
        return torch.rand(batch, count, generator=generator).to(device) < rate

    if poses > 1 and entities.pose is not None:
        away = torch.randint(1, poses, (batch, 1, count), generator=generator).to(device)
        turned = (entities.pose + away) % poses
        entities = replace(entities, pose=torch.where(some(rates.other_pose).unsqueeze(1), turned, entities.pose))
    flipped = some(rates.mirrored)[..., None, None]
    if entities.views is not None:
        views = torch.where(flipped[..., None, None], entities.views.flip(-1), entities.views)
        entities = replace(entities, views=views)
    if picture_shape is not None:
        mirrored = entities.picture.unflatten(-1, picture_shape).flip(-1).flatten(-3)
        entities = replace(entities, picture=torch.where(flipped, mirrored, entities.picture))
    shift = 0.012 * torch.randn(batch, 1, count, 2, generator=generator).to(device).repeat(1, 1, 1, 2)
    moved = torch.where(some(rates.displaced)[:, None, :, None], entities.boxes + shift, entities.boxes)
    return replace(entities, boxes=moved, picture_known=entities.picture_known & ~some(rates.dropped))
