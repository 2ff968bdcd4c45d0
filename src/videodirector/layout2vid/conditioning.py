"""A scene as the tensors that ground it. With ``appearance`` the only file of this room that reads a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from videodirector.layout2vid.appearance import Side, Track, caption, side
from videodirector.schemas import Scene

__all__ = ["SceneCondition", "from_scene", "pad_entities", "tracks"]


@dataclass(frozen=True, kw_only=True)
class SceneCondition:
    """Everything that the pictures of one scene depend on, apart from noise and from how its entities look.

    ``boxes`` are zero where ``present`` is false. ``sides`` says for each entity to which side it moves, None where it
    does not move sideways.
    """

    caption: str
    boxes: Float[Tensor, "frames entities 4"]
    present: Bool[Tensor, "frames entities"]
    sides: tuple[Side | None, ...]


def tracks(
    boxes: Sequence[Track], frames: int
) -> tuple[Float[Tensor, "frames entities 4"], Bool[Tensor, "frames entities"]]:
    """Boxes of every entity on every frame, and whether it is there, from one list a entity."""
    present = torch.tensor([[box is not None for box in track] for track in boxes], dtype=torch.bool)
    values = torch.tensor([[box or (0.0, 0.0, 0.0, 0.0) for box in track] for track in boxes], dtype=torch.float32)
    return values.reshape(len(boxes), frames, 4).transpose(0, 1), present.reshape(len(boxes), frames).T


def from_scene(scene: Scene) -> SceneCondition:
    """A scene of a plan as tensors."""
    dense = [entity.boxes(scene.frames) for entity in scene.entities]
    boxes, present = tracks(dense, scene.frames)
    return SceneCondition(
        caption=caption(scene), boxes=boxes, present=present, sides=tuple(side(track) for track in dense)
    )


def pad_entities(tensor: Tensor, *, count: int, dim: int) -> Tensor:
    """Zeros behind the last entity, so that scenes with fewer of them fit into one batch."""
    missing = count - tensor.shape[dim]
    shape = list(tensor.shape)
    shape[dim] = missing
    return torch.cat([tensor, tensor.new_zeros(shape)], dim=dim)
