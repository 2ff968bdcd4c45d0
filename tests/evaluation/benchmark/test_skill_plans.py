"""Composed plans are valid, fair, the same every time, and ask for what their words say."""

from __future__ import annotations

import pytest

from videodirector.errors import UsageError
from videodirector.evaluation import SceneSightings, Sighting, clearly_visible
from videodirector.evaluation.benchmark.skill_plans import COMPOSED, Composed, Subject, skill_plan
from videodirector.evaluation.metrics.movement import moves_as_planned, way
from videodirector.evaluation.metrics.skills import counts_right, place, scale_right, size, spatial_right
from videodirector.schemas import Box, Scene

SUBJECTS = [
    Subject(name="fox", plural="foxes", aspect=1.1, kind="fox"),
    Subject(name="snake", plural="snakes", aspect=2.2, kind="snake"),
    Subject(name="tower", plural="towers", aspect=0.5, kind="tower"),
    Subject(name="red car", plural="red cars", aspect=1.6, kind="car"),
    Subject(name="blue car", plural="blue cars", aspect=1.6, kind="car", own=False),
]
PLACES = ["sea", "forest"]


def exact(scene: Scene) -> SceneSightings:
    """As if everything had been found where it was planned."""
    things = [
        Sighting(entity=e.id, name=e.name, planned=tuple(e.boxes(scene.frames)), found=tuple(e.boxes(scene.frames)))
        for e in scene.entities
    ]
    names = [thing.name for thing in things]
    return SceneSightings(
        scene=scene.id,
        looked_at=tuple(range(scene.frames)),
        things=tuple(things),
        counted={name: names.count(name) for name in names},
    )


@pytest.mark.parametrize("skill", COMPOSED)
def test_plans_are_fair_and_the_same_every_time(skill: Composed) -> None:
    for number in range(12):
        plan = skill_plan(skill, number, SUBJECTS, PLACES, seed=1, frames=9)
        assert plan.to_json() == skill_plan(skill, number, SUBJECTS, PLACES, seed=1, frames=9).to_json()
        assert plan.to_json() != skill_plan(skill, number, SUBJECTS, PLACES, seed=2, frames=9).to_json()
        for scene in plan.scenes:
            assert scene.frames == 9
            for frame in range(9):
                boxes = [box for e in scene.entities if (box := e.boxes(9)[frame])]
                assert all(clearly_visible(boxes, index) for index in range(len(boxes)))


def test_the_words_are_those_of_the_boxes() -> None:
    for number in range(12):
        counted = skill_plan("count", number, SUBJECTS, PLACES, seed=1).scenes[0]
        assert counted.description.split()[0].lower() == {2: "two", 3: "three", 4: "four"}[len(counted.entities)]
        assert counts_right(exact(counted)) == [True]

        s = skill_plan("spatial", number, SUBJECTS, PLACES, seed=1).scenes[0]
        assert place(*(entity.boxes(1)[0] or Box(0, 0, 1, 1) for entity in s.entities)) in s.description
        assert spatial_right(exact(s)) == [True]

        s = skill_plan("scale", number, SUBJECTS, PLACES, seed=1).scenes[0]
        assert f"is {size(*(entity.boxes(1)[0] or Box(0, 0, 1, 1) for entity in s.entities))} " in s.description
        assert scale_right(exact(s)) == [True]

        s = skill_plan("movement", number, SUBJECTS, PLACES, seed=1).scenes[0]
        begin, end = s.entities[0].layout[0], s.entities[0].layout[-1]
        assert begin
        assert end
        assert s.description.removesuffix(".").endswith(way(begin, end))
        assert moves_as_planned(exact(s).things[0])


def test_all_relations_and_directions_take_turns() -> None:
    texts = [skill_plan("spatial", number, SUBJECTS, PLACES, seed=1).prompt for number in range(4)]
    assert [word for text in texts for word in ("left", "right", "above", "below") if word in text] == [
        "left",
        "right",
        "above",
        "below",
    ]


def test_a_thing_that_appears_again_is_told_by_its_group_alone() -> None:
    plan = skill_plan("consistency", 0, SUBJECTS, PLACES, seed=1)
    assert [scene.entities[0].name for scene in plan.scenes] == ["blue car", "car", "car"]
    assert {plan.group_of(scene, entity) for scene, entity in plan.appearances()} == {"hero"}
    assert len(plan.consistency_groups) == 1, "backgrounds stay as they are"


def test_a_world_without_colours_has_no_plans_of_consistency() -> None:
    with pytest.raises(UsageError, match="consistency needs things in several colours"):
        skill_plan("consistency", 0, SUBJECTS[:3], PLACES, seed=1)
