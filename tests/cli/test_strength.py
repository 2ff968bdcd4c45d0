"""How long boxes are imposed (alpha): chosen by the planner, written in the plan, or a number on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chat_server import Body, Loopback, step_of
from videodirector import VideoPlan
from videodirector.cli import main

STORY = "A fox runs. The fox sleeps."


def answer(body: Body) -> str:
    """A planner that wants the boxes of the first scene kept longest; it says so only where it is asked."""
    if step_of(body) == "story":
        fox = {"name": "fox", "description": "a fox", "count": 1}
        scenes = [
            {"words": words, "description": words, "background": "forest", "entities": [fox]}
            for words in ("A fox runs.", "The fox sleeps.")
        ]
        return json.dumps({"scenes": scenes})
    question = str(body["messages"][-1]["content"])
    box = {"x0": 0.1, "y0": 0.2, "x1": 0.5, "y1": 0.8}
    layouts = [{"entity": "fox", "keys": [{"frame": frame, "box": box} for frame in range(1, 10)]}]
    told: Body = {"reasoning": "", "layouts": layouts, "caption": "A fox."}
    if "layout_strength" in str(body["messages"][0]["content"]):
        told["layout_strength"] = 0.25 if re.search("runs", question) else 0.0
    return json.dumps(told)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VIDEODIRECTOR_API_KEY", "secret")
    monkeypatch.setenv("VIDEODIRECTOR_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(("flags", "strengths"), [([], [None, None]), (["--choose-strength"], [0.25, 0.0])])
def test_the_planner_chooses_where_it_is_asked_to(
    flags: list[str], strengths: list[float | None], tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    with Loopback(answer) as server:
        arguments = ["plan", STORY, "--planner", "test-model", "--base-url", server.url, "-o", str(file), *flags]
        assert main([*arguments, "--quiet"]) == 0
    assert [scene.layout_strength for scene in VideoPlan.load(file).scenes] == strengths


def test_the_question_is_shown_and_the_offline_planner_has_no_opinion(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["plan", STORY, "--planner", "test-model", "--base-url", "http://localhost:1/v1", "--dry-run"]
    assert main(asked) == 0
    assert "layout_strength" not in capsys.readouterr().out
    assert main([*asked, "--choose-strength"]) == 0
    assert "layout_strength" in capsys.readouterr().out
    assert main(["plan", STORY, "--choose-strength"]) == 2
    assert "layout_strength into the plan's scenes" in capsys.readouterr().err
