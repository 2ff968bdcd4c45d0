"""Following: whether things move in the pictures when their boxes are moved in the plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videodirector.evaluation.statistics import Proportion

__all__ = ["Displacement"]


@dataclass(frozen=True, kw_only=True)
class Displacement:
    """How far things moved in the pictures when their boxes were moved in the plan.

    Attributes:
        asked: displacements of boxes (x, y).
        seen: displacements of the centres found, None where the thing was not found both times.
    """

    asked: tuple[tuple[float, float], ...]
    seen: tuple[tuple[float, float] | None, ...]

    def __post_init__(self) -> None:
        if len(self.asked) != len(self.seen):
            raise ValueError(f"{len(self.asked)} displacements asked for, {len(self.seen)} seen")

    @property
    def followed(self) -> Proportion:
        """Things that moved by what was asked, to half of it."""
        return Proportion.of(
            seen is not None and math.dist(asked, seen) <= math.hypot(*asked) / 2
            for asked, seen in zip(self.asked, self.seen, strict=True)
        )

    @property
    def ratio(self) -> float:
        """Seen over asked, by least squares over those found both times; 1 is right, nan when there is none."""
        asked, seen = self._pairs()
        return float(asked @ seen / (asked @ asked)) if asked.any() else math.nan

    @property
    def correlation(self) -> float:
        """Cosine of the displacements asked and seen, x and y together; nan when nothing was found or moved."""
        asked, seen = self._pairs()
        size = float(np.linalg.norm(asked) * np.linalg.norm(seen))
        return float(asked @ seen) / size if size else math.nan

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "followed": self.followed.as_dict(),
            "ratio": _finite(self.ratio),
            "correlation": _finite(self.correlation),
            "asked": [list(asked) for asked in self.asked],
            "seen": [None if seen is None else list(seen) for seen in self.seen],
        }

    def _pairs(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        pairs = [(asked, seen) for asked, seen in zip(self.asked, self.seen, strict=True) if seen is not None]
        both = np.array(pairs, dtype=np.float64).reshape(-1, 2, 2)
        return both[:, 0].ravel(), both[:, 1].ravel()


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
