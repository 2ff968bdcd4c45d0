"""Layouts in words."""

from __future__ import annotations

import pytest

from support import fox_plan
from videodirector.generator.backends.layout_prompt import (
    build_caption,
    describe_layout,
    describe_motion,
    describe_place,
)
from videodirector.schemas import Box, Entity, Scene

MIDDLE = Box(0.4, 0.4, 0.6, 0.6)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (0.2, 0.5, "on the left"),
        (0.8, 0.5, "on the right"),
        (0.5, 0.5, "in the middle"),
        (0.5, 0.1, "at the top"),
        (0.9, 0.9, "at the bottom right"),
    ],
)
def test_places(x: float, y: float, words: str) -> None:
    assert describe_place(Box.around(x, y, 0.1, 0.1)) == words


@pytest.mark.parametrize(
    ("track", "words"),
    [
        ([MIDDLE, MIDDLE.moved(0.3, 0)], "moves right"),
        ([MIDDLE, MIDDLE.moved(-0.3, -0.3)], "moves left and up"),
        ([MIDDLE, MIDDLE.moved(0.01, 0.01)], ""),
        ([MIDDLE, MIDDLE.scaled(2)], "comes nearer"),
        ([MIDDLE, MIDDLE.moved(0, 0.2).scaled(0.5)], "moves down and goes further away"),
        ([None, MIDDLE], "appears"),
        ([MIDDLE, MIDDLE.moved(0.2, 0), None], "moves right and disappears"),
        ([None, MIDDLE, MIDDLE.moved(0.2, 0), None], "appears, moves right and disappears"),
        ([None, None], ""),
    ],
)
def test_motions(track: list[Box | None], words: str) -> None:
    assert describe_motion(track) == words


def test_a_scene_in_words() -> None:
    walk, meet = fox_plan().scenes
    assert describe_layout(walk) == "The fox is on the left and moves right."
    assert describe_layout(walk, places=False) == "The fox moves right."
    assert describe_layout(meet) == "The fox is on the left. The owl is at the top and appears."
    unseen = Scene(id="s", description="", entities=[Entity(id="x", name="Maria", layout=[None])])
    assert describe_layout(unseen) == ""
    assert describe_layout(Scene(id="s", description="", entities=[Entity(id="m", name="Maria", layout=[MIDDLE])])) == (
        "Maria is in the middle."
    )


def test_captions_say_everything_once() -> None:
    scene = Scene(
        id="s",
        description="a fox walks through the forest",
        background="forest",
        entities=[
            Entity(id="f", name="fox", layout=[MIDDLE]),
            Entity(id="o", name="owl", description="a snowy owl", layout=[MIDDLE]),
        ],
    )
    assert build_caption(scene) == "A fox walks through the forest. A snowy owl."
    assert build_caption(scene.model_copy(update={"background": "a beach"})).endswith("Background: a beach.")
    assert build_caption(Scene(id="s", description="", background="a beach")) == "A beach."
    assert build_caption(Scene(id="s", description="")) == ""
