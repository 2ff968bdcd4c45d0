"""Convert scenes to the tensors that ground them. Beside ``appearance`` the only file here that reads a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from videodirector.layout2vid.appearance.appearance import Side, Track, caption, side
from videodirector.layout2vid.nn.gligen import SLOTS
from videodirector.schemas import Box, Scene, dense

__all__ = ["SceneCondition", "from_boxes", "from_scene", "largest", "pad_entities", "tracks"]


@dataclass(frozen=True, kw_only=True)
class SceneCondition:
    """Everything that the pictures of one scene depend on, apart from noise and from how its entities look.

    ``boxes`` are zero where ``present`` is false. ``sides`` says for each entity to which side it moves, None where it
    does not move sideways. ``left_out`` are the positions of entities that are beyond the limit on some frame.
    """

    caption: str
    boxes: Float[Tensor, "frames entities 4"]
    present: Bool[Tensor, "frames entities"]
    sides: tuple[Side | None, ...]
    left_out: tuple[int, ...] = ()


def tracks(
    boxes: Sequence[Track], frames: int
) -> tuple[Float[Tensor, "frames entities 4"], Bool[Tensor, "frames entities"]]:
    """Stack boxes, and whether each is present, from one list for each entity with an item for every frame."""
    present = torch.tensor([[box is not None for box in track] for track in boxes], dtype=torch.bool)
    values = torch.tensor([[box or (0.0, 0.0, 0.0, 0.0) for box in track] for track in boxes], dtype=torch.float32)
    return values.reshape(len(boxes), frames, 4).transpose(0, 1), present.reshape(len(boxes), frames).T


def from_scene(scene: Scene, *, words: str | None = None) -> SceneCondition:
    """Convert a scene of a plan to tensors; ``words`` is its caption, where the scene's own text is not used."""
    boxes = [entity.boxes(scene.frames) for entity in scene.entities]
    return _conditioned(caption(scene) if words is None else words, boxes, scene.frames)


def from_boxes(prompt: str, layouts: Sequence[Track], frames: int) -> SceneCondition:
    """Convert a caption and key boxes to tensors: for each thing a list as in a plan, evenly spaced over the scene.

    Raises:
        ValueError: a box is not valid, or a layout has none.
    """
    keys = [[None if box is None else Box.checked(box) for box in layout] for layout in layouts]
    return _conditioned(prompt, [dense(layout, frames) for layout in keys], frames)


def _conditioned(words: str, found: Sequence[Track], frames: int) -> SceneCondition:
    boxes, present = tracks(found, frames)
    seen = largest(boxes, present)
    left_out = (present & ~seen).any(0).nonzero().flatten().tolist()
    return SceneCondition(
        caption=words,
        boxes=boxes * seen.unsqueeze(-1),
        present=seen,
        sides=tuple(side(track) for track in found),
        left_out=tuple(left_out),
    )


def largest(
    boxes: Float[Tensor, "frames entities 4"], present: Bool[Tensor, "frames entities"], most: int = SLOTS
) -> Bool[Tensor, "frames entities"]:
    """Choose the entities that are imposed on each frame: all that are present, or the largest ``most`` of them."""
    if present.shape[1] <= most:
        return present
    area = ((boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])).masked_fill(~present, -1)
    rank = area.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    return present & (rank < most)


def pad_entities(tensor: Tensor, *, count: int, dim: int) -> Tensor:
    """Append zeros behind the last entity up to ``count``, so that scenes fit into one batch."""
    missing = count - tensor.shape[dim]
    shape = list(tensor.shape)
    shape[dim] = missing
    return torch.cat([tensor, tensor.new_zeros(shape)], dim=dim)
