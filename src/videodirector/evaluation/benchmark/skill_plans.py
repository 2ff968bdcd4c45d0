"""Plans that each test one skill, deterministic in seed and number.

A world is only a list of subjects and the names of its places, so another world can be tested in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from videodirector.errors import UsageError
from videodirector.evaluation.metrics.motion import MoveDirection
from videodirector.evaluation.metrics.tracking import is_clearly_visible
from videodirector.evaluation.metrics.vpeval import RelativePosition, RelativeSize
from videodirector.schemas import KEY_BOXES, Box, Entity, Scene, VideoPlan

__all__ = ["COMPOSED_SKILLS", "ComposedSkill", "Subject", "build_skill_plan"]

ComposedSkill = Literal["count", "spatial", "scale", "movement", "consistency"]
"""Skills with composed plans."""

COMPOSED_SKILLS: tuple[ComposedSkill, ...] = ("count", "spatial", "scale", "movement", "consistency")

SCENES = 3  # in which a thing appears again and again
_POSITIONS: tuple[RelativePosition, ...] = ("left", "right", "above", "below")
_SIZES: tuple[RelativeSize, ...] = ("bigger", "smaller", "as big")
_DIRECTIONS: tuple[MoveDirection, ...] = ("left", "right", "up", "down")
_NUMBERS = {2: "two", 3: "three", 4: "four"}
_TRIES = 500

Random = np.random.Generator

_Thing = tuple[str, str, Sequence[Box]]  # id, name, key boxes


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A possible subject of a plan.

    Attributes:
        name: in plans and for the detector: "blue car".
        plural: "blue cars".
        aspect: width of its picture over its height.
        kind: what it is a variant of: "car".
        own: whether the bare word of its kind means this variant.
    """

    name: str
    plural: str
    aspect: float
    kind: str
    own: bool = True


def build_skill_plan(
    skill: ComposedSkill,
    number: int,
    subjects: Sequence[Subject],
    places: Sequence[str],
    *,
    seed: int,
    frames: int = 16,
) -> VideoPlan:
    """Build the plan of this number.

    Args:
        skill: what it tests.
        number: from 0; relations, directions and counts take turns.
        subjects: to choose from.
        places: names of backgrounds.
        seed: of all plans together.
        frames: of each scene.

    Raises:
        UsageError: the subjects do not allow such a plan.
    """
    rng = np.random.default_rng((seed, COMPOSED_SKILLS.index(skill), number))
    for _ in range(_TRIES):
        plan = _MAKERS[skill](number, subjects, places, rng, frames)
        if plan is not None:
            plan = plan.model_copy(update={"seed": number, "prompt": plan.scenes[0].description})
            return plan.checked()
    raise UsageError(
        f"no plan for the skill {skill!r} can be made of {len(subjects)} subjects on {len(places)} backgrounds",
        hint="consistency needs things in several colours, spatial and scale two kinds of things",
    )


def _make_count_plan(
    number: int, subjects: Sequence[Subject], places: Sequence[str], rng: Random, frames: int
) -> VideoPlan | None:
    subject = _pick(rng, subjects)
    many = 2 + number % 3
    boxes: list[Box] = []
    for quarter in rng.permutation(4)[:many].tolist():
        box = _make_box(subject, float(rng.uniform(0.3, 0.42)), most=0.44)
        x = 0.03 + 0.5 * (quarter % 2) + float(rng.random()) * (0.44 - box.width)
        y = 0.03 + 0.5 * (quarter // 2) + float(rng.random()) * (0.44 - box.height)
        boxes.append(box.moved(x, y))
    things = [(f"{subject.kind}-{index}", subject.name, [box]) for index, box in enumerate(boxes, start=1)]
    return _make_scene(
        f"count-{number:03d}",
        f"{_NUMBERS[many].capitalize()} {subject.plural}.",
        things,
        places=places,
        rng=rng,
        frames=frames,
    )


def _make_spatial_plan(
    number: int, subjects: Sequence[Subject], places: Sequence[str], rng: Random, frames: int
) -> VideoPlan | None:
    a, b = _pick_two(rng, subjects)
    where = _POSITIONS[number % 4]
    one, other = (_make_box(subject, float(rng.uniform(0.28, 0.42)), most=0.44) for subject in (a, b))
    near, far = float(rng.uniform(0.23, 0.29)), float(rng.uniform(0.71, 0.77))
    along = (near, far) if where in {"left", "above"} else (far, near)
    across = 0.5 + rng.uniform(-0.15, 0.15, size=2)
    sideways = where in {"left", "right"}
    centres = [(s, float(t)) if sideways else (float(t), s) for s, t in zip(along, across, strict=True)]
    boxes = [_centre_at(box, centre) for box, centre in zip((one, other), centres, strict=True)]
    words = {"left": "to the left of", "right": "to the right of", "above": "above", "below": "below"}[where]
    text = f"{_add_article(a.name).capitalize()} is {words} {_add_article(b.name)}."
    things = [("first", a.name, [boxes[0]]), ("second", b.name, [boxes[1]])]
    return _make_scene(f"spatial-{number:03d}", text, things, places=places, rng=rng, frames=frames)


def _make_scale_plan(
    number: int, subjects: Sequence[Subject], places: Sequence[str], rng: Random, frames: int
) -> VideoPlan | None:
    a, b = _pick_two(rng, subjects)
    asked = _SIZES[number % 3]
    big, small, same = (float(rng.uniform(*bounds)) for bounds in ((0.46, 0.54), (0.24, 0.29), (0.32, 0.4)))
    sizes = {"bigger": (big, small), "smaller": (small, big), "as big": (same, same)}[asked]
    boxes = [_make_box(subject, extent, most=0.62) for subject, extent in zip((a, b), sizes, strict=True)]
    room = 1 - boxes[0].width - boxes[1].width
    if room < 0.08:
        return None
    gaps = rng.dirichlet((1, 1, 1)) * (room - 0.08) + (0.02, 0.04, 0.02)
    left, right = (boxes[0], boxes[1]) if rng.random() < 0.5 else (boxes[1], boxes[0])
    starts = {id(left): float(gaps[0]), id(right): float(gaps[0] + left.width + gaps[1])}
    placed = [box.moved(starts[id(box)], float(rng.uniform(0.02, 0.98 - box.height))) for box in boxes]
    words = {"bigger": "bigger than", "smaller": "smaller than", "as big": "as big as"}[asked]
    text = f"{_add_article(a.name).capitalize()} is {words} {_add_article(b.name)}."
    things = [("first", a.name, [placed[0]]), ("second", b.name, [placed[1]])]
    return _make_scene(f"scale-{number:03d}", text, things, places=places, rng=rng, frames=frames)


def _make_movement_plan(
    number: int, subjects: Sequence[Subject], places: Sequence[str], rng: Random, frames: int
) -> VideoPlan | None:
    subject, asked = _pick(rng, subjects), _DIRECTIONS[number % 4]
    box = _make_box(subject, float(rng.uniform(0.28, 0.4)), most=0.5)
    side = box.width if asked in {"left", "right"} else box.height
    reach = 0.96 - side
    travel = float(rng.uniform(0.35, reach)) if reach > 0.35 else reach
    begin = side / 2 + 0.02 + float(rng.uniform(0, reach - travel)) if reach > travel else side / 2 + 0.02
    ends = (begin, begin + travel) if asked in {"right", "down"} else (begin + travel, begin)
    other = box.height if asked in {"left", "right"} else box.width
    drift = float(rng.uniform(other / 2 + 0.05, 0.95 - other / 2)) if other < 0.88 else 0.5
    path = np.linspace(*ends, KEY_BOXES).tolist()
    track = [_centre_at(box, (s, drift) if asked in {"left", "right"} else (drift, s)) for s in path]
    words = {"left": "to the left", "right": "to the right", "up": "up", "down": "down"}[asked]
    text = f"{_add_article(subject.name).capitalize()} moves {words}."
    return _make_scene(
        f"movement-{number:03d}", text, [("mover", subject.name, track)], places=places, rng=rng, frames=frames
    )


def _make_consistency_plan(
    number: int, subjects: Sequence[Subject], places: Sequence[str], rng: Random, frames: int
) -> VideoPlan | None:
    """Make a plan of a coloured thing, which later scenes name without its colour: only its group identifies it."""
    coloured = [subject for subject in subjects if subject.name != subject.kind and not subject.own]
    if not coloured or not places:
        return None
    subject = _pick(rng, coloured)
    scenes = []
    for index in range(SCENES):
        box = _make_box(subject, float(rng.uniform(0.34, 0.5)), most=0.6)
        box = box.moved(float(rng.uniform(0.02, 0.98 - box.width)), float(rng.uniform(0.02, 0.98 - box.height)))
        name = subject.name if index == 0 else subject.kind
        text = f"{_add_article(name).capitalize()}." if index == 0 else f"The {name}."
        plan = _make_scene(
            f"consistency-{number:03d}-{index}", text, [("hero", name, [box])], places=places, rng=rng, frames=frames
        )
        if plan is None:
            return None
        scenes += plan.scenes
    return VideoPlan(scenes=scenes, consistency_groups={"hero": [scene.id for scene in scenes]})


_Maker = Callable[[int, Sequence[Subject], Sequence[str], Random, int], VideoPlan | None]
_MAKERS: dict[ComposedSkill, _Maker] = {
    "count": _make_count_plan,
    "spatial": _make_spatial_plan,
    "scale": _make_scale_plan,
    "movement": _make_movement_plan,
    "consistency": _make_consistency_plan,
}


def _make_scene(
    name: str, text: str, things: Sequence[_Thing], *, places: Sequence[str], rng: Random, frames: int
) -> VideoPlan | None:
    """Make a scene of these things; None if one of them is not clearly visible."""
    for boxes in zip(*(track for _, _, track in things), strict=True):
        inside = all(min(box) >= 0 and max(box) <= 1 for box in boxes)
        if not inside or not all(is_clearly_visible(boxes, index) for index in range(len(boxes))):
            return None
    entities = [
        Entity(id=key.replace(" ", "-"), name=called, layout=[Box(*box) for box in track])
        for key, called, track in things
    ]
    background = places[int(rng.integers(len(places)))]
    return VideoPlan(scenes=[Scene(id=name, description=text, background=background, frames=frames, entities=entities)])


def _pick(rng: Random, subjects: Sequence[Subject]) -> Subject:
    return subjects[int(rng.integers(len(subjects)))]


def _pick_two(rng: Random, subjects: Sequence[Subject]) -> tuple[Subject, Subject]:
    """Pick two of different kinds; with only one kind, plans of two fail and are retried."""
    a = _pick(rng, subjects)
    others = [subject for subject in subjects if subject.kind != a.kind] or [a]
    return a, _pick(rng, others)


def _make_box(subject: Subject, extent: float, *, most: float) -> Box:
    """Make a box of the subject's shape in the corner, of area ``extent`` squared, no side above ``most``."""
    width, height = extent * subject.aspect**0.5, extent / subject.aspect**0.5
    shrink = min(1.0, most / max(width, height))
    return Box(0.0, 0.0, width * shrink, height * shrink)


def _centre_at(box: Box, centre: tuple[float, float]) -> Box:
    return Box.around(*centre, box.width, box.height)


def _add_article(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
