"""What is measured, and with what: unseen plans of the storyworld, labelled frames, and instruments made of its atlas.

Seeds: training uses 11, 12, 21 and 22; plans 31, labelled frames 32, samples of backgrounds 33. The thresholds of the
detector were chosen on scenes of 101 to 105.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice

import numpy as np
from numpy.typing import NDArray

from videodirector import lexicon
from videodirector.evaluation import BackgroundClassifier, Detector, LabelledFrame, clearly_visible
from videodirector.schemas import KEY_BOXES, Box, Entity, Scene, VideoPlan, dense
from videodirector.storyworld import atlas, backgrounds
from videodirector.storyworld.scene import Clip, SceneSampler

PLANS, FRAMES, BACKGROUNDS = 31, 32, 33
SHIFT = 0.25  # of the picture: how far boxes are moved to see whether the things follow

Pixels = NDArray[np.uint8]


def instruments(*, size: int, samples: int = 150) -> tuple[Detector, BackgroundClassifier]:
    """A detector that knows every sprite, and a classifier that knows every background by so many paintings."""
    rng = np.random.default_rng(BACKGROUNDS)
    painted = {
        name: [backgrounds.paint(name, size=size, seed=int(rng.integers(2**31))) for _ in range(samples)]
        for name in lexicon.backgrounds()
    }
    return Detector({sprite.name: sprite.image for sprite in atlas.load()}), BackgroundClassifier(painted)


def labelled_frames(
    number: int, *, size: int, absent: int = 3, change: Callable[[Pixels], Pixels] | None = None
) -> Iterator[LabelledFrame]:
    """True frames with one to three things, and names of things that are not there to ask for.

    Args:
        number: of frames.
        size: of their sides, in pixels.
        absent: names that are not there, for each frame; another colour of a thing counts as another thing.
        change: done to the pixels, such as a blur; the truth stays.
    """
    scenes = SceneSampler(size=size, seed=FRAMES, entities=(1, 3))
    names = [sprite.name for sprite in atlas.load()]
    for index in range(number):
        clip = scenes[index]
        there = tuple(actor.sprite.name for actor in clip.actors)
        asked = np.random.default_rng((FRAMES, index)).permutation([name for name in names if name not in there])
        yield LabelledFrame(
            pixels=clip.frames[0] if change is None else change(clip.frames[0]),
            names=there,
            boxes=tuple(Box(*box) for actor in clip.actors for box in actor.track if box),
            background=clip.background,
            absent=tuple(str(name) for name in asked[:absent]),
        )


def unseen_plans(number: int, *, frames: int = 16) -> list[VideoPlan]:
    """Plans of one scene with one to three moving things, whose middle frame can fairly be judged.

    Scenes of the sampler in their order, leaving out those that on the middle frame show nothing, a thing twice, or one
    that is not clearly visible (``videodirector.evaluation.clearly_visible``). Nothing is drawn to choose them.
    """
    scenes = SceneSampler(size=16, frames=16, seed=PLANS, entities=(1, 3))
    plans = (_plan(scenes[index], index, frames) for index in count())
    return list(islice((plan for plan in plans if judged(plan)), number))


def _plan(clip: Clip, number: int, frames: int) -> VideoPlan:
    entities = [
        Entity(
            id=f"thing-{index + 1}",
            name=actor.sprite.name,
            layout=dense([box and Box(*box) for box in actor.track], KEY_BOXES),
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
    return VideoPlan(seed=number, scenes=[scene])


def middle(scene: Scene) -> int:
    """The frame that is judged."""
    return scene.frames // 2


def judged(plan: VideoPlan) -> bool:
    """Whether everything on the middle frame is clearly visible and there once."""
    scene = plan.scenes[0]
    there = [(entity.name, box) for entity in scene.entities if (box := entity.boxes(scene.frames)[middle(scene)])]
    boxes = [box for _, box in there]
    once = len({name for name, _ in there}) == len(scene.entities)
    return once and bool(boxes) and all(clearly_visible(boxes, index) for index in range(len(boxes)))


def moved(plan: VideoPlan) -> tuple[VideoPlan, tuple[float, float]] | None:
    """The plan with its first thing displaced by ``SHIFT`` on all frames, and by how much; None where there is no room.

    The four directions are tried in turn, beginning with another one from plan to plan. Everything must stay in the
    picture and clearly visible.
    """
    for turn in range(4):
        angle = (plan.seed + turn) * math.pi / 2
        dx, dy = round(math.cos(angle)) * SHIFT, round(math.sin(angle)) * SHIFT
        copy = plan.model_copy(deep=True)
        layout = [box and box.moved(dx, dy) for box in copy.scenes[0].entities[0].layout]
        if not _inside(layout):
            continue
        copy.scenes[0].entities[0].layout = layout
        if judged(copy):
            return copy, (dx, dy)
    return None


def _inside(layout: Sequence[Box | None]) -> bool:
    return all(box is None or (min(box) >= 0 and max(box) <= 1) for box in layout)
