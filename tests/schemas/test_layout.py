"""Boxes and the boxes of every frame."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodirector.schemas import MIN_SIDE, Box, dense

A = Box(0.0, 0.0, 0.2, 0.2)
B = Box(0.8, 0.4, 1.0, 0.8)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x0, y0 = (draw(st.floats(0.0, 0.99)) for _ in range(2))
    x1 = draw(st.floats(min(x0 + 0.002, 1.0), 1.0))
    y1 = draw(st.floats(min(y0 + 0.002, 1.0), 1.0))
    return Box.checked((x0, y0, x1, y1))


layouts = st.lists(st.none() | boxes(), min_size=1, max_size=20)


def test_geometry() -> None:
    box = Box(0.1, 0.2, 0.5, 0.4)
    assert box.width == pytest.approx(0.4)
    assert box.height == pytest.approx(0.2)
    assert box.area == pytest.approx(0.08)
    assert box.centre == pytest.approx((0.3, 0.3))
    assert box.iou(box) == pytest.approx(1.0)
    assert box.iou(B) == 0.0
    assert Box(0, 0, 0.5, 1).iou(Box(0.25, 0, 0.75, 1)) == pytest.approx(1 / 3)
    assert box.moved(0.1, -0.1) == pytest.approx((0.2, 0.1, 0.6, 0.3))
    assert box.scaled(0.5) == pytest.approx((0.2, 0.25, 0.4, 0.35))
    assert Box.around(0.5, 0.5, 0.2, 0.4) == pytest.approx((0.4, 0.3, 0.6, 0.7))


def test_clipping_keeps_what_is_inside() -> None:
    assert Box(-0.5, 0.5, 0.5, 1.5).clipped() == (0.0, 0.5, 0.5, 1.0)
    assert Box(1.2, 0.0, 1.4, 0.5).clipped() is None
    assert Box(-1.0, 0.0, MIN_SIDE / 2, 0.5).clipped() is None


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((math.nan, 0, 1, 1), "finite"),
        ((0, 0, math.inf, 1), "finite"),
        ((0, 0, 1e308, 1), "in \\[0, 1\\]"),
        ((0, 0, 10**400, 1), "in \\[0, 1\\]"),
        ((-0.1, 0, 1, 1), "in \\[0, 1\\]"),
        ((0.5, 0, 0.1, 1), "x1 > x0"),
        ((0, 0.5, 1, 0.5), "y1 > y0"),
        ((0, 0, 1), "four numbers"),
        ((0, 0, 1, True), "four numbers"),
        ((0, 0, 1, "1"), "four numbers"),
    ],
)
def test_a_box_that_cannot_be_is_refused(values: tuple[float, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Box.checked(values)


def test_interpolation_is_linear_and_exact_on_keys() -> None:
    assert dense([A, B], 5)[2] == pytest.approx((0.4, 0.2, 0.6, 0.5))
    keys = [A, B, A]
    assert dense(keys, 5)[0::2] == keys


def test_a_box_holds_for_the_nearer_half_and_is_gone_for_the_other() -> None:
    # Two keys, seven frames: frames 0-3 are nearer to the first (3 is the middle, which belongs to the box).
    assert dense([A, None], 7) == [A] * 4 + [None] * 3
    assert dense([None, A], 7) == [None] * 3 + [A] * 4
    assert dense([None, None], 3) == [None] * 3


def test_few_frames_and_few_keys() -> None:
    assert dense([A], 3) == [A, A, A]
    assert dense([None], 2) == [None, None]
    assert dense([A, B], 1) == [A]
    many = [Box(0.0, 0.0, 0.5, 0.1 + n / 100) for n in range(50)]
    assert dense(many, 2) == [many[0], many[-1]]
    assert dense(many, 50) == many


@pytest.mark.parametrize(("layout", "frames"), [([], 4), ([A], 0), ([A], -1)])
def test_nothing_to_interpolate_is_an_error(layout: list[Box | None], frames: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        dense(layout, frames)


@given(layouts, st.integers(2, 60))
def test_dense_boxes_are_valid_and_meet_the_ends(layout: list[Box | None], frames: int) -> None:
    found = dense(layout, frames)
    assert len(found) == frames
    assert found[0] == layout[0]
    assert found[-1] == layout[-1]
    for box in found:
        if box is not None:
            assert 0 <= box.x0 < box.x1 <= 1
            assert 0 <= box.y0 < box.y1 <= 1


@given(layouts, st.integers(1, 40))
def test_time_may_run_backwards(layout: list[Box | None], frames: int) -> None:
    there, back = dense(layout, frames), dense(layout[::-1], frames)
    if frames == 1:
        assert (there, back) == ([layout[0]], [layout[-1]])
        return
    for one, other in zip(there, reversed(back), strict=True):
        assert (one is None) == (other is None)
        assert one is None or one == pytest.approx(other, abs=1e-12)
