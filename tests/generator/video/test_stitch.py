import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodirector.generator.backends.frames import Frame, Frames
from videodirector.generator.video._stitch import Stitcher
from videodirector.generator.video.timeline import build_timeline
from videodirector.schemas import Scene, Transition, VideoPlan

Part = tuple[Frames, Transition, int]


def flat(level: int, frames: int) -> Frames:
    return np.full((frames, 2, 2, 3), level, dtype=np.uint8)


def stitched(*parts: Part) -> list[Frame]:
    plan = VideoPlan(
        scenes=[
            Scene(id=f"s{i}", description="", frames=len(frames), transition=way, transition_frames=length)
            for i, (frames, way, length) in enumerate(parts)
        ]
    )
    out: list[Frame] = []
    stitcher = Stitcher(out.append, build_timeline(plan))
    for frames, _, _ in parts:
        stitcher.add(frames)
    return out


def levels(frames: list[Frame]) -> list[int]:
    return [int(frame[0, 0, 0]) for frame in frames]


def test_cuts_pass_every_frame_on_as_it_is() -> None:
    first, second = np.random.default_rng(0).integers(0, 256, (2, 5, 2, 2, 3), dtype=np.uint8)
    out = stitched((first, "cut", 4), (second, "cut", 4))
    np.testing.assert_array_equal(np.stack(out), np.concatenate([first, second]))


def test_a_crossfade_blends() -> None:
    out = stitched((flat(0, 10), "crossfade", 4), (flat(100, 10), "cut", 4))
    assert levels(out) == [0] * 6 + [20, 40, 60, 80] + [100] * 6


def test_a_fade_goes_through_black() -> None:
    out = stitched((flat(120, 6), "fade", 4), (flat(90, 6), "fade", 3))
    assert levels(out) == [120] * 4 + [60, 0] + [30, 60] + [90, 60, 30, 0]


def test_a_hold_repeats_the_last_frame() -> None:
    first = np.arange(4, dtype=np.uint8)[:, None, None, None] * flat(1, 4)
    assert levels(stitched((first, "hold", 3), (flat(9, 2), "hold", 1))) == [0, 1, 2, 3, 3, 3, 3, 9, 9, 9]


def test_the_transition_belongs_to_the_scene_before_it() -> None:
    out = stitched((flat(0, 4), "cut", 2), (flat(90, 4), "crossfade", 2), (flat(180, 4), "crossfade", 2))
    assert levels(out) == [0, 0, 0, 0, 90, 90, 120, 150, 180, 180]


def test_two_crossfades_never_meet_in_a_short_scene() -> None:
    out = stitched(*((flat(level, 3), "crossfade", 4) for level in (0, 120, 240)))
    assert levels(out) == [0, 0, 60, 120, 180, 240, 240]


def test_a_single_frame_is_cut() -> None:
    assert levels(stitched((flat(1, 1), "crossfade", 4), (flat(2, 8), "fade", 4)))[:5] == [1, 2, 2, 2, 2]


WAYS: list[Transition] = ["cut", "crossfade", "fade", "hold"]


@given(st.lists(st.tuples(st.integers(1, 20), st.sampled_from(WAYS), st.integers(1, 9)), min_size=1, max_size=8))
def test_lengths_are_exact_and_scenes_are_let_go(scenes: list[tuple[int, Transition, int]]) -> None:
    plan = VideoPlan(
        scenes=[
            Scene(id=f"s{i}", description="", frames=frames, transition=way, transition_frames=length)
            for i, (frames, way, length) in enumerate(scenes)
        ]
    )
    shots = build_timeline(plan)
    out: list[Frame] = []
    stitcher = Stitcher(out.append, shots)
    for number, shot in enumerate(shots):
        stitcher.add(flat(10 * number + 10, shot.drawn))
        held = shot.end - len(out)
        assert held == (shots[number + 1].overlap if number + 1 < len(shots) else 0), "only what will be blended"
    assert len(out) == shots[-1].end
    if all(way in ("cut", "crossfade", "hold") for _, way, _ in scenes):
        assert levels(out) == sorted(levels(out)), "nothing is repeated or out of order"


def test_what_is_held_back_does_not_keep_the_scene_alive() -> None:
    scenes = [
        Scene(id="a", description="", frames=100, transition="crossfade"),
        Scene(id="b", description="", frames=100),
    ]
    scene = flat(5, 100)
    stitcher = Stitcher(lambda frame: None, build_timeline(VideoPlan(scenes=scenes)))
    stitcher.add(scene)
    assert len(stitcher._held) == 4
    assert not any(np.shares_memory(frame, scene) for frame in stitcher._held)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_blends_stay_between_what_they_blend(length: int) -> None:
    before, after = np.random.default_rng(1).integers(0, 256, (2, 12, 3, 3, 3), dtype=np.uint8)
    out = stitched((before, "crossfade", length), (after, "cut", 1))
    for i in range(length):
        part = (i + 1) / (length + 1)
        expected = (1 - part) * before[12 - length + i].astype(float) + part * after[i].astype(float)
        np.testing.assert_allclose(out[12 - length + i], expected, atol=0.51)
