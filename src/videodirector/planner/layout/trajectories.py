"""Trajectories: the key boxes of one actor, in its cell of the picture or relative to its ground."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from videodirector.planner.layout.motion import Path, Point
from videodirector.schemas import KEY_BOXES, Box

__all__ = [
    "GAP",
    "MARGIN",
    "Actor",
    "Cell",
    "Relation",
    "RelationKind",
    "build_attached_track",
    "build_track",
    "hide_outside_half",
]

MARGIN = 0.03
GAP = 0.02

RelationKind = Literal[
    "left of", "right of", "on", "under", "above", "between", "behind", "in front of", "next to", "inside"
]


@dataclass(slots=True, kw_only=True)
class Actor:
    """One entity of a scene, before it has boxes.

    Attributes:
        id: the entity.
        height: as a fraction of the picture.
        aspect: width over height.
        level: how high it stays: 0 on the ground, 1 at the top; 0.5 and more has the upper storey of the picture.
        path, direction, airborne, begin, end, via, onto: its motion, see ``Motion``.
        target: the entity its motion is aimed at.
        half: the half of the scene in which it is visible, None for both.
        last_x: its position at the end of an earlier scene, which is kept; None for a new actor.
    """

    id: str
    height: float
    aspect: float
    level: float = 0.0
    path: Path = "still"
    direction: int = 0
    airborne: bool = False
    begin: Point | None = None
    end: Point | None = None
    via: tuple[Point, ...] = ()
    onto: bool = False
    target: str | None = None
    half: Literal["first", "second"] | None = None
    last_x: float | None = None
    lift: float = 0.0  # raised by this much above what is under it
    shares_endpoints: bool = False  # others have the same begin and end
    shift: float = 0.0  # sideways from the centre of its ground
    inner_shift: float = 0.0  # above the middle of what it is in
    phase: float = 0.0  # of its circle, where it begins, in turns

    @property
    def aloft(self) -> bool:
        """Whether it belongs to the upper storey."""
        return self.level >= 0.5

    @property
    def width(self) -> float:
        """As a fraction of the picture."""
        return self.height * self.aspect

    @property
    def edge(self) -> int:
        """The side of the picture at which it enters or leaves: -1, 1, or 0 for either."""
        if self.begin is not None and self.begin[0] is not None:
            return -1 if self.begin[0] < 0.5 else 1
        if self.path == "leave":
            return self.direction or 1
        if self.path == "enter":
            return -self.direction or -1
        return 0


@dataclass(frozen=True, slots=True)
class Relation:
    """The relation of the entity ``figure`` to the entities ``grounds`` (two for "between")."""

    kind: RelationKind
    figure: str
    grounds: tuple[str, ...]


@dataclass(slots=True)
class Cell:
    """The part of the picture reserved for an actor."""

    x0: float
    x1: float
    top: float
    floor: float

    @property
    def x(self) -> float:
        return (self.x0 + self.x1) / 2


def build_track(actor: Actor, cell: Cell) -> list[Box | None]:
    if actor.path == "circle":
        return _orbit(actor, cell.x, (cell.top + cell.floor) / 2, (cell.x1 - cell.x0 - actor.width) / 2, 0.12)
    low = cell.floor - actor.height / 2 - actor.lift
    high = min(cell.top + actor.height / 2, low)
    level = max(actor.level, 0.7) if actor.airborne and actor.path in _LEVEL else actor.level
    rest = low + level * (high - low)
    left, right = cell.x0 + actor.width / 2, cell.x1 - actor.width / 2
    direction = actor.direction or (-1 if actor.path == "enter" and actor.edge > 0 else 1)
    start, stop = (left, right) if direction > 0 else (right, left)
    course = (_FLYING_TRAJECTORIES if actor.airborne and actor.path in _FLYING_TRAJECTORIES else _TRAJECTORIES)[
        actor.path
    ]
    points = course(_Range(start, stop, rest, high, low))
    if actor.begin is not None or actor.end is not None:
        points = _apply_endpoints(actor, points)
    boxes: list[Box | None] = [_make_box(actor, x, y, scale) for x, y, scale in points]
    if actor.path == "leave":
        boxes[-1] = None
    elif actor.path == "enter":
        boxes[0] = None
    elif actor.path == "appear":
        boxes[: KEY_BOXES // 2] = [None] * (KEY_BOXES // 2)
    elif actor.path == "vanish":
        boxes[-(KEY_BOXES // 2) :] = [None] * (KEY_BOXES // 2)
    return boxes


_LEVEL: frozenset[Path] = frozenset({"cross", "sway", "meet", "chase", "enter", "appear", "vanish"})

_TIMES = [key / (KEY_BOXES - 1) for key in range(KEY_BOXES)]

ScaledPoint = tuple[float, float, float]
"""Centre x, centre y and scale of a key."""


@dataclass(frozen=True, slots=True)
class _Range:
    """The range of an actor's centre in its cell: x from start to stop, y at rest, highest and lowest."""

    start: float
    stop: float
    rest: float
    high: float
    low: float

    @property
    def middle(self) -> float:
        return (self.start + self.stop) / 2


def _interpolate(begin: ScaledPoint, end: ScaledPoint) -> list[ScaledPoint]:
    (x0, y0, s0), (x1, y1, s1) = begin, end
    return [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, s0 + (s1 - s0) * t) for t in _TIMES]


def _move_level(x0: float, x1: float, y: float) -> list[ScaledPoint]:
    return _interpolate((x0, y, 1.0), (x1, y, 1.0))


def _scale_in_place(r: _Range, begin: float, end: float) -> list[ScaledPoint]:
    return _interpolate((r.middle, r.rest, begin), (r.middle, r.rest, end))


def _move_vertically(r: _Range, begin: float, end: float) -> list[ScaledPoint]:
    return _interpolate((r.middle, begin, 1.0), ((r.start + 2 * r.stop) / 3, end, 1.0))


def _move_in_arc(r: _Range) -> list[ScaledPoint]:
    rise = r.low - max(r.high, r.low - 0.35)
    return [(r.start + (r.stop - r.start) * t, r.low - rise * math.sin(math.pi * t), 1.0) for t in _TIMES]


def _swing(r: _Range) -> list[ScaledPoint]:
    reach = math.copysign(min(0.05, abs(r.stop - r.start) / 2), r.stop - r.start)
    return [(r.middle + reach * math.sin(2 * math.pi * t), r.rest, 1.0) for t in _TIMES]


_TRAJECTORIES: dict[Path, Callable[[_Range], list[ScaledPoint]]] = {
    "still": lambda r: _move_level(r.middle, r.middle, r.rest),
    "appear": lambda r: _move_level(r.middle, r.middle, r.rest),
    "vanish": lambda r: _move_level(r.middle, r.middle, r.rest),
    "cross": lambda r: _move_level(r.start, r.stop, r.rest),
    "meet": lambda r: _move_level(r.start, r.stop, r.rest),
    "chase": lambda r: _move_level(r.start, r.stop, r.rest),
    "enter": lambda r: _move_level(r.start, r.middle, r.rest),
    "leave": lambda r: _interpolate((r.middle, r.rest, 1.0), (r.stop, r.rest, 0.85)),
    "rise": lambda r: _move_vertically(r, r.low, r.high),
    "fall": lambda r: _move_vertically(r, r.high, r.low),
    "jump": _move_in_arc,
    "sway": _swing,
    "approach": lambda r: _scale_in_place(r, 0.5, 1.0),
    "grow": lambda r: _scale_in_place(r, 0.5, 1.0),
    "recede": lambda r: _scale_in_place(r, 1.0, 0.45),
    "shrink": lambda r: _scale_in_place(r, 1.0, 0.45),
}
_FLYING_TRAJECTORIES: dict[Path, Callable[[_Range], list[ScaledPoint]]] = {
    "leave": lambda r: _interpolate((r.start, r.low - 0.1, 1.0), (r.stop, r.high, 0.5)),
    "enter": lambda r: _interpolate((r.start, r.high, 0.6), (r.stop, r.rest, 1.0)),
}


def _apply_endpoints(actor: Actor, points: list[ScaledPoint]) -> list[ScaledPoint]:
    """Move the trajectory to the begin and end that the story gives."""
    (x0, y0, _), (x1, y1, _) = points[0], points[-1]
    begin, end = actor.begin or (None, None), actor.end or (None, None)
    x0 = begin[0] if begin[0] is not None else x0
    y0 = begin[1] if begin[1] is not None else y0
    if actor.path in ("still", "sway", "appear", "vanish") and actor.end is None:
        return _move_level(x0, x0, y0)
    x1 = end[0] if end[0] is not None else 1.0 - x0 if begin[0] is not None and begin[1] is None else x1
    y1 = end[1] if end[1] is not None else y0 if actor.path == "cross" else y1
    stops = [(x0, y0)]
    for x, y in actor.via:
        stops.append((x if x is not None else stops[-1][0], y if y is not None else stops[-1][1]))
    return _visit_stops([*stops, (x1, y1)])


def _visit_stops(stops: list[tuple[float, float]]) -> list[ScaledPoint]:
    """Interpolate from stop to stop, each leg in the same time."""
    legs = len(stops) - 1
    points: list[ScaledPoint] = []
    for time in _TIMES:
        leg = min(int(time * legs), legs - 1)
        (x0, y0), (x1, y1), part = stops[leg], stops[leg + 1], time * legs - leg
        points.append((x0 + (x1 - x0) * part, y0 + (y1 - y0) * part, 1.0))
    return points


def _orbit(actor: Actor, x: float, y: float, radius: float, lift: float) -> list[Box | None]:
    angles = [2 * math.pi * (t + actor.phase) for t in _TIMES]
    return [
        _make_box(actor, x - max(radius, 0.1) * math.cos(angle), y - lift * math.sin(angle), 1.0) for angle in angles
    ]


def build_attached_track(
    actor: Actor, relation: Relation, tracks: dict[str, list[Box | None]], floor: float
) -> list[Box | None]:
    ground = tracks[relation.grounds[0]]
    if actor.path == "circle":
        first = next((box for box in ground if box is not None), Box(0.35, 0.35, 0.65, 0.65))
        x, y = first.centre
        return _orbit(actor, x, y, (first.width + actor.width) / 2 + GAP, (first.height + actor.height) / 4)
    if relation.kind == "inside":
        largest = (
            min((box.height for box in ground if box), default=1.0),
            min((box.width for box in ground if box), default=1.0),
        )
        actor.height = min(actor.height, 0.6 * largest[0], 0.6 * largest[1] / actor.aspect)
    boxes: list[Box | None] = [
        None if base is None else _place_relative(actor, relation.kind, base, floor) for base in ground
    ]
    if actor.onto and boxes[0] is not None and boxes[-1] is not None and ground[0] is not None:
        base = ground[0]
        (x1, y1), y0 = boxes[-1].centre, base.y1 - actor.height / 2
        side = -1 if base.centre[0] > 0.5 else 1
        x0 = base.centre[0] + side * ((base.width + actor.width) / 2 + GAP) + actor.shift / 2
        return [
            _make_box(actor, x0 + (x1 - x0) * t, y0 + (y1 - y0) * t - 0.15 * math.sin(math.pi * t), 1.0) for t in _TIMES
        ]
    if actor.path in ("rise", "fall", "cross", "leave", "approach", "recede", "grow", "shrink", "jump", "sway"):
        return _move_from(actor, [box for box in boxes if box is not None], on=relation.kind == "on")
    return boxes


def _move_from(actor: Actor, boxes: list[Box], *, on: bool) -> list[Box | None]:
    """Return the trajectory from the position at the ground; on top of it, it falls and climbs no further."""
    if not boxes:
        return [None] * KEY_BOXES
    x, y = boxes[0].centre
    side = actor.direction or (1 if x <= 0.5 else -1)
    away = 1 - MARGIN - actor.width / 2 if side > 0 else MARGIN + actor.width / 2
    high, low = 0.04 + actor.height / 2, 0.95 - actor.height / 2
    if actor.path == "leave":
        points = _interpolate((x, y, 1.0), (away, high, 0.5) if actor.airborne else (away, y, 0.85))
    elif actor.path == "cross" and actor.airborne:
        points = _move_level(1.0 - away, away, y)
    elif actor.path == "cross":
        points = _move_level(x - side * 0.2, x + side * 0.25, y)
    else:
        near = x + side * 0.15 if actor.path in ("jump", "sway") else x
        highest, lowest = (min(y, low), y) if on and actor.path in ("rise", "fall") else (high, max(low, y))
        if on and actor.path == "rise":
            lowest = low
        elif on:
            highest = min(high, y)
        points = _TRAJECTORIES[actor.path](_Range(x, near, y, highest, lowest))
    found: list[Box | None] = [_make_box(actor, *point) for point in points]
    if actor.path == "leave":
        found[-1] = None
    return found


def _place_relative(actor: Actor, kind: RelationKind, base: Box, floor: float) -> Box:
    x = base.centre[0] + actor.shift
    half = actor.height / 2
    if kind == "on":
        return _make_box(actor, x, base.y0 - half + 0.02, 1.0)
    if kind == "above":
        return _make_box(actor, x, base.y0 - half - 0.04, 1.0)
    if kind == "under":
        return _make_box(actor, x, floor - half, 1.0)
    if kind == "behind":
        return _make_box(actor, x + 0.25 * base.width, base.y1 - half - 0.08, 1.0)
    if kind == "in front of":
        return _make_box(actor, x - 0.2 * base.width, base.y1 - half + 0.05, 1.0)
    return _make_box(actor, x, base.centre[1] - actor.inner_shift, 1.0)


def _make_box(actor: Actor, x: float, y: float, scale: float) -> Box:
    """Return a box of this centre, moved inside the picture where it leaves it, to three digits."""
    width, height = min(actor.width * scale, 0.96), min(actor.height * scale, 0.96)
    x = min(max(x, 0.01 + width / 2), 0.99 - width / 2)
    y = min(max(y, 0.01 + height / 2), 0.99 - height / 2)
    return Box(*(round(value, 3) for value in Box.around(x, y, width, height)))


def hide_outside_half(actor: Actor, boxes: list[Box | None]) -> list[Box | None]:
    """Return the boxes in the half of the scene in which the actor is visible."""
    half = KEY_BOXES // 2
    if actor.half == "first":
        return [*boxes[:half], *[None] * (KEY_BOXES - half)]
    if actor.half == "second":
        return [*[None] * (KEY_BOXES - half), *boxes[KEY_BOXES - half :]]
    return boxes
