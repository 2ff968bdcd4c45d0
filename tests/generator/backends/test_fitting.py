"""Lengths, sizes and rates: properties that hold for every model and every plan."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodirector.generator.backends.fitting import Lengths, Sizes, fit_length, resample, resize

forms = st.builds(Lengths, step=st.integers(1, 16), offset=st.integers(0, 3))
counts = st.integers(1, 400)


@given(forms, counts)
def test_a_fitted_length_is_permitted_and_the_next_one(lengths: Lengths, frames: int) -> None:
    fitted = lengths.fit(frames)
    assert fitted >= frames
    assert fitted - frames < lengths.step
    assert (fitted - lengths.offset) % lengths.step == 0
    assert fitted in lengths
    assert lengths.fit(fitted) == fitted


@given(forms, counts, st.integers(20, 100))
def test_nothing_is_longer_than_the_most(form: Lengths, frames: int, most: int) -> None:
    lengths = Lengths(step=form.step, offset=form.offset, most=most)
    assert lengths.fit(frames) <= most
    assert lengths.fit(frames) in lengths
    assert most - lengths.fit(10**6) < lengths.step


@pytest.mark.parametrize(
    ("lengths", "frames", "fitted", "words"),
    [
        (Lengths(), 7, 7, "any"),
        (Lengths(step=4, offset=1), 16, 17, "4n+1"),
        (Lengths(step=8, offset=1), 17, 17, "8n+1"),
        (Lengths(step=8, offset=1), 18, 25, "8n+1"),
        (Lengths(step=4, offset=1, most=49), 100, 49, "4n+1 up to 49"),
        (Lengths(least=16, most=16), 3, 16, "16"),
        (Lengths(step=8), 3, 8, "8n"),
        (Lengths(most=24), 30, 24, "any up to 24"),
    ],
)
def test_known_models(lengths: Lengths, frames: int, fitted: int, words: str) -> None:
    assert lengths.fit(frames) == fitted
    assert str(lengths) == words


@given(st.integers(1, 128), st.tuples(st.integers(1, 2000), st.integers(1, 2000)))
def test_a_fitted_size_is_the_next_multiple(multiple: int, size: tuple[int, int]) -> None:
    fitted = Sizes(multiple=multiple).fit(size)
    for side, wanted in zip(fitted, size, strict=True):
        assert side % multiple == 0
        assert 0 <= side - wanted < multiple
    assert Sizes(multiple=multiple).fit(fitted) == fitted
    assert Sizes(multiple=multiple, only=(64, 32)).fit(size) == (64, 32)


def test_sizes_in_words() -> None:
    assert [str(sizes) for sizes in (Sizes(), Sizes(multiple=32), Sizes(only=(64, 48)))] == [
        "any",
        "multiples of 32",
        "64x48",
    ]


def test_a_scene_lasts_as_long_as_the_plan_says() -> None:
    wan = Lengths(step=4, offset=1)
    assert fit_length(16, Fraction(8), lengths=wan, model_rate=Fraction(16)) == 33
    assert fit_length(16, Fraction(8), lengths=wan, model_rate=None) == 17
    assert fit_length(48, Fraction(24), lengths=Lengths(), model_rate=Fraction(8)) == 17
    assert fit_length(1, Fraction(8), lengths=wan, model_rate=Fraction(16)) == 1


@given(counts, counts)
def test_resampling_keeps_the_ends_and_the_order(there: int, count: int) -> None:
    frames = np.arange(there, dtype=np.uint16).reshape(-1, 1, 1, 1).repeat(3, axis=3)
    taken = resample(frames, count)[:, 0, 0, 0]  # type: ignore[arg-type]  # more frames than a byte can tell apart
    assert len(taken) == count
    assert taken[0] == 0
    steps = np.diff(taken.astype(int))
    assert (steps >= 0).all()
    if count > 1:
        assert taken[-1] == there - 1
        ideal = np.arange(count) * (there - 1) / (count - 1)
        assert (np.abs(taken - ideal) <= 0.5 + 1e-9).all(), "no frame stands further than half a frame from its time"


def test_what_fits_is_not_copied() -> None:
    frames = np.zeros((4, 6, 8, 3), dtype=np.uint8)
    assert resample(frames, 4) is frames
    assert resize(frames, (8, 6)) is frames
    assert resize(frames, (16, 10)).shape == (4, 10, 16, 3)
