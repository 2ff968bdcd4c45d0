"""How sprites fill their boxes and move in them: the pose on every frame, and where exactly it is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from videodirector.storyworld.art._sprites import Pose, Sprite

Box = tuple[float, float, float, float]

__all__ = ["Box", "Placement", "fit", "phases", "place"]

STRETCH = 1.2
"""How much wider or narrower than drawn a sprite may become to fill its box; beyond that it leaves room."""

_HOP = 0.4  # own heights from hop to hop of what has no steps of its own
_LIFT = 0.06  # height of a hop


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A sprite on one frame.

    Attributes:
        pose: what is drawn.
        box: where, x0, y0, x1, y1 in [0, 1]: within the sprite's box of the plan, of the pose's own shape.
        phase: in loops since the beginning; its fraction says which pose.
    """

    pose: Pose
    box: Box
    phase: float

    @property
    def visible(self) -> Box:
        """The box of the pixels that can be seen."""
        x0, y0, x1, y1 = self.box
        left, top, right, bottom = self.pose.box
        return (
            x0 + (x1 - x0) * left, y0 + (y1 - y0) * top, x0 + (x1 - x0) * right, y0 + (y1 - y0) * bottom,
        )  # fmt: skip


def place(
    sprite: Sprite, track: Sequence[Box | None], *, rate: float, shape: float = 1.0, start: float = 0.0
) -> list[Placement | None]:
    """The sprite on every frame of its track.

    Steps and wheels follow the way: who stands, stands. Wings, fins and tails follow the time. What walks but has no
    steps in its pictures goes in small hops.

    Args:
        sprite: already facing where it goes.
        track: its box on every frame, None where it is not to be seen.
        rate: frames a second.
        shape: width over height of the frames, in pixels.
        start: phase of the first frame.
    """
    moments = phases(sprite, track, rate=rate, shape=shape, start=start)
    hops = sprite.moves == "walks" and sprite.stride is None
    found: list[Placement | None] = []
    for box, phase, way in zip(track, moments, distances(track, shape=shape), strict=True):
        if box is None:
            found.append(None)
            continue
        x0, y0, x1, y1 = fit(sprite, box, shape=shape)
        if hops:
            lift = (y1 - y0) * _LIFT * abs(math.sin(math.pi * way / _HOP))
            room = (y1 - y0) * _LIFT if way else 0.0
            y0, y1 = y0 + room - lift, y1 - lift
        found.append(Placement(pose=sprite.pose(phase), box=(x0, y0, x1, y1), phase=phase))
    return found


def phases(
    sprite: Sprite, track: Sequence[Box | None], *, rate: float, shape: float = 1.0, start: float = 0.0
) -> list[float]:
    """The phase on every frame, in loops."""
    if sprite.stride is not None:
        return [start + way / sprite.stride for way in distances(track, shape=shape)]
    loop = sprite.seconds * rate
    return [start + (number / loop if loop else 0.0) for number in range(len(track))]


def distances(track: Sequence[Box | None], *, shape: float = 1.0) -> list[float]:
    """How far a thing has come on every frame, in own heights; growing by a half counts as one height of way."""
    ways, before, way = [], None, 0.0
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


def fit(sprite: Sprite, box: Box, *, shape: float = 1.0) -> Box:
    """The part of a box that the sprite fills without losing its form.

    What stands on the ground stands on the lower edge; the rest is in the middle.
    """
    x0, y0, x1, y1 = box
    width, height = (x1 - x0) * shape, y1 - y0
    if width <= 0 or height <= 0:
        return box
    across = min(width, height * sprite.aspect * STRETCH) / shape
    down = min(height, width / sprite.aspect * STRETCH)
    left = (x0 + x1 - across) / 2
    top = (y0 + y1 - down) / 2 if sprite.moves in ("flies", "swims", "floats") else y1 - down
    return left, top, left + across, top + down
