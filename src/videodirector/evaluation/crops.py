"""Boxes of candidates and what is in them, resampled to one small grid.

Boxes are (centre x, centre y, width, height) in fractions of the picture; pixels are (height, width, 3) in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Grid", "centres", "corners", "cut", "cut_on_grid", "neighbours"]

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """``cells`` on a side over the box, and ``margin`` cells more around it."""

    cells: int
    margin: int

    @property
    def side(self) -> int:
        """All cells on a side."""
        return self.cells + 2 * self.margin


def centres(side: float, stride: float) -> Floats:
    """Centres of boxes of this side that lie in the picture."""
    count = max(1, round((1 - side) / (side * stride))) + 1
    return np.linspace(side / 2, 1 - side / 2, count, dtype=np.float32)


def corners(boxes: Floats) -> Floats:
    """Boxes (..., 4: centre x, centre y, width, height) as x0, y0, x1, y1."""
    half = boxes[..., 2:] / 2
    return np.concatenate([boxes[..., :2] - half, boxes[..., :2] + half], axis=-1)


def neighbours(boxes: Floats, step: float) -> Floats:
    """Boxes (n, 4) and all that differ from them by a step in one of centre, width and height, (n, 9, 4)."""
    moves = step * np.concatenate([np.zeros((1, 4)), np.eye(4), -np.eye(4)]).astype(np.float32)
    centre = boxes[:, None, :2] + moves[:, :2] * boxes[:, None, 2:]
    return np.concatenate([centre, boxes[:, None, 2:] * np.exp(moves[:, 2:])], axis=-1)


def _averaging(centre: Floats, sides: Floats, pixels: int, grid: Grid) -> Floats:
    """Weights (n, grid, pixels) that average a row of pixels over the cells of intervals, exactly to a fraction.

    Beyond the edge of the picture its last pixel goes on.
    """
    cell = sides / grid.cells * pixels
    edges = centre[:, None] * pixels + cell[:, None] * (np.arange(grid.side + 1, dtype=np.float32) - grid.side / 2)
    # Coverage of [0, e] by pixel p is clip(e - p, 0, 1); the first and last pixel reach to infinity.
    reach = edges[..., None] - np.arange(pixels, dtype=np.float32)
    low, high = np.zeros(pixels, dtype=np.float32), np.ones(pixels, dtype=np.float32)
    low[0], high[-1] = -np.inf, np.inf
    covered = np.clip(reach, low, high)
    return (np.diff(covered, axis=1) / cell[:, None, None]).astype(np.float32)


def cut_on_grid(pixels: Floats, centre: tuple[Floats, Floats], size: Floats, grid: Grid) -> Floats:
    """Crops of boxes of one size (width, height) at all centres (xs, ys), rows first: (len(ys) * len(xs), 3, cells)."""
    xs, ys = centre
    width, height = size
    down = _averaging(ys, np.full(len(ys), height, np.float32), pixels.shape[0], grid)
    across = _averaging(xs, np.full(len(xs), width, np.float32), pixels.shape[1], grid)
    rows = np.tensordot(down, pixels, axes=(2, 0))  # (ys, grid, width, 3)
    both = np.tensordot(rows, across, axes=(2, 2))  # (ys, grid, 3, xs, grid)
    return np.ascontiguousarray(both.transpose(0, 3, 2, 1, 4)).reshape(-1, 3, grid.side**2)


def cut(pixels: Floats, boxes: Floats, grid: Grid) -> Floats:
    """Crops of any boxes (n, 4), (n, 3, cells)."""
    down = _averaging(boxes[:, 1], boxes[:, 3], pixels.shape[0], grid)
    across = _averaging(boxes[:, 0], boxes[:, 2], pixels.shape[1], grid)
    rows = np.tensordot(down, pixels, axes=(2, 0))  # (n, grid, width, 3)
    both = across[:, None] @ rows  # (n, grid down, grid across, 3)
    return np.ascontiguousarray(both.transpose(0, 3, 1, 2)).reshape(len(boxes), 3, -1)
