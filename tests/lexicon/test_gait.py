from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodirector.lexicon.gait import STRETCH, Gait, distances, fit, phases, settle

WALKS = Gait(moves="walks", seconds=2.0, stride=0.5)
FLIES = Gait(moves="flies", seconds=2.0)
HOPS = Gait(moves="walks")


def track(*steps: float, height: float = 0.2) -> list[tuple[float, float, float, float] | None]:
    return [(x, 0.5, x + 0.2, 0.5 + height) for x in steps]


def test_steps_follow_the_way_whatever_the_frame_rate() -> None:
    assert phases(WALKS, track(0.0, 0.05, 0.1), rate=1000) == pytest.approx([0, 0.5, 1])
    assert phases(WALKS, track(0.1, 0.05), rate=8) == pytest.approx([0, 0.5]), "backwards as forwards"
    assert phases(WALKS, track(0.0, 0.05, height=0.4), rate=8)[1] == pytest.approx(0.25), "longer legs"
    assert phases(WALKS, track(0.0, 0.025), rate=8, shape=2)[1] == pytest.approx(0.5), "of wide frames"
    assert phases(WALKS, track(0.3, 0.3), rate=8) == [0, 0], "who stands, stands"


def test_wings_follow_the_time_and_still_pictures_stay() -> None:
    assert phases(FLIES, track(0.0, 0.3, 0.6), rate=8) == pytest.approx([0, 1 / 16, 2 / 16])
    assert phases(FLIES, [None, *track(0.0)], rate=8, start=0.5) == pytest.approx([0.5, 0.5625])
    assert phases(Gait(), track(0.0, 0.3), rate=8) == [0, 0]


def test_ways_go_on_behind_what_hides_a_thing_and_growing_is_a_way() -> None:
    assert distances([*track(0.0), None, *track(0.2)]) == pytest.approx([0, 0, 1])
    assert distances([(0.0, 0.0, 0.2, 0.2), (0.0, 0.0, 0.2, 0.3)])[1] > 0.8


@given(st.floats(0, 0.5), st.floats(0.01, 0.5), st.floats(0.01, 0.5), st.floats(0.1, 10), st.booleans())
def test_what_is_fitted_keeps_its_form_and_lies_in_its_box(
    x: float, width: float, height: float, aspect: float, flies: bool
) -> None:
    mover = Gait(aspect=aspect, moves="flies" if flies else "walks")
    x0, y0, x1, y1 = fit(mover, (x, 0.1, x + width, 0.1 + height))
    assert aspect / STRETCH * 0.999 <= (x1 - x0) / (y1 - y0) <= aspect * STRETCH * 1.001
    assert x - 1e-9 <= x0 < x1 <= x + width + 1e-9
    assert 0.1 - 1e-9 <= y0 < y1 <= 0.1 + height + 1e-9
    if not flies:
        assert y1 == pytest.approx(0.1 + height)


def test_what_walks_without_steps_hops_within_its_box() -> None:
    found = settle(HOPS, track(*(number * 0.02 for number in range(10))))
    lower = [box[3] for box in found if box is not None]
    assert min(lower) < max(lower) <= 0.7
    assert all(box is not None and box[1] >= 0.5 for box in found)
    assert settle(HOPS, track(0.1, 0.1)) == [fit(HOPS, box) for box in track(0.1, 0.1) if box]
