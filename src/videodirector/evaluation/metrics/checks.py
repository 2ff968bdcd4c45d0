"""What a prompt asks for and boxes can answer: counts, colours, halves, directions, corners, places side by side.

The five skills of LLM-grounded Video Diffusion (arXiv 2309.17444) with its published rules, and the checks of
T2V-CompBench (arXiv 2407.14505) that boxes alone can decide. Each looks at tracks: who is where at evenly spaced times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from videodirector.schemas import Box, VideoPlan

__all__ = [
    "SAMPLES",
    "Attribution",
    "Check",
    "Corner",
    "Count",
    "Direction",
    "Half",
    "Passing",
    "Relation",
    "Sequence3",
    "Side",
    "Skill",
    "Track",
    "Visibility",
    "tracks_of",
]

SAMPLES = 6
"""Times at which tracks are looked at: LVD's six frames."""

Skill = Literal["numeracy", "attribution", "visibility", "dynamics", "sequential", "motion", "spatial", "counts"]
Side = Literal["left", "right", "up", "down"]
Half = Literal["first", "second"]
Corner = Literal["lower left", "lower right", "upper left", "upper right"]
RelationName = Literal["left of", "right of", "above", "below", "on", "next to", "inside", "in front of", "behind"]

_LEAST_MOVE = 0.05  # of the picture: less is no motion
_APART = 0.1  # intersection over union up to which two boxes count as side by side


@dataclass(frozen=True, slots=True)
class Track:
    """One thing and where it is at each sampled time; None where it is not in the picture."""

    name: str
    boxes: tuple[Box | None, ...]


def tracks_of(plan: VideoPlan, samples: int = SAMPLES) -> list[Track]:
    """Every thing of a plan at evenly spaced frames of the whole video, the first and the last among them."""
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
    return [Track(name, tuple(boxes)) for name, boxes in found.values()]


class Check(Protocol):
    """One thing asked for."""

    @property
    def skill(self) -> Skill:
        """The skill that it tests."""
        ...

    def holds(self, tracks: Sequence[Track]) -> bool:
        """Whether the tracks do what is asked."""
        ...

    def __str__(self) -> str: ...


def named(tracks: Iterable[Track], name: str) -> list[Track]:
    """The tracks of things called so: "car" finds "red car", not "carrot"; "a toy car" is found as "toy car"."""
    wanted = name.lower().split()
    return [track for track in tracks if _contains(track.name.lower().split(), wanted)]


def _contains(words: list[str], wanted: list[str]) -> bool:
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))


def _first(tracks: Sequence[Track], name: str) -> tuple[Box | None, ...] | None:
    found = named(tracks, name)
    return found[0].boxes if found else None


@dataclass(frozen=True, slots=True)
class Count:
    """So many of them, on most of the times looked at (of those with any of them, for T2V-CompBench's counts)."""

    name: str
    number: int
    skill: Skill = "numeracy"

    def holds(self, tracks: Sequence[Track]) -> bool:
        """Whether the commonest number of visible ones is the one asked for."""
        columns = zip(*(track.boxes for track in named(tracks, self.name)), strict=True)
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

    def holds(self, tracks: Sequence[Track]) -> bool:
        """Whether all of them are there under these names."""
        for name in self.names:
            boxes = _first(tracks, name)
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

    def holds(self, tracks: Sequence[Track]) -> bool:
        """Whether it is there in its half, at some time, and never in the other one."""
        boxes = _first(tracks, self.name)
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

    def holds(self, tracks: Sequence[Track]) -> bool:
        """Whether the centre has moved that way."""
        boxes = _first(tracks, self.name)
        if boxes is None:
            return False
        if self.skill == "motion":
            return any(self._moved(track.boxes) for track in named(tracks, self.name))
        begin, end = boxes[0], boxes[-1]
        return begin is not None and end is not None and _along(begin, end, self.side) > 0

    def _moved(self, boxes: tuple[Box | None, ...]) -> bool:
        seen = [box for box in boxes if box is not None]
        return len(seen) > 1 and _along(seen[0], seen[-1], self.side) > _LEAST_MOVE

    def __str__(self) -> str:
        return f"{self.name} moves {self.side}"


def _along(begin: Box, end: Box, side: Side) -> float:
    (x0, y0), (x1, y1) = begin.centre, end.centre
    return {"left": x0 - x1, "right": x1 - x0, "up": y0 - y1, "down": y1 - y0}[side]


@dataclass(frozen=True, slots=True)
class Passing:
    """Passes another one: on one side of it at first, on the other in the end."""

    name: str
    other: str
    side: Side  # to which it goes
    skill: Skill = "dynamics"

    def holds(self, tracks: Sequence[Track]) -> bool:
        """Whether both are there at the first and the last time, on the sides asked for."""
        mover, still = _first(tracks, self.name), _first(tracks, self.other)
        if mover is None or still is None:
            return False
        begin, end, begin_still, end_still = mover[0], mover[-1], still[0], still[-1]
        if begin is None or end is None or begin_still is None or end_still is None:
            return False
        return _along(begin, begin_still, self.side) > 0 and _along(end_still, end, self.side) > 0

    def __str__(self) -> str:
        return f"{self.name} passes {self.other} to the {self.side}"


@dataclass(frozen=True, slots=True)
class Sequence3:
    """In one corner at first, in another in the middle, in a third in the end."""

    name: str
    corners: tuple[Corner, Corner, Corner]
    skill: Skill = "sequential"

    def holds(self, tracks: Sequence[Track]) -> bool:
        """Whether it is in the right quarter of the picture each time."""
        boxes = _first(tracks, self.name)
        if boxes is None:
            return False
        at = (boxes[0], boxes[len(boxes) // 2], boxes[-1])
        return all(box is not None and _in_corner(box, corner) for box, corner in zip(at, self.corners, strict=True))

    def __str__(self) -> str:
        return f"{self.name}: {', '.join(self.corners)}"


def _in_corner(box: Box, corner: Corner) -> bool:
    x, y = box.centre
    return (y > 0.5 if corner.startswith("lower") else y < 0.5) and (x < 0.5 if corner.endswith("left") else x > 0.5)


@dataclass(frozen=True, slots=True)
class Relation:
    """Stands so to another one, at half or more of the times when both are seen."""

    name: str
    kind: RelationName
    other: str
    skill: Skill = "spatial"

    def holds(self, tracks: Sequence[Track]) -> bool:
        """Whether any two of these names stand so."""
        return any(
            self._between(figure.boxes, ground.boxes)
            for figure in named(tracks, self.name)
            for ground in named(tracks, self.other)
            if figure is not ground
        )

    def _between(self, figure: tuple[Box | None, ...], ground: tuple[Box | None, ...]) -> bool:
        pairs = [(a, b) for a, b in zip(figure, ground, strict=True) if a is not None and b is not None]
        return bool(pairs) and 2 * sum(stands(a, self.kind, b) for a, b in pairs) >= len(pairs)

    def __str__(self) -> str:
        return f"{self.name} {self.kind} {self.other}"


def stands(a: Box, kind: RelationName, b: Box) -> bool:
    """Whether box `a` stands in this relation to box `b`."""
    dx, dy = a.centre[0] - b.centre[0], a.centre[1] - b.centre[1]
    beside = a.iou(b) <= _APART
    across = min(a.x1, b.x1) - max(a.x0, b.x0) > 0  # one stands over the other
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
