"""Measures of sightings, computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from videodirector.evaluation import EntityTrack, Proportion, SceneTracks
from videodirector.evaluation.instruments.comparison_sheet import ComparisonCase, draw_comparison_sheet
from videodirector.evaluation.metrics.layout_fidelity import measure_layout_fidelity, measure_visibility
from videodirector.evaluation.metrics.motion import (
    find_direction,
    measure_flicker,
    measure_jumps,
    measure_movement,
    moves_as_planned,
)
from videodirector.evaluation.metrics.vpeval import (
    check_counts,
    check_found,
    check_in_box,
    check_positions,
    check_sizes,
    compare_positions,
    compare_sizes,
)
from videodirector.schemas import Box

BOX = Box(0.2, 0.2, 0.6, 0.6)


def thing(planned: list[Box | None], found: list[Box | None], *, entity: str = "fox", name: str = "fox") -> EntityTrack:
    return EntityTrack(entity=entity, name=name, planned=tuple(planned), found=tuple(found))


def scene(*things: EntityTrack, counted: dict[str, int] | None = None) -> SceneTracks:
    frames = range(len(things[0].planned))
    return SceneTracks(scene="s", looked_at=tuple(frames), things=things, counted=counted or {})


def test_plan_and_video_must_have_the_same_frames() -> None:
    with pytest.raises(ValueError, match="2 frames planned, 1 looked at"):
        thing([BOX, BOX], [BOX])


def test_a_thing_is_in_its_box_from_half_an_overlap_on() -> None:
    # Displaced by d of its width w: IoU = (w - d) / (w + d), one half at d = w/3.
    near, far = scene(thing([BOX], [BOX.moved(0.13, 0)])), scene(thing([BOX], [BOX.moved(0.14, 0)]))
    assert (check_in_box(near), check_in_box(far)) == ([True], [False])
    assert (check_found(near), check_found(far), check_found(scene(thing([BOX], [None])))) == ([True], [True], [False])
    assert check_in_box(scene(thing([None], [BOX]))) == [], "what is not planned is not asked for"


@pytest.mark.parametrize(
    ("dx", "dy", "expected"), [(-0.3, 0.2, "left"), (0.3, -0.2, "right"), (0.1, -0.3, "above"), (0.2, 0.3, "below")]
)
def test_places(dx: float, dy: float, expected: str) -> None:
    assert compare_positions(BOX.moved(dx, dy), BOX) == expected


@pytest.mark.parametrize(("factor", "expected"), [(1.3, "bigger"), (1.2, "as big"), (0.85, "as big"), (0.7, "smaller")])
def test_sizes(factor: float, expected: str) -> None:
    assert compare_sizes(BOX.scaled(factor), BOX) == expected


def test_relations_between_what_is_found_must_be_the_planned_ones() -> None:
    left, right = Box(0.0, 0.2, 0.3, 0.5), Box(0.6, 0.1, 0.9, 0.4)
    small = Box(0.6, 0.1, 0.7, 0.2)

    def pair(a: Box | None, b: Box | None) -> SceneTracks:
        return scene(thing([left], [a]), thing([right], [b], entity="owl", name="owl"))

    assert (check_positions(pair(left, right)), check_sizes(pair(left, right))) == ([True], [True])
    assert (check_positions(pair(right, left)), check_sizes(pair(right, left))) == ([False], [True])
    assert (check_positions(pair(left, small)), check_sizes(pair(left, small))) == ([True], [False])
    assert (check_positions(pair(left, None)), check_sizes(pair(left, None))) == ([False], [False])


def test_counts() -> None:
    two = [thing([BOX], [BOX], entity=f"fox-{number}") for number in (1, 2)]
    assert check_counts(scene(*two, counted={"fox": 2})) == [True]
    assert check_counts(scene(*two, counted={"fox": 3})) == [False], "too many are wrong as well"
    assert check_counts(scene(two[0])) == [True]
    assert check_counts(scene(two[0], thing([BOX], [None], entity="owl", name="owl"))) == [True, False]


def test_directions() -> None:
    assert find_direction(BOX, BOX.moved(-0.2, 0.1)) == "left"
    assert find_direction(BOX, BOX.moved(0.1, -0.2)) == "up"
    ahead = BOX.moved(0.3, 0.05)
    right = thing([BOX, ahead], [BOX, BOX.moved(0.02, 0.0)])
    assert moves_as_planned(right), "the direction counts, not how far"
    assert moves_as_planned(thing([BOX, ahead], [ahead, BOX])) is False
    assert moves_as_planned(thing([BOX, ahead], [BOX, None])) is False
    assert moves_as_planned(thing([BOX, BOX.moved(0.05, 0)], [BOX, BOX])) is None
    assert moves_as_planned(thing([BOX, None], [BOX, None])) is None
    assert measure_movement([right, right, thing([BOX, BOX], [BOX, BOX])]) == Proportion(2, 2)


def test_boxes_at_random_move_the_right_way_a_quarter_of_the_time() -> None:
    rng = np.random.default_rng(0)
    ends = [BOX.moved(0.3, 0), BOX.moved(-0.2, 0), BOX.moved(0, 0.3), BOX.moved(0, -0.2)]
    spots = [BOX.moved(float(dx), float(dy)) for dx, dy in rng.uniform(-0.2, 0.4, size=(4000, 2))]
    found = measure_movement(
        thing([BOX, ends[number % 4]], [spots[2 * number], spots[2 * number + 1]]) for number in range(2000)
    )
    assert found.value == pytest.approx(0.25, abs=0.03)


def test_layout_fidelity_counts_every_planned_frame() -> None:
    shifted = BOX.moved(0.1, 0)
    found = measure_layout_fidelity([scene(thing([BOX, BOX, None], [shifted, None, BOX]))])
    assert found.mean_iou.value == pytest.approx((0.3 / 0.5 + 0) / 2)
    assert found.centre_distance.value == pytest.approx(0.1)
    assert found.found.value == 0.5
    assert found.mean_iou.total == 1


def test_visibility_wants_things_there_and_away() -> None:
    comes = thing([None, None, BOX, BOX], [None, BOX, BOX, None])
    stays = thing([BOX, BOX, BOX, BOX], [BOX, BOX, BOX, None], entity="owl", name="owl")
    found = measure_visibility([scene(comes, stays)])
    assert found.hidden.value == 0.5
    assert found.shown.value == pytest.approx(4 / 6)
    assert found.right.value == pytest.approx(5 / 8)
    assert found.changes.value == 0.5, "only of what comes or goes"


def test_jumps_are_what_the_plan_does_not_ask_for() -> None:
    planned: list[Box | None] = [BOX, BOX.moved(0.1, 0), BOX.moved(0.2, 0)]
    exact = measure_jumps([scene(thing(planned, planned))])
    assert exact.value == pytest.approx(0)
    assert measure_jumps([scene(thing(planned, [BOX, BOX, BOX]))]).value == pytest.approx(0.1)
    apart = SceneTracks(scene="s", looked_at=(0, 4, 8), things=(thing(planned, planned),))
    assert measure_jumps([apart]).total == 0, "frames that are no neighbours tell nothing"


def test_flicker_looks_beside_the_things() -> None:
    frames = np.full((3, 20, 20, 3), 100, dtype=np.uint8)
    frames[1, :, :10] = 104
    assert measure_flicker(frames, [[], [], []]) == pytest.approx([2, 2])
    moving = frames.copy()
    moving[1, 5:15, 5:15] = 255
    hidden = [Box(0.25, 0.25, 0.75, 0.75)]
    assert measure_flicker(moving, [[], hidden, []], border=0) == pytest.approx([2, 2])
    assert measure_flicker(moving, [[], [Box(0, 0, 1, 1)], []]) == []


def test_the_sheet_shows_frame_truth_and_boxes() -> None:
    black, grey = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 90, np.uint8)
    case = ComparisonCase(
        title="a", subtitle="b" * 200, rendered=black, expected=grey, planned=[BOX], found=[(BOX.moved(0.3, 0), False)]
    )
    sheet = draw_comparison_sheet([case] * 3, side=100, columns=2)
    pixels = np.asarray(sheet)
    assert (pixels == (255, 0, 0)).all(axis=2).any()  # found out of place
    assert not (pixels == (0, 255, 0)).all(axis=2).any()
    assert tuple(pixels[26 + 50, 100 + 50]) == (90, 90, 90)
    assert sheet.size == (2 * 212, 2 * 132)
    with pytest.raises(ValueError, match="no cases"):
        draw_comparison_sheet([])
