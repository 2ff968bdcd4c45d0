"""What can fairly be asked for, and how the instruments are tried."""

from __future__ import annotations

import numpy as np

from videodirector.evaluation import (
    BackgroundClassifier,
    Detector,
    LabelledFrame,
    Proportion,
    is_clearly_visible,
    validate_instruments,
)
from videodirector.schemas import Box
from videodirector.storyworld import atlas, backgrounds
from videodirector.storyworld.scene import compose

PLANNED = Box(0.2, 0.2, 0.6, 0.6)


def test_what_is_clearly_visible() -> None:
    large, small, thin = Box(0.1, 0.1, 0.5, 0.5), Box(0.6, 0.6, 0.9, 0.79), Box(0.6, 0.1, 0.73, 0.5)
    assert [is_clearly_visible((large, small, thin), index) for index in range(3)] == [True, False, False]
    assert not is_clearly_visible((large, Box(0.1, 0.1, 0.3, 0.2)), 0)
    assert is_clearly_visible((large, Box(0.48, 0.1, 0.8, 0.5)), 0)


def fox_in(place: str, box: Box) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    sprite = atlas.load().find("fox")
    assert sprite is not None
    return compose(backgrounds.paint(place, size=64, seed=9), [(sprite, box)])


def test_validation_counts_hits_alarms_and_what_it_leaves_out(
    detector: Detector, classifier: BackgroundClassifier
) -> None:
    pixels = fox_in("forest", PLANNED)
    right = LabelledFrame(pixels=pixels, names=("fox",), boxes=(PLANNED,), background="forest", absent=("owl", "truck"))
    # Labels that are wrong on purpose: each must be counted as the instrument's error.
    wrong = LabelledFrame(
        pixels=pixels,
        names=("fox", "egg"),
        boxes=(PLANNED.moved(0.3, 0.3), Box(0.0, 0.0, 0.1, 0.1)),
        background="sea",
        absent=("fox",),
    )
    result = validate_instruments(detector, classifier, [right, right, wrong])
    assert (result.recall, result.false_alarms) == (Proportion(2, 3), Proportion(1, 5))
    assert (result.backgrounds, result.left_out) == (Proportion(2, 3), 1)
    assert result.errors == (
        "frame 2: fox misplaced",
        "frame 2: fox found, though it is not there",
        "frame 2: sea taken for forest",
    )
    assert not result.passed()
    assert validate_instruments(detector, classifier, [right]).passed()
