"""Repair the boxes of an answer into valid layouts, and note every repair.

What can be repaired here is: coordinates in another convention, sides turned round, boxes over the edge, missing keys,
things under a slightly other name. What cannot is named precisely, so that the model may be asked again.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from videodirector.planner.llm._answers import CUT_OFF
from videodirector.planner.llm._coordinates import Convention, RawBox, recognise_convention
from videodirector.planner.llm.parse_boxes import ParsedBoxes
from videodirector.schemas import KEY_BOXES, MIN_SIDE, Box, normalised

__all__ = ["Layouts", "repair_layouts"]

_MIN_VISIBLE_SIDE = 0.005  # thinner boxes are invisible: a third of a pixel of 64
_STRIP = 0.02  # the visible part of an entity that has just left or is about to enter: a pixel of 64
_TOUCHING = 0.02  # models write "at the edge" for just outside of it

_REPAIRS = {
    "turned": "with sides the wrong way round, put in order",
    "cut": "cut at the edge of the picture",
    "strip": "just outside of the picture, moved to its edge",
    "outside": "outside of the picture or without area, taken as not visible",
}


@dataclass(slots=True)
class Layouts:
    """The layouts of a scene.

    Attributes:
        boxes: the key boxes of each entity, equally many; entities without any box are left out.
        repairs: what was repaired, in words for the plan's notes.
        faults: what is wrong and was not repaired, in words for the model.
        caption: the answer's caption.
        strength: the answer's layout strength.
    """

    boxes: dict[str, list[Box | None]] = field(default_factory=dict)
    repairs: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    caption: str = ""
    strength: float | None = None


def repair_layouts(
    found: ParsedBoxes,
    wanted: Mapping[str, str] | None = None,
    *,
    keys: int = KEY_BOXES,
    context: str = "",
    canvas: tuple[float, float] | None = None,
) -> Layouts:
    """Repair the boxes of an answer into layouts.

    Args:
        found: the boxes of the answer.
        wanted: the ids that need a layout, with their names; None keeps the names of the answer.
        keys: the requested number of key boxes.
        context: the words of the question, which may name a convention.
        canvas: the picture size in pixels, if the question named one.
    """
    layouts = Layouts(caption=found.caption, strength=found.strength, repairs=list(found.repairs))
    grid = _build_grid(found, keys)
    if grid.keys != keys:
        layouts.repairs.append(f"{grid.keys} key boxes instead of {keys}")
    order = sorted(found.frames)
    convention = recognise_convention(
        [[track.get(number) for number in order] for track in found.tracks.values()],
        context=f"{context} {found.text}",
        canvas=canvas,
    )
    if CUT_OFF in found.repairs:
        layouts.faults.append(f"{CUT_OFF}: give all of it")
    if not convention.is_requested:
        layouts.repairs.append(f"boxes were read as {convention}")
    if found.invalid_boxes:
        layouts.repairs.append(
            f"{found.invalid_boxes} {'box was' if found.invalid_boxes == 1 else 'boxes were'} no four numbers"
        )
    called = _match_names(found, wanted, layouts) if wanted is not None else {name: name for name in found.tracks}
    for thing, name in called.items():
        layout, repairs = _repair_layout(found.tracks[name], grid, convention)
        layouts.repairs += [f"{thing}: {text}" for text in repairs]
        if any(layout):
            layouts.boxes[thing] = layout
        else:
            layouts.faults.append(f'"{thing}" has no box inside of the picture in any frame')
    for thing in wanted or ():
        if thing not in called:
            layouts.faults.append(f'"{thing}" has no boxes')
    return layouts


@dataclass(frozen=True, slots=True)
class _KeyGrid:
    """The number of keys, the key of each frame number of the answer, and whether omitted entities are invisible."""

    keys: int
    places: Mapping[int, int]
    by_frame: bool


def _build_grid(found: ParsedBoxes, keys: int) -> _KeyGrid:
    numbers = sorted(found.frames)
    first = 0 if numbers[0] == 0 else 1
    if numbers[-1] - first < keys:  # some may be missing, but they are numbered as asked
        return _KeyGrid(keys, {number: number - first for number in numbers}, found.by_frame)
    return _KeyGrid(len(numbers), {number: place for place, number in enumerate(numbers)}, found.by_frame)


def _repair_layout(
    track: Mapping[int, RawBox | None], grid: _KeyGrid, convention: Convention
) -> tuple[list[Box | None], list[str]]:
    """Return the key boxes of one thing, and what was repaired."""
    layout: list[Box | None] = [None] * grid.keys
    asked: list[Box | None] = [None] * grid.keys
    missing = set(range(grid.keys))
    counts = dict.fromkeys(_REPAIRS, 0)
    for number, place in grid.places.items():
        if number in track or grid.by_frame:
            missing.discard(place)
            raw = track.get(number)
            asked[place] = None if raw is None else convention.to_box(raw)
            layout[place] = _clip_box(asked[place], counts)
    seen = [box is not None for box in layout]
    for place, box in enumerate(asked):
        if box is not None and layout[place] is None:
            beside = any(seen[max(place - 1, 0) : place + 2])
            layout[place] = _make_edge_strip(_sort_sides(box), reach=1.0 if beside else _TOUCHING)
            counts["outside" if layout[place] is None else "strip"] += 1
    repairs = [f"{count} of {grid.keys} boxes {_REPAIRS[kind]}" for kind, count in counts.items() if count]
    if missing and any(layout):
        for place in missing:
            layout[place] = _interpolate_key(layout, missing, place)
        repairs.append(f"{len(missing)} of {grid.keys} key boxes missing, taken from those beside them")
    return layout, repairs


def _clip_box(box: Box | None, counts: dict[str, int]) -> Box | None:
    """Return the part of a box that is in the picture, or None."""
    if box is None:
        return None
    ordered = _sort_sides(box)
    counts["turned"] += ordered != box
    clipped = ordered.clipped()
    if clipped is None or min(clipped.width, clipped.height) < _MIN_VISIBLE_SIDE:
        return None
    counts["cut"] += clipped != ordered
    return clipped


def _sort_sides(box: Box) -> Box:
    return Box(min(box.x0, box.x1), min(box.y0, box.y1), max(box.x0, box.x1), max(box.y0, box.y1))


def _make_edge_strip(box: Box, *, reach: float) -> Box | None:
    """Return a strip at the edge of the picture for a box that lies outside of it by ``reach`` at most."""
    if not (-reach <= box.x1 and box.x0 <= 1 + reach and -reach <= box.y1 and box.y0 <= 1 + reach):
        return None
    if min(box.width, box.height) < MIN_SIDE and 0 < box.x0 < 1 and 0 < box.y0 < 1:
        return None  # nothing, in the middle of the picture
    x0, y0 = (min(max(value, 0.0), 1 - _STRIP) for value in box[:2])
    x1, y1 = (min(max(value, _STRIP), 1.0) for value in box[2:])
    return Box(x0, y0, max(x1, x0 + _STRIP), max(y1, y0 + _STRIP)).clipped()


def _interpolate_key(layout: Sequence[Box | None], missing: set[int], place: int) -> Box | None:
    """Return a missing key: on the line between its neighbours, or like the only one that there is."""
    before = next((other for other in range(place - 1, -1, -1) if other not in missing), None)
    after = next((other for other in range(place + 1, len(layout)) if other not in missing), None)
    if before is None or after is None:
        only = after if before is None else before
        return None if only is None else layout[only]
    here, there = layout[before], layout[after]
    if here is None or there is None:
        return here if place - before <= after - place else there
    part = (place - before) / (after - before)
    return Box(*(a + (b - a) * part for a, b in zip(here, there, strict=True))).clipped()


def _match_names(found: ParsedBoxes, wanted: Mapping[str, str], layouts: Layouts) -> dict[str, str]:
    """Match each wanted id to a name in the answer."""
    left = {name: _normalise_name(name) for name in found.tracks}
    called: dict[str, str] = {}

    def take(thing: str, name: str) -> None:
        called[thing] = name
        del left[name]

    for thing, usual in wanted.items():
        if name := next((name for name, plain in left.items() if plain == _normalise_name(thing)), None):
            take(thing, name)
            if name not in (thing, usual):
                layouts.repairs.append(f"{thing}: called “{name[:60]}” in the answer")
    for thing, usual in wanted.items():  # by the name: "duck", "duck 2" for duck-1, duck-2
        if thing not in called:
            same = [name for name, plain in left.items() if re.sub(r" \d+$", "", plain) == _normalise_name(usual)]
            if same:
                take(thing, same[0])
    for thing, usual in wanted.items():
        if thing in called or not left:
            continue
        words = set(_normalise_name(usual).split())
        near = [name for name, plain in left.items() if words <= set(plain.split()) or set(plain.split()) <= words]
        if len(near) != 1:
            close = difflib.get_close_matches(_normalise_name(thing), left.values(), n=1, cutoff=0.75)
            close = close or difflib.get_close_matches(_normalise_name(usual), left.values(), n=1, cutoff=0.75)
            near = [name for name, plain in left.items() if plain in close][:1]
        if near:
            take(thing, near[0])
            layouts.repairs.append(f"{thing}: called “{near[0][:60]}” in the answer")
    open_ids = [thing for thing in wanted if thing not in called]
    if len(open_ids) == len(left) == 1:  # one is missing and one is strange: the same
        name = next(iter(left))
        take(open_ids[0], name)
        layouts.repairs.append(f"{open_ids[0]}: called “{name[:60]}” in the answer")
    if left:
        strange = ", ".join(f"“{name[:60]}”" for name in list(left)[:10])
        layouts.repairs.append(f"not asked for, left out: {strange}")
    return called


def _normalise_name(name: str) -> str:
    """Return a name or id apart from case, articles and the signs between its words."""
    words = re.sub(r"[\W_]+", " ", normalised(name)).split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("a", "an", "the") else words)
