"""Classify the background of a frame by the pixels that no planned thing covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videodirector.errors import UsageError
from videodirector.schemas import Box

__all__ = ["BackgroundClassifier", "BackgroundMatch"]

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]

# A cell that differs by more shows something else than the background, and how much else does not matter.
_OUTLIER = 0.25**2


@dataclass(frozen=True, kw_only=True)
class BackgroundMatch:
    """The background a frame shows.

    Attributes:
        name: the nearest one.
        distance: root mean square difference of colour from its nearest sample, on a scale of 0 to 1.
        margin: distance to the second nearest background over ``distance``; near 1 the answer is a guess.
    """

    name: str
    distance: float
    margin: float


class BackgroundClassifier:
    """Nearest neighbour among samples of every background, by the colour layout on a coarse grid.

    Args:
        samples: name -> frames that show this background and nothing else, of any size.
        grid: cells on a side.
        border: how far around a hidden box pixels are left out as well, as a fraction of the picture: things that are
            rendered a little too large are not background.

    Raises:
        UsageError: there are fewer than two backgrounds, or one has no samples.
    """

    def __init__(self, samples: Mapping[str, Sequence[Frame]], *, grid: int = 8, border: float = 0.02) -> None:
        empty = [name for name, frames in samples.items() if not len(frames)]
        if len(samples) < 2 or empty:
            raise UsageError(
                f"backgrounds without samples: {', '.join(empty)}" if empty else "there are not two backgrounds",
                hint="give some painted samples of every background",
            )
        self._grid, self._border = grid, border
        self._names = tuple(samples)
        self._owner = np.repeat(np.arange(len(samples)), [len(frames) for frames in samples.values()])
        self._samples = np.stack(
            [self._compute_layout(frame, ())[0] for frames in samples.values() for frame in frames]
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The known backgrounds."""
        return self._names

    def classify(self, frame: Frame, hidden: Sequence[Box] = ()) -> BackgroundMatch:
        """Return the background of a frame.

        Args:
            frame: RGB, shape (height, width, 3).
            hidden: boxes that hold things in front of it.

        Raises:
            UsageError: not such a frame, or the boxes leave nothing to see.
        """
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
            raise UsageError(
                f"a frame is uint8 of shape (height, width, 3), found {frame.dtype} of shape {frame.shape}",
                hint="classify one frame at a time",
            )
        layout, weight = self._compute_layout(frame, hidden)
        if not weight.any():
            raise UsageError("the boxes hide the whole frame, so its background is unknown")
        difference = ((self._samples - layout) ** 2).mean(axis=2)
        distance = np.sqrt(np.minimum(difference, _OUTLIER) @ weight / weight.sum())
        nearest = np.full(len(self._names), np.inf, dtype=np.float32)
        np.minimum.at(nearest, self._owner, distance)
        first, second = np.argsort(nearest)[:2].tolist()
        return BackgroundMatch(
            name=self._names[first],
            distance=float(nearest[first]),
            margin=float(nearest[second] / max(float(nearest[first]), 1e-6)),
        )

    def _compute_layout(self, frame: Frame, hidden: Sequence[Box]) -> tuple[Floats, Floats]:
        """Compute the mean colour (cells, 3) of the visible part of each cell, and that part's share."""
        height, width = frame.shape[:2]
        seen = np.ones((height, width), dtype=np.float32)
        for box in hidden:
            top, bottom = np.clip([box.y0 - self._border, box.y1 + self._border], 0, 1) * height
            left, right = np.clip([box.x0 - self._border, box.x1 + self._border], 0, 1) * width
            seen[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))] = 0
        down, across = _compute_membership(height, self._grid), _compute_membership(width, self._grid)
        weight = down @ seen @ across.T
        colour = np.einsum("yh,hwk,xw->yxk", down, frame / np.float32(255) * seen[..., None], across, optimize=True)
        layout = colour / np.maximum(weight, 1e-6)[..., None]
        return layout.reshape(-1, 3).astype(np.float32), weight.reshape(-1).astype(np.float32)


def _compute_membership(pixels: int, cells: int) -> Floats:
    """Return which part of a row's pixels lies in each cell, (cells, pixels)."""
    edges = np.linspace(0, pixels, cells + 1)
    covered = np.clip(edges[:, None] - np.arange(pixels), 0, 1)
    return np.diff(covered, axis=0).astype(np.float32)
