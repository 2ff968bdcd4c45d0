from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodirector.lexicon.gait import IDLE, STRIDES, Gait, fit, phases

WALKS, FLIES = Gait.of("walks", seconds=2.0), Gait.of("flies", seconds=2.0)


def track(*steps: float, height: float = 0.2) -> list[tuple[float, float, float, float] | None]:
    return [(x, 0.5, x + 0.1, 0.5 + height) for x in steps]


def test_legs_swing_with_the_way_whatever_the_frame_rate() -> None:
    stride = STRIDES["walks"] * 0.2
    found = phases(track(0.0, stride / 4, stride / 2), WALKS, rate=1000)
    assert found == pytest.approx([0, 0.25, 0.5])
    assert phases(track(0.0, -stride / 4), WALKS, rate=1000)[1] == pytest.approx(0.25), "backwards is turned round"
    assert phases(track(0.0, stride / 4, height=0.4), WALKS, rate=1000)[1] == pytest.approx(0.125), "longer legs"
    assert phases(track(0.0, stride / 8), WALKS, rate=1000, aspect=2)[1] == pytest.approx(0.25), "of wide frames"


def test_wings_keep_their_own_time_and_what_stands_takes_its_time() -> None:
    assert phases(track(0.0, 0.3, 0.6), FLIES, rate=8) == pytest.approx([0, 1 / 16, 2 / 16])
    assert phases(track(0.0, 0.0), WALKS, rate=8)[1] == pytest.approx(IDLE / 16)
    assert phases(track(0.0, 0.3), Gait(seconds=0.0), rate=8) == [0, 0], "a still picture"


def test_a_cycle_starts_where_it_is_told_and_goes_on_behind_what_hides_it() -> None:
    hidden = [*track(0.0), None, *track(0.0)]
    assert phases(hidden, FLIES, rate=8, start=0.9375) == pytest.approx([0.9375, 0, 0.0625])
    assert phases([None, *track(0.0)], FLIES, rate=8) == [0, 0]


@given(st.floats(0, 0.5), st.floats(0.01, 0.5), st.floats(0.01, 0.5), st.floats(0.1, 10), st.booleans())
def test_what_is_fitted_has_its_aspect_lies_inside_and_touches_two_sides(
    x: float, width: float, height: float, aspect: float, standing: bool
) -> None:
    x0, y0, x1, y1 = fit((x, 0.1, x + width, 0.1 + height), aspect, standing=standing)
    assert (x1 - x0) / (y1 - y0) == pytest.approx(aspect, rel=1e-3)
    assert x0 >= x - 1e-9
    assert y0 >= 0.1 - 1e-9
    assert x1 <= x + width + 1e-9
    assert y1 <= 0.1 + height + 1e-9
    assert math.isclose(x1 - x0, width, abs_tol=1e-9) or math.isclose(y1 - y0, height, abs_tol=1e-9)
    if standing:
        assert y1 == pytest.approx(0.1 + height)
