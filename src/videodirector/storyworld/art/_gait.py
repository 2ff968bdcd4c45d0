"""How sprites fill their boxes and move in them: the pose on every frame, and where exactly it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from videodirector.lexicon.gait import distances, fit, phases, settle
from videodirector.storyworld.art._sprites import Pose, Sprite

Box = tuple[float, float, float, float]

__all__ = ["Box", "Placement", "distances", "fit", "phases", "place"]


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
    return [
        None if box is None else Placement(pose=sprite.pose(phase), box=box, phase=phase)
        for box, phase in zip(settle(sprite, track, shape=shape), moments, strict=True)
    ]
