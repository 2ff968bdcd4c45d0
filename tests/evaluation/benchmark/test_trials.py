"""The trials on backends of which we know what must come out: the storyboard is right, noise is not."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from videodirector import VideoPlan, lexicon
from videodirector.errors import UsageError
from videodirector.evaluation import BackgroundClassifier, Detector
from videodirector.evaluation.benchmark import trial_plans as trial_plans_module
from videodirector.evaluation.benchmark.measurements import (
    Measurement,
    compute_measurements,
    measure_displacement,
    score_record,
)
from videodirector.evaluation.benchmark.report import draw_worst_sheet
from videodirector.evaluation.benchmark.skill_evaluation import EvaluationProgress, SkillSettings, evaluate_skills
from videodirector.evaluation.benchmark.trial_plans import (
    SHIFT,
    SKILLS,
    TrialSkill,
    build_trial_plans,
    build_unseen_plans,
    is_judgeable,
    move_first_entity,
)
from videodirector.evaluation.benchmark.trials import TrialRunner, build_trials, set_layout_strength
from videodirector.evaluation.benchmark.world import Instruments, find_detector_name, list_subjects, list_variants
from videodirector.generator.backends.protocol import Capabilities, Clip, Progress
from videodirector.generator.backends.storyboard import StoryboardBackend
from videodirector.schemas import Scene
from videodirector.storyworld import atlas, backgrounds


@pytest.fixture(scope="module")
def looking() -> Instruments:
    rng = np.random.default_rng(1)
    painted = {
        name: [backgrounds.paint(name, size=32, seed=int(rng.integers(2**31))) for _ in range(40)]
        for name in lexicon.trained_backgrounds()
    }
    return Instruments(
        detector=Detector({sprite.name: sprite.image for sprite in atlas.load()}),
        classifier=BackgroundClassifier(painted),
    )


class NoiseBackend:
    """Draws random pixels."""

    capabilities = Capabilities(
        name="noise", frame_size=(64, 64), boxes="approximate", words=False, references=None, shared_groups=False
    )

    def prepare(self, plan: VideoPlan) -> NoiseBackend:
        return self

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
        yield Progress(1, 1)
        return Clip(np.random.default_rng(seed).integers(0, 256, (scene.frames, 64, 64, 3)).astype(np.uint8))

    def effective(self, scene: Scene, *, seed: int, steps: int | None) -> dict[str, Any]:
        return {"seed": seed, "frames": scene.frames}


def by_key(found: Sequence[Measurement]) -> dict[str, float]:
    return {figure.key: figure.value.value for figure in found}


@pytest.mark.slow
def test_the_storyboard_is_right_in_everything(looking: Instruments, tmp_path: Path) -> None:
    trials = build_trials(SKILLS, 2, frames=5)
    running = TrialRunner(tmp_path, StoryboardBackend(size=(64, 64)), looking)
    records = list(running.run(trials))
    found = by_key(compute_measurements(records, running.load_clips))
    for key in ("object_in_box", "count", "spatial", "scale", "movement", "visibility", "background", "consistency"):
        assert found[key] == 1, key
    assert found["consistency_all"] == found["consistency_seen"] == found["following"] == 1
    assert found["layout_iou"] > 0.8
    assert found["layout_centres"] < 0.03
    assert found["jumps"] < 0.02
    assert found["flicker"] == 0, "its backgrounds stand still"
    moves = measure_displacement(records)
    assert moves.ratio == pytest.approx(1, abs=0.1)
    assert moves.correlation > 0.98
    assert [score_record(record) for record in records] == [1] * len(records)
    assert draw_worst_sheet(records, {}, running.load_clips) is None


def test_noise_is_at_chance(looking: Instruments, tmp_path: Path) -> None:
    trials = build_trials(("object", "count", "movement", "consistency"), 1, frames=2)
    running = TrialRunner(tmp_path, NoiseBackend(), looking)
    records = list(running.run(trials))
    found = by_key(compute_measurements(records, running.load_clips))
    for key in ("object_in_box", "object_seen", "count", "movement", "layout_iou", "consistency"):
        assert found[key] == 0, key
    assert found["background"] <= 0.5
    assert found["flicker"] > 50
    sheet = draw_worst_sheet(records, {trial.id: trial.plan for trial in trials}, running.load_clips, most=3)
    assert sheet is not None
    assert sheet.width > 1000


def test_what_is_done_is_not_done_again(looking: Instruments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trials = build_trials(("spatial",), 1, frames=2)
    first = list(TrialRunner(tmp_path, StoryboardBackend(size=(64, 64)), looking).run(trials))
    assert VideoPlan.load(tmp_path / "plans" / "spatial-000.json") == trials[0].plan

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("done already")

    monkeypatch.setattr("videodirector.generator.render.plan_renderer.render_scene", refuse)
    monkeypatch.setattr("videodirector.evaluation.benchmark.trials.record_plan", refuse)
    again = TrialRunner(tmp_path, StoryboardBackend(size=(64, 64)), looking)
    assert list(again.run(trials)) == first
    assert again.load_clips(first[0])[0].shape == (2, 64, 64, 3)


def test_a_changed_plan_is_measured_against_what_was_asked(looking: Instruments, tmp_path: Path) -> None:
    def swapped(plan: VideoPlan) -> VideoPlan:
        changed = plan.model_copy(deep=True)
        first, second = changed.scenes[0].entities
        first.layout, second.layout = second.layout, first.layout
        return changed

    trials = build_trials(("spatial",), 1, frames=2)
    running = TrialRunner(tmp_path, StoryboardBackend(size=(64, 64)), looking, change=swapped)
    found = by_key(compute_measurements(list(running.run(trials)), running.load_clips))
    assert found["spatial"] == 0
    assert VideoPlan.load(tmp_path / "plans" / "spatial-000.json") == trials[0].plan


def test_short_scenes_where_one_frame_is_judged(looking: Instruments, tmp_path: Path) -> None:
    trials = build_trials(SKILLS, 1, frames=16, short=1)
    assert {trial.skill: len({scene.frames for scene in trial.plan.scenes}) for trial in trials} == dict.fromkeys(
        SKILLS, 1
    )
    lengths = {trial.skill: trial.plan.scenes[0].frames for trial in trials}
    assert lengths == {**dict.fromkeys(SKILLS, 1), "object": 16, "movement": 2}
    trials = [trial for trial in trials if trial.skill in {"scale", "movement", "consistency"}]
    running = TrialRunner(tmp_path, StoryboardBackend(size=(64, 64)), looking)
    found = by_key(compute_measurements(list(running.run(trials)), running.load_clips))
    assert [found[key] for key in ("scale", "movement", "consistency", "background")] == [1, 1, 1, 1]
    assert "flicker" not in found, "frames far apart say nothing about it"


def test_trials_share_what_was_drawn_and_seen(
    looking: Instruments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = build_trials(("spatial",), 1, frames=1)
    ways = {
        "as asked": None,
        "with strength": set_layout_strength(0.5),
    }  # which the storyboard does not know, so nothing changes
    running = [
        TrialRunner(
            tmp_path / name, StoryboardBackend(size=(64, 64)), looking, change=change, shared=tmp_path / "shared"
        )
        for name, change in ways.items()
    ]
    (first,) = running[0].run(trials)
    monkeypatch.setattr("videodirector.evaluation.benchmark.trials.record_plan", None)
    assert list(running[1].run(trials)) == [first]
    assert running[1].load_clips(first)[0].shape == (1, 64, 64, 3)


def test_plans_are_fair_distinct_and_the_same_every_time() -> None:
    plans = build_unseen_plans(12)
    assert [plan.to_json() for plan in plans] == [plan.to_json() for plan in build_unseen_plans(12)]
    assert [plan.to_json() for plan in plans[8:]] == [plan.to_json() for plan in build_unseen_plans(4, first=8)]
    assert len({plan.seed for plan in plans}) == 12
    assert all(is_judgeable(plan.checked()) for plan in plans)
    for plan in plans:
        change = move_first_entity(plan)
        if change is not None:
            other, (dx, dy) = change
            assert sorted(map(abs, (dx, dy))) == [0, SHIFT]
            assert is_judgeable(other.checked())
            assert other.scenes[0].entities[1:] == plan.scenes[0].entities[1:]


@pytest.mark.parametrize("skill", SKILLS)
def test_every_skill_has_plans_of_things_that_can_be_drawn(skill: TrialSkill) -> None:
    known = {subject.name for subject in list_subjects()}
    for plan in build_trial_plans(skill, 3, frames=4):
        assert {find_detector_name(entity) for _, entity in plan.checked().appearances()} <= known
        assert all(scene.background in lexicon.trained_backgrounds() for scene in plan.scenes)
    with pytest.raises(UsageError, match="'patience' is not a known skill"):
        trial_plans_module.build_trial_plans("patience", 1)  # type: ignore[arg-type]  # wrong on purpose


def test_subjects_are_named_in_one_and_in_many() -> None:
    plurals = {subject.name: subject.plural for subject in list_subjects()}
    assert plurals["fox"] == "foxes"
    assert plurals["old man"] == "old men"
    assert plurals["blue car"] == "blue cars"
    assert "red car" in list_variants("blue car")
    assert list_variants("fox") == ("fox",)
    assert list_variants("gryphon") == ("gryphon",)


def test_from_settings_to_report(looking: Instruments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("videodirector.evaluation.benchmark.skill_evaluation.build_instruments", lambda: looking)
    settings = SkillSettings(backend="storyboard", skills=("object", "following"), plans=2, frames=4, truths=2)
    *told, found = evaluate_skills(settings, tmp_path)
    assert [step.done for step in told if isinstance(step, EvaluationProgress)] == [0, 0, 1, 2, 3, 4]
    assert isinstance(found, list)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["figures"]["object_in_box"]["value"] == 1
    assert report["figures"]["object_in_box"]["wilson95"][0] < 1
    assert report["instruments"]["true frames"]["recall"]["value"] == 1
    assert report["moved_boxes"]["followed"]["successes"] == 2
    assert report["frame_size"] == [128, 128]
    assert len(report["plans"]) == 4
    text = (tmp_path / "report.md").read_text()
    assert "| object: in its box (IoU >= 0.5) | 100.0% (" in text
    assert "Boxes moved by a quarter of the picture: 100.0% (2/2" in text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"plans": 0}, "plans is 0"),
        ({"frames": 1}, "frames is 1"),
        ({"short": 17}, "short scenes of 17"),
        ({"layout_strength": 2}, "strength is 2"),
        ({"skills": ("x",)}, "'x' is not a known skill"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SkillSettings(**wrong)
