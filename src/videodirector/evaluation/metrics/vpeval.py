"""VPEval's skills: objects, counts, relative positions and sizes of a frame, against the plan.

Measured by a detector, as in VideoDirectorGPT's table 1: object, count, spatial, scale. The expected answers follow
from the plan's own boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

from videodirector.evaluation.metrics.tracking import MATCH, EntityTrack, SceneTracks
from videodirector.schemas import Box

__all__ = [
    "RelativePosition",
    "RelativeSize",
    "check_counts",
    "check_found",
    "check_in_box",
    "check_positions",
    "check_sizes",
    "compare_positions",
    "compare_sizes",
]

RelativePosition = Literal["left", "right", "above", "below"]
RelativeSize = Literal["bigger", "smaller", "as big"]

_SAME_SIZE_RATIO = 1.5  # up to this ratio of their areas two things are as big as one another


def compare_positions(a: Box, b: Box) -> RelativePosition:
    """Return the position of ``a`` relative to ``b``, by the larger offset between their centres."""
    (ax, ay), (bx, by) = a.centre, b.centre
    if abs(ax - bx) >= abs(ay - by):
        return "left" if ax < bx else "right"
    return "above" if ay < by else "below"


def compare_sizes(a: Box, b: Box) -> RelativeSize:
    """Return the size of ``a`` relative to ``b``, by their areas."""
    ratio = a.area / b.area
    if 1 / _SAME_SIZE_RATIO < ratio < _SAME_SIZE_RATIO:
        return "as big"
    return "bigger" if ratio > 1 else "smaller"


def check_found(scene: SceneTracks) -> list[bool]:
    """Check objects: for every thing planned on the middle frame, whether it was found there at all."""
    return [found is not None for _, _, found in _list_middle_frame(scene)]


def check_in_box(scene: SceneTracks) -> list[bool]:
    """Check objects in their boxes: for every thing planned on the middle frame, whether its IoU is at least half."""
    return [found is not None and found.iou(planned) >= MATCH for _, planned, found in _list_middle_frame(scene)]


def check_counts(scene: SceneTracks) -> list[bool]:
    """Check counts: for every name on the middle frame, whether just as many were found as planned."""
    planned = [thing.name for thing, _, _ in _list_middle_frame(scene)]
    found = [thing.name for thing, _, box in _list_middle_frame(scene) if box]
    return [scene.counted.get(name, found.count(name)) == planned.count(name) for name in dict.fromkeys(planned)]


def check_positions(scene: SceneTracks) -> list[bool]:
    """Check positions: for every two things on the middle frame, whether they are placed as planned."""
    return [
        _are_both_found(a, b) and compare_positions(*_get_found_boxes(a, b)) == compare_positions(a[1], b[1])
        for a, b in combinations(_list_middle_frame(scene), 2)
    ]


def check_sizes(scene: SceneTracks) -> list[bool]:
    """Check sizes: for every two things on the middle frame, whether they are as big beside one another as planned."""
    return [
        _are_both_found(a, b) and compare_sizes(*_get_found_boxes(a, b)) == compare_sizes(a[1], b[1])
        for a, b in combinations(_list_middle_frame(scene), 2)
    ]


_FrameEntity = tuple[EntityTrack, Box, Box | None]


def _list_middle_frame(scene: SceneTracks) -> Sequence[_FrameEntity]:
    """Return the things planned on the middle one of the frames that were examined: thing, planned box, found box."""
    frame = len(scene.looked_at) // 2
    return [
        (thing, planned, thing.found[frame]) for thing in scene.things if (planned := thing.planned[frame]) is not None
    ]


def _are_both_found(a: _FrameEntity, b: _FrameEntity) -> bool:
    return a[2] is not None and b[2] is not None


def _get_found_boxes(a: _FrameEntity, b: _FrameEntity) -> tuple[Box, Box]:
    assert a[2] is not None
    assert b[2] is not None
    return a[2], b[2]
