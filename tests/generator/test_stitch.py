import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodirector.generator.backend import Frame, Frames
from videodirector.generator.stitch import Stitcher


def flat(level: int, frames: int) -> Frames:
    return np.full((frames, 2, 2, 3), level, dtype=np.uint8)


def levels(frames: list[Frame]) -> list[int]:
    return [int(frame[0, 0, 0]) for frame in frames]


def test_cuts_pass_every_frame_on_as_it_is() -> None:
    out: list[Frame] = []
    stitcher = Stitcher(out.append)
    first, second = np.random.default_rng(0).integers(0, 256, (2, 5, 2, 2, 3), dtype=np.uint8)
    stitcher.add(first, "cut")
    stitcher.add(second, "cut")
    stitcher.close()
    np.testing.assert_array_equal(np.stack(out), np.concatenate([first, second]))


def test_a_crossfade_overlaps_and_shortens() -> None:
    out: list[Frame] = []
    stitcher = Stitcher(out.append, crossfade=4)
    stitcher.add(flat(0, 10), "crossfade")
    stitcher.add(flat(100, 10))
    stitcher.close()
    assert levels(out) == [0] * 6 + [20, 40, 60, 80] + [100] * 6


def test_the_transition_belongs_to_the_scene_before_it() -> None:
    out: list[Frame] = []
    stitcher = Stitcher(out.append, crossfade=2)
    stitcher.add(flat(0, 4), "cut")
    stitcher.add(flat(90, 4), "crossfade")
    stitcher.add(flat(180, 4), "crossfade")
    stitcher.close()
    assert levels(out) == [0, 0, 0, 0, 90, 90, 120, 150, 180, 180]
    assert len(out) == 10


def test_two_crossfades_never_meet_in_a_short_scene() -> None:
    out: list[Frame] = []
    stitcher = Stitcher(out.append, crossfade=4)
    for level in (0, 120, 240):
        stitcher.add(flat(level, 3), "crossfade")
    stitcher.close()
    assert levels(out) == [0, 0, 60, 120, 180, 240, 240]


def test_a_single_frame_is_cut() -> None:
    out: list[Frame] = []
    stitcher = Stitcher(out.append)
    stitcher.add(flat(1, 1), "crossfade")
    stitcher.add(flat(2, 8), "crossfade")
    stitcher.close()
    assert levels(out) == [1] + [2] * 8


@given(
    st.lists(st.tuples(st.integers(1, 20), st.sampled_from(["cut", "crossfade"])), min_size=1, max_size=8),
    st.integers(0, 9),
)
def test_lengths_are_exact_and_scenes_are_let_go(scenes: list[tuple[int, str]], crossfade: int) -> None:
    out: list[Frame] = []
    stitcher = Stitcher(out.append, crossfade=crossfade)
    expected = 0
    for number, (length, transition) in enumerate(scenes):
        before = len(out)
        stitcher.add(flat(10 * number, length), "crossfade" if transition == "crossfade" else "cut")
        expected += length
        held = expected - len(out)
        assert 0 <= held <= crossfade, "no more than one crossfade is held back"
        assert len(out) >= before
        if transition == "crossfade" and number + 1 < len(scenes):
            expected -= min(crossfade, length // 2, scenes[number + 1][0] // 2)
    stitcher.close()
    assert len(out) == expected
    assert levels(out) == sorted(levels(out)), "nothing is repeated or out of order"


def test_what_is_held_back_does_not_keep_the_scene_alive() -> None:
    scene = flat(5, 100)
    stitcher = Stitcher(lambda frame: None)
    stitcher.add(scene, "crossfade")
    assert not any(np.shares_memory(frame, scene) for frame in stitcher._held)


@pytest.mark.parametrize("crossfade", [1, 2, 5])
def test_blends_stay_between_what_they_blend(crossfade: int) -> None:
    rng = np.random.default_rng(1)
    before, after = rng.integers(0, 256, (2, 12, 3, 3, 3), dtype=np.uint8)
    out: list[Frame] = []
    stitcher = Stitcher(out.append, crossfade=crossfade)
    stitcher.add(before, "crossfade")
    stitcher.add(after)
    stitcher.close()
    for i in range(crossfade):
        part = (i + 1) / (crossfade + 1)
        expected = (1 - part) * before[12 - crossfade + i].astype(float) + part * after[i].astype(float)
        np.testing.assert_allclose(out[12 - crossfade + i], expected, atol=0.51)
