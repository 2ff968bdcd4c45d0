"""Layout fidelity: how well the boxes found cover the boxes planned, over all frames."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from videodirector.evaluation.sightings import SceneSightings
from videodirector.evaluation.statistics import Estimate

__all__ = ["LayoutFidelity", "layout_fidelity"]


@dataclass(frozen=True, kw_only=True)
class LayoutFidelity:
    """Over every frame on which the plan shows a thing.

    Attributes:
        mean_iou: intersection over union of the planned and the found box; 0 where nothing was found.
        centre_distance: of the two centres where it was found, in fractions of the picture's sides.
        found: share of these frames on which it was found.
    """

    mean_iou: Estimate
    centre_distance: Estimate
    found: Estimate

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "mean_iou": self.mean_iou.as_dict(),
            "centre_distance": self.centre_distance.as_dict(),
            "found": self.found.as_dict(),
        }


def layout_fidelity(scenes: Iterable[SceneSightings]) -> LayoutFidelity:
    """Planned against found boxes."""
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
