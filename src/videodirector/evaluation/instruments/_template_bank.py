"""The templates of an atlas as matrices, to compare crops with many of them at once.

A template explains a crop by itself, in some brightness, before a background that changes slowly; see ``detector``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from videodirector.errors import UsageError

__all__ = [
    "NOISE_VARIANCE",
    "Floats",
    "Grid",
    "TemplateBank",
    "crop_boxes",
    "crop_on_grid",
    "list_neighbours",
    "spread_centres",
    "to_corners",
]

# The background behind a thing: powers of x and y. Most of it changes from top to bottom.
_BACKGROUND_POWERS = ((0, 0), (1, 0), (0, 1), (2, 0), (0, 2), (0, 3))

NOISE_VARIANCE = 0.02**2
"""A crop without any contrast has no variance to explain; this much, per pixel and channel, is noise."""


@dataclass(frozen=True, kw_only=True)
class _View:
    """A template on the grid: ``colour`` (cells, cells, 3) times alpha, and ``alpha`` (cells, cells)."""

    colour: Floats
    alpha: Floats


def _iter_views(name: str, image: Image.Image, grid: Grid, softness: Sequence[float]) -> Iterator[_View]:
    """Yield both sides of a thing, in every softness."""
    inner = image.convert("RGBA").convert("RGBa").resize((grid.cells, grid.cells), Image.Resampling.BOX)
    pixels = np.pad(np.asarray(inner, dtype=np.float32) / 255, ((grid.margin,) * 2, (grid.margin,) * 2, (0, 0)))
    if pixels[..., 3].max() < 0.5:
        raise UsageError(f"the template {name!r} shows nothing", hint="give an RGBA picture cropped to the thing")
    for side, sigma in product((pixels, pixels[:, ::-1]), softness):
        soft = gaussian_filter(side, (sigma, sigma, 0), mode="constant")
        yield _View(colour=soft[..., :3], alpha=soft[..., 3])


class TemplateBank:
    """All templates as matrices.

    Cells of the thing weigh 1 and cells around it ``surround``. For each view: ``clear`` (terms, cells) reads from a
    crop the coefficients of what the background can explain, in an orthonormal basis; ``shown`` (3 channels, cells)
    reads how much of the thing is in it, apart from that; ``weight`` (cells).

    Args:
        templates: name -> RGBA picture, cropped to what is visible; mirror views are made from them.
        grid: on which crops are compared.
        softness: standard deviations, in cells, of the blurs that are expected.
        surround: weight of a cell that the thing leaves free.
        gain: least and most brightness, relative to the templates.

    Raises:
        UsageError: a template has no visible pixel.
    """

    def __init__(
        self,
        templates: Mapping[str, Image.Image],
        *,
        grid: Grid,
        softness: Sequence[float],
        surround: float,
        gain: tuple[float, float],
    ) -> None:
        views = [view for name, image in templates.items() for view in _iter_views(name, image, grid, softness)]
        self.grid = grid
        self._gain = gain
        self._each = len(views) // len(templates)
        axis = np.linspace(-1, 1, self.grid.side, dtype=np.float32)
        x, y = np.meshgrid(axis, axis)
        ground = np.stack([x**i * y**j for i, j in _BACKGROUND_POWERS]).reshape(len(_BACKGROUND_POWERS), -1)
        clear, shown, energy, weights = [], [], [], []
        for view in views:
            alpha = view.alpha.reshape(-1)
            weight = alpha + surround * (1 - alpha)
            root = np.sqrt(weight)
            basis = np.linalg.qr((root * (1 - alpha) * ground).T)[0].T
            colour = root * view.colour.reshape(-1, 3).T
            colour -= colour @ basis.T @ basis
            clear.append(basis * root)
            shown.append(colour * root)
            energy.append((colour**2).sum())
            weights.append(weight)
        self._clear = np.stack(clear).astype(np.float32)
        self._shown = np.stack(shown).astype(np.float32)
        self._energy = np.array(energy, dtype=np.float32)
        self._weight = np.stack(weights).astype(np.float32)

    def compute_residuals(self, crops: Floats, views: slice | NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Compute each view's weighted mean square residual of crops (n, 3, cells), and that of their variance.

        Returns:
            Two arrays (n, views).
        """
        clear, shown, energy, weight = (part[views] for part in (self._clear, self._shown, self._energy, self._weight))
        count, cells = len(crops), crops.shape[2]
        mass = weight.sum(axis=1)
        power = np.einsum("nkc,nkc->nc", crops, crops) @ weight.T
        means = (crops @ (weight / mass[:, None]).T) ** 2
        variance = power - mass * means.sum(axis=1)
        in_clear = (crops @ clear.reshape(-1, cells).T).reshape(count, 3, *clear.shape[:2])
        in_shown = crops.reshape(count, -1) @ shown.reshape(len(shown), -1).T
        fitted = np.clip(in_shown / energy, *self._gain)
        rest = power - (in_clear**2).sum(axis=(1, 3)) - 2 * fitted * in_shown + fitted**2 * energy
        return np.maximum(rest, 0) / (3 * mass), np.maximum(variance, 0) / (3 * mass)

    def compute_best_residuals(self, crops: Floats, numbers: NDArray[np.intp]) -> Floats:
        """Compute the residuals of templates in their best views, (n, numbers)."""
        views = (numbers[:, None] * self._each + np.arange(self._each)).ravel()
        best: Floats = self.compute_residuals(crops, views)[0].reshape(len(crops), len(numbers), -1).min(axis=2)
        return best

    def scores(self, crops: Floats, number: int) -> Floats:
        """Compute the share of each crop's variance that a template explains in its best view, (n,)."""
        rest, variance = self.compute_residuals(crops, slice(number * self._each, (number + 1) * self._each))
        explained: Floats = 1 - (rest + NOISE_VARIANCE) / (variance + NOISE_VARIANCE)
        return np.asarray(explained.max(axis=1))


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


def spread_centres(side: float, stride: float) -> Floats:
    """Return centres of boxes of this side that lie in the picture."""
    count = max(1, round((1 - side) / (side * stride))) + 1
    return np.linspace(side / 2, 1 - side / 2, count, dtype=np.float32)


def to_corners(boxes: Floats) -> Floats:
    """Convert boxes (..., 4: centre x, centre y, width, height) to x0, y0, x1, y1."""
    half = boxes[..., 2:] / 2
    return np.concatenate([boxes[..., :2] - half, boxes[..., :2] + half], axis=-1)


def list_neighbours(boxes: Floats, step: float) -> Floats:
    """Return boxes (n, 4) and all that differ from them by a step in one of centre, width and height, (n, 9, 4)."""
    moves = step * np.concatenate([np.zeros((1, 4)), np.eye(4), -np.eye(4)]).astype(np.float32)
    centre = boxes[:, None, :2] + moves[:, :2] * boxes[:, None, 2:]
    return np.concatenate([centre, boxes[:, None, 2:] * np.exp(moves[:, 2:])], axis=-1)


def _build_averaging(centre: Floats, sides: Floats, pixels: int, grid: Grid) -> Floats:
    """Return weights (n, grid, pixels) that average a row of pixels over the cells of intervals, exactly to a fraction.

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


def crop_on_grid(pixels: Floats, centre: tuple[Floats, Floats], size: Floats, grid: Grid) -> Floats:
    """Crop boxes of one size (width, height) at all centres (xs, ys), rows first: (len(ys) * len(xs), 3, cells)."""
    xs, ys = centre
    width, height = size
    down = _build_averaging(ys, np.full(len(ys), height, np.float32), pixels.shape[0], grid)
    across = _build_averaging(xs, np.full(len(xs), width, np.float32), pixels.shape[1], grid)
    rows = np.tensordot(down, pixels, axes=(2, 0))  # (ys, grid, width, 3)
    both = np.tensordot(rows, across, axes=(2, 2))  # (ys, grid, 3, xs, grid)
    return np.ascontiguousarray(both.transpose(0, 3, 2, 1, 4)).reshape(-1, 3, grid.side**2)


def crop_boxes(pixels: Floats, boxes: Floats, grid: Grid) -> Floats:
    """Crop any boxes (n, 4), (n, 3, cells)."""
    down = _build_averaging(boxes[:, 1], boxes[:, 3], pixels.shape[0], grid)
    across = _build_averaging(boxes[:, 0], boxes[:, 2], pixels.shape[1], grid)
    rows = np.tensordot(down, pixels, axes=(2, 0))  # (n, grid, width, 3)
    both = across[:, None] @ rows  # (n, grid down, grid across, 3)
    return np.ascontiguousarray(both.transpose(0, 3, 1, 2)).reshape(len(boxes), 3, -1)
