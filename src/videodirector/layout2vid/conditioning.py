"""A scene as the tensors that ground it. With ``appearance`` the only file of this room that reads a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    does not move sideways. ``left_out`` are entities, by position, that found no place on some frame. ``rate`` is of
    frames a second.
    """

    caption: str
    boxes: Float[Tensor, "frames entities 4"]
    present: Bool[Tensor, "frames entities"]
    sides: tuple[Side | None, ...]
    left_out: tuple[int, ...] = ()
    rate: float = 8.0


def tracks(
    boxes: Sequence[Track], frames: int
) -> tuple[Float[Tensor, "frames entities 4"], Bool[Tensor, "frames entities"]]:
    """Boxes of every entity on every frame, and whether it is there, from one list a entity."""
    present = torch.tensor([[box is not None for box in track] for track in boxes], dtype=torch.bool)
    values = torch.tensor([[box or (0.0, 0.0, 0.0, 0.0) for box in track] for track in boxes], dtype=torch.float32)
    return values.reshape(len(boxes), frames, 4).transpose(0, 1), present.reshape(len(boxes), frames).T


def from_scene(scene: Scene, *, words: str | None = None, rate: float = 8.0) -> SceneCondition:
    """Convert a scene of a plan to tensors.

    ``words`` is its caption, where the scene's own text is not used; ``rate`` the plan's frame rate, which the scene's
    own overrides.
    """
    boxes = [entity.boxes(scene.frames) for entity in scene.entities]
    condition = _conditioned(caption(scene) if words is None else words, boxes, scene.frames)
    return replace(condition, rate=float(scene.frame_rate or rate))


def from_boxes(prompt: str, layouts: Sequence[Track], frames: int) -> SceneCondition:
    """A caption and key boxes as tensors: for each thing a list as in a plan, evenly spaced over the scene.

    Raises:
        ValueError: a box that is none, or a layout without one.
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
    """Which entities are drawn on a frame: all that are there, or the largest where there are too many."""
    if present.shape[1] <= most:
        return present
    area = ((boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])).masked_fill(~present, -1)
    rank = area.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    return present & (rank < most)


def pad_entities(tensor: Tensor, *, count: int, dim: int) -> Tensor:
    """Zeros behind the last entity, so that scenes with fewer of them fit into one batch."""
    missing = count - tensor.shape[dim]
    shape = list(tensor.shape)
    shape[dim] = missing
    return torch.cat([tensor, tensor.new_zeros(shape)], dim=dim)
