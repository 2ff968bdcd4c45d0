"""Recognise the coordinate convention of boxes: their order, and fractions, percent, thousandths or pixels.

One model means one thing throughout an answer, so the convention is found from all boxes of the answer together. A box
that does not fit is then repaired on its own, and does not change how the others are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from videodirector.schemas import Box

__all__ = ["Convention", "Order", "RawBox", "recognise_convention"]

Order = Literal["xyxy", "xywh", "yxyx", "cxcywh"]

_WORDS: dict[Order, str] = {
    "xyxy": "left, top, right, bottom",
    "xywh": "left, top, width, height",
    "yxyx": "top, left, bottom, right",
    "cxcywh": "centre x, centre y, width, height",
}
_CANVAS = re.compile(r"\b(\d{3,4})\s*(?:x|×|by)\s*(\d{3,4})\b")
_SAYS_YX = re.compile(r"box_?2d|y_?(?:min|1|0)\W{1,4}x_?(?:min|1|0)\W{1,4}y_?(?:max|2|1)", re.IGNORECASE)
_SAYS_WH = re.compile(r"\bxywh\b|\bx,\s*y,\s*w(?:idth)?,\s*h", re.IGNORECASE)
_BOXES_LIKE_GEMINI = re.compile(r"gemini|gemma", re.IGNORECASE)  # documented as [y0, x0, y1, x1] in 0..1000
_SIDEWAYS = re.compile(
    r"left to (?:the )?right|right to (?:the )?left|(?:to|towards?|from) (?:the |its )?(?:left|right)"
    r"|(?:left|right)wards?",
    re.IGNORECASE,
)
_UPRIGHT = re.compile(
    r"\b(?:up|down|upwards?|downwards?|top|bottom|above|below|ris\w+|rose|fall\w*|fell|climb\w*|jump\w*|fl(?:y|ies|ew)"
    r"|land\w*|sink\w*|drop\w*|lower|upper|toss\w*|bounc\w+"
    r"|tak\w+ off|div\w+|leap\w*|hop\w*|float\w*|lift\w*|rais\w+|plung\w+|launch\w*|pours?|pouring|spills?)\b",
    re.IGNORECASE,
)
_FALLS = re.compile(
    r"\b(?:top to (?:the )?bottom|bottom to (?:the )?top|falls?|drops?|upwards|downwards)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class RawBox:
    """Four numbers as given; ``order`` if their names say it."""

    values: tuple[float, float, float, float]
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Convention:
    """How boxes are written: the order of the numbers, and the width and height of the picture."""

    order: Order = "xyxy"
    width: float = 1.0
    height: float = 1.0

    def to_box(self, raw: RawBox) -> Box:
        """Convert to fractions of the picture; nothing is clipped or reordered."""
        a, b, c, d = raw.values
        order = raw.order or self.order
        if order == "yxyx":
            a, b, c, d = b, a, d, c
        elif order == "xywh":
            c, d = a + c, b + d
        elif order == "cxcywh":
            a, b, c, d = a - c / 2, b - d / 2, a + c / 2, b + d / 2
        return Box(a / self.width, b / self.height, c / self.width, d / self.height)

    @property
    def is_requested(self) -> bool:
        """Whether it is the one that the prompts request."""
        return self == Convention()

    def __str__(self) -> str:
        if self.width == self.height == 1:
            unit = "fractions"
        elif self.width == self.height in (100, 1000):
            unit = "percent" if self.width == 100 else "thousandths"
        else:
            unit = f"pixels of {self.width:g} x {self.height:g}"
        return f"{_WORDS[self.order]} in {unit}"


def recognise_convention(
    tracks: Iterable[Sequence[RawBox | None]], *, context: str = "", canvas: tuple[float, float] | None = None
) -> Convention:
    """Recognise the convention of an answer.

    Args:
        tracks: all boxes of the answer, by entity, in time.
        said: what answer and question say besides boxes, and the model's name; it may tell a picture size, an order, or
            a direction of motion.
        canvas: the picture size in pixels, if the question named one.

    Returns:
        That of the prompts, unless the boxes speak clearly for another one.
    """
    lines = [line for track in tracks if (line := [raw for raw in track if raw is not None])]
    if not lines:
        return Convention()
    unnamed = [line for track in lines if (line := [raw for raw in track if raw.order is None])]
    order = _infer_order(unnamed, context) if unnamed else "xyxy"
    ends = [Convention(order).to_box(raw) for line in lines for raw in line]
    width, height = _infer_size(
        _find_typical(max(abs(box.x0), abs(box.x1)) for box in ends),
        _find_typical(max(abs(box.y0), abs(box.y1)) for box in ends),
        canvas or _find_canvas(context),
        certain=canvas is not None,
    )
    if (order, width, height) == ("xyxy", 1000, 1000) and _BOXES_LIKE_GEMINI.search(context) and unnamed:
        order = "yxyx"
    return Convention(order, width, height)


def _find_typical(values: Iterable[float]) -> float:
    """Return the ninth decile: the largest may be a slip, or an entity that leaves the picture."""
    ordered = sorted(values)
    return ordered[int(0.9 * (len(ordered) - 1))]


def _find_canvas(context: str) -> tuple[float, float] | None:
    match = _CANVAS.search(context)
    return (float(match[1]), float(match[2])) if match else None


def _infer_size(x: float, y: float, canvas: tuple[float, float] | None, *, certain: bool) -> tuple[float, float]:
    most = max(x, y)
    if most <= 2:
        return 1, 1
    if canvas is not None and (certain or most > 100):
        return canvas
    if most <= 110:
        return 100, 100
    for side in (256, 512):  # boxes are requested as large as sensible, so they reach far into the picture
        if most <= 1.05 * side:
            return side, side
    if most <= 1050:
        return 1000, 1000
    for wide, high in ((1024, 576), (1280, 720), (1920, 1080), (3840, 2160)):
        if x <= 1.05 * wide:
            return wide, high if y <= 1.05 * high else wide
    return most, most


def _infer_order(lines: Sequence[Sequence[RawBox]], context: str) -> Order:
    if _SAYS_WH.search(context) or _score_flaws(lines, "xywh") + 0.1 < _score_flaws(lines, "xyxy"):
        return "xywh"
    return "yxyx" if _SAYS_YX.search(context) or _is_motion_transposed(lines, context) else "xyxy"


def _score_flaws(lines: Sequence[Sequence[RawBox]], order: Order) -> float:
    """Score the flaws of boxes read in this order: reversed sides, parts outside of the picture, jumps in size."""
    convention = Convention(order)
    boxes = [[convention.to_box(raw) for raw in line] for line in lines]
    every = [box for line in boxes for box in line]
    turned = sum(box.x1 <= box.x0 or box.y1 <= box.y0 for box in every) / len(every)
    largest = max(max(raw.values) for line in lines for raw in line)
    # The picture is at least as large as the largest number, and not much larger if that number is an edge.
    edge = 1.02 * next((side for side in (1, 100, 256, 512, 1000) if largest <= 1.02 * side), largest)
    outside = sum(min(box.x0, box.y0) < 0 or max(box.x1, box.y1) > edge for box in every) / len(every)
    jumps = [
        abs(a - b) / max(abs(a), abs(b), 1e-9)
        for line in boxes
        for before, after in pairwise(line)
        for a, b in ((before.width, after.width), (before.height, after.height))
    ]
    return 2 * turned + outside + (sum(jumps) / len(jumps) if jumps else 0.0)


def _is_motion_transposed(lines: Sequence[Sequence[RawBox]], context: str) -> bool:
    """Return whether motion read as x before y is transposed against the words, or implausible without them."""
    convention = Convention()
    boxes = [[convention.to_box(raw) for raw in line] for line in lines]
    across = sum(abs(line[-1].centre[0] - line[0].centre[0]) for line in boxes)
    along = sum(abs(line[-1].centre[1] - line[0].centre[1]) for line in boxes)
    if _UPRIGHT.search(context):
        return bool(_FALLS.search(context)) and not _SIDEWAYS.search(context) and across > 3 * along
    if _SIDEWAYS.search(context):
        return along > 3 * across
    # Nothing is said of up and down, and what comes nearer would grow.
    grows = any(abs(line[-1].height - line[0].height) > 0.1 * line[0].height for line in boxes)
    edge = max(max(raw.values) for line in lines for raw in line)
    return not grows and along > 10 * across and along > 0.3 * edge
