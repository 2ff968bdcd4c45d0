"""How things move in their boxes: the moment of their loop on every frame, and where exactly they are.

Shared by what paints clips, by the storyboard and by the model, so that all of them move alike. Steps and wheels follow
the way, or feet would slide; wings, fins and flames follow the time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from videodirector.lexicon import Moves

Box = tuple[float, float, float, float]

__all__ = ["STRETCH", "Gait", "Mover", "distances", "fit", "phases", "settle"]

STRETCH = 1.2
"""How much wider or narrower than drawn a thing may become to fill its box; beyond that it leaves room."""

_HOP = 0.4  # own heights from hop to hop of what has no steps of its own
_LIFT = 0.06  # height of a hop


class Mover(Protocol):
    """What gets along: whatever has these attributes will do, such as a sprite.

    ``aspect`` is the width over height of its picture; ``moves`` says how it gets along; ``seconds`` is the length of
    its loop at its own pace, 0 where nothing of it moves by itself; ``stride`` says how many own heights it moves on
    in one loop, None for what moves by time.
    """

    @property
    def aspect(self) -> float: ...
    @property
    def moves(self) -> Moves: ...
    @property
    def seconds(self) -> float: ...
    @property
    def stride(self) -> float | None: ...


@dataclass(frozen=True, kw_only=True)
class Gait:
    """A ``Mover`` of its own; without arguments a still picture, square, that stands."""

    aspect: float = 1.0
    moves: Moves = "still"
    seconds: float = 0.0
    stride: float | None = None

    @classmethod
    def of(cls, mover: Mover) -> Gait:
        """The gait of something that has more to it."""
        return cls(aspect=mover.aspect, moves=mover.moves, seconds=mover.seconds, stride=mover.stride)


def phases(
    mover: Mover, track: Sequence[Box | None], *, rate: float, shape: float = 1.0, start: float = 0.0
) -> list[float]:
    """The phase on every frame, in loops.

    Args:
        mover: what moves.
        track: its box on every frame, x0, y0, x1, y1 in [0, 1]; None where it is not to be seen.
        rate: frames a second.
        shape: width over height of the frames, in pixels.
        start: phase of the first frame.
    """
    if mover.stride is not None:
        return [start + way / mover.stride for way in distances(track, shape=shape)]
    loop = mover.seconds * rate
    return [start + (number / loop if loop else 0.0) for number in range(len(track))]


def distances(track: Sequence[Box | None], *, shape: float = 1.0) -> list[float]:
    """How far a thing has come on every frame, in own heights; growing by a half counts as one height of way."""
    ways: list[float] = []
    before: Box | None = None
    way = 0.0
    for box in track:
        if box is not None and before is not None:
            height = (box[3] - box[1] + before[3] - before[1]) / 2
            across = (box[0] + box[2] - before[0] - before[2]) / 2 * shape
            down = box[3] - before[3]
            growth = math.log((box[3] - box[1]) / (before[3] - before[1]))
            way += math.hypot(math.hypot(across, down) / height, 2 * growth)
        ways.append(way)
        before = box if box is not None else before
    return ways


def fit(mover: Mover, box: Box, *, shape: float = 1.0) -> Box:
    """The part of a box that a thing fills without losing its form.

    What stands on the ground stands on the lower edge; the rest is in the middle.
    """
    x0, y0, x1, y1 = box
    width, height = (x1 - x0) * shape, y1 - y0
    if width <= 0 or height <= 0:
        return box
    across = min(width, height * mover.aspect * STRETCH) / shape
    down = min(height, width / mover.aspect * STRETCH)
    left = (x0 + x1 - across) / 2
    top = (y0 + y1 - down) / 2 if mover.moves in ("flies", "swims", "floats") else y1 - down
    return left, top, left + across, top + down


def settle(mover: Mover, track: Sequence[Box | None], *, shape: float = 1.0) -> list[Box | None]:
    """The part of its box that a thing fills on every frame; what walks but has no steps goes in small hops."""
    hops = mover.moves == "walks" and mover.stride is None
    found: list[Box | None] = []
    for box, way in zip(track, distances(track, shape=shape), strict=True):
        if box is None:
            found.append(None)
            continue
        x0, y0, x1, y1 = fit(mover, box, shape=shape)
        if hops and way:
            lift = (y1 - y0) * _LIFT * abs(math.sin(math.pi * way / _HOP))
            y0, y1 = y0 + (y1 - y0) * _LIFT - lift, y1 - lift
        found.append((x0, y0, x1, y1))
    return found
