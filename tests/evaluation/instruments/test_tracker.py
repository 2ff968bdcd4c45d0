"""Things are followed from frame to frame, and told apart where there are several of them."""

from __future__ import annotations

import numpy as np
import pytest

from videodirector.errors import UsageError
from videodirector.evaluation import Detector
from videodirector.evaluation.instruments.tracker import identify_variant, track_entities
from videodirector.evaluation.metrics.feature_networks import Frames
from videodirector.schemas import Box, Entity, Scene
from videodirector.storyworld import atlas, backgrounds
from videodirector.storyworld.scene import compose

LEFT, RIGHT = Box(0.05, 0.3, 0.4, 0.65), Box(0.6, 0.3, 0.95, 0.65)


def drawn(*placements: list[tuple[str, Box]]) -> Frames:
    """One frame for each list of things and boxes."""
    ground = backgrounds.paint("meadow", size=64, seed=5)
    sprites = {sprite.name: sprite for sprite in atlas.load()}
    return np.stack([compose(ground, [(sprites[name], box) for name, box in things]) for things in placements])


def scene(*entities: Entity, frames: int) -> Scene:
    return Scene(id="s", description="", background="meadow", frames=frames, entities=list(entities))


def test_a_thing_is_followed_and_missed_while_it_is_away(detector: Detector) -> None:
    fox = Entity(id="hero", name="fox", layout=[LEFT, LEFT.moved(0.1, 0), LEFT.moved(0.2, 0), None, None])
    plan = scene(fox, frames=5)
    boxes = fox.boxes(5)
    found = track_entities(plan, drawn(*([("fox", box)] if box else [] for box in boxes)), detector)
    (thing,) = found.things
    assert thing.planned == tuple(boxes)
    assert [box is not None for box in thing.found] == [True, True, True, False, False]
    assert all(a.iou(b) > 0.7 for a, b in zip(thing.found, boxes, strict=True) if a and b)
    assert found.unknown == ()


def test_things_of_one_name_are_counted_and_told_apart(detector: Detector) -> None:
    foxes = [Entity(id=name, name="fox", layout=[box]) for name, box in (("a", LEFT), ("b", RIGHT))]
    found = track_entities(scene(*foxes, frames=1), drawn([("fox", RIGHT), ("fox", LEFT)]), detector)
    assert found.counted == {"fox": 2}
    for thing, box in zip(found.things, (LEFT, RIGHT), strict=True):
        assert thing.found[0] is not None
        assert thing.found[0].iou(box) > 0.7
    one = track_entities(scene(*foxes, frames=1), drawn([("fox", RIGHT)]), detector)
    assert one.counted == {"fox": 1}
    assert [thing.found[0] is None for thing in one.things] == [True, False]


def test_what_nobody_knows_is_told(detector: Detector) -> None:
    strange = Entity(id="it", name="gryphon", layout=[LEFT])
    vixen = Entity(id="she", name="vixen", layout=[RIGHT])
    found = track_entities(scene(strange, vixen, frames=1), drawn([("fox", RIGHT)]), detector, names={"she": "fox"})
    assert found.unknown == ("gryphon",)
    assert [thing.name for thing in found.things] == ["fox"]
    with pytest.raises(UsageError, match="2 frames in the plan and 1 in the video"):
        track_entities(scene(strange, frames=2), drawn([]), detector)


def test_variants_are_identified(detector: Detector) -> None:
    cars = ["blue car", "red car", "green car"]
    (frame,) = drawn([("red car", Box(0.2, 0.4, 0.7, 0.75))])
    seen = identify_variant(detector, frame, cars, scene="s", frame=0)
    assert seen.variant == "red car"
    (empty,) = drawn([])
    assert identify_variant(detector, empty, cars[:1], scene="s", frame=0).variant is None
