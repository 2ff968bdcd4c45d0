"""The recipe on the storyboard, which draws plans exactly: the oracle of the whole measurement."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from PIL import Image

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(RECIPES))
    spec = importlib.util.spec_from_file_location("evaluate", RECIPES / "evaluate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_storyboard_follows_every_plan(
    recipe: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe.main(["--backend", "storyboard", "--plans", "5", "--moves", "2", "--truths", "3", "--out", str(tmp_path)])
    report = json.loads((tmp_path / "report.json").read_text())
    plans, moved = report["plans"], report["moved_boxes"]
    assert plans["entities_in_box"]["value"] == 1
    assert plans["backgrounds_right"]["value"] == 1
    assert plans["mean_iou_of_found"] > 0.8
    assert moved["followed"] == {**moved["followed"], "successes": 2, "total": 2}
    assert moved["ratio"] == pytest.approx(1, abs=0.1)
    assert moved["correlation"] > 0.98
    assert report["instruments"]["true frames"]["recall"]["value"] == 1
    with Image.open(tmp_path / "worst.png") as sheet:
        assert sheet.width > 1000
    assert (tmp_path / "report.md").read_text() in capsys.readouterr().out


def test_plans_are_fair_distinct_and_the_same_every_time(recipe: ModuleType) -> None:
    trials = sys.modules["trials"]
    plans = trials.unseen_plans(12)
    assert [plan.to_json() for plan in plans] == [plan.to_json() for plan in trials.unseen_plans(12)]
    assert len({plan.seed for plan in plans}) == 12
    assert all(trials.judged(plan.checked()) for plan in plans)
    for plan in plans:
        change = trials.moved(plan)
        if change is not None:
            other, (dx, dy) = change
            assert sorted(map(abs, (dx, dy))) == [0, trials.SHIFT]
            assert trials.judged(other.checked())
            assert other.scenes[0].entities[1:] == plan.scenes[0].entities[1:]
