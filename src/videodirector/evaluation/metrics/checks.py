"""Checks of a prompt by boxes: counts, colours, halves, directions, corners, spatial relations.

The five skills of LLM-grounded Video Diffusion (arXiv 2309.17444) with its published rules, and the checks of
T2V-CompBench (arXiv 2407.14505) that boxes alone can decide. Each takes tracks: boxes at evenly spaced times.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from videodirector.schemas import Box, VideoPlan

__all__ = [
    "SAMPLES",
    "Attribution",
    "BoxTrack",
    "Check",
    "Corner",
    "CornerSequence",
    "Count",
    "Direction",
    "Half",
    "Passing",
    "Relation",
    "Side",
    "Skill",
    "Visibility",
    "build_tracks",
    "parse_checks",
]

SAMPLES = 6
"""Number of sampled times: LVD's six frames."""

Skill = Literal["numeracy", "attribution", "visibility", "dynamics", "sequential", "motion", "spatial", "counts"]
Side = Literal["left", "right", "up", "down"]
Half = Literal["first", "second"]
Corner = Literal["lower left", "lower right", "upper left", "upper right"]
RelationName = Literal["left of", "right of", "above", "below", "on", "next to", "inside", "in front of", "behind"]

_LEAST_MOVE = 0.05  # of the picture: a shorter move does not count
_APART = 0.1  # intersection over union up to which two boxes count as side by side


@dataclass(frozen=True, slots=True)
class BoxTrack:
    """One entity and its box at each sampled time; None where it is not in the picture."""

    name: str
    boxes: tuple[Box | None, ...]


def build_tracks(plan: VideoPlan, samples: int = SAMPLES) -> list[BoxTrack]:
    """Return every thing of a plan at evenly spaced frames of the whole video, the first and the last among them."""
    lengths = [scene.frames for scene in plan.scenes]
    total = sum(lengths)
    wanted = [round(sample * (total - 1) / (samples - 1)) for sample in range(samples)]
    found: dict[str, tuple[str, list[Box | None]]] = {}
    start = 0
    for scene, length in zip(plan.scenes, lengths, strict=True):
        here = [(place, frame - start) for place, frame in enumerate(wanted) if start <= frame < start + length]
        start += length
        for entity in scene.entities:
            _, boxes = found.setdefault(entity.id, (entity.name, [None] * samples))
            dense = entity.boxes(length)
            for place, frame in here:
                boxes[place] = dense[frame]
    return [BoxTrack(name, tuple(boxes)) for name, boxes in found.values()]


class Check(Protocol):
    """One requirement of a prompt."""

    @property
    def skill(self) -> Skill:
        """The skill that it tests."""
        ...

    def holds(self, tracks: Sequence[BoxTrack]) -> bool:
        """Return whether the tracks satisfy the check."""
        ...

    def __str__(self) -> str: ...


def find_tracks(tracks: Iterable[BoxTrack], name: str) -> list[BoxTrack]:
    """Find the tracks of this name: "car" finds "red car", not "carrot"; "a toy car" is found as "toy car"."""
    wanted = name.lower().split()
    return [track for track in tracks if _contains_words(track.name.lower().split(), wanted)]


def _contains_words(words: list[str], wanted: list[str]) -> bool:
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))


def _find_boxes(tracks: Sequence[BoxTrack], name: str) -> tuple[Box | None, ...] | None:
    found = find_tracks(tracks, name)
    return found[0].boxes if found else None


@dataclass(frozen=True, slots=True)
class Count:
    """So many of them, on most of the times looked at (of those with any of them, for T2V-CompBench's counts)."""

    name: str
    number: int
    skill: Skill = "numeracy"

    def holds(self, tracks: Sequence[BoxTrack]) -> bool:
        """Return whether the commonest number of visible ones is the required one."""
        columns = zip(*(track.boxes for track in find_tracks(tracks, self.name)), strict=True)
        visible = [sum(box is not None for box in column) for column in columns]
        if self.skill == "counts":
            visible = [number for number in visible if number]
        return bool(visible) and Counter(visible).most_common(1)[0][0] == self.number

    def __str__(self) -> str:
        return f"{self.number} x {self.name}"


@dataclass(frozen=True, slots=True)
class Attribution:
    """Each of these, by its name with its colour, at half of the times at least."""

    names: tuple[str, ...]
    skill: Skill = "attribution"

    def holds(self, tracks: Sequence[BoxTrack]) -> bool:
        """Return whether all of them are there under these names."""
        for name in self.names:
            boxes = _find_boxes(tracks, name)
            if boxes is None or 2 * sum(box is not None for box in boxes) < len(boxes):
                return False
        return True

    def __str__(self) -> str:
        return " and ".join(self.names)


@dataclass(frozen=True, slots=True)
class Visibility:
    """Seen in one half of the video only; the two times nearest to the middle do not count."""

    name: str
    half: Half
    skill: Skill = "visibility"

    def holds(self, tracks: Sequence[BoxTrack]) -> bool:
        """Return whether it is there in its half, at some time, and never in the other one."""
        boxes = _find_boxes(tracks, self.name)
        if boxes is None:
            return False
        middle = len(boxes) // 2
        first = any(box is not None for box in boxes[: middle - 1])
        second = any(box is not None for box in boxes[middle + 1 :])
        return (first, second) == (self.half == "first", self.half == "second")

    def __str__(self) -> str:
        return f"{self.name} only in the {self.half} half"


@dataclass(frozen=True, slots=True)
class Direction:
    """Moves that way from the first time to the last (for T2V-CompBench's motion: from where it is first seen)."""

    name: str
    side: Side
    skill: Skill = "dynamics"

    def holds(self, tracks: Sequence[BoxTrack]) -> bool:
        """Return whether the centre has moved that way."""
        boxes = _find_boxes(tracks, self.name)
        if boxes is None:
            return False
        if self.skill == "motion":
            return any(self._has_moved(track.boxes) for track in find_tracks(tracks, self.name))
        begin, end = boxes[0], boxes[-1]
        return begin is not None and end is not None and _measure_along(begin, end, self.side) > 0

    def _has_moved(self, boxes: tuple[Box | None, ...]) -> bool:
        seen = [box for box in boxes if box is not None]
        return len(seen) > 1 and _measure_along(seen[0], seen[-1], self.side) > _LEAST_MOVE

    def __str__(self) -> str:
        return f"{self.name} moves {self.side}"


def _measure_along(begin: Box, end: Box, side: Side) -> float:
    (x0, y0), (x1, y1) = begin.centre, end.centre
    return {"left": x0 - x1, "right": x1 - x0, "up": y0 - y1, "down": y1 - y0}[side]


@dataclass(frozen=True, slots=True)
class Passing:
    """Passes another one: on one side of it at first, on the other in the end."""

    name: str
    other: str
    side: Side  # to which it goes
    skill: Skill = "dynamics"

    def holds(self, tracks: Sequence[BoxTrack]) -> bool:
        """Return whether both are there at the first and the last time, on the required sides."""
        mover, still = _find_boxes(tracks, self.name), _find_boxes(tracks, self.other)
        if mover is None or still is None:
            return False
        begin, end, begin_still, end_still = mover[0], mover[-1], still[0], still[-1]
        if begin is None or end is None or begin_still is None or end_still is None:
            return False
        return _measure_along(begin, begin_still, self.side) > 0 and _measure_along(end_still, end, self.side) > 0

    def __str__(self) -> str:
        return f"{self.name} passes {self.other} to the {self.side}"


@dataclass(frozen=True, slots=True)
class CornerSequence:
    """In one corner at first, in another in the middle, in a third in the end."""

    name: str
    corners: tuple[Corner, Corner, Corner]
    skill: Skill = "sequential"

    def holds(self, tracks: Sequence[BoxTrack]) -> bool:
        """Return whether it is in the right quarter of the picture each time."""
        boxes = _find_boxes(tracks, self.name)
        if boxes is None:
            return False
        at = (boxes[0], boxes[len(boxes) // 2], boxes[-1])
        return all(box is not None and _is_in_corner(box, corner) for box, corner in zip(at, self.corners, strict=True))

    def __str__(self) -> str:
        return f"{self.name}: {', '.join(self.corners)}"


def _is_in_corner(box: Box, corner: Corner) -> bool:
    x, y = box.centre
    return (y > 0.5 if corner.startswith("lower") else y < 0.5) and (x < 0.5 if corner.endswith("left") else x > 0.5)


@dataclass(frozen=True, slots=True)
class Relation:
    """In this relation to another entity, at half or more of the times when both are visible."""

    name: str
    kind: RelationName
    other: str
    skill: Skill = "spatial"

    def holds(self, tracks: Sequence[BoxTrack]) -> bool:
        """Return whether any two entities of these names are in the relation."""
        return any(
            self._holds_between(figure.boxes, ground.boxes)
            for figure in find_tracks(tracks, self.name)
            for ground in find_tracks(tracks, self.other)
            if figure is not ground
        )

    def _holds_between(self, figure: tuple[Box | None, ...], ground: tuple[Box | None, ...]) -> bool:
        pairs = [(a, b) for a, b in zip(figure, ground, strict=True) if a is not None and b is not None]
        return bool(pairs) and 2 * sum(is_in_relation(a, self.kind, b) for a, b in pairs) >= len(pairs)

    def __str__(self) -> str:
        return f"{self.name} {self.kind} {self.other}"


def is_in_relation(a: Box, kind: RelationName, b: Box) -> bool:
    """Return whether box ``a`` is in this relation to box ``b``."""
    dx, dy = a.centre[0] - b.centre[0], a.centre[1] - b.centre[1]
    beside = a.iou(b) <= _APART
    across = min(a.x1, b.x1) - max(a.x0, b.x0) > 0  # they overlap horizontally
    if kind == "left of":
        return dx < 0 and abs(dx) > abs(dy) and beside
    if kind == "right of":
        return dx > 0 and abs(dx) > abs(dy) and beside
    if kind == "above":
        return dy < 0 and (abs(dy) > abs(dx) or across) and beside
    if kind == "below":
        return dy > 0 and (abs(dy) > abs(dx) or across)
    if kind == "on":
        return dy < 0 and across and abs(a.y1 - b.y0) < max(0.5 * b.height, 0.1)
    if kind == "inside":
        return a.overlap(b) >= 0.7 * a.area
    if kind == "next to":
        gap = max(a.x0, b.x0) - min(a.x1, b.x1)
        return gap < max(a.width, b.width, 0.25) and abs(dy) < max(a.height, b.height)
    return dy > 0 if kind == "in front of" else dy < 0  # nearer is lower in the picture


_NUMBERS = {
    word: number
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(),  # noqa: SIM905 - one line
        start=1,
    )
} | {"couple of": 2, "pair of": 2, "dozen": 12}
_COUNT = "|".join(_NUMBERS)
_COLOUR = "red|orange|yellow|green|blue|purple|pink|brown|black|white|gr[ae]y|golden|silver"
_CORNER = "|".join(get_args(Corner))
_OPPOSITE: dict[str, Side] = {"left": "right", "right": "left", "top": "down", "bottom": "up"}

# -- LVD: its prompts are made of five templates
_NUMERACY = re.compile(rf"scene with ({_COUNT}) (?:\w+ing|lively) (\w+?)s?$")
_ATTRIBUTION = re.compile(rf"scene with an? ((?:{_COLOUR}) \w+) and an? ((?:{_COLOUR}) \w+)$")
_VISIBILITY = re.compile(r"an? (?:\w+ )?(\w+) appears only in the (first|second) half")
_DYNAMICS = re.compile(
    r"scene with an? (\w+) moving from the (left|right|top|bottom) to the (?:left|right|top|bottom)$"
)
_PASSING = re.compile(r"an? (\w+) moving from the (left|right) of an? (\w+) to its (?:left|right)")
_SEQUENTIAL = re.compile(
    rf"an? (\w+) initially on the ({_CORNER})\b.*? moves to the ({_CORNER})\b.*? moves to the ({_CORNER})\b"
)

# -- any prompt: a noun phrase, words between, and what is said of it
_DETERMINER = rf"(?:an?|the|his|her|its|their|another|{_COUNT}|\d+)"
_NOUN = rf"\b{_DETERMINER} (?:(?!{_DETERMINER}\b)[\w-]+ ){{0,3}}?([\w-]+)"
_MOTION = (
    r"(?:walk|run|mov|driv|fly|swim|roll|slid|float|crawl|sail|rid|travel|go|drift|glid|rac|head|march|gallop|zoom|jog"
    r"|hop|cycl|soar|skat|pass|climb|ris|fall|wander|stroll|trot|dash|rush|sprint)\w*|flies|ran|flew|swam|drove|rode|went"
)
_ENDS = r"[.,;!]|$| (?:in|on|at|by|to|from|near|with|while|and|as|is|are|that|which|who|under|over|during|inside)\b"
_BE = r"(?:is |are |was |were )?"
_TOWARDS = re.compile(
    rf"{_NOUN} {_BE}(?:slowly |quickly )?(?:{_MOTION}) (?:[\w-]+ ){{0,4}}?"
    rf"(?:from (?:the )?(?:left|right|top|bottom)(?: side)? to (?:the )?(?P<to>left|right|top|bottom)"
    rf"|(?:to|towards?) the (?P<side>left|right)(?! of)|(?P<adverb>left|right)wards?\b|(?P<vertical>up|down)wards?\b)"
)
_RELATION_WORDS: dict[str, RelationName] = {
    r"(?:to|on) the left (?:side )?of": "left of",
    r"(?:to|on) the right (?:side )?of": "right of",
    "on top of": "on",
    "above": "above",
    "below|under|beneath|underneath": "below",
    "in front of": "in front of",
    "behind": "behind",
    "next to|beside": "next to",
    "inside": "inside",
}
_RELATIONS = [
    (re.compile(rf"{_NOUN} {_BE}(?:[\w-]+(?:ing|s|ed|d|t) )?(?:{words}) {_NOUN}(?={_ENDS})"), kind)
    for words, kind in _RELATION_WORDS.items()
]
_SEVERAL = re.compile(
    rf"\b({_COUNT}|\d+) (?:(?!of\b|and\b|or\b)[\w-]+ ){{0,2}}?([a-z]+s|people|mice|sheep|fish|children|men|women)\b"
)
_PLURALS = {"people": "person", "mice": "mouse", "children": "child", "men": "man", "women": "woman"}


def parse_checks(prompt: str) -> list[Check]:
    """Parse the checks of a prompt that boxes can decide.

    Args:
        prompt: one of LVD's, which gives the check of its template alone; or any other in English.

    Returns:
        The checks; none for a prompt that asks for nothing of the kind.
    """
    text = " ".join(prompt.lower().split()).replace("half a dozen", "six")
    published = _parse_lvd(text.rstrip("."))
    return [published] if published else [*_parse_motions(text), *_parse_relations(text), *_parse_counts(text)]


def _parse_lvd(text: str) -> Check | None:
    if match := _SEQUENTIAL.search(text):
        first, second, third = (next(c for c in get_args(Corner) if c == match[place]) for place in (2, 3, 4))
        return CornerSequence(match[1], (first, second, third))
    if match := _VISIBILITY.search(text):
        return Visibility(match[1], "first" if match[2] == "first" else "second")
    if match := _PASSING.search(text):
        return Passing(match[1], match[3], _OPPOSITE[match[2]])
    if match := _DYNAMICS.search(text):
        return Direction(match[1], _OPPOSITE[match[2]])
    if match := _ATTRIBUTION.search(text):
        return Attribution((match[1], match[2]))
    if match := _NUMERACY.search(text):
        return Count(match[2], _NUMBERS[match[1]])
    return None


def _parse_motions(text: str) -> list[Check]:
    sides: dict[str, Side] = {
        "left": "left",
        "right": "right",
        "top": "up",
        "bottom": "down",
        "up": "up",
        "down": "down",
    }
    return [
        Direction(
            _singularise(match[1]),
            sides[match["to"] or match["side"] or match["adverb"] or match["vertical"]],
            "motion",
        )
        for match in _TOWARDS.finditer(text)
    ]


def _parse_relations(text: str) -> list[Check]:
    return [
        Relation(_singularise(match[1]), kind, _singularise(match[2]))
        for pattern, kind in _RELATIONS
        for match in pattern.finditer(text)
        if not {match[1], match[2]} & _NOT_ENTITIES
    ]


_NOT_ENTITIES = frozenset(
    "from out up down off away along past over next asleep awake nap sky back close right".split()  # noqa: SIM905
)
"""Words in the position of an entity's name: "a wolf steps out from behind a tree"."""


def _parse_counts(text: str) -> list[Check]:
    found: list[Check] = []
    for match in _SEVERAL.finditer(text):
        number = _NUMBERS.get(match[1]) or int(match[1][:9])
        if 2 <= number <= 12:
            found.append(Count(_singularise(match[2]), number, "counts"))
    return found


def _singularise(noun: str) -> str:
    if noun in _PLURALS:
        return _PLURALS[noun]
    if noun.endswith("lves"):
        return f"{noun[:-3]}f"
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    if noun.endswith(("ches", "shes", "xes", "sses", "buses")):
        return noun[:-2]
    return noun if noun.endswith(("ss", "us", "sis")) else noun.removesuffix("s")
