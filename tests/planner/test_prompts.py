"""The offline planner on prompts of our own, of the kinds that benchmarks use: chains of events, motions, relations."""

import csv
from pathlib import Path

import pytest

from videodirector.evaluation import PlanReport, score_plan
from videodirector.planner import OfflinePlanner

CASES = Path(__file__).parent / "cases"
EVENTS = list(csv.DictReader((CASES / "events.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t"))
LAYOUTS = (CASES / "layouts.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("case", EVENTS, ids=lambda case: case["prompt"][:40])
def test_a_scene_for_each_event_and_an_entity_for_each_thing(case: dict[str, str]) -> None:
    plan = OfflinePlanner().plan(case["prompt"])
    assert len(plan.scenes) == int(case["scenes"]), [scene.description for scene in plan.scenes]
    names = {entity.name for _, entity in plan.appearances()}
    heads = names | {name.rpartition(" ")[2] for name in names}
    missing = [thing for thing in case["things"].split(",") if thing not in heads]
    assert not missing, [scene.description for scene in plan.scenes]


def test_boxes_move_stand_and_count_as_prompts_say() -> None:
    planner = OfflinePlanner()
    report = PlanReport.from_scores(score_plan(planner.plan(prompt), source=prompt) for prompt in LAYOUTS)
    wrong = [plan.source for plan in report.plans if not plan.right]
    assert not wrong
    assert {skill: proportion.total for skill, proportion in report.by_skill().items()} == {
        "motion": 25, "spatial": 26, "counts": 25,
    }  # fmt: skip
