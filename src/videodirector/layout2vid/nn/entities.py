"""What is to be drawn where, as tensors."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Bool, Float
from torch import Tensor

__all__ = ["Entities"]


@dataclass(frozen=True, kw_only=True)
class Entities:
    """What is to be drawn where: a batch of scenes, each padded to the same number of entities.

    ``boxes`` are x0, y0, x1, y1 in [0, 1]; ``present`` says in which frames an entity is in the picture; ``text`` and
    ``picture`` are its two embeddings, used where ``text_known`` and ``picture_known`` say so and replaced by a
    learned null elsewhere. ``views`` are the pictures themselves, RGBA in [0, 1], where a canvas is to be laid.
    """

    boxes: Float[Tensor, "batch frames entities 4"]
    present: Bool[Tensor, "batch frames entities"]
    text: Float[Tensor, "batch entities text"]
    text_known: Bool[Tensor, "batch entities"]
    picture: Float[Tensor, "batch entities picture"]
    picture_known: Bool[Tensor, "batch entities"]
    views: Float[Tensor, "batch entities 4 side side"] | None = None
