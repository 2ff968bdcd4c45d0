"""How things move while they move: which part of its cycle a thing shows on every frame, and where it stands in its box.

Shared by what paints clips, by the storyboard and by the model, so that all of them move alike. A leg swings with the
way that it covers, or feet would slide; a wing or a flame keeps its own time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from videodirector.lexicon import Moves

Place = tuple[float, float, float, float]

__all__ = ["STRIDES", "Gait", "fit", "phases"]

STRIDES: dict[Moves, float] = {"walks": 1.1, "rolls": 1.6}
"""Way of one cycle, in heights of the thing, of what moves with its way; a wheel may turn many times in a cycle."""

IDLE = 0.35
"""Pace of the cycle of a thing that moves with its way but stands, to its own: it breathes, looks about, wags."""


@dataclass(frozen=True, kw_only=True)
class Gait:
    """How a cycle passes.

    Attributes:
        seconds: of one cycle by its own time; 0 for what never moves.
        stride: way of one cycle in heights of the thing, where the cycle passes with the way; None: by time.
    """

    seconds: float
    stride: float | None = None

    @classmethod
    def of(cls, moves: Moves, *, seconds: float) -> Gait:
        """The gait of what moves in this way."""
        return cls(seconds=seconds, stride=STRIDES.get(moves))


def phases(
    track: Sequence[Place | None], gait: Gait, *, rate: float, aspect: float = 1.0, start: float = 0.0
) -> list[float]:
    """Where in its cycle a thing is on every frame, in cycles, in [0, 1).

    Args:
        track: its boxes, x0, y0, x1, y1 as fractions of the frame; None where it is not in the picture.
        gait: of the thing.
        rate: frames a second.
        aspect: width over height of the frame.
        start: phase of the first frame.
    """
    phase, found = start, []
    before: Place | None = None
    for box in track:
        if before is not None and gait.seconds > 0:
            own = 1 / (rate * gait.seconds)
            phase += own if gait.stride is None or box is None else _with_way(before, box, gait.stride, aspect, own)
        found.append(phase % 1.0)
        before = box or before
    return found


def _with_way(before: Place, box: Place, stride: float, aspect: float, own: float) -> float:
    across = (box[0] + box[2] - before[0] - before[2]) / 2 * aspect
    down = (box[1] + box[3] - before[1] - before[3]) / 2
    height = max((box[3] - box[1] + before[3] - before[1]) / 2, 1e-6)
    return max(math.hypot(across, down) / (stride * height), IDLE * own)


def fit(box: Place, aspect: float, *, standing: bool) -> Place:
    """The largest box of an aspect inside another one, so that a thing is not stretched.

    Args:
        box: x0, y0, x1, y1.
        aspect: width over height of the thing, in units of the box: of a frame twice as wide as high, halved.
        standing: whether it stands on the lower edge; what flies or floats is in the middle.
    """
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    wide, high = min(width, height * aspect), min(height, width / aspect)
    left = x0 + (width - wide) / 2
    top = y1 - high if standing else y0 + (height - high) / 2
    return left, top, left + wide, top + high
