"""Finds a thing in a picture by comparing crops with the atlas: no learning, no model.

Every candidate box is cut out and resampled to one small grid, the thing in the middle and a margin around it. Such a
crop is explained by a template as

    crop = gain * alpha * colour + (1 - alpha) * (a polynomial in x and y)

the thing as the atlas shows it, before a background that changes slowly, both fitted by least squares. The share of
the crop's variance that this explains is the score: colours, inner pattern and outline must all be right at once, while
brightness and what stands behind are free. The rival is the other template that explains the same crop best; a thing
counts as found where it leaves clearly less unexplained than its rival does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from videodirector.errors import UsageError
from videodirector.evaluation.crops import Floats, Grid, centres, corners, cut, cut_on_grid, neighbours
from videodirector.schemas import Box

__all__ = ["Detection", "Detector", "DetectorConfig"]

Frame = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class DetectorConfig:
    """How carefully to look, and what to believe.

    Attributes:
        cells: side of the grid on which the thing itself is compared.
        margin: cells around it.
        softness: standard deviations, in cells, by which the templates are blurred: one for every sharpness expected.
        surround: weight of a cell that the thing leaves free, where one that it covers has 1.
        heights: least and most height that is looked for, as fractions of the frame's.
        scale_step: ratio of one height to the next.
        stretches: how much wider than its picture a thing is looked for at first.
        most_stretch: how much wider or narrower it may turn out to be; beyond that, and below the least height, almost
            anything looks like something.
        stride: step between candidate boxes, as a fraction of their side.
        gain: least and most brightness, relative to the atlas.
        candidates: how many boxes are compared with rivals at a glance; a quarter of them is looked at closely.
        doubt, rivalry: a thing is found where its detection has no more of either.
    """

    cells: int = 12
    margin: int = 2
    softness: tuple[float, ...] = (0.0, 0.8)
    surround: float = 0.08
    heights: tuple[float, float] = (0.18, 0.95)
    scale_step: float = 1.18
    stretches: tuple[float, ...] = (0.8, 1.0, 1.25)
    most_stretch: float = 1.45
    stride: float = 0.12
    gain: tuple[float, float] = (0.8, 1.2)
    candidates: int = 80
    doubt: float = 0.1
    rivalry: float = 0.7


@dataclass(frozen=True, kw_only=True)
class Detection:
    """Where a thing was found.

    Attributes:
        box: in fractions of the frame.
        score: share of the crop's variance that the thing explains, in [0, 1].
        rivalry: its unexplained rest over that of the best other template; below 1 nothing explains the crop better.
        rival: the name of that other template.
    """

    box: Box
    score: float
    rivalry: float
    rival: str

    @property
    def doubt(self) -> float:
        """How far it is from certain: a middling score is enough where no other template comes near, and no score is
        where others do as well. High contrast alone makes for a good score, on the wrong thing too.
        """
        return (1 - self.score) * self.rivalry**2


class Detector:
    """Looks for things that it has pictures of.

    Args:
        templates: name -> RGBA picture, cropped to what is visible; mirror views are made from them.
        config: see there.

    Raises:
        UsageError: there are fewer than two templates, or one has no visible pixel.
    """

    def __init__(self, templates: Mapping[str, Image.Image], config: DetectorConfig | None = None) -> None:
        if len(templates) < 2:
            raise UsageError(
                f"a detector needs at least two templates to tell things apart, found {len(templates)}",
                hint="give the pictures of the whole atlas",
            )
        self.config = config or DetectorConfig()
        self._names = tuple(templates)
        self._aspects = {name: image.width / image.height for name, image in templates.items()}
        # The search looks at many boxes and only has to come near: fewer cells do, and one softness.
        glance = replace(self.config, cells=round(self.config.cells * 2 / 3), margin=1, softness=(0.4,))
        self._bank = _Bank(templates, self.config)
        self._rough = _Bank(templates, glance)

    @property
    def names(self) -> tuple[str, ...]:
        """What it can look for."""
        return self._names

    def find(self, frame: Frame, name: str) -> Detection | None:
        """The thing's place in a frame, or None when it is not there.

        Args:
            frame: RGB, shape (height, width, 3).
            name: one of ``names``.

        Raises:
            UsageError: no such template, or not such a frame.
        """
        best = self.best(frame, name)
        believed = best.doubt <= self.config.doubt and best.rivalry <= self.config.rivalry
        return best if believed else None

    def best(self, frame: Frame, name: str) -> Detection:
        """The likeliest place of the thing, whether or not it is believable; see ``find``."""
        if name not in self._aspects:
            raise UsageError(f"the detector has no picture of {name!r}", hint=f"it knows {', '.join(self._names)}")
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
            raise UsageError(
                f"a frame is uint8 of shape (height, width, 3), found {frame.dtype} of shape {frame.shape}",
                hint="evaluate one frame at a time",
            )
        pixels = np.divide(frame, 255, dtype=np.float32)
        number = self._names.index(name)
        boxes, scores = _distinct(*self._search(pixels, number), self.config.candidates)
        boxes, scores = self._best_of(pixels, boxes, scores, number, self._rough)
        for step in _STEPS[:3]:
            boxes, scores = self._improve(pixels, boxes, step, number)
        boxes, scores = self._best_of(pixels, boxes, scores, number, self._bank)
        for step in _STEPS[3:]:
            boxes, scores = self._improve(pixels, boxes, step, number)
        rivalry, rivals = self._rivalry(pixels, boxes, number, self._bank, _RIVAL_STEPS)
        found = int(_doubt(scores, rivalry).argmin())
        box = Box(*corners(boxes[found]).tolist())
        return Detection(
            box=box.clipped() or box,
            score=float(scores[found]),
            rivalry=float(rivalry[found]),
            rival=self._names[int(rivals[found])],
        )

    def _search(self, pixels: Floats, number: int) -> tuple[Floats, Floats]:
        """All candidate boxes (n, 4: centre x, centre y, width, height) with the score of the better view."""
        found: list[tuple[Floats, Floats]] = []
        for width, height in self._extents(self._aspects[self._names[number]], pixels.shape[0] / pixels.shape[1]):
            xs, ys = centres(width, self.config.stride), centres(height, self.config.stride)
            size = np.array([width, height], dtype=np.float32)
            crops = cut_on_grid(pixels, (xs, ys), size, self._rough.grid)
            scores = self._rough.scores(crops, number)
            keep = np.argsort(scores)[-2 * self.config.candidates :]
            y, x = np.divmod(keep, len(xs))
            found.append((np.column_stack([xs[x], ys[y], np.tile(size, (len(keep), 1))]), scores[keep]))
        if not found:
            raise UsageError(
                f"{self._names[number]!r} fits into no frame of {pixels.shape[1]}x{pixels.shape[0]} pixels: it is "
                f"{self._aspects[self._names[number]]:.1f} times as wide as high"
            )
        return np.concatenate([boxes for boxes, _ in found]), np.concatenate([scores for _, scores in found])

    def _extents(self, aspect: float, frame_aspect: float) -> Iterator[tuple[float, float]]:
        least, most = self.config.heights
        heights = least * self.config.scale_step ** np.arange(np.log(most / least) / np.log(self.config.scale_step) + 1)
        for height, stretch in product(heights.tolist(), self.config.stretches):
            width = height * aspect * stretch * frame_aspect
            if height <= 1 and least / 2 <= width <= 1:
                yield width, height

    def _improve(self, pixels: Floats, boxes: Floats, step: float, number: int) -> tuple[Floats, Floats]:
        """Each box moved and scaled a little in every way; the best of each family."""
        family = neighbours(boxes, step)
        crops = cut(pixels, family.reshape(-1, 4), self._bank.grid)
        scores = self._bank.scores(crops, number).reshape(family.shape[:2])
        width, height = family[..., 2] * (pixels.shape[1] / pixels.shape[0]), family[..., 3]
        stretch = np.abs(np.log(width / height / self._aspects[self._names[number]]))
        low, high = self.config.heights
        scores[(height < low) | (height > high) | (stretch > np.log(self.config.most_stretch))] = -np.inf
        best = scores.argmax(axis=1)
        rows = np.arange(len(boxes))
        return family[rows, best], scores[rows, best]

    def _best_of(
        self, pixels: Floats, boxes: Floats, scores: Floats, number: int, bank: _Bank
    ) -> tuple[Floats, Floats]:
        """The quarter of the boxes that is least in doubt."""
        rivalry, _ = self._rivalry(pixels, boxes, number, bank)
        kept = np.argsort(_doubt(scores, rivalry))[: -(-len(boxes) // 4)]
        return boxes[kept], scores[kept]

    def _rivalry(
        self, pixels: Floats, boxes: Floats, number: int, bank: _Bank, steps: tuple[float, ...] = ()
    ) -> tuple[Floats, NDArray[np.intp]]:
        """For each box the thing's unexplained rest over that of its rival, and who that is, (n,) each.

        Every template may choose its view, and the best of them the box or one that differs from it by a step.
        """
        names = np.arange(len(self._names))
        rests = bank.rests_of(cut(pixels, boxes, bank.grid), names)
        if steps:
            near = np.argsort(rests, axis=1)[:, :_RIVALS].ravel()
            names = np.unique(np.append(near, number))
            family = np.concatenate([boxes[:, None], *(neighbours(boxes, step)[:, 1:] for step in steps)], axis=1)
            crops = cut(pixels, family.reshape(-1, 4), bank.grid)
            rests = bank.rests_of(crops, names).reshape(*family.shape[:2], -1).min(axis=1)
        rests += _FLOOR
        mine = rests[:, names == number][:, 0]
        rests[:, names == number] = np.inf
        return mine / rests.min(axis=1), names[rests.argmin(axis=1)]


# By how much boxes are moved and scaled, as fractions of their sides, from the search's grid to a fraction of a pixel.
_STEPS = (0.08, 0.08, 0.05, 0.05, 0.03, 0.03, 0.015, 0.008)

# How many templates are tried in several places as a box's rivals.
_RIVALS = 8

# A rival may sit a little differently: the whole of a man explains what his upper half has in common with a boy.
_RIVAL_STEPS = (0.03, 0.1)

# What a background may look like behind a thing: powers of x and y. Most of it changes from top to bottom.
_GROUND = ((0, 0), (1, 0), (0, 1), (2, 0), (0, 2), (0, 3))

# A crop without any contrast has no variance to explain; this much, per pixel and channel, is noise.
_FLOOR = 0.02**2


@dataclass(frozen=True, kw_only=True)
class _View:
    """A template on the grid: ``colour`` (cells, cells, 3) times alpha, and ``alpha`` (cells, cells)."""

    colour: Floats
    alpha: Floats


def _views(name: str, image: Image.Image, config: DetectorConfig) -> Iterator[_View]:
    """Both sides of a thing, in every softness."""
    inner = image.convert("RGBA").convert("RGBa").resize((config.cells, config.cells), Image.Resampling.BOX)
    pixels = np.pad(np.asarray(inner, dtype=np.float32) / 255, ((config.margin,) * 2, (config.margin,) * 2, (0, 0)))
    if pixels[..., 3].max() < 0.5:
        raise UsageError(f"the template {name!r} shows nothing", hint="give an RGBA picture cropped to the thing")
    for side, sigma in product((pixels, pixels[:, ::-1]), config.softness):
        soft = gaussian_filter(side, (sigma, sigma, 0), mode="constant")
        yield _View(colour=soft[..., :3], alpha=soft[..., 3])


class _Bank:
    """All templates as matrices, so that crops are compared with many at once.

    Cells of the thing weigh 1 and cells around it ``surround``. For each view: ``clear`` (terms, cells) reads from a
    crop the coefficients of what the background can explain, in an orthonormal basis; ``shown`` (3 channels, cells)
    reads how much of the thing is in it, apart from that; ``weight`` (cells).
    """

    def __init__(self, templates: Mapping[str, Image.Image], config: DetectorConfig) -> None:
        views = [view for name, image in templates.items() for view in _views(name, image, config)]
        self.grid = Grid(cells=config.cells, margin=config.margin)
        self._gain = config.gain
        self._each = len(views) // len(templates)
        axis = np.linspace(-1, 1, self.grid.side, dtype=np.float32)
        x, y = np.meshgrid(axis, axis)
        ground = np.stack([x**i * y**j for i, j in _GROUND]).reshape(len(_GROUND), -1)
        clear, shown, energy, weights = [], [], [], []
        for view in views:
            alpha = view.alpha.reshape(-1)
            weight = alpha + config.surround * (1 - alpha)
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

    def rests(self, crops: Floats, views: slice | NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Weighted mean square of what each view leaves unexplained of crops (n, 3, cells), and of their variance.

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

    def rests_of(self, crops: Floats, numbers: NDArray[np.intp]) -> Floats:
        """What templates leave unexplained in their best views, (n, numbers)."""
        views = (numbers[:, None] * self._each + np.arange(self._each)).ravel()
        best: Floats = self.rests(crops, views)[0].reshape(len(crops), len(numbers), -1).min(axis=2)
        return best

    def scores(self, crops: Floats, number: int) -> Floats:
        """Share of each crop's variance that a template explains in its best view, (n,)."""
        rest, variance = self.rests(crops, slice(number * self._each, (number + 1) * self._each))
        explained: Floats = 1 - (rest + _FLOOR) / (variance + _FLOOR)
        return np.asarray(explained.max(axis=1))


def _doubt(scores: Floats, rivalry: Floats) -> Floats:
    """``Detection.doubt`` of many boxes."""
    doubt: Floats = (1 - scores) * rivalry**2
    return doubt


def _distinct(boxes: Floats, scores: Floats, count: int) -> tuple[Floats, Floats]:
    """The best boxes, leaving out those that say almost the same as a better one."""
    edges, area = corners(boxes), boxes[:, 2] * boxes[:, 3]
    open_ = scores.copy()
    kept: list[int] = []
    while len(kept) < count and np.isfinite(open_[best := int(open_.argmax())]):
        kept.append(best)
        sides = np.minimum(edges[best, 2:], edges[:, 2:]) - np.maximum(edges[best, :2], edges[:, :2])
        shared = np.maximum(sides, 0).prod(axis=1)
        open_[shared / (area[best] + area - shared) >= 0.6] = -np.inf
    return boxes[kept], scores[kept]
