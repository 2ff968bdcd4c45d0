"""Edits of layouts: size, position and timing. Functions from a layout to a layout, inside the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from videodirector.planner.refine.edit_errors import EditError, NoChangeError
from videodirector.schemas import KEY_BOXES, Box, Layout, dense

__all__ = [
    "BesideRelation",
    "change_speed",
    "displace",
    "fit_inside",
    "freeze",
    "keep_half",
    "move_beside",
    "move_to",
    "resample",
    "resize",
    "shift_appearance",
    "shift_departure",
    "swap_layouts",
]

MAX_SIDE = 0.98  # of the picture's side
_LEAST_MOVE = 0.005

BesideRelation = Literal["left of", "right of", "next to", "on", "above", "under", "behind", "in front of"]


def resample(layout: Sequence[Box | None], keys: int) -> Layout:
    """Return the layout with this many keys; unchanged when it has them."""
    return list(layout) if len(layout) == keys else dense(layout, keys)


def _list_boxes(layout: Sequence[Box | None]) -> list[Box]:
    return [Box(*box) for box in layout if box is not None]


def _map_boxes(layout: Sequence[Box | None], change: Callable[[Box], Box]) -> Layout:
    return [None if box is None else fit_inside(change(Box(*box))) for box in layout]


def fit_inside(box: Box) -> Box:
    """Shift a box into the picture, and clip it if it is larger; rounded to three digits."""
    width, height = min(box.width, MAX_SIDE), min(box.height, MAX_SIDE)
    x = min(max(box.centre[0], width / 2), 1 - width / 2)
    y = min(max(box.centre[1], height / 2), 1 - height / 2)
    found = Box.around(x, y, width, height)
    return Box(*(min(max(round(value, 3), 0.0), 1.0) for value in found))


def resize(layout: Sequence[Box | None], factor: float) -> Layout:
    """Scale about the middle of the lower edge, so that feet stay on the ground.

    Raises:
        EditError: it fills the picture already, or there would be nothing left to see.
    """
    boxes = _list_boxes(layout)
    most = min((min(MAX_SIDE / box.width, MAX_SIDE / box.height) for box in boxes), default=factor)
    least = max((0.02 / min(box.width, box.height) for box in boxes), default=factor)
    factor = min(factor, most) if factor > 1 else max(factor, least)
    if abs(factor - 1) < 0.01:
        raise NoChangeError("it fills the picture already" if most < 1.01 else "it is too small to become smaller")

    def grown(box: Box) -> Box:
        width, height = box.width * factor, box.height * factor
        return Box.around(box.centre[0], box.y1 - height / 2, width, height)

    return _map_boxes(layout, grown)


def displace(layout: Sequence[Box | None], dx: float, dy: float) -> Layout:
    """Move as a whole, as far as the edges of the picture allow.

    Raises:
        EditError: it is at that edge already.
    """
    boxes = _list_boxes(layout)
    if boxes:
        dx = min(max(dx, -min(box.x0 for box in boxes)), 1 - max(box.x1 for box in boxes))
        dy = min(max(dy, -min(box.y0 for box in boxes)), 1 - max(box.y1 for box in boxes))
    if max(abs(dx), abs(dy)) < _LEAST_MOVE:
        raise NoChangeError("it is as far there as the picture allows")
    return _map_boxes(layout, lambda box: box.moved(dx, dy))


def move_to(layout: Sequence[Box | None], x: float | None, y: float | None) -> Layout:
    """Move as a whole so that the middle of its trajectory is at (x, y); None leaves that coordinate."""
    boxes = _list_boxes(layout)
    xs, ys = [box.centre[0] for box in boxes], [box.centre[1] for box in boxes]
    dx = 0.0 if x is None else x - (min(xs) + max(xs)) / 2
    dy = 0.0 if y is None else y - (min(ys) + max(ys)) / 2
    return displace(layout, dx, dy)


def move_beside(layout: Sequence[Box | None], kind: BesideRelation, other: Sequence[Box | None]) -> Layout:
    """Move into this relation to another entity on all keys, keeping its size."""
    found: Layout = []
    there = _list_boxes(other)
    for box, base in zip(layout, resample(other, len(layout)), strict=True):
        found.append(None if box is None else fit_inside(_place_box(Box(*box), kind, base or there[0])))
    return found


def _place_box(box: Box, kind: BesideRelation, base: Box) -> Box:
    x, _y = base.centre
    feet = base.y1 - box.height / 2
    side = (base.width + box.width) / 2 + 0.02
    if kind == "next to":
        kind = "left of" if x > 0.5 else "right of"
    places: dict[str, tuple[float, float]] = {
        "left of": (x - side, feet),
        "right of": (x + side, feet),
        "on": (x, base.y0 - box.height / 2 + 0.02),
        "above": (x, base.y0 - box.height / 2 - 0.06),
        "under": (x, base.y1 + box.height / 2 + 0.02),
        "behind": (x + base.width / 4, feet - 0.06),
        "in front of": (x - base.width / 5, feet + 0.06),
    }
    return Box.around(*places[kind], box.width, box.height)


def swap_layouts(one: Sequence[Box | None], other: Sequence[Box | None]) -> tuple[Layout, Layout]:
    """Exchange two trajectories, each entity keeping its size."""

    def along(own: Sequence[Box | None], way: Sequence[Box | None]) -> Layout:
        sizes = resample(own, len(way))
        first = _list_boxes(own)[0]
        found: Layout = []
        for size, place in zip(sizes, way, strict=True):
            width, height = (size or first).width, (size or first).height
            feet = None if place is None else Box.around(place.centre[0], place.y1 - height / 2, width, height)
            found.append(None if feet is None else fit_inside(feet))
        return found

    return along(one, other), along(other, one)


@dataclass(frozen=True, slots=True)
class _Span:
    """The first and the last key at which a layout is visible."""

    first: int
    last: int

    @classmethod
    def from_layout(cls, layout: Sequence[Box | None]) -> _Span:
        seen = [key for key, box in enumerate(layout) if box is not None]
        if not seen:
            raise EditError("it is never seen there")
        return cls(seen[0], seen[-1])


def shift_appearance(layout: Sequence[Box | None], *, later: bool, keys: int = 2) -> Layout:
    """Appear later or earlier.

    Raises:
        EditError: it is there from the beginning, or not there long enough.
    """
    layout = _ensure_keys(layout)
    span = _Span.from_layout(layout)
    if later:
        begin = min(span.first + keys, span.last)
        if begin == span.first:
            raise NoChangeError("it could not appear any later")
        return [None if key < begin else box for key, box in enumerate(layout)]
    if span.first == 0:
        raise NoChangeError("it is there from the beginning")
    begin = max(span.first - keys, 0)
    return [layout[span.first] if begin <= key < span.first else box for key, box in enumerate(layout)]


def shift_departure(layout: Sequence[Box | None], *, later: bool, keys: int = 2) -> Layout:
    """Leave later or earlier: ``shift_appearance``, reversed in time."""
    try:
        return shift_appearance(list(layout)[::-1], later=not later, keys=keys)[::-1]
    except NoChangeError:
        raise NoChangeError("it is there until the end" if later else "it could not leave any earlier") from None


def keep_half(layout: Sequence[Box | None], which: Literal["first", "second"]) -> Layout:
    """Show in one half of the scene only."""
    layout = _ensure_keys(layout)
    span = _Span.from_layout(layout)
    middle = len(layout) // 2
    filled = [box or layout[span.first if key < span.first else span.last] for key, box in enumerate(layout)]
    return [box if (key < middle) == (which == "first") else None for key, box in enumerate(filled)]


def freeze(layout: Sequence[Box | None]) -> Layout:
    """Keep the first visible box throughout."""
    first = layout[_Span.from_layout(layout).first]
    return [None if box is None else first for box in layout]


def change_speed(layout: Sequence[Box | None], factor: float) -> Layout:
    """Change the speed along the trajectory: faster (it rests at the end) or slower (it stops before).

    Raises:
        EditError: it does not move.
    """
    layout = _ensure_keys(layout)
    if len({box for box in layout if box is not None}) < 2:
        raise EditError("it does not move")
    fine = 24
    points = dense(layout, (len(layout) - 1) * fine + 1)
    last = len(points) - 1
    found = [points[min(round(key * fine * factor), last)] for key in range(len(layout))]
    return [None if box is None else fit_inside(box) for box in found]


def _ensure_keys(layout: Sequence[Box | None]) -> Layout:
    return resample(layout, KEY_BOXES) if len(layout) < KEY_BOXES else list(layout)
