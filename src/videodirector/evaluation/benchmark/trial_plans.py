"""Plans of trials: deterministic, unseen in training, each for one skill."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import Literal, get_args

from videodirector import lexicon
from videodirector.errors import UsageError
from videodirector.evaluation.benchmark.skill_plans import COMPOSED_SKILLS, build_skill_plan
from videodirector.evaluation.benchmark.world import list_subjects
from videodirector.evaluation.metrics.tracking import is_clearly_visible
from videodirector.schemas import KEY_BOXES, Box, Entity, Scene, VideoPlan, dense
from videodirector.storyworld.scene import Clip, SceneSampler

__all__ = [
    "SINGLE_FRAME_SKILLS",
    "SKILLS",
    "TrialSkill",
    "build_trial_plans",
    "build_unseen_plans",
    "get_middle_frame",
    "move_first_entity",
]

PLANS, COMPOSED_PLANS = 31, 34
SHIFT = 0.25  # of the picture: how far boxes are moved to see whether the things follow

TrialSkill = Literal["object", "count", "spatial", "scale", "movement", "consistency", "following"]

SKILLS: tuple[TrialSkill, ...] = get_args(TrialSkill)
"""``object``: one to three moving things of the world's own scenes; ``following``: such a scene twice, in the second
with one box moved; the others as ``evaluation.skill_plans`` composes them."""


SINGLE_FRAME_SKILLS: frozenset[TrialSkill] = frozenset({"count", "spatial", "scale", "consistency", "following"})
"""Skills that are judged on one frame of a scene."""


def build_trial_plans(skill: TrialSkill, number: int, *, frames: int = 16, keys: int = KEY_BOXES) -> list[VideoPlan]:
    """Build this many plans of a skill; more of them begin with the same ones.

    Args:
        skill: what they test.
        number: how many.
        frames: of each scene.
        keys: key boxes of a layout, for the world's own scenes.

    Raises:
        UsageError: the skill is unknown.
    """
    if skill == "object":
        return build_unseen_plans(number, frames=frames, keys=keys)
    if skill == "following":
        return list(islice(_iter_following_plans(frames), number))
    for composed in COMPOSED_SKILLS:
        if skill == composed:
            places = tuple(lexicon.trained_backgrounds())
            return [
                build_skill_plan(composed, index, list_subjects(), places, seed=COMPOSED_PLANS, frames=frames)
                for index in range(number)
            ]
    raise UsageError(f"{skill!r} is not a known skill", hint=f"choose among: {', '.join(SKILLS)}")


def build_unseen_plans(number: int, *, frames: int = 16, first: int = 0, keys: int = KEY_BOXES) -> list[VideoPlan]:
    """Build plans of one scene with one to three moving things, whose middle frame is judgeable.

    Scenes of the sampler in their order, leaving out those that on the middle frame show nothing, a thing twice, or one
    that is not clearly visible (``is_clearly_visible``). Nothing is rendered to choose them.

    Args:
        number: how many.
        frames: of each scene.
        first: how many are left out before them.
        keys: key boxes of every layout.
    """
    return list(islice(_iter_unseen_plans(frames, keys), first, first + number))


def _iter_unseen_plans(frames: int, keys: int = KEY_BOXES) -> Iterator[VideoPlan]:
    scenes = SceneSampler(size=16, frames=16, seed=PLANS, entities=(1, 3))
    plans = (_build_plan(scenes[index], index, frames, keys) for index in count())
    return (plan for plan in plans if is_judgeable(plan))


def _build_plan(clip: Clip, number: int, frames: int, keys: int) -> VideoPlan:
    entities = [
        Entity(
            id=f"thing-{index + 1}",
            name=actor.sprite.name,
            layout=dense([box and Box(*box) for box in actor.track], keys),
        )
        for index, actor in enumerate(clip.actors)
    ]
    scene = Scene(
        id=f"plan-{number}",
        description=clip.caption.partition(". Background:")[0],  # the renderer adds the background itself
        background=clip.background,
        frames=frames,
        entities=entities,
    )
    return VideoPlan(seed=number, prompt=scene.description, scenes=[scene])


def get_middle_frame(scene: Scene) -> int:
    """Return the frame that is judged."""
    return scene.frames // 2


def is_judgeable(plan: VideoPlan) -> bool:
    """Return whether everything on the middle frame is clearly visible and there once."""
    scene = plan.scenes[0]
    there = [
        (entity.name, box) for entity in scene.entities if (box := entity.boxes(scene.frames)[get_middle_frame(scene)])
    ]
    boxes = [box for _, box in there]
    once = len({name for name, _ in there}) == len(scene.entities)
    return once and bool(boxes) and all(is_clearly_visible(boxes, index) for index in range(len(boxes)))


def move_first_entity(plan: VideoPlan) -> tuple[VideoPlan, tuple[float, float]] | None:
    """Move the first thing by ``SHIFT`` on all frames; return plan and shift, or None without room.

    The four directions are tried in turn, beginning with another one from plan to plan. Everything must stay in the
    picture and clearly visible.
    """
    for turn in range(4):
        angle = (plan.seed + turn) * math.pi / 2
        dx, dy = round(math.cos(angle)) * SHIFT, round(math.sin(angle)) * SHIFT
        copy = plan.model_copy(deep=True)
        layout = [box and box.moved(dx, dy) for box in copy.scenes[0].entities[0].layout]
        if not _is_inside(layout):
            continue
        copy.scenes[0].entities[0].layout = layout
        if is_judgeable(copy):
            return copy, (dx, dy)
    return None


def _is_inside(layout: Sequence[Box | None]) -> bool:
    return all(box is None or (min(box) >= 0 and max(box) <= 1) for box in layout)


def _iter_following_plans(frames: int) -> Iterator[VideoPlan]:
    """Yield unseen plans as two scenes of one seed, so of the same noise: as they are, and with the first box moved."""
    for plan in _iter_unseen_plans(frames):
        change = move_first_entity(plan)
        scene = plan.scenes[0]
        if change is None or scene.entities[0].boxes(frames)[get_middle_frame(scene)] is None:
            continue
        pair = [
            version.scenes[0].model_copy(update={"id": f"{scene.id}-{name}", "seed": plan.seed})
            for name, version in (("before", plan), ("after", change[0]))
        ]
        yield VideoPlan(seed=plan.seed, prompt=plan.prompt, scenes=pair)
