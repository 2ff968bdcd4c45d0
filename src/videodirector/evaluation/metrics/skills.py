"""VPEval's skills: whether a frame has the things, as many, placed and sized to one another as the plan says.

A detector answers, as in VideoDirectorGPT's table 1: object, count, spatial, scale. What is asked is read off the
plan's own boxes, so a plan needs nothing beside it to be judged again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

from videodirector.evaluation.metrics.sightings import MATCH, SceneSightings, Sighting
from videodirector.schemas import Box

__all__ = ["Place", "Size", "counts_right", "in_box", "place", "scale_right", "seen", "size", "spatial_right"]

Place = Literal["left", "right", "above", "below"]
Size = Literal["bigger", "smaller", "as big"]

_ALIKE = 1.5  # up to this ratio of their areas two things are as big as one another


def place(a: Box, b: Box) -> Place:
    """Where ``a`` is as seen from ``b``: by the larger part of the way between their centres."""
    (ax, ay), (bx, by) = a.centre, b.centre
    if abs(ax - bx) >= abs(ay - by):
        return "left" if ax < bx else "right"
    return "above" if ay < by else "below"


def size(a: Box, b: Box) -> Size:
    """How big ``a`` is beside ``b``, by their areas."""
    ratio = a.area / b.area
    if 1 / _ALIKE < ratio < _ALIKE:
        return "as big"
    return "bigger" if ratio > 1 else "smaller"


def seen(scene: SceneSightings) -> list[bool]:
    """Object: for every thing planned on the middle frame, whether it was found there at all."""
    return [found is not None for _, _, found in _middle(scene)]


def in_box(scene: SceneSightings) -> list[bool]:
    """Object, in its box: for every thing planned on the middle frame, whether it overlaps its box by half."""
    return [found is not None and found.iou(planned) >= MATCH for _, planned, found in _middle(scene)]


def counts_right(scene: SceneSightings) -> list[bool]:
    """Count: for every name on the middle frame, whether just as many were found as planned."""
    planned = [thing.name for thing, _, _ in _middle(scene)]
    found = [thing.name for thing, _, box in _middle(scene) if box]
    return [scene.counted.get(name, found.count(name)) == planned.count(name) for name in dict.fromkeys(planned)]


def spatial_right(scene: SceneSightings) -> list[bool]:
    """Spatial: for every two things on the middle frame, whether they stand to one another as planned."""
    return [_both(a, b) and place(*_found(a, b)) == place(a[1], b[1]) for a, b in combinations(_middle(scene), 2)]


def scale_right(scene: SceneSightings) -> list[bool]:
    """Scale: for every two things on the middle frame, whether they are as big beside one another as planned."""
    return [_both(a, b) and size(*_found(a, b)) == size(a[1], b[1]) for a, b in combinations(_middle(scene), 2)]


_Seen = tuple[Sighting, Box, Box | None]


def _middle(scene: SceneSightings) -> Sequence[_Seen]:
    """The things planned on the middle one of the frames that were looked at: thing, planned box, found box."""
    frame = len(scene.looked_at) // 2
    return [
        (thing, planned, thing.found[frame]) for thing in scene.things if (planned := thing.planned[frame]) is not None
    ]


def _both(a: _Seen, b: _Seen) -> bool:
    return a[2] is not None and b[2] is not None


def _found(a: _Seen, b: _Seen) -> tuple[Box, Box]:
    assert a[2] is not None
    assert b[2] is not None
    return a[2], b[2]
