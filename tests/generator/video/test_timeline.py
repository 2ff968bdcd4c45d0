from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodirector.generator.video.timeline import Shot, build_timeline, count_shot_frames, find_shot
from videodirector.schemas import Scene, Transition, VideoPlan


def plan(*scenes: tuple[int, Transition | None, int | None]) -> VideoPlan:
    return VideoPlan(
        scenes=[
            Scene(id=f"s{i}", description="", frames=frames, transition=way, transition_frames=length)
            for i, (frames, way, length) in enumerate(scenes)
        ]
    )


def spans(shots: tuple[Shot, ...]) -> list[tuple[int, int]]:
    return [(shot.start, shot.end) for shot in shots]


def test_cuts_follow_one_another() -> None:
    assert spans(build_timeline(plan((5, "cut", None), (7, None, 3), (2, "cut", 9)))) == [(0, 5), (5, 12), (12, 14)]


def test_a_crossfade_overlaps_and_shortens() -> None:
    first, second = build_timeline(plan((10, "crossfade", 3), (10, None, None)))
    assert (first.start, first.end, first.overlap) == (0, 10, 0)
    assert (second.start, second.end, second.overlap) == (7, 17, 3)


def test_a_fade_keeps_the_length() -> None:
    first, second = build_timeline(plan((10, "fade", 5), (10, None, None)))
    assert spans((first, second)) == [(0, 10), (10, 20)]
    assert [first.light(number) for number in range(6, 10)] == [1, Fraction(2, 3), Fraction(1, 3), 0]
    assert [second.light(number) for number in range(3)] == [Fraction(1, 3), Fraction(2, 3), 1]


def test_a_hold_lengthens_and_stands_still() -> None:
    first, second = build_timeline(plan((4, "hold", 6), (4, None, None)))
    assert spans((first, second)) == [(0, 10), (10, 14)]
    assert [first.source(number) for number in range(10)] == [0, 1, 2, 3, 3, 3, 3, 3, 3, 3]


def test_the_last_scene_may_end_in_black_or_stand() -> None:
    (faded,) = build_timeline(plan((8, "fade", 4)))
    assert [faded.light(number) for number in range(3, 8)] == [1, Fraction(3, 4), Fraction(1, 2), Fraction(1, 4), 0]
    assert build_timeline(plan((8, "hold", 4)))[0].end == 12
    assert build_timeline(plan((8, "crossfade", 4)))[0].end == 8
    for way in ("fade", "hold"):
        (shot,) = build_timeline(plan((8, None, None)), transition=way)
        assert (shot.end, shot.fade_out) == (8, 0), "the settings speak of what is between scenes"


def test_settings_stand_in_for_what_the_plan_does_not_say() -> None:
    story = plan((8, None, 2), (8, "cut", None), (8, "crossfade", None), (8, None, None))
    assert spans(build_timeline(story, transition="crossfade", transition_frames=3)) == [
        (0, 8),
        (6, 14),
        (14, 22),
        (19, 27),
    ]
    assert spans(build_timeline(story, transition="crossfade"))[-1] == (18, 26)


def test_two_transitions_never_meet_in_a_short_scene() -> None:
    assert [
        shot.overlap for shot in build_timeline(plan((3, "crossfade", 9), (5, "crossfade", 9), (1, None, None)))
    ] == [
        0,
        1,
        0,
    ]
    faded = build_timeline(plan((3, "fade", 90), (3, "fade", 90), (3, None, None)))[1]
    assert (faded.fade_in, faded.fade_out) == (1, 1)


@pytest.mark.parametrize(
    ("rate", "length", "sources"),
    [
        (Fraction(4), 8, [0, 0, 1, 1, 2, 2, 3, 3]),
        (Fraction(16), 2, [0, 2]),
        (Fraction(12), 3, [0, 1, 3]),
        (Fraction(240), 1, [0]),
    ],
)
def test_a_scene_keeps_its_own_rate(rate: Fraction, length: int, sources: list[int]) -> None:
    story = VideoPlan(
        scenes=[Scene(id="a", description="", frames=4, frame_rate=rate), Scene(id="b", description="", frames=4)]
    )
    first, second = build_timeline(story)
    assert (first.length, second.start) == (length, length)
    assert count_shot_frames(story.scenes[0], Fraction(8)) == length
    assert [first.source(number) for number in range(length)] == sources


WAYS: list[Transition | None] = [None, "cut", "crossfade", "fade", "hold"]


@given(
    st.lists(
        st.tuples(st.integers(1, 20), st.sampled_from(WAYS), st.none() | st.integers(1, 30)), min_size=1, max_size=8
    ),
    st.sampled_from(WAYS),
)
def test_every_frame_shows_one_shot_or_two_that_are_blended(
    scenes: list[tuple[int, Transition | None, int | None]], way: Transition | None
) -> None:
    shots = build_timeline(plan(*scenes), transition=way)
    for number in range(shots[-1].end):
        seen = [shot for shot in shots if shot.start <= number < shot.end]
        assert 1 <= len(seen) <= 2
        if len(seen) == 2:
            assert number - seen[1].start < seen[1].overlap
            assert all(shot.light(number - shot.start) == 1 for shot in seen)
        assert find_shot(shots, number) is seen[-1]
        assert all(0 <= shot.source(number - shot.start) < shot.drawn for shot in seen)
        assert all(0 <= shot.light(number - shot.start) <= 1 for shot in seen)
    for shot in shots:
        assert shot.overlap + shot.fade_in <= max(shot.length // 2, 0)
        assert shot.fade_out <= shot.length // 2
