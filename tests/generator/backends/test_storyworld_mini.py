"""The weights that ship: what they draw is what the plan says, seen by the detector."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from videodirector import VideoPlan, lexicon
from videodirector._generators import finish
from videodirector.evaluation import Detector
from videodirector.generator.backends.layout2vid import Layout2VidBackend, Layout2VidOptions
from videodirector.schemas import Box, Entity, Scene
from videodirector.storyworld import album, atlas

pytestmark = pytest.mark.slow

LEFT, RIGHT = Box(0.08, 0.3, 0.48, 0.7), Box(0.52, 0.3, 0.92, 0.7)


@pytest.fixture(scope="module")
def detector() -> Detector:
    """Of what the memory holds, at rest."""
    return Detector({name: album.find(name).pose().image for name in lexicon.trained_things() if name in lexicon.things()
                     and not lexicon.things()[name].colours})  # fmt: skip


@pytest.fixture(scope="module")
def earlier() -> Detector:
    """Of the pictures that the imagination learned from."""
    return Detector({sprite.name: sprite.image for sprite in atlas.load()})


def drawn(box: Box, **options: object) -> NDArray[np.uint8]:
    robot = Entity(id="robot", name="robot", layout=[box, box])
    plan = VideoPlan(scenes=[Scene(id="s", description="A robot", background="meadow", frames=2, entities=[robot])])
    backend = Layout2VidBackend(options=Layout2VidOptions.model_validate(options))
    frame: NDArray[np.uint8] = finish(backend.prepare(plan.checked()).render(plan.scenes[0], seed=1)).frames[1]
    return frame


def test_a_thing_is_drawn_in_its_box_and_follows_when_the_box_moves(detector: Detector) -> None:
    for box in (LEFT, RIGHT):
        found = detector.find(drawn(box), "robot")
        assert found is not None
        assert found.box.iou(box) > 0.7


def test_what_a_thing_looks_like_can_be_imagined(earlier: Detector) -> None:
    remembered, imagined = drawn(LEFT), drawn(LEFT, imagine=True)
    found = earlier.find(imagined, "robot")
    assert found is not None
    assert found.box.iou(LEFT) > 0.7
    assert (remembered != imagined).any()
