"""Find a thing in a picture by comparing crops with the atlas, without a trained model.

Every candidate box is cut out and resampled to one small grid, the thing in the middle and a margin around it. Such a
crop is explained by a template as

    crop = gain * alpha * colour + (1 - alpha) * (a polynomial in x and y)

the thing as the atlas shows it, before a background that changes slowly, both fitted by least squares. The share of
the crop's variance that this explains is the score: colours, inner pattern and outline must all be right at once, while
brightness and background are free. The rival is the other template that explains the same crop best; a thing
counts as found where it leaves clearly less unexplained than its rival does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videodirector.errors import UsageError
from videodirector.evaluation.instruments._template_bank import (
    NOISE_VARIANCE,
    Floats,
    Grid,
    TemplateBank,
    crop_boxes,
    crop_on_grid,
    list_neighbours,
    spread_centres,
    to_corners,
)
from videodirector.schemas import Box

__all__ = ["Detection", "Detector", "DetectorConfig"]

Frame = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class DetectorConfig:
    """Settings of search and acceptance.

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
    """Finds things by their templates.

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
        cells, surround, gain = self.config.cells, self.config.surround, self.config.gain
        grid = Grid(cells=cells, margin=self.config.margin)
        self._bank = TemplateBank(templates, grid=grid, softness=self.config.softness, surround=surround, gain=gain)
        # The search looks at many boxes and only has to come near: fewer cells do, and one softness.
        glance = Grid(cells=round(cells * 2 / 3), margin=1)
        self._rough = TemplateBank(templates, grid=glance, softness=(0.4,), surround=surround, gain=gain)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the templates."""
        return self._names

    def find(self, frame: Frame, name: str) -> Detection | None:
        """Return the thing's place in a frame, or None when it is not there.

        Args:
            frame: RGB, shape (height, width, 3).
            name: one of ``names``.

        Raises:
            UsageError: no such template, or not such a frame.
        """
        best = self.find_best(frame, name)
        return best if self._is_believable(best) else None

    def find_near(self, frame: Frame, name: str, box: Box) -> Detection | None:
        """Return the thing's place in a frame if it is about where it was a moment ago; much quicker than ``find``.

        Raises:
            UsageError: as ``find``.
        """
        pixels, number = self._prepare_frame(frame, name)
        here = np.array([[*box.centre, box.width, box.height]], dtype=np.float32)
        around = np.concatenate([here, *(list_neighbours(here, step)[0, 1:] for step in _NEAR_STEPS)])
        scores = self._bank.scores(crop_boxes(pixels, around, self._bank.grid), number)
        boxes, scores = _select_fittest(around, scores, _NEAR_CANDIDATES)
        for step in _STEPS[:3]:
            boxes, scores = self._improve(pixels, boxes, step, number)
        best = self._refine_boxes(pixels, *_select_fittest(boxes, scores, 1), number, _STEPS[3:])[0]
        return best if self._is_believable(best) else None

    def find_all(self, frame: Frame, name: str, *, most: int = 8) -> tuple[Detection, ...]:
        """Return every place of the thing in a frame, the surest first, no two on the same spot; at most so many.

        Raises:
            UsageError: as ``find``.
        """
        pixels, number = self._prepare_frame(frame, name)
        boxes, scores = _suppress_non_maxima(*self._search(pixels, number), 2 * self.config.candidates)
        rivalry, _ = self._compute_rivalry(pixels, boxes, number, self._rough)
        boxes, scores = _suppress_non_maxima(boxes, -_compute_doubt(scores, rivalry), 3 * most, overlap=_MAX_OVERLAP)
        for step in _STEPS[:3]:
            boxes, scores = self._improve(pixels, boxes, step, number)
        boxes, scores = _suppress_non_maxima(boxes, scores, 2 * most, overlap=_MAX_OVERLAP)
        found: list[Detection] = []
        for detection in self._refine_boxes(pixels, boxes, scores, number, _STEPS[3:]):
            if self._is_believable(detection) and not any(
                _compute_overlap(detection.box, other.box) > _MAX_OVERLAP for other in found
            ):
                found.append(detection)
        return tuple(found[:most])

    def find_most_similar(self, frame: Frame, box: Box, names: Sequence[str]) -> str:
        """Return which of these things looks most like what is in a box: the colour variant of a thing, for one.

        Raises:
            UsageError: as ``find``, for any of the names.
        """
        pixels, _ = self._prepare_frame(frame, names[0])
        numbers = np.array([self._prepare_frame(frame, name)[1] for name in names])
        here = np.array([[*box.centre, box.width, box.height]], dtype=np.float32)
        family = np.concatenate([here, list_neighbours(here, _RIVAL_STEPS[0])[0, 1:]])
        rests = self._bank.compute_best_residuals(crop_boxes(pixels, family, self._bank.grid), numbers).min(axis=0)
        return names[int(rests.argmin())]

    def find_best(self, frame: Frame, name: str) -> Detection:
        """Return the likeliest place of the thing, whether or not it is believable; see ``find``."""
        pixels, number = self._prepare_frame(frame, name)
        boxes, scores = _suppress_non_maxima(*self._search(pixels, number), self.config.candidates)
        boxes, scores = self._select_best(pixels, boxes, scores, number, self._rough)
        for step in _STEPS[:3]:
            boxes, scores = self._improve(pixels, boxes, step, number)
        boxes, scores = self._select_best(pixels, boxes, scores, number, self._bank)
        return self._refine_boxes(pixels, boxes, scores, number, _STEPS[3:])[0]

    def _prepare_frame(self, frame: Frame, name: str) -> tuple[Floats, int]:
        """Return the frame with values in [0, 1], and the number of the template."""
        if name not in self._aspects:
            raise UsageError(f"the detector has no picture of {name!r}", hint=f"it knows {', '.join(self._names)}")
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
            raise UsageError(
                f"a frame is uint8 of shape (height, width, 3), found {frame.dtype} of shape {frame.shape}",
                hint="evaluate one frame at a time",
            )
        return np.divide(frame, 255, dtype=np.float32), self._names.index(name)

    def _is_believable(self, detection: Detection) -> bool:
        return detection.doubt <= self.config.doubt and detection.rivalry <= self.config.rivalry

    def _refine_boxes(
        self, pixels: Floats, boxes: Floats, scores: Floats, number: int, steps: Sequence[float]
    ) -> list[Detection]:
        """Return the boxes fitted by ever smaller steps, as detections, the least doubtful first."""
        for step in steps:
            boxes, scores = self._improve(pixels, boxes, step, number)
        rivalry, rivals = self._compute_rivalry(pixels, boxes, number, self._bank, _RIVAL_STEPS)
        edges = [Box(*sides) for sides in to_corners(boxes).tolist()]
        return [
            Detection(
                box=edges[row].clipped() or edges[row],
                score=float(scores[row]),
                rivalry=float(rivalry[row]),
                rival=self._names[int(rivals[row])],
            )
            for row in np.argsort(_compute_doubt(scores, rivalry)).tolist()
        ]

    def _search(self, pixels: Floats, number: int) -> tuple[Floats, Floats]:
        """Return all candidate boxes (n, 4: centre x, centre y, width, height) with the score of the better view."""
        found: list[tuple[Floats, Floats]] = []
        for width, height in self._iter_extents(self._aspects[self._names[number]], pixels.shape[0] / pixels.shape[1]):
            xs, ys = spread_centres(width, self.config.stride), spread_centres(height, self.config.stride)
            size = np.array([width, height], dtype=np.float32)
            crops = crop_on_grid(pixels, (xs, ys), size, self._rough.grid)
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

    def _iter_extents(self, aspect: float, frame_aspect: float) -> Iterator[tuple[float, float]]:
        least, most = self.config.heights
        heights = least * self.config.scale_step ** np.arange(np.log(most / least) / np.log(self.config.scale_step) + 1)
        for height, stretch in product(heights.tolist(), self.config.stretches):
            width = height * aspect * stretch * frame_aspect
            if height <= 1 and least / 2 <= width <= 1:
                yield width, height

    def _improve(self, pixels: Floats, boxes: Floats, step: float, number: int) -> tuple[Floats, Floats]:
        """Return each box moved and scaled a little in every way; the best of each family."""
        family = list_neighbours(boxes, step)
        crops = crop_boxes(pixels, family.reshape(-1, 4), self._bank.grid)
        scores = self._bank.scores(crops, number).reshape(family.shape[:2])
        width, height = family[..., 2] * (pixels.shape[1] / pixels.shape[0]), family[..., 3]
        stretch = np.abs(np.log(width / height / self._aspects[self._names[number]]))
        low, high = self.config.heights
        scores[(height < low) | (height > high) | (stretch > np.log(self.config.most_stretch))] = -np.inf
        best = scores.argmax(axis=1)
        rows = np.arange(len(boxes))
        return family[rows, best], scores[rows, best]

    def _select_best(
        self, pixels: Floats, boxes: Floats, scores: Floats, number: int, bank: TemplateBank
    ) -> tuple[Floats, Floats]:
        """Return the quarter of the boxes that is least in doubt."""
        rivalry, _ = self._compute_rivalry(pixels, boxes, number, bank)
        kept = np.argsort(_compute_doubt(scores, rivalry))[: -(-len(boxes) // 4)]
        return boxes[kept], scores[kept]

    def _compute_rivalry(
        self, pixels: Floats, boxes: Floats, number: int, bank: TemplateBank, steps: tuple[float, ...] = ()
    ) -> tuple[Floats, NDArray[np.intp]]:
        """For each box the thing's unexplained rest over that of its rival, and who that is, (n,) each.

        Every template may choose its view, and the best of them the box or one that differs from it by a step.
        """
        names = np.arange(len(self._names))
        rests = bank.compute_best_residuals(crop_boxes(pixels, boxes, bank.grid), names)
        if steps:
            near = np.argsort(rests, axis=1)[:, :_MAX_RIVALS].ravel()
            names = np.unique(np.append(near, number))
            family = np.concatenate([boxes[:, None], *(list_neighbours(boxes, step)[:, 1:] for step in steps)], axis=1)
            crops = crop_boxes(pixels, family.reshape(-1, 4), bank.grid)
            rests = bank.compute_best_residuals(crops, names).reshape(*family.shape[:2], -1).min(axis=1)
        rests += NOISE_VARIANCE
        mine = rests[:, names == number][:, 0]
        rests[:, names == number] = np.inf
        return mine / rests.min(axis=1), names[rests.argmin(axis=1)]


# By how much boxes are moved and scaled, as fractions of their sides, from the search's grid to a fraction of a pixel.
_STEPS = (0.08, 0.08, 0.05, 0.05, 0.03, 0.03, 0.015, 0.008)

# How many templates are tried in several places as a box's rivals.
_MAX_RIVALS = 8

# A rival may sit a little differently: the whole of a man explains what his upper half has in common with a boy.
_RIVAL_STEPS = (0.03, 0.1)

# Where a thing is looked for that was seen a moment ago, and how many of these places are looked at closely.
_NEAR_STEPS = (0.08, 0.2)
_NEAR_CANDIDATES = 3

# Two detections of a name that overlap by so much are one thing, or one is a part of the other.
_MAX_OVERLAP = 0.3


def _compute_doubt(scores: Floats, rivalry: Floats) -> Floats:
    """``Detection.doubt`` of many boxes."""
    doubt: Floats = (1 - scores) * rivalry**2
    return doubt


def _compute_overlap(a: Box, b: Box) -> float:
    """Return which part of the smaller box the other one covers."""
    return a.overlap(b) / min(a.area, b.area)


def _select_fittest(boxes: Floats, scores: Floats, count: int) -> tuple[Floats, Floats]:
    kept = np.argsort(scores)[-count:]
    return boxes[kept], scores[kept]


def _suppress_non_maxima(boxes: Floats, scores: Floats, count: int, *, overlap: float = 0.6) -> tuple[Floats, Floats]:
    """Return the best boxes, leaving out those that overlap a better one by so much (intersection over union)."""
    edges, area = to_corners(boxes), boxes[:, 2] * boxes[:, 3]
    open_ = scores.copy()
    kept: list[int] = []
    while len(kept) < count and np.isfinite(open_[best := int(open_.argmax())]):
        kept.append(best)
        sides = np.minimum(edges[best, 2:], edges[:, 2:]) - np.maximum(edges[best, :2], edges[:, :2])
        shared = np.maximum(sides, 0).prod(axis=1)
        open_[shared / (area[best] + area - shared) >= overlap] = -np.inf
    return boxes[kept], scores[kept]
