from __future__ import annotations

import numpy as np
import pytest

from videodirector import lexicon
from videodirector.storyworld import backgrounds


@pytest.mark.parametrize("name", lexicon.trained_backgrounds())
def test_a_seed_decides_the_painting_at_any_size(name: str) -> None:
    first = backgrounds.paint(name, size=(48, 32), seed=1)
    assert first.shape == (32, 48, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, backgrounds.paint(name, size=(48, 32), seed=1))
    assert not np.array_equal(first, backgrounds.paint(name, size=(48, 32), seed=2))


def test_places_look_different_from_one_another() -> None:
    names = list(lexicon.trained_backgrounds())
    means = {
        name: np.mean([backgrounds.paint(name, size=32, seed=seed).astype(float) for seed in range(8)], axis=0)
        for name in names
    }
    for name in names:
        for other in names:
            if name < other:
                assert np.abs(means[name] - means[other]).mean() > 8, (name, other)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a dark forest", "forest"),
        ("the deep sea", "underwater"),
        ("They live under the sea.", "underwater"),
        ("by the seaside", "beach"),
        ("nowhere", None),
        ("a seat", None),
    ],
)
def test_finding_a_place_in_words(text: str, name: str | None) -> None:
    assert backgrounds.find(text) == name


def test_an_unknown_place_is_an_error() -> None:
    with pytest.raises(KeyError):
        backgrounds.paint("atlantis", size=8, seed=0)
