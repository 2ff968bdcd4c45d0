"""Motion: the direction and the distance that entities move, and how smoothly, against the plan."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from videodirector.evaluation.metrics.feature_networks import Frames
from videodirector.evaluation.metrics.statistics import Estimate, Proportion
from videodirector.evaluation.metrics.tracking import EntityTrack, SceneTracks
from videodirector.schemas import Box

__all__ = [
    "Displacement",
    "MoveDirection",
    "find_direction",
    "measure_flicker",
    "measure_jumps",
    "measure_movement",
    "moves_as_planned",
]

MoveDirection = Literal["left", "right", "up", "down"]

_MIN_MOVE = 0.1  # of the picture: a plan that moves a thing by less asks for no direction


def find_direction(first: Box, last: Box) -> MoveDirection:
    """Return the direction of the larger part of a displacement; arbitrary for a still thing.

    So among four directions chance is right a quarter of the time, as in VideoDirectorGPT's measure.
    """
    (x0, y0), (x1, y1) = first.centre, last.centre
    if abs(x1 - x0) >= abs(y1 - y0):
        return "right" if x1 > x0 else "left"
    return "down" if y1 > y0 else "up"


def moves_as_planned(thing: EntityTrack) -> bool | None:
    """Return whether an entity moves in the planned direction; None if the plan has none.

    A thing that is not found on the first or on the last frame is wrong.
    """
    begin, end = thing.planned[0], thing.planned[-1]
    if begin is None or end is None:
        return None
    if max(abs(a - b) for a, b in zip(begin.centre, end.centre, strict=True)) < _MIN_MOVE:
        return None
    first, last = thing.found[0], thing.found[-1]
    return first is not None and last is not None and find_direction(first, last) == find_direction(begin, end)


def measure_movement(things: Iterable[EntityTrack]) -> Proportion:
    """Measure the proportion of entities that move in their planned direction; chance is 25 %."""
    answers = [moves_as_planned(thing) for thing in things]
    return Proportion.from_outcomes(answer for answer in answers if answer is not None)


@dataclass(frozen=True, kw_only=True)
class Displacement:
    """How far things moved in the pictures when their boxes were moved in the plan.

    Attributes:
        requested: displacements of boxes (x, y).
        observed: displacements of the centres found, None where the thing was not found both times.
    """

    requested: tuple[tuple[float, float], ...]
    observed: tuple[tuple[float, float] | None, ...]

    def __post_init__(self) -> None:
        if len(self.requested) != len(self.observed):
            raise ValueError(f"{len(self.requested)} requested displacements, {len(self.observed)} observed")

    @property
    def followed(self) -> Proportion:
        """Things that moved as requested, within half of the distance."""
        return Proportion.from_outcomes(
            seen is not None and math.dist(asked, seen) <= math.hypot(*asked) / 2
            for asked, seen in zip(self.requested, self.observed, strict=True)
        )

    @property
    def ratio(self) -> float:
        """Observed over requested, by least squares over those found both times; 1 is right, nan when there is none."""
        asked, seen = self._pairs()
        return float(asked @ seen / (asked @ asked)) if asked.any() else math.nan

    @property
    def correlation(self) -> float:
        """Cosine of requested and observed displacements, x and y together; nan when nothing was found or moved."""
        asked, seen = self._pairs()
        size = float(np.linalg.norm(asked) * np.linalg.norm(seen))
        return float(asked @ seen) / size if size else math.nan

    def as_dict(self) -> dict[str, Any]:
        """Return a dictionary for JSON."""
        return {
            "followed": self.followed.as_dict(),
            "ratio": _to_json_number(self.ratio),
            "correlation": _to_json_number(self.correlation),
            "asked": [list(asked) for asked in self.requested],
            "seen": [None if seen is None else list(seen) for seen in self.observed],
        }

    def _pairs(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        pairs = [(asked, seen) for asked, seen in zip(self.requested, self.observed, strict=True) if seen is not None]
        both = np.array(pairs, dtype=np.float64).reshape(-1, 2, 2)
        return both[:, 0].ravel(), both[:, 1].ravel()


def _to_json_number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def measure_flicker(frames: Frames, hidden: Sequence[Sequence[Box]], *, border: float = 0.05) -> list[float]:
    """Measure the mean change of the background between frames, in levels of 255; no value where all is covered.

    Args:
        frames: of one scene.
        hidden: for every frame the boxes that things have in the plan or were found in.
        border: how far around a box pixels are left out as well, as a fraction of the picture.
    """
    height, width = frames.shape[1:3]
    free = np.ones(frames.shape[:3], dtype=bool)
    for mask, boxes in zip(free, hidden, strict=True):
        for box in boxes:
            top, bottom = np.clip([box.y0 - border, box.y1 + border], 0, 1) * height
            left, right = np.clip([box.x0 - border, box.x1 + border], 0, 1) * width
            mask[int(top) : math.ceil(bottom), int(left) : math.ceil(right)] = False
    changes: list[float] = []
    for (before, free_before), (after, free_after) in pairwise(zip(frames, free, strict=True)):
        both = free_before & free_after
        if both.any():
            changes.append(float(np.abs(after[both].astype(np.int16) - before[both].astype(np.int16)).mean()))
    return changes


def measure_jumps(scenes: Iterable[SceneTracks]) -> Estimate:
    """Measure the deviation of motion from the plan between neighbouring frames, in fractions of the sides.

    Over pairs of neighbouring frames on both of which the thing is planned and was found.
    """
    return Estimate.mean(_measure_scene_jumps(scene) for scene in scenes)


def _measure_scene_jumps(scene: SceneTracks) -> list[float]:
    found: list[float] = []
    for thing in scene.things:
        steps = zip(pairwise(scene.looked_at), pairwise(thing.planned), pairwise(thing.found), strict=True)
        for (one, two), (begin, end), (first, last) in steps:
            if two - one == 1 and begin and end and first and last:
                (bx, by), (ex, ey) = begin.centre, end.centre
                (fx, fy), (lx, ly) = first.centre, last.centre
                found.append(math.hypot((lx - fx) - (ex - bx), (ly - fy) - (ey - by)))
    return found
