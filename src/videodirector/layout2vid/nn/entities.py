"""What is to be drawn where, as tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

__all__ = ["Entities", "by_frame"]


@dataclass(frozen=True, kw_only=True)
class Entities:
    """What is to be drawn where: a batch of scenes, each padded to the same number of entities and of poses.

    Attributes:
        boxes: x0, y0, x1, y1 in [0, 1].
        present: in which frames an entity is in the picture.
        text: its words' embedding, used where ``text_known`` says so and replaced by a learned null elsewhere.
        picture: its pictures' embeddings, one for each pose, used likewise where ``picture_known`` says so.
        views: the pictures themselves, RGBA in [0, 1], where a canvas is to be laid.
        pose: which of the pictures a frame shows; None where there is one.
        phase: where in its cycle of movement an entity is, in cycles; None where the model does not know of phases.
    """

    boxes: Float[Tensor, "batch frames entities 4"]
    present: Bool[Tensor, "batch frames entities"]
    text: Float[Tensor, "batch entities text"]
    text_known: Bool[Tensor, "batch entities"]
    picture: Float[Tensor, "batch entities poses picture"]
    picture_known: Bool[Tensor, "batch entities"]
    views: Float[Tensor, "batch entities poses 4 side side"] | None = None
    pose: Int[Tensor, "batch frames entities"] | None = None
    phase: Float[Tensor, "batch frames entities"] | None = None

    def during(self, frames: slice) -> Entities:
        """The same on some of the frames."""
        return replace(
            self,
            boxes=self.boxes[:, frames],
            present=self.present[:, frames],
            pose=None if self.pose is None else self.pose[:, frames],
            phase=None if self.phase is None else self.phase[:, frames],
        )


def by_frame(
    values: Shaped[Tensor, "batch entities poses *rest"],
    pose: Int[Tensor, "batch frames entities"] | None,
    *,
    frames: int,
) -> Shaped[Tensor, "batch {frames} entities *rest"]:
    """What is known of every pose, for each frame that of its pose."""
    if pose is None or values.shape[2] == 1:
        return values[:, None, :, 0].expand(-1, frames, *(-1,) * (values.ndim - 2))
    batch = torch.arange(values.shape[0], device=values.device)[:, None, None]
    entity = torch.arange(values.shape[1], device=values.device)
    return values[batch, entity, pose]
