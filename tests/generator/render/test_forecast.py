"""What will be drawn, what is kept, and why: told without drawing, and without loading what draws."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from support import fox_plan
from tiny import tiny_model
from videodirector import Director, VideoPlan
from videodirector.cli import main
from videodirector.schemas import Forecast, SceneForecast

STORYBOARD = ["--backend", "storyboard", "--width", "64", "--height", "64"]


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def scene(forecast: Forecast, scene_id: str) -> SceneForecast:
    return next(one for one in forecast.scenes if one.id == scene_id)


def diff(before: VideoPlan, after: VideoPlan) -> Forecast:
    return Director(backend="storyboard").diff(before, after)


def test_a_moved_box_is_named_and_its_scene_alone_is_drawn() -> None:
    before, after = fox_plan(), fox_plan()
    after.scenes[0].entities[0].layout[1] = (0.5, 0.4, 0.9, 0.8)  # type: ignore[call-overload]
    told = diff(before, after)
    assert (told.ids("draw"), told.ids("keep")) == (["walk"], ["meet"])
    (change,) = scene(told, "walk").changes
    assert change.path == "scenes[walk].entities[fox].layout[1]"
    assert (change.before, change.after) == ([0.6, 0.5, 0.9, 0.8], [0.5, 0.4, 0.9, 0.8])
    (reason,) = scene(told, "walk").reasons
    assert (reason.name, reason.why) == ("entities[0].boxes", "the thing is there, frame by frame")


def test_what_decides_no_frame_is_told_and_draws_nothing() -> None:
    before, after = fox_plan(), fox_plan()
    after.scenes.reverse()
    after.scenes[0].transition = "crossfade"
    after.prompt = "Another story."
    after.frame_rate = after.frame_rate * 2
    told = diff(before, after)
    assert (told.ids("draw"), told.ids("keep")) == ([], ["meet", "walk"])
    assert [change.path for change in scene(told, "meet").changes] == ["scenes[meet].transition"]
    assert {change.path for change in told.changes} == {"prompt", "frame_rate", "scenes, order"}


def test_the_seed_concerns_every_scene_and_a_group_its_own() -> None:
    before, after = fox_plan(), fox_plan()
    after.seed = 99
    told = diff(before, after)
    assert told.ids("draw") == ["walk", "meet"]
    assert {reason.name for one in told.scenes for reason in one.reasons} == {"painting_seed"}
    after = fox_plan()
    after.consistency_groups["forest"] = ["walk"]
    told = diff(before, after)
    assert told.ids("draw") == ["meet"]
    assert [change.path for change in scene(told, "meet").changes] == ["consistency_groups[forest]"]


def test_scenes_that_come_and_go() -> None:
    before, after = fox_plan(), fox_plan()
    after.scenes[1].id = "greet"
    after.consistency_groups = {}
    after.consistency_groups = after.groups_by_name()
    told = diff(before, after)
    assert told.ids("gone") == ["meet"]
    assert told.ids("keep") == ["walk", "greet"], "it looks like the one that is gone, so it need not be drawn"


def test_another_reference_picture_concerns_its_group_alone(tmp_path: Path) -> None:
    plan = fox_plan()
    plan.references = {"owl": str(tmp_path / "owl.png")}
    Image.new("RGB", (8, 8), "red").save(tmp_path / "owl.png")
    director = Director(backend="storyboard")
    director.render(plan, tmp_path / "a.mp4", width=64, height=64)
    told = director.dry_run(plan, tmp_path / "a.mp4", width=64, height=64)
    assert told.ids("keep") == ["walk", "meet"]
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "owl.png")
    told = director.dry_run(plan, tmp_path / "a.mp4", width=64, height=64)
    assert (told.ids("draw"), told.ids("keep")) == (["meet"], ["walk"])
    assert [reason.name for reason in scene(told, "meet").reasons] == ["entities[1].look"]
    assert {control.name: control.status for control in scene(told, "meet").controls}["references"] == "honoured"


def test_how_a_document_is_written_is_no_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = fox_plan()
    plan.save(tmp_path / "a.json")
    document = json.loads(plan.to_json())

    def turned(value: object) -> object:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(item) for item in value] if isinstance(value, list) else value

    text = json.dumps(turned(document), indent=7).replace("0.5,", "5.0e-1,").replace('"8/1"', '"16/2"')
    (tmp_path / "b.json").write_text(text, encoding="utf-8")
    assert run("diff", tmp_path / "a.json", tmp_path / "b.json", "--backend", "storyboard", "--json") == 0
    told = Forecast.model_validate_json(capsys.readouterr().out)
    assert (told.ids("draw"), told.changes) == ([], ())
    assert all(not one.changes for one in told.scenes)


# -- the commands


def test_diff_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = fox_plan()
    before = plan.save(tmp_path / "a.json")
    plan.scenes[1].frames = 4
    plan.prompt = "more"
    after = plan.save(tmp_path / "b.json")
    assert run("diff", before, after, "--backend", "storyboard") == 0
    out = capsys.readouterr().out
    assert "keep  walk\n" in out
    assert (
        "draw  meet\n      ~ scenes[meet].frames: 8 -> 4\n      because frames: the scene has another length\n" in out
    )
    assert "~ prompt:  -> more\n      decides no frame\n" in out
    assert out.endswith("1 of 2 scenes to draw, 1 kept\n")
    assert run("diff", before, tmp_path / "missing.json") == 2


def test_diff_takes_the_options_of_the_backend_and_the_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = fox_plan().save(tmp_path / "a.json")
    assert run("diff", plan, plan, "--option", "guidance=2", "--json") == 0
    told = Forecast.model_validate_json(capsys.readouterr().out)
    assert told.ids("keep") == ["walk", "meet"]
    assert run("diff", plan, plan, "--option", "no_such=2") == 2
    assert "no_such" in capsys.readouterr().err
    assert run("diff", plan, plan, *STORYBOARD, "--fps", "fast") == 2


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = fox_plan().save(tmp_path / "plan.json")
    command = ["render", plan, "-o", tmp_path / "a.mp4", *STORYBOARD]
    assert run(*command, "--dry-run") == 0
    assert "2 of 2 scenes to draw, 0 kept" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]
    assert run(*command, "--quiet") == 0
    assert run(*command, "--dry-run", "--json") == 0
    assert Forecast.model_validate_json(capsys.readouterr().out).ids("keep") == ["walk", "meet"]
    assert run(*command, "--dry-run", "--json", "--no-cache") == 0
    assert Forecast.model_validate_json(capsys.readouterr().out).ids("draw") == ["walk", "meet"]


def test_inspect_and_reproduce(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = fox_plan().save(tmp_path / "plan.json")
    video, again = tmp_path / "a.mp4", tmp_path / "again.mp4"
    assert run("render", plan, "-o", video, *STORYBOARD, "--seed", 5, "--quiet") == 0
    assert run("inspect", video) == 0
    out = capsys.readouterr().out
    assert "drawn by  storyboard, seed 5" in out
    assert "description ignored" in out
    assert run("inspect", video, "--json") == 0
    assert json.loads(capsys.readouterr().out)["plan"]["seed"] == 5
    assert run("reproduce", video, "-o", again, "--no-cache", "--quiet") == 0
    assert again.read_bytes() == video.read_bytes()
    video.write_bytes(video.read_bytes() + b"\0\0\0\x08free")
    assert run("reproduce", video, "-o", again, "--quiet") == 5
    assert "is another file" in capsys.readouterr().err
    assert run("inspect", plan) == 2


def test_care_of_the_cache(tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = fox_plan().save(tmp_path / "plan.json")
    assert run("render", plan, "-o", tmp_path / "a.mp4", *STORYBOARD, "--quiet") == 0
    assert run("cache", "info", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["folder"], told["scenes"]) == (str(cache), 2)
    assert run("cache", "info") == 0
    assert f"{cache}: 2 scenes, " in capsys.readouterr().out
    assert run("cache", "prune", "--max-size", "much") == 2
    assert run("cache", "prune", "--max-size", "1GB", "--json") == 0
    assert json.loads(capsys.readouterr().out.partition("}\n}\n")[2] or "{}").get("removed_scenes", 0) == 0
    assert run("cache", "clear") == 0
    assert "removed 2 scenes" in capsys.readouterr().out


# -- without what draws


@pytest.mark.slow
def test_what_is_in_the_cache_needs_no_torch(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "model")
    dog = {"id": "dog", "name": "dog", "layout": [[0.1, 0.1, 0.6, 0.6]]}
    scenes = [{"id": f"s{n}", "description": "A dog.", "frames": 2, "entities": [dog]} for n in range(2)]
    plan = VideoPlan.parse({"schema_version": 1, "scenes": scenes})
    before = plan.save(tmp_path / "before.json")
    director = Director(model=model)
    first = director.render(plan, tmp_path / "a.mp4", steps=1).path.read_bytes()
    plan.scenes[1].description = "A dog runs."
    after = plan.save(tmp_path / "after.json")
    chosen = ["--model", str(model), "--steps", "1"]
    commands = [
        ["render", str(before), "-o", str(tmp_path / "b.mp4"), *chosen, "--quiet"],
        ["render", str(after), "-o", str(tmp_path / "b.mp4"), *chosen, "--dry-run"],
        ["diff", str(before), str(after), *chosen],
    ]
    program = (
        "import json, sys\n"
        "from videodirector.cli import main\n"
        f"assert [main(command) for command in json.loads({json.dumps(json.dumps(commands))})] == [0, 0, 0]\n"
        "print(sorted({'torch', 'diffusers', 'transformers'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.stdout.count("because caption: the model reads these words") == 2
    assert (tmp_path / "b.mp4").read_bytes() == first
