from __future__ import annotations

import numpy as np
import pytest

from videodirector import lexicon
from videodirector.storyworld import atlas


def test_every_thing_has_a_picture_in_every_colour() -> None:
    loaded = atlas.load()
    assert {sprite.thing.name for sprite in loaded} == set(lexicon.trained_things())
    for thing in lexicon.trained_things().values():
        variants = loaded.variants(thing.name)
        assert set(thing.colours) <= {sprite.colour for sprite in variants}
        for sprite in variants:
            assert np.asarray(sprite.image.getchannel("A")).max() == 255
            assert sprite.image.width / sprite.image.height == pytest.approx(thing.aspect, abs=0.01)


def test_colours_are_what_they_are_called() -> None:
    def mean(name: str, colour: str) -> tuple[float, float, float]:
        sprite = atlas.load().find(f"{colour} {name}")
        assert sprite is not None
        pixels = np.asarray(sprite.image, dtype=float).reshape(-1, 4)
        red, green, blue = pixels[pixels[:, 3] > 200, :3].mean(0)
        return red, green, blue

    for name in ("balloon", "heart", "basketball"):
        assert np.argmax(mean(name, "red")) == 0
        assert np.argmax(mean(name, "green")) == 1
        assert np.argmax(mean(name, "blue")) == 2


@pytest.mark.parametrize(
    ("name", "description", "found"),
    [
        ("fox", "", "fox"),
        ("two red cars", "", "red car"),
        ("car", "a blue one", "blue car"),
        ("puppy", "", "dog"),
        ("hot air balloon", "", "red balloon"),
        ("Foxes", "", "fox"),
        ("laptop", "", None),
        ("carpet", "", None),
        ("", "", None),
    ],
)
def test_finding_by_words(name: str, description: str, found: str | None) -> None:
    sprite = atlas.load().find(name, description)
    assert (sprite.name if sprite else None) == found


def test_facing_mirrors_what_has_a_side_and_nothing_else() -> None:
    horse, heart = atlas.load().variants("horse")[0], atlas.load().variants("heart")[0]
    assert horse.facing("left") is horse
    right = horse.facing("right")
    assert np.array_equal(np.asarray(right.image), np.asarray(horse.image)[:, ::-1])
    assert np.array_equal(np.asarray(right.facing("left").image), np.asarray(horse.image))
    assert heart.facing("right") is heart


def test_phrases_are_unique_to_a_sprite() -> None:
    seen: dict[str, str] = {}
    for sprite in atlas.load():
        assert sprite.phrases[0] == sprite.name
        for phrase in sprite.phrases:
            assert seen.setdefault(phrase, sprite.name) == sprite.name
