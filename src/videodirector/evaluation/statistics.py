"""Proportions with the interval in which the true one lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

__all__ = ["Proportion"]


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
    def of(cls, outcomes: Iterable[bool]) -> Self:
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
        """For JSON."""
        return {
            "successes": self.successes,
            "total": self.total,
            "value": self.value if self.total else None,
            "wilson95": list(self.interval),
        }
