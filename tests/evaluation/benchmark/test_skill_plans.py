"""Composed plans are valid, fair, the same every time, and ask for what their words say."""

from __future__ import annotations

import pytest

from videodirector.errors import UsageError
from videodirector.evaluation import EntityTrack, SceneTracks, is_clearly_visible
from videodirector.evaluation.benchmark.skill_plans import COMPOSED_SKILLS, ComposedSkill, Subject, build_skill_plan
from videodirector.evaluation.metrics.motion import find_direction, moves_as_planned
from videodirector.evaluation.metrics.vpeval import (
    check_counts,
    check_positions,
    check_sizes,
    compare_positions,
    compare_sizes,
)
from videodirector.schemas import Box, Scene

SUBJECTS = [
    Subject(name="fox", plural="foxes", aspect=1.1, kind="fox"),
    Subject(name="snake", plural="snakes", aspect=2.2, kind="snake"),
    Subject(name="tower", plural="towers", aspect=0.5, kind="tower"),
    Subject(name="red car", plural="red cars", aspect=1.6, kind="car"),
    Subject(name="blue car", plural="blue cars", aspect=1.6, kind="car", own=False),
]
PLACES = ["sea", "forest"]


def exact(scene: Scene) -> SceneTracks:
    """As if everything had been found where it was planned."""
    things = [
        EntityTrack(entity=e.id, name=e.name, planned=tuple(e.boxes(scene.frames)), found=tuple(e.boxes(scene.frames)))
        for e in scene.entities
    ]
    names = [thing.name for thing in things]
    return SceneTracks(
        scene=scene.id,
        looked_at=tuple(range(scene.frames)),
        things=tuple(things),
        counted={name: names.count(name) for name in names},
    )


@pytest.mark.parametrize("skill", COMPOSED_SKILLS)
def test_plans_are_fair_and_the_same_every_time(skill: ComposedSkill) -> None:
    for number in range(12):
        plan = build_skill_plan(skill, number, SUBJECTS, PLACES, seed=1, frames=9)
        assert plan.to_json() == build_skill_plan(skill, number, SUBJECTS, PLACES, seed=1, frames=9).to_json()
        assert plan.to_json() != build_skill_plan(skill, number, SUBJECTS, PLACES, seed=2, frames=9).to_json()
        for scene in plan.scenes:
            assert scene.frames == 9
            for frame in range(9):
                boxes = [box for e in scene.entities if (box := e.boxes(9)[frame])]
                assert all(is_clearly_visible(boxes, index) for index in range(len(boxes)))


def test_the_words_are_those_of_the_boxes() -> None:
    for number in range(12):
        counted = build_skill_plan("count", number, SUBJECTS, PLACES, seed=1).scenes[0]
        assert counted.description.split()[0].lower() == {2: "two", 3: "three", 4: "four"}[len(counted.entities)]
        assert check_counts(exact(counted)) == [True]

        s = build_skill_plan("spatial", number, SUBJECTS, PLACES, seed=1).scenes[0]
        assert compare_positions(*(entity.boxes(1)[0] or Box(0, 0, 1, 1) for entity in s.entities)) in s.description
        assert check_positions(exact(s)) == [True]

        s = build_skill_plan("scale", number, SUBJECTS, PLACES, seed=1).scenes[0]
        assert (
            f"is {compare_sizes(*(entity.boxes(1)[0] or Box(0, 0, 1, 1) for entity in s.entities))} " in s.description
        )
        assert check_sizes(exact(s)) == [True]

        s = build_skill_plan("movement", number, SUBJECTS, PLACES, seed=1).scenes[0]
        begin, end = s.entities[0].layout[0], s.entities[0].layout[-1]
        assert begin
        assert end
        assert s.description.removesuffix(".").endswith(find_direction(begin, end))
        assert moves_as_planned(exact(s).things[0])


def test_all_relations_and_directions_take_turns() -> None:
    texts = [build_skill_plan("spatial", number, SUBJECTS, PLACES, seed=1).prompt for number in range(4)]
    assert [word for text in texts for word in ("left", "right", "above", "below") if word in text] == [
        "left",
        "right",
        "above",
        "below",
    ]


def test_a_thing_that_appears_again_is_told_by_its_group_alone() -> None:
    plan = build_skill_plan("consistency", 0, SUBJECTS, PLACES, seed=1)
    assert [scene.entities[0].name for scene in plan.scenes] == ["blue car", "car", "car"]
    assert {plan.group_of(scene, entity) for scene, entity in plan.appearances()} == {"hero"}
    assert len(plan.consistency_groups) == 1, "backgrounds stay as they are"


def test_a_world_without_colours_has_no_plans_of_consistency() -> None:
    with pytest.raises(UsageError, match="consistency needs things in several colours"):
        build_skill_plan("consistency", 0, SUBJECTS[:3], PLACES, seed=1)
