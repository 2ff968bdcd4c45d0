"""Movement direction: whether things go the way the plan says, from their centres on the first and the last frame."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from videodirector.evaluation.metrics.sightings import Sighting
from videodirector.evaluation.metrics.statistics import Proportion
from videodirector.schemas import Box

__all__ = ["Displacement", "Way", "movement", "moves_as_planned", "way"]

Way = Literal["left", "right", "up", "down"]

_LEAST = 0.1  # of the picture: a plan that moves a thing by less asks for no direction


def way(first: Box, last: Box) -> Way:
    """The direction of the larger part of a displacement; of a thing that stands still, whichever comes out.

    So among four directions chance is right a quarter of the time, as in VideoDirectorGPT's measure.
    """
    (x0, y0), (x1, y1) = first.centre, last.centre
    if abs(x1 - x0) >= abs(y1 - y0):
        return "right" if x1 > x0 else "left"
    return "down" if y1 > y0 else "up"


def moves_as_planned(thing: Sighting) -> bool | None:
    """Whether it goes the planned way; None where the plan asks for none.

    A thing that is not found on the first or on the last frame is wrong.
    """
    begin, end = thing.planned[0], thing.planned[-1]
    if begin is None or end is None:
        return None
    if max(abs(a - b) for a, b in zip(begin.centre, end.centre, strict=True)) < _LEAST:
        return None
    first, last = thing.found[0], thing.found[-1]
    return first is not None and last is not None and way(first, last) == way(begin, end)


def movement(things: Iterable[Sighting]) -> Proportion:
    """Things that go the planned way, of those that are planned to go one; chance is 25 %."""
    answers = [moves_as_planned(thing) for thing in things]
    return Proportion.of(answer for answer in answers if answer is not None)


@dataclass(frozen=True, kw_only=True)
class Displacement:
    """How far things moved in the pictures when their boxes were moved in the plan.

    Attributes:
        asked: displacements of boxes (x, y).
        seen: displacements of the centres found, None where the thing was not found both times.
    """

    asked: tuple[tuple[float, float], ...]
    seen: tuple[tuple[float, float] | None, ...]

    def __post_init__(self) -> None:
        if len(self.asked) != len(self.seen):
            raise ValueError(f"{len(self.asked)} displacements asked for, {len(self.seen)} seen")

    @property
    def followed(self) -> Proportion:
        """Things that moved by what was asked, to half of it."""
        return Proportion.of(
            seen is not None and math.dist(asked, seen) <= math.hypot(*asked) / 2
            for asked, seen in zip(self.asked, self.seen, strict=True)
        )

    @property
    def ratio(self) -> float:
        """Seen over asked, by least squares over those found both times; 1 is right, nan when there is none."""
        asked, seen = self._pairs()
        return float(asked @ seen / (asked @ asked)) if asked.any() else math.nan

    @property
    def correlation(self) -> float:
        """Cosine of the displacements asked and seen, x and y together; nan when nothing was found or moved."""
        asked, seen = self._pairs()
        size = float(np.linalg.norm(asked) * np.linalg.norm(seen))
        return float(asked @ seen) / size if size else math.nan

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "followed": self.followed.as_dict(),
            "ratio": _finite(self.ratio),
            "correlation": _finite(self.correlation),
            "asked": [list(asked) for asked in self.asked],
            "seen": [None if seen is None else list(seen) for seen in self.seen],
        }

    def _pairs(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        pairs = [(asked, seen) for asked, seen in zip(self.asked, self.seen, strict=True) if seen is not None]
        both = np.array(pairs, dtype=np.float64).reshape(-1, 2, 2)
        return both[:, 0].ravel(), both[:, 1].ravel()


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
