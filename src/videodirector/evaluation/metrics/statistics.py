"""Estimates with 95 % confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

__all__ = ["Estimate", "Proportion"]

_RESAMPLES = 2000
_BLOCKS = 20


@dataclass(frozen=True)
class Proportion:
    """``successes`` out of ``total`` trials.

    Raises:
        ValueError: more successes than trials, or fewer than none.
    """

    successes: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.total:
            raise ValueError(f"{self.successes} successes of {self.total} trials cannot be")

    @classmethod
    def from_outcomes(cls, outcomes: Iterable[bool]) -> Self:
        """Count outcomes."""
        listed = [bool(outcome) for outcome in outcomes]
        return cls(sum(listed), len(listed))

    @property
    def value(self) -> float:
        """The observed proportion; nan without trials."""
        return self.successes / self.total if self.total else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson score interval; (0, 1) without trials."""
        if not self.total:
            return 0.0, 1.0
        from scipy.stats import binomtest  # half a second to import

        bounds = binomtest(self.successes, self.total).proportion_ci(method="wilson")
        return float(bounds.low), float(bounds.high)

    def __str__(self) -> str:
        if not self.total:
            return "none (0/0)"
        low, high = self.interval
        return f"{self.value:.1%} ({self.successes}/{self.total}, 95 % interval {low:.1%} to {high:.1%})"

    def as_dict(self) -> dict[str, float | int | list[float] | None]:
        """Return a dictionary for JSON."""
        return {
            "successes": self.successes,
            "total": self.total,
            "value": self.value if self.total else None,
            "wilson95": list(self.interval),
        }


@dataclass(frozen=True)
class Estimate:
    """An estimate with its confidence interval.

    Attributes:
        value: nan where there was nothing to measure.
        low, high: the 95 % interval.
        total: how many independent things (plans, clips) it comes from.
    """

    value: float
    low: float
    high: float
    total: int

    @classmethod
    def mean(cls, groups: Iterable[Sequence[float]]) -> Self:
        """Return the mean of all values, with a bootstrap over groups: the frames of one plan are not independent.

        The same groups always give the same interval; of a single group there is none.
        """
        filled = [np.asarray(group, dtype=np.float64) for group in groups if len(group)]
        if not filled:
            return cls(math.nan, math.nan, math.nan, 0)
        sums, counts = np.array([group.sum() for group in filled]), np.array([len(group) for group in filled])
        if len(filled) < 2:
            return cls(float(sums.sum() / counts.sum()), math.nan, math.nan, len(filled))
        drawn = np.random.default_rng(0).integers(len(filled), size=(_RESAMPLES, len(filled)))
        low, high = np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (0.025, 0.975))
        return cls(float(sums.sum() / counts.sum()), float(low), float(high), len(filled))

    @classmethod
    def share(cls, groups: Iterable[Sequence[float]]) -> Self:
        """Return the share of ones among zeros and ones, with a Wilson interval for the effective sample size.

        A bootstrap would have no doubt left where all are ones. Values of one group that always agree count as one
        trial, independent ones each (the design effect of cluster sampling).
        """
        filled = [np.asarray(group, dtype=np.float64) for group in groups if len(group)]
        if not filled:
            return cls(math.nan, math.nan, math.nan, 0)
        sums, counts = np.array([group.sum() for group in filled]), np.array([len(group) for group in filled])
        value, number = float(sums.sum() / counts.sum()), len(filled)
        spread = float(((sums - value * counts) ** 2).sum()) / counts.sum() ** 2 * number / max(number - 1, 1)
        worth = float(np.clip(value * (1 - value) / spread, 1, counts.sum())) if spread > 0 else number
        # E. B. Wilson (1927): the values of p from which the observed share is 1.96 standard errors away.
        z = 1.96
        middle = (value + z**2 / (2 * worth)) / (1 + z**2 / worth)
        reach = z * math.sqrt(value * (1 - value) / worth + z**2 / (4 * worth**2)) / (1 + z**2 / worth)
        return cls(value, max(middle - reach, 0.0), min(middle + reach, 1.0), number)

    @classmethod
    def jackknife(cls, statistic: Callable[[Sequence[int]], float], total: int, *, least: int = 1) -> Self:
        """Return a statistic of a whole set, such as a distance of distributions, with the delete-a-block jackknife.

        A bootstrap would not do here: repeated items make distributions look narrower than they are.

        Args:
            statistic: of the items with these numbers.
            total: how many items there are.
            least: how many items it needs; where leaving out a block leaves fewer, there is no interval.
        """
        everything = range(total)
        value = statistic(everything)
        blocks = max(1, min(_BLOCKS, total))
        if total - -(-total // blocks) < least:
            return cls(value, math.nan, math.nan, total)
        left = [statistic([item for item in everything if item % blocks != block]) for block in range(blocks)]
        deviation = math.sqrt((blocks - 1) / blocks * float(((np.array(left) - np.mean(left)) ** 2).sum()))
        return cls(value, value - 1.96 * deviation, value + 1.96 * deviation, total)

    def __str__(self) -> str:
        if not self.total:
            return "none"
        shown = f"{self.value:.4g}"
        return shown if math.isnan(self.low) else f"{shown} (95 % interval {self.low:.4g} to {self.high:.4g})"

    def as_dict(self) -> dict[str, float | int | list[float] | None]:
        """Return a dictionary for JSON."""
        known = math.isfinite(self.low) and math.isfinite(self.high)
        return {
            "value": self.value if math.isfinite(self.value) else None,
            "interval95": [self.low, self.high] if known else None,
            "total": self.total,
        }
