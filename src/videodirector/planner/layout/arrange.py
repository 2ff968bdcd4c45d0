"""Arrange the actors of a scene: sizes, positions side by side, relations, and their key boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from videodirector.planner.layout.trajectories import (
    GAP,
    MARGIN,
    Actor,
    Cell,
    Relation,
    build_attached_track,
    build_track,
    hide_outside_half,
)
from videodirector.schemas import Box

__all__ = ["arrange_boxes"]


_ATTACHING = frozenset(["on", "under", "above", "behind", "in front of", "inside"])
# Boxes as large as sensible, a close-up view (VideoDirectorGPT, section 3.1): the fewer entities, the closer.
_CLOSE_UP = {1: 1.5, 2: 1.35, 3: 1.2}
_MAX_CLOSE_UP_HEIGHT = 0.64

_SINGLE_ROW_SCALE = 0.55  # down to this scale one row is enough
_ROW_GAIN = 1.1  # minimum gain in size from another row
_ABOVE_GROUND = 0.06  # of the picture: the highest that feet in the last row may be above the ground line


def arrange_boxes(actors: Sequence[Actor], relations: Sequence[Relation], ground: float) -> dict[str, list[Box | None]]:
    """Arrange key boxes for all actors inside the picture, apart unless a relation says otherwise.

    Args:
        actors: their heights are reduced if the picture is too small for all.
        relations: between actors; those that contradict earlier ones are ignored.
        ground: the ground line of the place, 0 top .. 1 bottom.

    Returns:
        ``KEY_BOXES`` key boxes for each actor's id.
    """
    by_id = {actor.id: actor for actor in actors}
    nearness = _CLOSE_UP.get(len(actors), 1.0)
    for actor in actors:
        nearness = min(nearness, max(1.0, _MAX_CLOSE_UP_HEIGHT / actor.height))
    for actor in actors:
        actor.height *= nearness
        # "Four cars drive to the left": they cannot all end in one place, so the direction alone counts.
        if any(other is not actor and (other.begin, other.end) == (actor.begin, actor.end) for other in actors):
            actor.shares_endpoints = True
    for actor in actors:
        if actor.shares_endpoints:
            actor.begin, actor.end, actor.via = None, None, ()
    floor = min(0.95, ground + 0.6 * (1.0 - ground)) if ground < 0.93 else 0.72
    attached = _find_attachments(by_id, relations)
    free = [actor for actor in actors if actor.id not in attached]
    _fit_carriers(free, by_id, attached)
    # An actor on a box between two trees is between them through the box.
    base_relations = [
        Relation(r.kind, _find_base(r.figure, attached), tuple(_find_base(g, attached) for g in r.grounds))
        for r in relations
    ]
    cells = _assign_cells(_order_actors(free, base_relations, by_id), floor, ground)
    tracks = {actor.id: build_track(actor, cells[actor.id]) for actor in free}
    _spread_side_by_side(by_id, attached)
    for child, relation in attached.items():
        tracks[child] = build_attached_track(by_id[child], relation, tracks, floor)
    return {actor.id: hide_outside_half(actor, tracks[actor.id]) for actor in actors}


def _fit_carriers(free: Sequence[Actor], by_id: dict[str, Actor], attached: dict[str, Relation]) -> None:
    """Fit the sizes of carriers and carried actors to each other."""
    for actor in free:
        burdens = [by_id[child] for child, relation in attached.items() if relation.grounds[0] == actor.id]
        if len(burdens) > 2 and any(attached[burden.id].kind in ("on", "inside") for burden in burdens):
            actor.height = max(actor.height, min(0.42, 0.8 / actor.aspect))
        for burden in burdens:
            kind = attached[burden.id].kind
            if kind in ("on", "under", "above"):
                actor.height = min(actor.height, 0.42)
                burden.height = min(burden.height, 0.36)
            if kind == "on" and burden.path == "fall":  # it comes down from above
                actor.height, burden.height = min(actor.height, 0.3), min(burden.height, 0.26)
            if burden.path == "circle":
                actor.height = min(actor.height, 0.3 / actor.aspect)
                burden.height = min(burden.height, 0.26 / burden.aspect)
            if kind == "under" and not actor.aloft:
                actor.lift = 0.75 * burden.height


def _find_attachments(by_id: dict[str, Actor], relations: Sequence[Relation]) -> dict[str, Relation]:
    """Return the relations of actors that are positioned relative to another one, grounds first."""
    wanted: dict[str, Relation] = {}
    for relation in relations:
        figure, ground = by_id.get(relation.figure), by_id.get(relation.grounds[0])
        if figure is None or ground is None or figure is ground or relation.kind not in _ATTACHING:
            continue
        if relation.kind == "under" and ground.aloft and figure.path != "still":
            continue  # an actor that moves under the moon is below it anyway
        wanted.setdefault(figure.id, relation)
    for actor in by_id.values():
        if actor.path == "circle" and actor.target in by_id and actor.target != actor.id:
            wanted.setdefault(actor.id, Relation("next to", actor.id, (actor.target,)))
    return _resolve_chains(wanted)


def _resolve_chains(wanted: dict[str, Relation]) -> dict[str, Relation]:
    """Return the relations without cycles ("A on B, B on A": one is dropped), grounds first."""
    resolved: dict[str, Relation] = {}
    standing: set[str] = set()
    for name in wanted:
        chain: list[str] = []
        while name in wanted and name not in resolved and name not in standing and name not in chain:
            chain.append(name)
            name = wanted[name].grounds[0]  # noqa: PLW2901 - along the chain
        if name in chain:
            standing.add(name)
        resolved |= {link: wanted[link] for link in reversed(chain) if link not in standing}
    return resolved


def _find_base(name: str, attached: dict[str, Relation]) -> str:
    while name in attached:
        name = attached[name].grounds[0]
    return name


def _spread_side_by_side(by_id: dict[str, Actor], attached: dict[str, Relation]) -> None:
    """Spread actors with the same relation to the same ground side by side."""
    groups: dict[tuple[str, str], list[Actor]] = {}
    circling = [actor for actor in by_id.values() if actor.path == "circle"]
    for actor in circling:  # a swarm goes round as a ring
        ring = [other for other in circling if other.target == actor.target]
        actor.phase = ring.index(actor) / len(ring)
        actor.height *= min(1.0, 4.0 / len(ring))
    for child, relation in attached.items():
        if by_id[child].path != "circle":
            groups.setdefault((relation.grounds[0], relation.kind), []).append(by_id[child])
    for (ground, kind), group in groups.items():
        if kind == "inside" and len(group) > 1:
            _arrange_inside(group, by_id[ground])
            continue
        gap = GAP if len(group) < 5 else GAP / 4
        total = sum(actor.width for actor in group) + gap * (len(group) - 1)
        widest = max(min(0.9, 1.25 * by_id[ground].width), 0.05 * len(group)) if kind == "on" else 0.9
        shrink = min(1.0, (widest - gap * (len(group) - 1)) / sum(actor.width for actor in group))
        x = -total * shrink / 2
        for actor in group:
            actor.height *= shrink
            actor.shift = x + actor.width / 2
            x += actor.width + gap


def _arrange_inside(group: list[Actor], ground: Actor) -> None:
    """Arrange the actors inside one ground in rows."""
    columns = math.ceil(math.sqrt(len(group)))
    rows = math.ceil(len(group) / columns)
    width, height = 0.84 * ground.width / columns, 0.84 * ground.height / rows
    for place, actor in enumerate(group):
        actor.height = min(actor.height, 0.92 * height, 0.92 * width / actor.aspect)
        actor.shift = (place % columns - (columns - 1) / 2) * width
        actor.inner_shift = (place // columns - (rows - 1) / 2) * height


def _order_actors(actors: list[Actor], relations: Sequence[Relation], by_id: dict[str, Actor]) -> list[Actor]:
    """Order actors from left to right: as in the scene before, new ones right, then by relations and directions."""
    order = sorted(actors, key=lambda actor: actor.last_x if actor.last_x is not None else 0.6)
    for actor in list(order):
        edge = actor.edge
        if edge:
            order.remove(actor)
            order.insert(len(order) if edge > 0 else 0, actor)
    for actor in actors:  # an actor with a target is beside it, on the side it comes from
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


def _assign_cells(order: list[Actor], floor: float, ground: float) -> dict[str, Cell]:
    columns = any(actor.path in ("rise", "fall", "leave", "enter") and actor.airborne for actor in order) or any(
        actor.path in ("rise", "fall") or actor.end is not None for actor in order
    )
    high = [actor for actor in order if actor.aloft]
    low = [actor for actor in order if not actor.aloft]
    if columns or not high or not low:
        # Each actor has a column of the whole height.
        grounded = ground if not high and not any(actor.airborne for actor in order) else None
        return _assign_rows(order, 0.04, floor, grounded)
    # Two storeys: sky above, ground below.
    middle = 0.44
    for actor in high:
        actor.height = min(actor.height, middle - 0.08)
    for actor in low:
        actor.height = min(actor.height, floor - middle - 0.02)
    return _assign_rows(high, 0.04, middle - 0.02) | _assign_rows(low, middle, floor, ground)


def _assign_rows(order: list[Actor], top: float, floor: float, horizon: float | None = None) -> dict[str, Cell]:
    """Assign cells in the number of rows that keeps actors largest, with feet below the horizon, if given."""
    natural = {actor.id: actor.height for actor in order}
    best, groups = 0.0, [order] if order else []
    for rows in range(1, len(order) + 1):
        length = math.ceil(len(order) / rows)
        tried = [order[begin : begin + length] for begin in range(0, len(order), length)]
        tallest = (floor - top - GAP * (len(tried) - 1)) / len(tried)
        for actor in order:
            actor.height = min(natural[actor.id], tallest)
        scale = min(_compute_row_scale(group) for group in tried)
        enough = rows == 1 and scale >= _SINGLE_ROW_SCALE
        if horizon is not None and len(tried) > 1:
            front = sum(max(actor.height + actor.lift for actor in group) for group in tried[:-1])
            scale = min(scale, max(floor - horizon + _ABOVE_GROUND - GAP * (len(tried) - 1), 0.0) / front)
        worth = scale * _measure_mean_scale(order, natural, tallest)
        if worth > _ROW_GAIN * best:
            best, groups = worth, tried
            kept = {actor.id: actor.height * scale for actor in order}
        if enough:
            break
    for actor in order:
        actor.height = kept[actor.id]
    cells: dict[str, Cell] = {}
    bottom = floor  # the first row is in front, at the bottom
    if len(groups) > 1 and all(actor.aloft or actor.airborne for actor in order):
        heights = [max(actor.height + actor.lift for actor in members) for members in groups]
        bottom = min(floor, top + sum(heights) + GAP * (len(groups) - 1) + 0.1)  # in the air, not down to the ground
    for members in groups:
        height = floor - top if len(groups) == 1 else max(actor.height + actor.lift for actor in members)
        room = 1.0 - 2 * MARGIN - sum(actor.width for actor in members) - GAP * (len(members) - 1)
        shares = [_get_width_weight(actor) for actor in members]
        x = MARGIN
        for actor, share in zip(members, shares, strict=True):
            width = actor.width + max(room, 0.0) * share / sum(shares)
            cells[actor.id] = Cell(x, x + width, bottom - height, bottom)
            if _is_convoy(members):
                # All move as one, so that each may use all of the free width.
                width = actor.width
                cells[actor.id] = Cell(x, x + width + max(room, 0.0), bottom - height, bottom)
            x += width + GAP
        bottom -= height + GAP
    return cells


def _measure_mean_scale(order: list[Actor], natural: dict[str, float], tallest: float) -> float:
    """Return the mean scale of actors limited to this height."""
    return sum(min(natural[actor.id], tallest) / natural[actor.id] for actor in order) / len(order)


def _is_convoy(members: list[Actor]) -> bool:
    """Return whether all of them go the same way at the same time."""
    free = all(actor.path in ("cross", "chase") and actor.begin is None and actor.end is None for actor in members)
    return free and len({actor.direction or 1 for actor in members}) == 1


def _compute_row_scale(members: list[Actor]) -> float:
    """Return the factor that fits actors into one row, with room for those that move."""
    room = 1.0 - 2 * MARGIN - GAP * (len(members) - 1)
    slack = 1.35 if len(members) <= 3 else 1.15
    return min(1.0, room / sum(actor.width * (slack if _get_width_weight(actor) > 1 else 1.08) for actor in members))


def _get_width_weight(actor: Actor) -> float:
    """Return an actor's weight in the distribution of free width."""
    return {"cross": 5.0, "enter": 4.0, "leave": 4.0, "meet": 4.0, "chase": 4.0, "jump": 3.0, "circle": 3.0}.get(
        actor.path, 1.0
    )
