"""Numbered pictures and clips for training, made in this process or by workers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader, Dataset

__all__ = ["Numbered", "entity_picture", "numbered"]

GROUND = (128, 128, 128)


class Numbered(Protocol):
    """Anything whose item ``number`` is always the same."""

    def __getitem__(self, number: int) -> Any: ...


def numbered(source: Numbered, *, first: int, batch: int, workers: int = 0) -> Iterator[Any]:
    """Endless batches of consecutive items, the first of them item ``first``; ``workers`` processes make them."""
    numbers = (list(range(start, start + batch)) for start in count(first, batch))
    dataset: Dataset[Any] = source  # type: ignore[assignment]  # map-style: only __getitem__ is asked for
    return iter(DataLoader(dataset, batch_sampler=numbers, num_workers=workers, persistent_workers=False))


def entity_picture(image: Image.Image, size: int) -> NDArray[np.uint8]:
    """A thing alone: its picture stretched over a square on grey ground, as the picture encoder wants it.

    Args:
        image: RGBA or RGB, any size.
        size: side of the result in pixels.

    Returns:
        (size, size, 3).
    """
    image = image.convert("RGBA").resize((size, size), Image.Resampling.LANCZOS)
    ground = Image.new("RGBA", image.size, (*GROUND, 255))
    ground.alpha_composite(image)
    return np.array(ground.convert("RGB"))
