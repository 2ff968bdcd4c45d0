"""A scene as the tensors that ground it. The only file of this room that reads a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from videodirector.schemas import Box, Entity, Scene, VideoPlan

__all__ = ["Appearance", "SceneCondition", "appearances", "caption", "from_scene", "pad_entities", "tracks"]

Side = Literal["left", "right"]

STILL = 0.04  # a thing whose centre moves less than this share of the picture looks to neither side


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """What one thing looks like, shared by every scene of its consistency group.

    ``name`` and ``description`` say it in words; ``picture`` is a file that shows it, if there is one.
    """

    name: str
    description: str = ""
    picture: Path | None = None


@dataclass(frozen=True, kw_only=True)
class SceneCondition:
    """Everything that the pictures of one scene depend on, apart from noise.

    ``boxes`` are zero where ``present`` is false. ``appearances`` and ``sides`` go with the entities: how each looks,
    and to which side, None where it does not move sideways.
    """

    caption: str
    boxes: Float[Tensor, "frames entities 4"]
    present: Bool[Tensor, "frames entities"]
    appearances: tuple[Appearance, ...]
    sides: tuple[Side | None, ...]


def tracks(
    boxes: Sequence[Sequence[Box | tuple[float, float, float, float] | None]], frames: int
) -> tuple[Float[Tensor, "frames entities 4"], Bool[Tensor, "frames entities"]]:
    """Boxes of every entity on every frame, and whether it is there, from one list a entity."""
    present = torch.tensor([[box is not None for box in track] for track in boxes], dtype=torch.bool)
    values = torch.tensor([[box or (0.0, 0.0, 0.0, 0.0) for box in track] for track in boxes], dtype=torch.float32)
    return values.reshape(-1, frames, 4).transpose(0, 1), present.reshape(-1, frames).T


def side(track: Sequence[Box | tuple[float, float, float, float] | None]) -> Side | None:
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


def appearances(plan: VideoPlan, folder: Path = Path()) -> dict[tuple[str, str], Appearance]:
    """How every entity looks, by (scene id, entity id); members of one group share one appearance, the first one's.

    ``folder`` is where the reference pictures' relative paths start.
    """
    shared: dict[str, Appearance] = {}
    found: dict[tuple[str, str], Appearance] = {}
    for scene, entity in plan.appearances():
        group = plan.group_of(scene, entity)
        own = _appearance(plan, scene, entity, folder)
        found[scene.id, entity.id] = own if group is None else shared.setdefault(group, own)
    return found


def _appearance(plan: VideoPlan, scene: Scene, entity: Entity, folder: Path) -> Appearance:
    picture = plan.reference_of(scene, entity)
    return Appearance(
        name=entity.name, description=entity.description, picture=folder / picture if picture is not None else None
    )


def from_scene(scene: Scene, looks: dict[tuple[str, str], Appearance]) -> SceneCondition:
    """A scene of a plan as tensors; ``looks`` comes from :func:`appearances`."""
    dense = [entity.boxes(scene.frames) for entity in scene.entities]
    boxes, present = tracks(dense, scene.frames)
    return SceneCondition(
        caption=caption(scene),
        boxes=boxes,
        present=present,
        appearances=tuple(looks[scene.id, entity.id] for entity in scene.entities),
        sides=tuple(side(track) for track in dense),
    )


def pad_entities(tensor: Tensor, *, count: int, dim: int) -> Tensor:
    """Zeros behind the last entity, so that scenes with fewer of them fit into one batch."""
    missing = count - tensor.shape[dim]
    shape = list(tensor.shape)
    shape[dim] = missing
    return torch.cat([tensor, tensor.new_zeros(shape)], dim=dim)
