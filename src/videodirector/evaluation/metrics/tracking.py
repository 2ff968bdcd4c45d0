"""Tracks of planned entities as found in the frames: the input of most metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from videodirector.schemas import Box

__all__ = ["MATCH", "EntityTrack", "SceneTracks", "is_clearly_visible"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EntityTrack(_Frozen):
    """The track of one planned entity.

    Attributes:
        entity: its id in the plan.
        name: the name it was searched by.
        planned: its box on each frame that was examined, None where the plan does not show it.
        found: where it was seen there, None where it was not.
    """

    entity: str
    name: str
    planned: tuple[Box | None, ...]
    found: tuple[Box | None, ...]

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        if len(self.planned) != len(self.found):
            raise ValueError(f"{len(self.planned)} frames planned, {len(self.found)} looked at")
        return self


class SceneTracks(_Frozen):
    """The tracks of one scene.

    Attributes:
        scene: its id.
        looked_at: numbers of the frames that were examined, ascending.
        things: one for each entity that can be looked for, in the plan's order.
        counted: on the middle one of these frames, how many of each name were seen, for names that are there twice
            or more.
        unknown: names that the detector has no picture of.
    """

    scene: str
    looked_at: tuple[int, ...]
    things: tuple[EntityTrack, ...]
    counted: dict[str, int] = {}
    unknown: tuple[str, ...] = ()


MATCH = 0.5
"""Intersection over union from which an entity counts as found in its box."""


_HEIGHT, _WIDTH, _COVER = 0.2, 0.14, 0.1


def is_clearly_visible(boxes: Sequence[Box], index: int) -> bool:
    """Return whether an entity is clearly visible: at least 0.2 of the picture high and 0.14 wide, and apart.

    At 64x64 that is 13 by 9 pixels, below which sprites are hardly distinguishable. Apart means
    that no other box covers more than a tenth of it. The rule is the same for validation and for measured plans.
    """
    box = boxes[index]
    if box.height < _HEIGHT or box.width < _WIDTH:
        return False
    return all(box.overlap(other) <= _COVER * box.area for number, other in enumerate(boxes) if number != index)
