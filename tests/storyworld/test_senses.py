"""The world is heard, felt and measured: distinct, varied, and the same again from the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from videodirector import lexicon
from videodirector.storyworld import geometry, outside, sound
from videodirector.storyworld.atlas import load
from videodirector.storyworld.moments import Moment, MomentSampler
from videodirector.storyworld.motion import IMU_RATE, MOTIONS, Motion, Path, imu
from videodirector.storyworld.timbres import AMBIENCES, GAITS


def spectrum(samples: sound.Samples) -> np.ndarray:
    """Loudness over pitch in third octaves, unit length."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / sound.RATE)
    edges = 40 * 2 ** (np.arange(24) / 3)
    bands = np.array([power[(frequencies >= low) & (frequencies < 1.26 * low)].sum() for low in edges])
    level = np.log10(bands + 1e-6 * bands.max())
    return np.asarray((level - level.mean()) / np.linalg.norm(level - level.mean()))


def test_every_thing_place_and_gait_has_a_sound() -> None:
    assert set(sound.voices()) == set(lexicon.trained_things())
    assert set(AMBIENCES) == set(lexicon.trained_backgrounds())
    assert {thing.moves for thing in lexicon.trained_things().values()} <= set(GAITS)
    motifs = {(spec.timbre, spec.motif, spec.pitch) for spec in sound.voices().values()}
    assert len(motifs) == len(lexicon.trained_things())  # no two say the same


def test_a_voice_sounds_like_itself_and_never_the_same_twice() -> None:
    for thing, other in (("dog", "cat"), ("bell", "car"), ("whale", "bee")):
        a, b, c = (
            sound.voice(name, seconds=2, rng=np.random.default_rng(seed))
            for name, seed in ((thing, 1), (thing, 2), (other, 3))
        )
        assert not np.array_equal(a, b)
        assert spectrum(a) @ spectrum(b) > spectrum(a) @ spectrum(c)
        assert np.array_equal(a, sound.voice(thing, seconds=2, rng=np.random.default_rng(1)))


def test_mixing_never_clips() -> None:
    loud = np.full(100, 3.0, dtype=np.float32)
    assert np.abs(sound.mix([(loud, 1.0), (loud, 0.5)])).max() == pytest.approx(0.9)


def test_depth_is_nearer_where_the_thing_is_and_heat_warmer() -> None:
    fox = load().variants("fox")[0]
    box = (0.3, 0.3, 0.7, 0.7)
    near = geometry.nearness("meadow", [(fox, box)], size=64)
    warm = geometry.heat("snow", [(fox, box)], size=64)
    empty = geometry.nearness("meadow", [], size=64)
    assert near[32, 32] > empty[32, 32] + 0.1
    assert np.array_equal(near[:10], empty[:10])
    assert (np.diff(empty[45:, 0]) > 0).all()  # the ground comes towards us
    assert warm[32, 32] > 10 > warm[5, 5]


@pytest.mark.parametrize("motion", MOTIONS)
def test_a_motion_sensor_feels_where_it_goes(motion: Motion) -> None:
    rng = np.random.default_rng(5)
    path = Path.random(motion, 0.3, 0.3, rng)
    trace = imu(path, "floats", rng=rng)
    assert trace.shape == (6, round(2.048 * IMU_RATE))
    pushed = trace[:3, :102].mean(1) - trace[:3, 102:].mean(1)  # speeding up against slowing down
    axis = {"left": 0, "right": 0, "up": 1, "down": 1, "nearer": 2, "farther": 2}.get(motion)
    if axis is None:
        assert np.abs(pushed).max() < 0.3
    else:
        assert int(np.abs(pushed).argmax()) == axis
        assert (pushed[axis] > 0) == (motion in ("right", "up", "nearer"))


def test_moments_are_decided_by_their_number() -> None:
    first, again = (MomentSampler(seed=3, outside=0.1, empty=0.1, plain=0.2)[7] for _ in range(2))
    for modality in ("image", "video", "audio", "depth", "thermal", "imu"):
        assert np.array_equal(first.clip(modality), again.clip(modality))
    assert first.caption(moving=True) == again.caption(moving=True)


def moments(count: int) -> list[Moment]:
    source = MomentSampler(seed=4, outside=0.2, empty=0.2, plain=0.2)
    return [source[number] for number in range(count)]


def test_what_captions_tell_is_true() -> None:
    for moment in moments(60):
        told = moment.caption(moving=True)
        if moment.style:
            assert moment.thing is moment.place is None
            assert told == "nothing that can be told"
        elif moment.sprite:
            assert any(word in told for word in (moment.sprite.thing.name, *moment.sprite.phrases))
        else:
            assert moment.place is not None


def test_moving_things_move_as_they_are_said_to() -> None:
    for moment in moments(60):
        if moment.sprite and moment.motion in ("left", "right"):
            path = moment.path
            assert (path.end[0] > path.start[0]) == (moment.motion == "right")


@pytest.mark.parametrize("style", [*outside.LEARNED, *outside.UNSEEN])
def test_what_lies_outside(style: str) -> None:
    rng = np.random.default_rng(0)
    assert outside.picture(style, size=32, rng=rng).shape == (32, 32, 3)
    assert outside.field(style, size=32, rng=rng).shape == (32, 32)
    assert np.isfinite(outside.sound(style, rng=rng)).all()
    assert outside.shaking(style, rng=rng).shape[0] == 6
