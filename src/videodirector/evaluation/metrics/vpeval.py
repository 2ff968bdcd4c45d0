"""VPEval's skills: whether a frame has the things, as many, placed and sized to one another as the plan says.

A detector answers, as in VideoDirectorGPT's table 1: object, count, spatial, scale. What is asked is read off the
plan's own boxes, so a plan needs nothing beside it to be judged again.
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
    """Return where ``a`` is as seen from ``b``: by the larger part of the way between their centres."""
    (ax, ay), (bx, by) = a.centre, b.centre
    if abs(ax - bx) >= abs(ay - by):
        return "left" if ax < bx else "right"
    return "above" if ay < by else "below"


def compare_sizes(a: Box, b: Box) -> RelativeSize:
    """Return how big ``a`` is beside ``b``, by their areas."""
    ratio = a.area / b.area
    if 1 / _SAME_SIZE_RATIO < ratio < _SAME_SIZE_RATIO:
        return "as big"
    return "bigger" if ratio > 1 else "smaller"


def check_found(scene: SceneTracks) -> list[bool]:
    """Object: for every thing planned on the middle frame, whether it was found there at all."""
    return [found is not None for _, _, found in _list_middle_frame(scene)]


def check_in_box(scene: SceneTracks) -> list[bool]:
    """Object, in its box: for every thing planned on the middle frame, whether it overlaps its box by half."""
    return [found is not None and found.iou(planned) >= MATCH for _, planned, found in _list_middle_frame(scene)]


def check_counts(scene: SceneTracks) -> list[bool]:
    """Count: for every name on the middle frame, whether just as many were found as planned."""
    planned = [thing.name for thing, _, _ in _list_middle_frame(scene)]
    found = [thing.name for thing, _, box in _list_middle_frame(scene) if box]
    return [scene.counted.get(name, found.count(name)) == planned.count(name) for name in dict.fromkeys(planned)]


def check_positions(scene: SceneTracks) -> list[bool]:
    """Spatial: for every two things on the middle frame, whether they stand to one another as planned."""
    return [
        _are_both_found(a, b) and compare_positions(*_get_found_boxes(a, b)) == compare_positions(a[1], b[1])
        for a, b in combinations(_list_middle_frame(scene), 2)
    ]


def check_sizes(scene: SceneTracks) -> list[bool]:
    """Scale: for every two things on the middle frame, whether they are as big beside one another as planned."""
    return [
        _are_both_found(a, b) and compare_sizes(*_get_found_boxes(a, b)) == compare_sizes(a[1], b[1])
        for a, b in combinations(_list_middle_frame(scene), 2)
    ]


_FrameEntity = tuple[EntityTrack, Box, Box | None]


def _list_middle_frame(scene: SceneTracks) -> Sequence[_FrameEntity]:
    """Return the things planned on the middle one of the frames that were looked at: thing, planned box, found box."""
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
