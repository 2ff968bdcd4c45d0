"""What an instrument saw of every planned thing, frame by frame: all that most metrics need to know of a video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import Field, model_validator

from videodirector.schemas import Box, FrozenModel

__all__ = ["MATCH", "SceneSightings", "Sighting", "clearly_visible"]


class Sighting(FrozenModel):
    """One planned thing.

    Attributes:
        entity: its id in the plan.
        name: what it was looked for as.
        planned: its box on each frame that was looked at, None where the plan does not show it.
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


class SceneSightings(FrozenModel):
    """One scene.

    Attributes:
        scene: its id.
        looked_at: numbers of the frames that were looked at, ascending.
        things: one for each entity that can be looked for, in the plan's order.
        counted: on the middle one of these frames, how many of each name were seen, for names that stand there twice
            or more.
        unknown: names that the detector has no picture of.
    """

    scene: str
    looked_at: tuple[int, ...]
    things: tuple[Sighting, ...]
    counted: dict[str, int] = Field(default_factory=dict)
    unknown: tuple[str, ...] = ()


MATCH = 0.5
"""Intersection over union from which a thing counts as found in its box."""


_HEIGHT, _WIDTH, _COVER = 0.2, 0.14, 0.1


def clearly_visible(boxes: Sequence[Box], index: int) -> bool:
    """Whether a thing can fairly be asked for: at least 0.2 of the picture high and 0.14 wide, and apart.

    At 64x64 that is 13 by 9 pixels, below which pictures of an atlas can hardly be told from one another. Apart means
    that no other box covers more than a tenth of it. The rule is the same for validation and for measured plans.
    """
    box = boxes[index]
    if box.height < _HEIGHT or box.width < _WIDTH:
        return False
    return all(box.overlap(other) <= _COVER * box.area for number, other in enumerate(boxes) if number != index)
