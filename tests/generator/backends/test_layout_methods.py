"""The best rung for what a backend can do, and what becomes of a plan on it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from support import GreyBackend, fox_plan
from videodirector.generator import Capabilities
from videodirector.generator.backends.fitting import Lengths, Sizes
from videodirector.generator.backends.layout_methods import (
    LayoutMethod,
    choose_method,
    choose_noise_seed,
    compile_scene,
    describe_entities,
)

BARE: Capabilities = GreyBackend(size=(100, 60)).capabilities


def statuses(capabilities: Capabilities, scene: str = "walk", *, steps: int | None = None) -> dict[str, str]:
    plan = fox_plan()
    return {
        control.name: control.status
        for control in compile_scene(plan, plan.scene(scene), capabilities, steps=steps).controls
    }


@pytest.mark.parametrize(
    ("can", "best"),
    [
        ({"boxes": "exact", "control_video": True}, LayoutMethod.EXACT),
        ({"boxes": "native", "control_video": True}, LayoutMethod.TOKENS),
        ({"control_video": True, "first_frame": True}, LayoutMethod.CONTROL_VIDEO),
        ({"first_frame": True, "regions": True}, LayoutMethod.KEY_PICTURE),
        ({"regions": True}, LayoutMethod.REGIONS),
        ({}, LayoutMethod.WORDS),
    ],
)
def test_the_best_rung(can: dict[str, object], best: LayoutMethod) -> None:
    assert choose_method(replace(BARE, **can)) is best  # type: ignore[arg-type]


def test_the_words_tell_what_nothing_else_does() -> None:
    plan = fox_plan()
    scene = plan.scene("walk")
    assert compile_scene(plan, scene, BARE).prompt == (
        "A fox walks. Background: forest. The fox is on the left and moves right."
    )
    pictured = compile_scene(plan, scene, replace(BARE, first_frame=True))
    assert pictured.prompt == "A fox walks. Background: forest. The fox moves right."
    assert compile_scene(plan, scene, replace(BARE, control_video=True)).prompt == "A fox walks. Background: forest."
    assert compile_scene(plan, scene, replace(BARE, words=False)).prompt == ""


def test_lengths_and_sizes_are_the_models() -> None:
    plan = fox_plan()
    wan = replace(BARE, lengths=Lengths(step=4, offset=1), sizes=Sizes(multiple=16), rate=Fraction(16))
    compiled = compile_scene(plan, plan.scene("walk"), wan)
    assert (compiled.frames, compiled.size, compiled.rate) == (33, (112, 64), Fraction(16))
    told = compile_scene(plan, plan.scene("walk"), replace(wan, any_rate=True))
    assert (told.frames, told.rate) == (17, Fraction(8))


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        (Lengths(step=4, offset=1), "17 frames are rendered and 16 of them used"),
        (Lengths(most=9), "9 frames are rendered and spread over 16"),
    ],
)
def test_other_lengths_are_told(lengths: Lengths, words: str) -> None:
    plan = fox_plan()
    controls = compile_scene(plan, plan.scene("walk"), replace(BARE, lengths=lengths)).controls
    assert next(control.detail for control in controls if control.name == "frames") == words


def test_what_becomes_of_the_controls() -> None:
    assert statuses(BARE, steps=3) == {
        "description": "honoured",
        "background": "honoured",
        "frames": "honoured",
        "boxes": "approximated",
        "groups": "approximated",
        "steps": "ignored",
        "seed": "honoured",
    }
    assert statuses(replace(BARE, control_video=True))["boxes"] == "honoured"
    assert statuses(replace(BARE, words=False))["description"] == "ignored"
    assert statuses(replace(BARE, words=False, first_frame=True))["description"] == "approximated"
    assert statuses(replace(BARE, lengths=Lengths(step=4, offset=1)))["frames"] == "approximated"


@pytest.mark.parametrize(
    ("taken", "status"), [(None, "honoured"), (2, "honoured"), (1, "approximated"), (0, "ignored")]
)
def test_reference_pictures_by_their_number(taken: int | None, status: str) -> None:
    plan = fox_plan()
    plan.references = {"fox": "a.png", "owl": "b.png"}
    controls = compile_scene(plan, plan.scene("meet"), replace(BARE, references=taken)).controls
    assert next(control.status for control in controls if control.name == "references") == status


def test_groups_are_honoured_where_pictures_tell_of_them() -> None:
    def told(**can: object) -> tuple[str, str]:
        controls = compile_scene(plan, plan.scene("walk"), replace(BARE, **can)).controls  # type: ignore[arg-type]
        return next((control.status, control.detail) for control in controls if control.name == "groups")

    plan = fox_plan()
    assert told(references=3) == ("approximated", "the same words and noise"), "no picture is given, and none drawn"
    both = "one reference picture a group; the same words for the place"
    assert told(references=3, portraits=True) == ("approximated", both)
    plan.scene("meet").background = "beach"
    plan.consistency_groups = {"fox": ["walk", "meet"]}
    assert told(references=3, portraits=True) == ("honoured", "one reference picture a group")
    plan.references = {"fox": "fox.png"}
    assert told(references=3) == ("honoured", "one reference picture a group")
    assert told(shared_groups=True)[0] == "honoured"


def test_a_scene_that_continues_another() -> None:
    plan = fox_plan()
    plan.scene("meet").continues = "walk"
    plan = plan.checked()
    for can, status in ((True, "honoured"), (False, "ignored")):
        controls = compile_scene(plan, plan.scene("meet"), replace(BARE, first_frame=can)).controls
        assert next(control.status for control in controls if control.name == "continues") == status


def test_a_group_is_described_alike_and_starts_from_the_same_noise() -> None:
    plan = fox_plan()
    plan.scene("meet").entity("fox").description = "a red fox with a white tail"
    walk = plan.scene("walk")
    assert describe_entities(plan, walk) == {"fox": "a red fox with a white tail"}
    assert "A red fox with a white tail." in compile_scene(plan, walk, BARE).prompt
    seeds = {choose_noise_seed(plan, scene, BARE, number) for number, scene in enumerate(plan.scenes)}
    assert len(seeds) == 1
    drawn = replace(BARE, references=3, portraits=True)
    assert choose_noise_seed(plan, walk, drawn, 7) == 7, "where pictures tell, noise is free"
    assert choose_noise_seed(plan, walk, replace(BARE, first_frame=True), 7) == 7
    walk.seed = 5
    assert choose_noise_seed(plan, walk, BARE, 5) == 5
    plan.consistency_groups = {"fox": ["walk"]}
    assert describe_entities(plan, walk) == {"fox": "fox"}
