"""Backgrounds are told apart by what no thing covers."""

from __future__ import annotations

import numpy as np
import pytest

from videodirector import lexicon
from videodirector.errors import UsageError
from videodirector.evaluation import BackgroundClassifier
from videodirector.schemas import Box
from videodirector.storyworld import backgrounds


def test_unseen_paintings_of_every_background_are_recognised(classifier: BackgroundClassifier) -> None:
    for name in lexicon.trained_backgrounds():
        for seed in (77, 78):
            match = classifier.classify(backgrounds.paint(name, size=64, seed=seed))
            assert match.name == name, seed
            assert match.margin > 1


def test_what_a_box_hides_does_not_count(classifier: BackgroundClassifier) -> None:
    frame = backgrounds.paint("forest", size=64, seed=3).copy()
    before = classifier.classify(frame, [Box(0.1, 0.1, 0.8, 0.9)])
    frame[7:58, 7:51] = (255, 0, 255)
    after = classifier.classify(frame, [Box(0.1, 0.1, 0.8, 0.9)])
    assert after == before
    assert after.name == "forest"
    assert classifier.classify(frame).distance > 2 * after.distance


def test_wrong_questions_are_refused(classifier: BackgroundClassifier) -> None:
    frame = backgrounds.paint("forest", size=64, seed=3)
    with pytest.raises(UsageError, match="hide the whole frame"):
        classifier.classify(frame, [Box(0, 0, 1, 1)])
    with pytest.raises(UsageError, match="shape"):
        classifier.classify(frame[..., 0])


def test_every_background_needs_samples() -> None:
    frame = np.zeros((8, 8, 3), dtype=np.uint8)
    with pytest.raises(UsageError, match="without samples: sea"):
        BackgroundClassifier({"forest": [frame], "sea": []})
    with pytest.raises(UsageError, match="not two"):
        BackgroundClassifier({"forest": [frame]})
