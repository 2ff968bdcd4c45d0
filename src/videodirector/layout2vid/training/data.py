"""Numbered pictures and clips for training, made in this process or by workers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, Protocol

from torch.utils.data import DataLoader, Dataset

__all__ = ["Numbered", "numbered"]


class Numbered(Protocol):
    """Anything whose item ``number`` is always the same."""

    def __getitem__(self, number: int) -> Any: ...


def numbered(source: Numbered, *, first: int, batch: int, workers: int = 0) -> Iterator[Any]:
    """Endless batches of consecutive items, the first of them item ``first``; ``workers`` processes make them."""
    numbers = (list(range(start, start + batch)) for start in count(first, batch))
    dataset: Dataset[Any] = source  # type: ignore[assignment]  # map-style: only __getitem__ is asked for
    return iter(DataLoader(dataset, batch_sampler=numbers, num_workers=workers, persistent_workers=False))
