"""A scene as the tensors that ground it. The only file of this room that reads a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from PIL.Image import Image
from torch import Tensor

from videodirector.schemas import Box, Scene, VideoPlan

__all__ = [
    "Appearance",
    "SceneCondition",
    "Side",
    "Track",
    "appearances",
    "caption",
    "from_scene",
    "pad_entities",
    "tracks",
]

Side = Literal["left", "right"]
Track = Sequence[Box | tuple[float, float, float, float] | None]

STILL = 0.04  # a thing whose centre moves less than this share of the picture looks to neither side


@dataclass(frozen=True, kw_only=True, eq=False)
class Appearance:
    """What one thing looks like, one object for all scenes of its consistency group.

    ``name`` and ``description`` say it in words; ``picture`` shows it, if the plan refers to one.
    """

    name: str
    description: str = ""
    picture: Image | None = None


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


def side(track: Track) -> Side | None:
    """To which side a thing moves, from where it is first seen to where it is last seen."""
    seen = [box for box in track if box is not None]
    if not seen:
        return None
    shift = (seen[-1][0] + seen[-1][2] - seen[0][0] - seen[0][2]) / 2
    if abs(shift) < STILL:
        return None
    return "right" if shift > 0 else "left"


def caption(scene: Scene) -> str:
    """The scene in words, in the form that the captions of training have."""
    description = scene.description.strip().rstrip(".")
    if not scene.background:
        return description
    return f"{description}. Background: {scene.background}" if description else f"Background: {scene.background}"


def appearances(plan: VideoPlan, pictures: Mapping[str, Image]) -> dict[tuple[str, str], Appearance]:
    """How every entity looks, by (scene id, entity id); members of one group share one appearance, the first one's.

    ``pictures`` are the plan's reference pictures by file name.
    """
    shared: dict[str, Appearance] = {}
    found: dict[tuple[str, str], Appearance] = {}
    for scene, entity in plan.appearances():
        file = plan.reference_of(scene, entity)
        own = Appearance(
            name=entity.name, description=entity.description, picture=None if file is None else pictures[file]
        )
        group = plan.group_of(scene, entity)
        # An entity with a picture of its own keeps it, whatever its group looks like.
        found[scene.id, entity.id] = (
            own if group is None or entity.id in plan.references else shared.setdefault(group, own)
        )
    return found


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
