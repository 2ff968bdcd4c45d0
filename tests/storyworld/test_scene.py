from __future__ import annotations

import numpy as np
import pytest

from videodirector.storyworld import atlas
from videodirector.storyworld.scene import SceneSampler, compose, deed


def test_a_number_decides_the_scene() -> None:
    one, other = (SceneSampler(size=32, frames=4, seed=5) for _ in range(2))
    for number in (3, 0, 7):
        assert np.array_equal(one[number].frames, other[number].frames)
        assert one[number].caption == other[number].caption
    assert not np.array_equal(one[1].frames, one[2].frames)
    assert not np.array_equal(SceneSampler(size=32, seed=6)[3].frames, one[3].frames[:1])


def test_boxes_are_exact() -> None:
    """What differs from the bare background lies in the box, and reaches all its sides."""
    ground = np.full((64, 64, 3), 77, dtype=np.uint8)
    for name in ("owl", "car", "heart", "tree"):
        sprite = atlas.load().variants(name)[0]
        for box in ((0.1, 0.2, 0.5, 0.7), (0.03125, 0.5, 0.421875, 0.984375), (0.313, 0.117, 0.871, 0.633)):
            drawn = compose(ground, [(sprite, box)])
            rows, columns = np.nonzero(np.abs(drawn.astype(int) - ground).sum(-1) > 24)
            found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / 64
            assert np.abs(found - box).max() < 1.6 / 64, (name, box, found)
    assert (ground == 77).all()


def test_later_sprites_stand_before_earlier_ones() -> None:
    ground = np.zeros((32, 32, 3), dtype=np.uint8)
    heart, ball = (atlas.load().variants(name)[0] for name in ("heart", "basketball"))
    box = (0.2, 0.2, 0.8, 0.8)
    over = compose(ground, [(heart, box), (ball, box)])
    alone = compose(ground, [(ball, box)])
    assert np.array_equal(over[12:20, 12:20], alone[12:20, 12:20])


def test_tracks_stay_inside_and_names_stand_in_the_caption() -> None:
    sampler = SceneSampler(size=16, frames=8, seed=9, entities=(1, 4))
    hidden = moved = 0
    for number in range(60):
        clip = sampler[number]
        assert clip.frames.shape == (8, 16, 16, 3)
        for actor in clip.actors:
            assert actor.sprite.name in clip.caption
            boxes = [box for box in actor.track if box]
            assert boxes
            hidden += None in actor.track
            moved += boxes[0] != boxes[-1]
            for x0, y0, x1, y1 in boxes:
                assert -1e-9 <= x0 < x1 <= 1 + 1e-9
                assert -1e-9 <= y0 < y1 <= 1 + 1e-9
    assert hidden
    assert moved


@pytest.mark.parametrize(
    ("track", "expected"),
    [
        ([(0.1, 0.4, 0.3, 0.6), (0.5, 0.45, 0.7, 0.65)], "right"),
        ([(0.5, 0.4, 0.7, 0.6), (0.1, 0.3, 0.3, 0.5)], "left"),
        ([(0.1, 0.6, 0.3, 0.8), (0.15, 0.1, 0.35, 0.3)], "up"),
        ([(0.1, 0.1, 0.3, 0.3), (0.1, 0.5, 0.3, 0.7)], "down"),
        ([(0.4, 0.4, 0.6, 0.6), (0.3, 0.3, 0.7, 0.7)], "nearer"),
        ([(0.3, 0.3, 0.7, 0.7), (0.4, 0.4, 0.6, 0.6)], "farther"),
        ([(0.3, 0.3, 0.7, 0.7), (0.32, 0.3, 0.72, 0.7)], "still"),
        ([None, (0.3, 0.3, 0.7, 0.7)], "appears"),
        ([(0.3, 0.3, 0.7, 0.7), None], "leaves"),
    ],
)
def test_captions_of_clips_tell_what_things_do(track: list[tuple[float, ...] | None], expected: str) -> None:
    assert deed(track) == expected  # type: ignore[arg-type]


def test_with_deeds_captions_alone_change() -> None:
    plain, told = (SceneSampler(size=16, frames=16, seed=5, entities=(1, 1), deeds=deeds) for deeds in (False, True))
    assert all(np.array_equal(plain[number].frames, told[number].frames) for number in range(4))
    said = [" ".join(sampler[number].caption for number in range(60)) for sampler in (plain, told)]
    assert [" right" in words and " left" in words for words in said] == [False, True]


def test_close_scenes_show_one_large_thing() -> None:
    def largest(sampler: SceneSampler) -> list[tuple[int, float]]:
        boxes = [[actor.track[0] for actor in sampler[number].actors] for number in range(80)]
        return [
            (len(found), max((max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in filter(None, found)), default=0))
            for found in boxes
        ]

    every = largest(SceneSampler(size=16, seed=5, entities=(2, 4), close=1))
    assert all(number == 1 and side >= 0.45 for number, side in every)
    some = largest(SceneSampler(size=16, seed=5, entities=(2, 4), close=0.5))
    assert 25 <= sum(number == 1 for number, _ in some) <= 55
