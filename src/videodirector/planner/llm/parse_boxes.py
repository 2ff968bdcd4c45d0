"""Parse the boxes in a chat model's answer, in any common format.

Supported are a list of keys for each entity, a list of entities for each frame, objects instead of lists, the text
form ("Frame 1: [...]"), boxes as four numbers or by names. A malformed box counts as missing.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from videodirector.planner.llm._answers import extract_json, replace_look_alikes
from videodirector.planner.llm._coordinates import Order, RawBox

__all__ = ["ParsedBoxes", "parse_box", "parse_tracks"]

_MAX_FRAMES = 1024  # more frames than this are not key layouts
_MAX_DEPTH = 16
_MAX_TEXT = 20_000  # characters that are searched for hints
_FRAME_LINE = re.compile(
    r"^[ \t>*#_-]*(?:key[ _-]*)?frame[ _]*#?\s*(\d{1,4})[^\S\n*_]*[*_]*\s*[:：=-]+[ \t*_]*(.*?)"
    r"(?=^[ \t>*#_-]*(?:(?:key[ _-]*)?frame[ _]*#?\s*\d|caption|background|reasoning|layout strength)|\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_FRAME_KEY = re.compile(r"(?:key[ _-]*)?(?:frame|key|t)?[ _#-]*(\d{1,4})", re.IGNORECASE)
_TEXT_LINE = re.compile(
    r"^[ \t>*#_-]*(caption|reasoning|layout strength|background keyword|background)[ \t*_]*[:：][ \t*_]*(.+)$",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?\s*(?:%|px)?")

_NAMES = ("entity", "id", "entity_id", "name", "label", "object", "phrase", "thing", "track", "obj_name")
_FRAMES = ("frame", "key_frame", "keyframe", "frame_number", "frame_id", "index", "time", "t", "key")
_BOXES = (
    "box",
    "bbox",
    "bounding_box",
    "boundingbox",
    "box_2d",
    "bbox_2d",
    "rect",
    "position",
    "coordinates",
    "coords",
)
_TEXT_FIELDS = ("reasoning", "caption", "explanation", "thoughts", "comment", "background", "description")

# The names of a box's sides, and the order in which they give it.
_SIDES: tuple[tuple[tuple[str, str, str, str], Order], ...] = (
    (("x0", "y0", "x1", "y1"), "xyxy"),
    (("x1", "y1", "x2", "y2"), "xyxy"),
    (("xmin", "ymin", "xmax", "ymax"), "xyxy"),
    (("left", "top", "right", "bottom"), "xyxy"),
    (("x", "y", "width", "height"), "xywh"),
    (("x", "y", "w", "h"), "xywh"),
    (("left", "top", "width", "height"), "xywh"),
    (("cx", "cy", "w", "h"), "cxcywh"),
    (("cx", "cy", "width", "height"), "cxcywh"),
)


@dataclass(slots=True)
class ParsedBoxes:
    """The boxes of an answer.

    Attributes:
        tracks: by the entity's name in the answer and by frame number: a box, or None if the answer says that it is not
            visible.
        frames: every frame number of the answer.
        by_frame: whether the answer lists entities by frame; those omitted are then not visible.
        text: captions, reasoning and other words, as one text.
        caption: the caption alone.
        strength: the layout strength, if it says one.
        broken: number of malformed boxes.
        repairs: what was repaired to read it.
    """

    tracks: dict[str, dict[int, RawBox | None]] = field(default_factory=dict)
    frames: set[int] = field(default_factory=set)
    by_frame: bool = False
    text: str = ""
    caption: str = ""
    strength: float | None = None
    invalid_boxes: int = 0
    repairs: list[str] = field(default_factory=list)


def parse_tracks(text: str) -> ParsedBoxes:
    """Parse the boxes of an answer.

    Raises:
        ValueError: it has none.
    """
    found = ParsedBoxes()
    lines = list(_FRAME_LINE.finditer(text))
    reader = _BoxReader(found)
    if len(lines) >= 2:
        for line in lines:
            reader.read_frame(int(line[1]), _parse_value(line[2]))
        for match in _TEXT_LINE.finditer(text):
            reader.read_text(match[1].lower().replace(" ", "_"), match[2])
        found.text = " ".join([text[: lines[0].start()], text[lines[-1].end() :]])
    else:
        data, found.repairs = extract_json(text)
        reader.read_any(data)
    found.text = found.text[:_MAX_TEXT]
    if not any(box is not None for track in found.tracks.values() for box in track.values()):
        raise ValueError("there are no boxes in the answer")
    return found


def _parse_value(text: str) -> Any:
    text = replace_look_alikes(text).strip()
    start = min((place for bracket in "[{" if (place := text.find(bracket)) >= 0), default=0)
    end = max(text.rfind("]"), text.rfind("}"))
    try:
        return ast.literal_eval(text[start : end + 1])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    try:
        return extract_json(text)[0]
    except ValueError:
        return []


class _BoxReader:
    """Walks through an answer recursively and collects its boxes."""

    def __init__(self, found: ParsedBoxes) -> None:
        self._found = found
        self._calls: dict[str, set[str]] = {}  # ids under which things of one name were given

    def read_frame(self, number: int, things: Any) -> None:
        """Read the entities of one frame."""
        self._found.by_frame = True
        self._add_frame(number)
        taken: dict[str, int] = {}
        items = things.items() if isinstance(things, Mapping) else enumerate(things) if _is_list(things) else ()
        for key, item in items:
            name, value = (key, item) if isinstance(key, str) else _split_name(item)
            if name is None:
                continue
            if _is_list(value) and value and all(_is_list(part) and parse_box(part) for part in value):
                several = list(value)  # "duck": [[...], [...]]
            else:
                several = [value]
            for one in several:
                taken[name] = taken.get(name, 0) + 1
                self._add_box(name if taken[name] == 1 else f"{name} {taken[name]}", number, one)

    def read_any(self, data: Any, depth: int = 0) -> None:
        """Read an answer of any structure."""
        if depth > _MAX_DEPTH:
            return
        if isinstance(data, Mapping):
            self._read_mapping(data, depth)
        elif _is_list(data):
            if data and all(_is_list(item) for item in data) and not any(parse_box(item) for item in data):
                for number, item in enumerate(data[:_MAX_FRAMES], start=1):  # a list for each frame
                    if all(_split_name(thing)[0] is not None for thing in item):
                        self.read_frame(number, item)
                return
            for item in data:
                self.read_any(item, depth + 1)

    def read_text(self, key: str, value: Any) -> None:
        """Keep captions, reasoning and the layout strength."""
        if key == "layout_strength":
            self._found.strength = _parse_float(value)
        elif isinstance(value, str):
            self._found.text += f" {value}"
            if key == "caption":
                self._found.caption = " ".join(value.split())

    def _read_mapping(self, data: Mapping[str, Any], depth: int) -> None:
        number = next(
            (_parse_int(data[key]) for key in _FRAMES if key in data and _parse_int(data[key]) is not None), None
        )
        name, value = _split_name(data)
        if number is not None and name is None:
            things = next((item for item in data.values() if isinstance(item, (list, dict))), [])
            self.read_frame(number, things)
            return
        if name is not None and number is not None:
            self._add_frame(number)
            self._add_box(name, number, value)
            return
        if name is not None and value is not None and self._read_track(name, value):
            return
        numbered = {key: int(match[1]) for key in data if (match := _FRAME_KEY.fullmatch(str(key).strip()))}
        if len(numbered) >= 2 and len(numbered) >= len(data) - 3:
            for key, number in numbered.items():
                self.read_frame(number, data[key])
            for key in data.keys() - numbered.keys():
                self.read_text(str(key).lower(), data[key])
            return
        for key, item in data.items():
            if str(key).lower() in (*_TEXT_FIELDS, "layout_strength"):
                self.read_text(str(key).lower(), item)
            elif not self._read_track(str(key), item):
                self.read_any(item, depth + 1)

    def _read_track(self, name: str, keys: Any) -> bool:
        """Read the keys of one entity; return False if they are not boxes."""
        if (
            isinstance(keys, Mapping)
            and (inner := next((keys[key] for key in _LISTS if key in keys), None)) is not None
        ):
            keys = inner
        if isinstance(keys, Mapping):
            numbered = [(int(m[1]), keys[key]) for key in keys if (m := _FRAME_KEY.fullmatch(str(key).strip()))]
            if not numbered or not all(value is None or _is_box_like(value) for _, value in numbered):
                return False
            pairs = numbered
        elif _is_list(keys) and keys and not all(isinstance(key, (int, float)) for key in keys):
            if not any(_is_box_like(key) for key in keys) or any(_split_name(key)[0] is not None for key in keys):
                return False
            pairs = [_split_frame_number(place, key) for place, key in enumerate(keys[:_MAX_FRAMES], start=1)]
        elif _is_list(keys) and parse_box(keys):
            pairs = [(1, keys)]  # one box: it does not move
        else:
            return False
        for number, value in pairs:
            self._add_frame(number)
            self._add_box(name, number, value)
        return True

    def _add_frame(self, number: int) -> None:
        if len(self._found.frames) < _MAX_FRAMES:
            self._found.frames.add(number)

    def _add_box(self, name: str, number: int, value: Any) -> None:
        if number not in self._found.frames:
            return
        track = self._found.tracks.setdefault(" ".join(name.split())[:200], {})
        if value is None or value in ("null", "None", "none", [], ""):
            track[number] = None
        elif (box := parse_box(value)) is not None:
            track[number] = box
        else:
            self._found.invalid_boxes += 1  # neither box nor absence: a missing key


_LISTS = ("keys", "boxes", "layout", "layouts", "frames", "key_frames", "keyframes", "track", "positions", "bboxes")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _split_name(thing: Any) -> tuple[str | None, Any]:
    """Split an entry ``{"name": "fox", "box": [...]}`` or ``["fox", [...]]`` into name and boxes."""
    if isinstance(thing, Mapping):
        lower = {str(key).lower().replace(" ", "_"): value for key, value in thing.items()}
        names = [str(lower[key]) for key in _NAMES if isinstance(lower.get(key), (str, int))]
        words = [name for name in names if not name.isdigit()]
        if not words:
            return None, None
        name, marks = words[0], [mark for mark in names if mark.isdigit()]
        for key in (*_BOXES, *_LISTS):
            if key in lower:
                return _append_mark(name, marks), lower[key]
        if parse_box(thing) is not None:
            return _append_mark(name, marks), thing
        return _append_mark(name, marks), None
    if _is_list(thing) and len(thing) >= 2 and isinstance(thing[0], str) and not _NUMBER.fullmatch(thing[0]):
        return thing[0], thing[1] if len(thing) == 2 else list(thing[1:])
    return None, None


def _append_mark(name: str, marks: list[str]) -> str:
    return f"{name} #{marks[0]}" if marks else name


def _split_frame_number(place: int, key: Any) -> tuple[int, Any]:
    """Return the frame number and the box of a key in a list; without a number its place counts."""
    if not isinstance(key, Mapping):
        return place, key
    lower = {str(name).lower(): value for name, value in key.items()}
    number = next((found for name in _FRAMES if (found := _parse_int(lower.get(name))) is not None), place)
    for name in _BOXES:
        if name in lower:
            return number, lower[name]
    return number, key if parse_box(key) is not None else None if len(lower) <= 1 else key


def _is_box_like(value: Any) -> bool:
    if isinstance(value, Mapping):
        return parse_box(value) is not None or any(str(key).lower() in _BOXES for key in value)
    return parse_box(value) is not None


def parse_box(value: Any) -> RawBox | None:
    """Parse four numbers in any notation; None if there are not four."""
    if isinstance(value, Mapping):
        lower = {str(key).lower().replace("_", ""): item for key, item in value.items()}
        for key in _BOXES:
            if key.replace("_", "") in lower and lower[key.replace("_", "")] is not value:
                return parse_box(lower[key.replace("_", "")])
        for sides, order in _SIDES:
            if all(side in lower for side in sides):
                return _parse_four_numbers([lower[side] for side in sides], order)
        return None
    if isinstance(value, str):
        value = _NUMBER.findall(replace_look_alikes(value)) if len(value) <= 200 else []
    if not _is_list(value):
        return None
    if len(value) == 2 and all(_is_list(pair) and len(pair) == 2 for pair in value):
        value = [*value[0], *value[1]]  # two corners
    return _parse_four_numbers(value, None)


def _parse_four_numbers(values: Sequence[Any], order: Order | None) -> RawBox | None:
    if len(values) != 4:
        return None
    numbers = [_parse_float(value) for value in values]
    a, b, c, d = numbers
    return None if a is None or b is None or c is None or d is None else RawBox((a, b, c, d), order)


def _parse_float(value: Any) -> float | None:
    if isinstance(value, str):
        text = replace_look_alikes(value).strip().rstrip("%px ").replace(",", ".")
        value = float(text) if _NUMBER.fullmatch(text) and len(text) <= 40 else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # Comparing before converting: an int of 400 digits cannot become a float, but compares well.
    return float(value) if -1e6 <= value <= 1e6 and not math.isnan(value) else None


def _parse_int(value: Any) -> int | None:
    number = _parse_float(value)
    if number is None and isinstance(value, str) and (match := _FRAME_KEY.fullmatch(value.strip())):
        number = float(match[1])
    return int(number) if number is not None and number.is_integer() and 0 <= number < 100_000 else None
