"""Layout fidelity: how well the boxes found cover the boxes planned, over all frames."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from videodirector.evaluation.metrics.statistics import Estimate
from videodirector.evaluation.metrics.tracking import SceneTracks

__all__ = ["LayoutFidelity", "VisibilityAccuracy", "measure_layout_fidelity", "measure_visibility"]


@dataclass(frozen=True, kw_only=True)
class LayoutFidelity:
    """Layout fidelity over every frame on which the plan shows a thing.

    Attributes:
        mean_iou: intersection over union of the planned and the found box; 0 where nothing was found.
        centre_distance: of the two centres where it was found, in fractions of the picture's sides.
        found: share of these frames on which it was found.
    """

    mean_iou: Estimate
    centre_distance: Estimate
    found: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Return a dictionary for JSON."""
        return {
            "mean_iou": self.mean_iou.as_dict(),
            "centre_distance": self.centre_distance.as_dict(),
            "found": self.found.as_dict(),
        }


def measure_layout_fidelity(scenes: Iterable[SceneTracks]) -> LayoutFidelity:
    """Compare found with planned boxes."""
    pairs = [
        [
            (planned, found)
            for thing in scene.things
            for planned, found in zip(thing.planned, thing.found, strict=True)
            if planned is not None
        ]
        for scene in scenes
    ]
    return LayoutFidelity(
        mean_iou=Estimate.mean([[found.iou(planned) if found else 0.0 for planned, found in scene] for scene in pairs]),
        centre_distance=Estimate.mean(
            [[math.dist(found.centre, planned.centre) for planned, found in scene if found] for scene in pairs]
        ),
        found=Estimate.share([[float(found is not None) for _, found in scene] for scene in pairs]),
    )


@dataclass(frozen=True, kw_only=True)
class VisibilityAccuracy:
    """Agreement of planned and found visibility.

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
        """Return a dictionary for JSON."""
        return {name: getattr(self, name).as_dict() for name in ("shown", "hidden", "right", "changes")}


def measure_visibility(scenes: Iterable[SceneTracks]) -> VisibilityAccuracy:
    """Measure visibility over all things and examined frames."""
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
    return VisibilityAccuracy(
        shown=Estimate.share(shown),
        hidden=Estimate.share(hidden),
        right=Estimate.share(right),
        changes=Estimate.share(changes),
    )
