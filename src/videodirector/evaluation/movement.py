"""Movement direction: whether things go the way the plan says, from their centres on the first and the last frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from videodirector.evaluation.sightings import Sighting
from videodirector.evaluation.statistics import Proportion
from videodirector.schemas import Box

__all__ = ["Way", "movement", "moves_as_planned", "way"]

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
