"""Temporal smoothness: backgrounds that stand still, and things that move as far as planned from frame to frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from videodirector.evaluation.metrics.features import Frames
from videodirector.evaluation.metrics.sightings import SceneSightings
from videodirector.evaluation.metrics.statistics import Estimate
from videodirector.schemas import Box

__all__ = ["flicker", "jumps"]


def flicker(frames: Frames, hidden: Sequence[Sequence[Box]], *, border: float = 0.05) -> list[float]:
    """Mean change of the background from each frame to the next, in levels of 255; no value where all is covered.

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


def jumps(scenes: Iterable[SceneSightings]) -> Estimate:
    """By how much things move otherwise than planned from one frame to the next, in fractions of the picture's sides.

    Over pairs of neighbouring frames on both of which the thing is planned and was found.
    """
    return Estimate.mean(_of_scene(scene) for scene in scenes)


def _of_scene(scene: SceneSightings) -> list[float]:
    found: list[float] = []
    for thing in scene.things:
        steps = zip(pairwise(scene.looked_at), pairwise(thing.planned), pairwise(thing.found), strict=True)
        for (one, two), (begin, end), (first, last) in steps:
            if two - one == 1 and begin and end and first and last:
                (bx, by), (ex, ey) = begin.centre, end.centre
                (fx, fy), (lx, ly) = first.centre, last.centre
                found.append(math.hypot((lx - fx) - (ex - bx), (ly - fy) - (ey - by)))
    return found
