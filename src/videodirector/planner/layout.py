"""From who is there and how they move to key boxes: sizes, places side by side, relations, tracks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from videodirector.planner.motion import Path, Point
from videodirector.schemas import KEY_BOXES, Box

__all__ = ["Actor", "Relation", "RelationKind", "arrange"]

RelationKind = Literal[
    "left of", "right of", "on", "under", "above", "between", "behind", "in front of", "next to", "inside"
]

_MARGIN = 0.03
_GAP = 0.02
_A_ROW = 6  # things side by side before a second row begins


@dataclass(slots=True, kw_only=True)
class Actor:
    """One entity of a scene, before it has boxes.

    Attributes:
        id: the entity.
        height: as a fraction of the picture.
        aspect: width over height.
        level: how high it stays: 0 on the ground, 1 at the top; 0.5 and more has the upper storey of the picture.
        path, direction, airborne, begin, end, onto: its motion, see `Motion`.
        target: the entity its motion is aimed at.
        half: the half of the scene in which it is seen, None for both.
        last_x: where it stood at the end of an earlier scene, so that left stays left; None for a new one.
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
    onto: bool = False
    target: str | None = None
    half: Literal["first", "second"] | None = None
    last_x: float | None = None
    lift: float = 0.0  # raised by so much, for whom it shelters

    @property
    def aloft(self) -> bool:
        """Whether it belongs to the upper storey."""
        return self.level >= 0.5

    @property
    def width(self) -> float:
        """As a fraction of the picture."""
        return self.height * self.aspect


@dataclass(frozen=True, slots=True)
class Relation:
    """The entity `figure` stands in this relation to the entities `grounds` (two for "between")."""

    kind: RelationKind
    figure: str
    grounds: tuple[str, ...]


@dataclass(slots=True)
class _Cell:
    """The part of the picture that belongs to an actor: nobody else comes there uninvited."""

    x0: float
    x1: float
    top: float
    floor: float

    @property
    def x(self) -> float:
        return (self.x0 + self.x1) / 2


def arrange(actors: Sequence[Actor], relations: Sequence[Relation], ground: float) -> dict[str, list[Box | None]]:
    """Key boxes for everybody, apart unless a relation asks otherwise, inside the picture.

    Args:
        actors: who is there; their heights are changed where the picture is too small for all.
        relations: who stands where relative to whom; those that contradict earlier ones are passed over.
        ground: the ground line of the place, 0 top .. 1 bottom.

    Returns:
        `KEY_BOXES` key boxes for each actor's id.
    """
    by_id = {actor.id: actor for actor in actors}
    floor = min(0.95, ground + 0.6 * (1.0 - ground)) if ground < 0.93 else 0.72
    attached = _attachments(by_id, relations)
    free = [actor for actor in actors if actor.id not in attached]
    for actor in free:  # whoever carries another one needs room for it
        burdens = [by_id[child] for child, relation in attached.items() if relation.grounds[0] == actor.id]
        for burden in burdens:
            kind = attached[burden.id].kind
            if kind in ("on", "under", "above"):
                actor.height = min(actor.height, 0.42)
                burden.height = min(burden.height, 0.36)
            if kind == "under" and not actor.aloft:
                actor.lift = 0.75 * burden.height
    cells = _cells(_ordered(free, relations, by_id), floor)
    tracks = {actor.id: _track(actor, cells[actor.id]) for actor in free}
    for child, relation in attached.items():
        tracks[child] = _attached_track(by_id[child], relation, tracks, floor)
    return {actor.id: _seen(actor, tracks[actor.id]) for actor in actors}


def _attachments(by_id: dict[str, Actor], relations: Sequence[Relation]) -> dict[str, Relation]:
    """Who has its place from another one rather than a place of its own; in an order in which grounds come first."""
    wanted: dict[str, Relation] = {}
    for relation in relations:
        if relation.kind in ("on", "under", "above", "behind", "in front of", "inside"):
            if relation.figure in by_id and relation.grounds[0] in by_id and relation.figure != relation.grounds[0]:
                sheltered = relation.kind == "under" and by_id[relation.grounds[0]].aloft
                if sheltered and by_id[relation.figure].path != "still":
                    continue  # who moves under the moon moves below it anyway
                wanted.setdefault(relation.figure, relation)
    for actor in by_id.values():
        if actor.path == "circle" and actor.target in by_id and actor.target != actor.id:
            wanted.setdefault(actor.id, Relation("next to", actor.id, (actor.target,)))
    resolved: dict[str, Relation] = {}
    for figure in wanted:
        chain = [figure]
        while (above := wanted.get(chain[-1])) is not None and above.grounds[0] not in chain:
            chain.append(above.grounds[0])
        if above is not None and above.grounds[0] in chain:  # a circle: the first of it stands on its own
            wanted[chain[-1]] = Relation("next to", chain[-1], ("",))
        for name in reversed(chain):
            if name in wanted and wanted[name].grounds[0] in by_id and name not in resolved:
                resolved[name] = wanted[name]
    return resolved


def _ordered(actors: list[Actor], relations: Sequence[Relation], by_id: dict[str, Actor]) -> list[Actor]:
    """From left to right: as in the scene before, newcomers at the right, then as relations and directions ask."""
    order = sorted(actors, key=lambda actor: actor.last_x if actor.last_x is not None else 0.6)
    for actor in list(order):
        edge = _edge(actor)
        if edge:
            order.remove(actor)
            order.insert(len(order) if edge > 0 else 0, actor)
    for actor in actors:  # who goes to another one stands beside it, on the side from which it comes
        if actor.target in by_id and by_id[actor.target] in order and actor in order and actor.id != actor.target:
            order.remove(actor)
            order.insert(order.index(by_id[actor.target]) + (1 if actor.direction < 0 else 0), actor)
    for relation in relations:
        figure = by_id.get(relation.figure)
        grounds = [by_id[ground] for ground in relation.grounds if ground in by_id and by_id[ground] in order]
        if figure not in order or not grounds or figure in grounds:
            continue
        if relation.kind == "between" and len(grounds) > 1:
            order.remove(figure)
            places = sorted(order.index(ground) for ground in grounds)
            order.insert(places[0] + 1, figure)
        elif relation.kind in ("left of", "right of", "next to"):
            first, last = min(order.index(ground) for ground in grounds), max(order.index(ground) for ground in grounds)
            place = order.index(figure)
            if relation.kind == "left of" and place > first:
                order.remove(figure)
                order.insert(first, figure)
            elif relation.kind == "right of" and place < last:
                order.remove(figure)
                order.insert(last, figure)
            elif relation.kind == "next to" and abs(place - first) > 1:
                order.remove(figure)
                order.insert(order.index(grounds[0]) + 1, figure)
    return order


def _edge(actor: Actor) -> int:
    """The side of the picture at which an actor must stand to come or go: -1, 1, or 0 for anywhere."""
    if actor.begin is not None and actor.begin[0] is not None:
        return -1 if actor.begin[0] < 0.5 else 1
    if actor.path == "leave":
        return actor.direction or 1
    if actor.path == "enter":
        return -actor.direction or -1
    return 0


def _cells(order: list[Actor], floor: float) -> dict[str, _Cell]:
    columns = any(actor.path in ("rise", "fall", "leave", "enter") and actor.airborne for actor in order) or any(
        actor.path in ("rise", "fall") or actor.end is not None for actor in order
    )
    high = [actor for actor in order if actor.aloft]
    low = [actor for actor in order if not actor.aloft]
    if columns or not high or not low:
        # Everybody has a column of the whole height.
        return _rows(order, 0.04, floor)
    # Two storeys: sky above, ground below.
    middle = 0.44
    for actor in high:
        actor.height = min(actor.height, middle - 0.08)
    for actor in low:
        actor.height = min(actor.height, floor - middle - 0.02)
    return _rows(high, 0.04, middle - 0.02, aloft=True) | _rows(low, middle, floor)


def _rows(order: list[Actor], top: float, floor: float, *, aloft: bool = False) -> dict[str, _Cell]:
    rows = max(1, math.ceil(len(order) / _A_ROW))
    length = math.ceil(len(order) / rows) if order else 0
    cells: dict[str, _Cell] = {}
    tallest = (floor - top - _GAP * (rows - 1)) / rows
    for row in range(rows):
        members = order[row * length : (row + 1) * length]
        # The first row stands in front, at the bottom.
        bottom = floor - row * (tallest + _GAP) if rows > 1 else floor
        bottom = bottom if not aloft or rows > 1 else floor
        _fit(members, tallest)
        room = 1.0 - 2 * _MARGIN - sum(actor.width for actor in members) - _GAP * (len(members) - 1)
        shares = [_appetite(actor) for actor in members]
        x = _MARGIN
        for actor, share in zip(members, shares, strict=True):
            width = actor.width + max(room, 0.0) * share / sum(shares)
            cells[actor.id] = _Cell(x, x + width, bottom - tallest, bottom)
            x += width + _GAP
    return cells


def _fit(members: list[Actor], tallest: float) -> None:
    for actor in members:
        actor.height = min(actor.height, tallest)
    room = 1.0 - 2 * _MARGIN - _GAP * (len(members) - 1)
    # Movers need room to move in.
    needed = sum(actor.width * (1.35 if _appetite(actor) > 1 else 1.08) for actor in members)
    if needed > room:
        for actor in members:
            actor.height *= room / needed


def _appetite(actor: Actor) -> float:
    """How much of the free width an actor asks for."""
    return {"cross": 5.0, "enter": 4.0, "leave": 4.0, "meet": 4.0, "chase": 4.0, "jump": 3.0, "circle": 3.0}.get(
        actor.path, 1.0
    )


# -- tracks: for each key the centre, the bottom or centre height, and the scale


def _track(actor: Actor, cell: _Cell) -> list[Box | None]:
    if actor.path == "circle":
        return _orbit(actor, cell.x, (cell.top + cell.floor) / 2, (cell.x1 - cell.x0 - actor.width) / 2, 0.12)
    low = cell.floor - actor.height / 2 - actor.lift
    high = min(cell.top + actor.height / 2, low)
    level = max(actor.level, 0.7) if actor.airborne and actor.path in _LEVEL else actor.level
    rest = low + level * (high - low)
    left, right = cell.x0 + actor.width / 2, cell.x1 - actor.width / 2
    direction = actor.direction or (-1 if actor.path == "enter" and _edge(actor) > 0 else 1)
    start, stop = (left, right) if direction > 0 else (right, left)
    points = _POINTS[actor.path](start, stop, rest, high, low)
    if actor.path == "leave" and actor.airborne:
        points = [
            (start + (stop - start) * t, low + (high - low) * t**0.8 - 0.1 * (1 - t), 1 - 0.5 * t) for t in _times()
        ]
    elif actor.path == "enter" and actor.airborne:
        points = [(start + (stop - start) * t, high + (rest - high) * t, 0.6 + 0.4 * t) for t in _times()]
    if actor.begin is not None or actor.end is not None:
        points = _between_points(actor, points)
    boxes: list[Box | None] = [_box(actor, x, y, scale) for x, y, scale in points]
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


def _times() -> list[float]:
    return [key / (KEY_BOXES - 1) for key in range(KEY_BOXES)]


Points = list[tuple[float, float, float]]
_Shape = Callable[[float, float, float, float, float], Points]


def _along(x: float, to_x: float, y: float, to_y: float, scale: float = 1.0, to_scale: float = 1.0) -> Points:
    return [(x + (to_x - x) * t, y + (to_y - y) * t, scale + (to_scale - scale) * t) for t in _times()]


# Arguments: x at the start and at the stop, y at rest, and the highest and the lowest y of the cell.
_POINTS: dict[Path, _Shape] = {
    "still": lambda a, b, y, high, low: _along((a + b) / 2, (a + b) / 2, y, y),
    "cross": lambda a, b, y, high, low: _along(a, b, y, y),
    "meet": lambda a, b, y, high, low: _along(a, b, y, y),
    "chase": lambda a, b, y, high, low: _along(a, b, y, y),
    "leave": lambda a, b, y, high, low: _along((a + b) / 2, b, y, y, 1.0, 0.85),
    "enter": lambda a, b, y, high, low: _along(a, (a + b) / 2, y, y),
    "rise": lambda a, b, y, high, low: _along((a + b) / 2, (a + 2 * b) / 3, low, high),
    "fall": lambda a, b, y, high, low: _along((a + b) / 2, (a + 2 * b) / 3, high, low),
    "jump": lambda a, b, y, high, low: [
        (a + (b - a) * t, low + (max(high, low - 0.35) - low) * math.sin(math.pi * t), 1.0) for t in _times()
    ],
    "sway": lambda a, b, y, high, low: [
        ((a + b) / 2 + math.copysign(min(0.05, abs(b - a) / 2), b - a) * math.sin(2 * math.pi * t), y, 1.0)
        for t in _times()
    ],
    "approach": lambda a, b, y, high, low: _along((a + b) / 2, (a + b) / 2, y, y, 0.5, 1.0),
    "recede": lambda a, b, y, high, low: _along((a + b) / 2, (a + b) / 2, y, y, 1.0, 0.45),
    "grow": lambda a, b, y, high, low: _along((a + b) / 2, (a + b) / 2, y, y, 0.5, 1.0),
    "shrink": lambda a, b, y, high, low: _along((a + b) / 2, (a + b) / 2, y, y, 1.0, 0.45),
    "appear": lambda a, b, y, high, low: _along((a + b) / 2, (a + b) / 2, y, y),
    "vanish": lambda a, b, y, high, low: _along((a + b) / 2, (a + b) / 2, y, y),
}


def _between_points(actor: Actor, points: Points) -> Points:
    """The same motion from where the story lets it begin to where it lets it end."""
    (x0, y0, _), (x1, y1, _) = points[0], points[-1]
    begin, end = actor.begin or (None, None), actor.end or (None, None)
    x0 = begin[0] if begin[0] is not None else x0
    y0 = begin[1] if begin[1] is not None else y0
    if actor.path in ("still", "sway") and actor.end is None:
        return _along(x0, x0, y0, y0)
    x1 = end[0] if end[0] is not None else 1.0 - x0 if begin[0] is not None and begin[1] is None else x1
    y1 = end[1] if end[1] is not None else y0 if actor.path == "cross" else y1
    return _along(x0, x1, y0, y1)


def _orbit(actor: Actor, x: float, y: float, radius: float, lift: float) -> list[Box | None]:
    return [
        _box(actor, x - max(radius, 0.1) * math.cos(2 * math.pi * t), y - lift * math.sin(2 * math.pi * t), 1.0)
        for t in _times()
    ]


def _attached_track(
    actor: Actor, relation: Relation, tracks: dict[str, list[Box | None]], floor: float
) -> list[Box | None]:
    ground = tracks[relation.grounds[0]]
    if actor.path == "circle":
        first = next((box for box in ground if box is not None), Box(0.35, 0.35, 0.65, 0.65))
        x, y = first.centre
        return _orbit(actor, x, y, (first.width + actor.width) / 2 + _GAP, (first.height + actor.height) / 4)
    if relation.kind == "inside":
        largest = (
            min((box.height for box in ground if box), default=1.0),
            min((box.width for box in ground if box), default=1.0),
        )
        actor.height = min(actor.height, 0.6 * largest[0], 0.6 * largest[1] / actor.aspect)
    boxes: list[Box | None] = [
        None if base is None else _relative(actor, relation.kind, base, floor) for base in ground
    ]
    if actor.onto and boxes[0] is not None and boxes[-1] is not None and ground[0] is not None:
        base = ground[0]
        (x1, y1), y0 = boxes[-1].centre, base.y1 - actor.height / 2
        side = -1 if base.centre[0] > 0.5 else 1
        x0 = base.centre[0] + side * ((base.width + actor.width) / 2 + _GAP)
        return [
            _box(actor, x0 + (x1 - x0) * t, y0 + (y1 - y0) * t - 0.15 * math.sin(math.pi * t), 1.0) for t in _times()
        ]
    if actor.path in ("rise", "fall", "cross", "leave", "approach", "recede", "grow", "shrink", "jump", "sway"):
        return _moved_from(actor, [box for box in boxes if box is not None])
    return boxes


def _moved_from(actor: Actor, boxes: list[Box]) -> list[Box | None]:
    """A motion of its own, from the place that the relation gives."""
    if not boxes:
        return [None] * KEY_BOXES
    x, y = boxes[0].centre
    side = actor.direction or (1 if x <= 0.5 else -1)
    away = 1 - _MARGIN - actor.width / 2 if side > 0 else _MARGIN + actor.width / 2
    near = x + side * 0.15
    high, low = 0.04 + actor.height / 2, 0.95 - actor.height / 2
    if actor.path == "leave":
        points = _along(x, away, y, high if actor.airborne else y, 1.0, 0.5 if actor.airborne else 0.85)
    elif actor.path == "cross" and actor.airborne:
        points = _along(1.0 - away, away, y, y)
    elif actor.path == "cross":
        points = _along(x - side * 0.2, x + side * 0.25, y, y)
    else:
        points = _POINTS[actor.path](x, near if actor.path in ("jump", "sway") else x, y, high, max(low, y))
    found: list[Box | None] = [_box(actor, *point) for point in points]
    if actor.path == "leave":
        found[-1] = None
    return found


def _relative(actor: Actor, kind: RelationKind, base: Box, floor: float) -> Box:
    x, _ = base.centre
    half = actor.height / 2
    if kind == "on":
        return _box(actor, x, base.y0 - half + 0.02, 1.0)
    if kind == "above":
        return _box(actor, x, base.y0 - half - 0.04, 1.0)
    if kind == "under":
        return _box(actor, x, floor - half, 1.0)
    if kind == "behind":
        return _box(actor, x + 0.25 * base.width, base.y1 - half - 0.08, 1.0)
    if kind == "in front of":
        return _box(actor, x - 0.2 * base.width, base.y1 - half + 0.05, 1.0)
    return _box(actor, x, base.centre[1], 1.0)


def _box(actor: Actor, x: float, y: float, scale: float) -> Box:
    """A box of this centre, moved inside the picture where it leaves it, to three digits."""
    width, height = min(actor.width * scale, 0.96), min(actor.height * scale, 0.96)
    x = min(max(x, 0.01 + width / 2), 0.99 - width / 2)
    y = min(max(y, 0.01 + height / 2), 0.99 - height / 2)
    return Box(*(round(value, 3) for value in Box.around(x, y, width, height)))


def _seen(actor: Actor, boxes: list[Box | None]) -> list[Box | None]:
    """The boxes in the half of the scene in which the actor is seen."""
    half = KEY_BOXES // 2
    if actor.half == "first":
        return [*boxes[:half], *[None] * (KEY_BOXES - half)]
    if actor.half == "second":
        return [*[None] * (KEY_BOXES - half), *boxes[KEY_BOXES - half :]]
    return boxes
