"""Visibility: whether things are there exactly when the plan shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from videodirector.evaluation.sightings import SceneSightings
from videodirector.evaluation.statistics import Estimate

__all__ = ["Visibility", "visibility"]


@dataclass(frozen=True, kw_only=True)
class Visibility:
    """Frames by what the plan says of a thing.

    Attributes:
        shown: seen, of the frames that show it.
        hidden: not seen, of the frames of which the plan keeps it away.
        right: seen or not as planned, of all frames.
        changes: of things that come or go, the frames that are right.
    """

    shown: Estimate
    hidden: Estimate
    right: Estimate
    changes: Estimate

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name).as_dict() for name in ("shown", "hidden", "right", "changes")}


def visibility(scenes: Iterable[SceneSightings]) -> Visibility:
    """Over all things and frames that were looked at."""
    shown: list[list[float]] = []
    hidden: list[list[float]] = []
    right: list[list[float]] = []
    changes: list[list[float]] = []
    for scene in scenes:
        for group in (shown, hidden, right, changes):
            group.append([])
        for thing in scene.things:
            planned = [box is not None for box in thing.planned]
            seen = [box is not None for box in thing.found]
            same = [float(a == b) for a, b in zip(planned, seen, strict=True)]
            shown[-1] += [answer for answer, there in zip(same, planned, strict=True) if there]
            hidden[-1] += [answer for answer, there in zip(same, planned, strict=True) if not there]
            right[-1] += same
            changes[-1] += same if any(planned) and not all(planned) else []
    return Visibility(
        shown=Estimate.share(shown),
        hidden=Estimate.share(hidden),
        right=Estimate.share(right),
        changes=Estimate.share(changes),
    )
