"""Checks of plans against their prompts: each must be able to fail."""

import json
from pathlib import Path

import pytest

from videodirector.cli import main
from videodirector.evaluation import BoxTrack, PlanReport, build_tracks, parse_checks, score_plan
from videodirector.evaluation.metrics.checks import SAMPLES, is_in_relation
from videodirector.schemas import Box, Entity, Scene, VideoPlan

PREFIX = "A realistic lively video of a scene"


SEQUENCE = (
    f"{PREFIX} in which a car initially on the lower left of the scene. It first moves to the lower right of the scene "
    "and then moves to the upper right of the scene."
)


def box(x: float, y: float, side: float = 0.2) -> Box:
    return Box.around(x, y, side, side)


def track(name: str, *at: tuple[float, float] | None) -> BoxTrack:
    """A track through these centres; one alone stands for all times."""
    points = at * SAMPLES if len(at) == 1 else at
    return BoxTrack(name, tuple(None if point is None else box(*point) for point in points))


def line(name: str, begin: tuple[float, float], end: tuple[float, float]) -> BoxTrack:
    steps = [step / (SAMPLES - 1) for step in range(SAMPLES)]
    return track(name, *((begin[0] + (end[0] - begin[0]) * t, begin[1] + (end[1] - begin[1]) * t) for t in steps))


AWAY: tuple[tuple[float, float] | None, ...] = (None,) * 3
HERE: tuple[tuple[float, float] | None, ...] = ((0.5, 0.5),) * 3
ROUTE = [(0.2, 0.8), (0.4, 0.8), (0.6, 0.8), (0.8, 0.8), (0.8, 0.5), (0.8, 0.2)]


@pytest.mark.parametrize(
    ("prompt", "skill", "right", "wrong"),
    [
        (
            f"{PREFIX} with two moving cars",
            "numeracy",
            [track("moving car 1", (0.2, 0.5)), track("moving car 2", (0.8, 0.5))],
            [track("car", (0.2, 0.5))],
        ),
        (
            f"{PREFIX} with a blue cat and a white bird",
            "attribution",
            [track("blue cat", (0.2, 0.5)), track("white bird", (0.8, 0.5))],
            [track("white cat", (0.2, 0.5)), track("blue bird", (0.8, 0.5))],
        ),
        (
            f"{PREFIX} in which a moving car appears only in the second half of the video",
            "visibility",
            [track("car", *AWAY, *HERE)],
            [track("car", *HERE, *AWAY)],
        ),
        (
            f"{PREFIX} with a car moving from the left to the right",
            "dynamics",
            [line("car", (0.2, 0.5), (0.8, 0.5))],
            [line("car", (0.8, 0.5), (0.2, 0.5))],
        ),
        (
            f"{PREFIX} with a dog moving from the left of a bird to its right",
            "dynamics",
            [line("dog", (0.1, 0.5), (0.9, 0.5)), track("bird", (0.5, 0.3))],
            [line("dog", (0.1, 0.5), (0.4, 0.5)), track("bird", (0.5, 0.3))],
        ),
        (
            SEQUENCE,
            "sequential",
            [track("car", *ROUTE)],
            [line("car", (0.2, 0.8), (0.8, 0.2))],
        ),
        (
            "A dog is running on the beach from right to left.",
            "motion",
            [line("dog", (0.8, 0.5), (0.2, 0.5))],
            [track("dog", (0.5, 0.5))],
        ),
        (
            "A cat sits to the left of a lamp",
            "spatial",
            [track("cat", (0.2, 0.5)), track("lamp", (0.7, 0.5))],
            [track("cat", (0.7, 0.5)), track("lamp", (0.2, 0.5))],
        ),
        (
            "Three small ducks and a frog swim.",
            "counts",
            [track("duck", (x, 0.5)) for x in (0.2, 0.5, 0.8)],
            [track("duck", (x, 0.5)) for x in (0.2, 0.5)],
        ),
    ],
)
def test_each_skill_tells_right_from_wrong(
    prompt: str, skill: str, right: list[BoxTrack], wrong: list[BoxTrack]
) -> None:
    checks = parse_checks(prompt)
    assert [check.skill for check in checks] == [skill]
    assert checks[0].holds(right)
    assert not checks[0].holds(wrong)
    assert not checks[0].holds([]), "what is not there does nothing right"


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "A fox.",
        "狐狸",
        "A fox thinks of the left.",
        "The owl flies away under the moon.",
        "99999999999999999999 ducks " * 9,
    ],
)
def test_prompts_that_ask_for_nothing_of_the_kind(prompt: str) -> None:
    assert parse_checks(prompt) == []


def test_sides_and_corners_are_read_in_many_words() -> None:
    def asked(prompt: str) -> list[str]:
        return [str(check) for check in parse_checks(prompt)]

    assert asked("A big red balloon drifts upwards.") == ["balloon moves up"]
    assert asked("The boat is sailing slowly towards the left.") == ["boat moves left"]
    assert asked("A cup on top of a table, behind a lamp") == ["cup on table"]
    assert asked("two sheep and a dozen wolves") == ["2 x sheep", "12 x wolf"]


@pytest.mark.parametrize(
    ("kind", "figure", "holds"),
    [
        ("left of", box(0.2, 0.5), True),
        ("left of", box(0.45, 0.1), False),
        ("right of", box(0.8, 0.5), True),
        ("above", box(0.5, 0.2), True),
        ("below", box(0.5, 0.8), True),
        ("on", box(0.5, 0.3), True),
        ("on", box(0.9, 0.3), False),
        ("inside", box(0.5, 0.5, 0.1), True),
        ("next to", box(0.72, 0.5), True),
        ("next to", box(0.1, 0.9), False),
        ("in front of", box(0.5, 0.55), True),
        ("behind", box(0.5, 0.45), True),
    ],
)
def test_relations(kind: str, figure: Box, holds: bool) -> None:
    assert is_in_relation(figure, kind, box(0.5, 0.5)) == holds  # type: ignore[arg-type]


def fox(prompt: str, *, end: float = 0.8) -> VideoPlan:
    layout: list[Box | None] = [box(0.2, 0.5), box(end, 0.5)]
    scene = Scene(id="s1", description=prompt, entities=[Entity(id="fox", name="fox", layout=layout)])
    return VideoPlan(prompt=prompt, scenes=[scene, scene.model_copy(update={"id": "s2", "entities": []})])


def test_tracks_run_through_all_scenes() -> None:
    boxes = build_tracks(fox("x"))[0].boxes
    assert [found is not None for found in boxes] == [True] * 3 + [False] * 3
    assert boxes[0] == box(0.2, 0.5)


def test_a_report_counts_by_skill_and_prints_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prompt = "A fox is walking from left to right."
    report = PlanReport.from_scores(
        [score_plan(fox(prompt)), score_plan(fox(prompt, end=0.2)), score_plan(fox("A fox."))]
    )
    assert (report.overall.successes, report.overall.total, report.plans_without_checks) == (1, 2, 1)
    assert list(report.by_skill()) == ["motion"]
    assert "| motion | 50.0%" in report.markdown()
    good, bad = fox(prompt).save(tmp_path / "good.json"), fox(prompt, end=0.2).save(tmp_path / "bad.json")
    assert main(["evaluate", "plans", str(good), str(bad)]) == 0
    printed = capsys.readouterr()
    assert "all checks" in printed.out
    assert "bad.json: not motion: fox moves right" in printed.err
    assert main(["evaluate", "plans", str(good), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["overall"]["successes"] == 1
    assert main(["evaluate", "plans", str(tmp_path / "none.json")]) == 2
