"""Numbered pictures and clips for training, made in this process or by workers, or made once and kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch.utils.data import DataLoader, Dataset

__all__ = ["Numbered", "kept", "numbered"]


@runtime_checkable
class Numbered(Protocol):
    """Anything whose item ``number`` is always the same."""

    def __getitem__(self, number: int) -> Any: ...


def numbered(source: Numbered, *, first: int, batch: int, workers: int = 0) -> Iterator[Any]:
    """Endless batches of consecutive items, the first of them item ``first``; ``workers`` processes make them."""
    numbers = (list(range(start, start + batch)) for start in count(first, batch))
    dataset: Dataset[Any] = source  # type: ignore[assignment]  # map-style: only __getitem__ is asked for
    return iter(DataLoader(dataset, batch_sampler=numbers, num_workers=workers, persistent_workers=False))


def kept(
    make: Callable[[int], dict[str, Any]], folder: Path, *, first: int, different: int
) -> Iterator[dict[str, Any]]:
    """Batches from number ``first`` on; after ``different`` of them the same ones come again.

    Each is made once, and kept in a file: what a frozen encoder makes of a picture costs as much as learning from it
    does, and several trainings can share a folder.

    Args:
        make: the batch of a number: tensors, and lists of strings.
        folder: of the files; another world, encoder or batch size needs another one.
        first: number of the first batch.
        different: how many there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in count(first):
        file = folder / f"{number % different}.pt"
        if file.exists():
            yield torch.load(file, weights_only=True)
            continue
        batch = make(number % different)
        unfinished = file.with_name(f"{file.name}.{os.getpid()}.part")
        torch.save(batch, unfinished)
        os.replace(unfinished, file)
        yield batch
