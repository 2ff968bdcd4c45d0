"""Instruments that know the whole storyworld, made once."""

from __future__ import annotations

import numpy as np
import pytest

from videodirector import lexicon
from videodirector.evaluation import BackgroundClassifier, Detector
from videodirector.storyworld import atlas, backgrounds


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector({sprite.name: sprite.image for sprite in atlas.load()})


@pytest.fixture(scope="session")
def classifier() -> BackgroundClassifier:
    rng = np.random.default_rng(1)
    return BackgroundClassifier(
        {
            name: [backgrounds.paint(name, size=32, seed=int(rng.integers(2**31))) for _ in range(40)]
            for name in lexicon.trained_backgrounds()
        }
    )
