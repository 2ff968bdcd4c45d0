import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import fox_plan, see
from videodirector import VideoPlan
from videodirector.cli import main
from videodirector.schemas import SceneResult

STORY = "A fox walks through the forest. It meets an owl."


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    return fox_plan().save(tmp_path / "plan.json")


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """The one JSON object on standard output."""
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict)
    return value


def test_make(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("make", STORY, "-o", tmp_path / "fox.mp4", "--backend", "storyboard", "--seed", 4) == 0
    out, err = capsys.readouterr()
    assert out == "", "standard output is for --json"
    assert "fox.mp4" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "fox.manifest.json",
        "fox.mp4",
        "fox.plan.json",
        "fox.png",
    ]
    assert VideoPlan.load(tmp_path / "fox.plan.json").seed == 4


def test_make_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = tmp_path / "fox.mp4"
    assert run("make", STORY, "-o", video, "--backend", "storyboard", "--json", "--fps", "29.97") == 0
    out, err = capsys.readouterr()
    assert err == ""
    value = json.loads(out)
    scenes = value.pop("scenes")
    assert value.pop("seconds") > 0
    assert value == {
        "plan": str(tmp_path / "fox.plan.json"),
        "video": str(video),
        "sheet": str(tmp_path / "fox.png"),
        "beside": [str(tmp_path / "fox.manifest.json")],
        "frames": 32,
        "frame_rate": "30000/1001",
        "width": 256,
        "height": 256,
        "warnings": [],
    }
    assert len(scenes) == 2
    assert all(scene.keys() == set(SceneResult.model_fields) for scene in scenes)
    assert [scene["backend"] for scene in scenes] == ["storyboard"] * 2


def test_quiet(tmp_path: Path, plan_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("render", plan_file, "-o", tmp_path / "a.mp4", "--backend", "storyboard", "--quiet") == 0
    assert capsys.readouterr() == ("", "")


def test_render_writes_the_video_and_its_manifest(
    tmp_path: Path, plan_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = plan_file.read_bytes()
    arguments = ["--backend", "storyboard", "--transition", "crossfade", "--width", "128", "--json"]
    assert run("render", plan_file, "-o", tmp_path / "a.mp4", *arguments) == 0
    value = told(capsys)
    assert (value["plan"], value["video"], value["sheet"]) == (str(plan_file), str(tmp_path / "a.mp4"), None)
    assert value["frames"] == 16 + 8 - 4
    assert see(tmp_path / "a.mp4").size == (128, 128)
    assert plan_file.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"plan.json", "a.mp4", "a.manifest.json"}


def test_what_goes_with_a_video(tmp_path: Path, plan_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--backend", "storyboard", "--subtitles", "vtt", "--otio", "--coco", "--transition", "fade"]
    assert run("render", plan_file, "-o", f"{tmp_path}/frames/", *arguments, "--json") == 0
    value = told(capsys)
    names = ["frames.vtt", "frames.coco.json", "frames.otio", "frames.manifest.json", "frames.clips"]
    assert value["beside"] == [str(tmp_path / name) for name in names]
    assert {path.name for path in tmp_path.iterdir()} == {"plan.json", "frames", *names}
    assert len(list((tmp_path / "frames").iterdir())) == value["frames"] == 24
    assert run("render", plan_file, "-o", tmp_path / "a.gif", "--backend", "storyboard", "--width", "64") == 0
    assert (tmp_path / "a.gif").read_bytes().startswith(b"GIF89a")
    assert "a.gif" in capsys.readouterr().err


def test_batch(tmp_path: Path, plan_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "all.jsonl").write_text('{"plan": "plan.json", "id": "fox"}\n"An owl flies."\n{"story": ""}\n')
    arguments = ["batch", tmp_path / "all.jsonl", "-o", tmp_path / "out", "--backend", "storyboard", "--width", 64]
    assert run(*arguments) == 5
    out, err = capsys.readouterr()
    assert out == ""
    assert "2 of 3 videos" in err
    assert "1 of 3 storyboards failed:\n  0003 (" in err
    assert ":3): " in err, "file and line"
    assert "Traceback" not in err
    assert run(*arguments, "--json") == 5
    value = told(capsys)
    assert (value["done"], value["failed"], value["kept"], value["scenes_drawn"]) == (2, 1, 2, 0)
    (tmp_path / "all.jsonl").write_text('{"plan": "plan.json", "id": "fox"}\n')
    assert run(*arguments, "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"fox.mp4", "report.jsonl"}
    assert run("batch", tmp_path / "none.jsonl", "-o", tmp_path / "out") == 2
    assert "none.jsonl" in capsys.readouterr().err


def test_a_name_that_starts_with_a_dash(tmp_path: Path, plan_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("render", "plan.json", "-o", "-i.mp4", "--backend", "storyboard", "--quiet") == 0
    assert len(see(tmp_path / "-i.mp4").frames) == 24


def test_plan_to_a_file_and_to_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan", STORY, "-o", tmp_path / "plan.json", "--json") == 0
    value = told(capsys)
    plan = VideoPlan.load(tmp_path / "plan.json")
    assert value["plan"] == str(tmp_path / "plan.json")
    assert [scene["id"] for scene in value["scenes"]] == [scene.id for scene in plan.scenes]  # type: ignore[attr-defined]
    assert run("plan", STORY) == 0
    assert VideoPlan.from_json(capsys.readouterr().out) == plan


def test_stories_from_files_and_standard_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "story.txt").write_text(STORY, encoding="utf-8-sig")
    assert run("plan", f"@{tmp_path / 'story.txt'}") == 0
    from_file = capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(STORY.encode())))
    assert run("plan", "-") == 0
    assert capsys.readouterr().out == from_file
    assert run("plan", STORY) == 0
    assert capsys.readouterr().out == from_file


def test_stories_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "utf16.txt").write_text(STORY, encoding="utf-16")
    for name in ("missing.txt", "", "utf16.txt"):
        assert run("plan", f"@{tmp_path / name}", "--json") == 2
        error = told(capsys)["error"]
        assert isinstance(error, dict)
        assert error["code"] == "usage"
        assert str(tmp_path / name) in error["message"]
        assert error["hint"]


def test_validate(tmp_path: Path, plan_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("validate", plan_file) == 0
    assert "2 scenes, 24 frames, 3 seconds" in capsys.readouterr().err
    data = json.loads(plan_file.read_text())
    data["scenes"][1]["frames"] = 0
    data["scenes"][0]["colour"] = "red"
    (tmp_path / "bad.json").write_text(json.dumps(data))
    assert run("validate", tmp_path / "bad.json", "--json") == 2
    out, err = capsys.readouterr()
    error = json.loads(out)["error"]
    assert (error["code"], error["type"]) == ("plan-invalid", "PlanError")
    assert {issue["path"] for issue in error["issues"]} == {"scenes[1].frames", "scenes[0].colour"}
    assert "scenes[1].frames" in err
    assert "Traceback" not in err


def test_preview(tmp_path: Path, plan_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("preview", plan_file, "-o", tmp_path / "sheet.png", "--json") == 0
    value = told(capsys)
    assert value["sheet"] == str(tmp_path / "sheet.png")
    assert value["video"] is None
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    assert run("preview", plan_file, "-o", tmp_path / "preview.mp4", "--quiet") == 0
    assert len(see(tmp_path / "preview.mp4").frames) == 24


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    assert set(told(capsys)["required"]) == {"schema_version", "scenes"}  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code", "named"),
    [
        (["render", "{plan}", "-o", "{folder}/a.mp4", "--steps", "0"], 2, "usage", "steps"),
        (["render", "{plan}", "-o", "{folder}/a.mp4", "--steps", "many"], 2, "usage", "--steps"),
        (["render", "{plan}", "-o", "{folder}/a.mp4", "--transition", "wipe"], 2, "usage", "transition"),
        (["render", "{plan}", "-o", "{folder}/a.mp4", "--backend", "magic"], 2, "usage", "'magic'"),
        (["render", "{plan}", "-o", "{folder}/a.mp4", "--fps", "fast"], 2, "usage", "fps"),
        (["render", "{plan}", "-o", "{folder}/a.mp4", "--soundtrack", "{folder}/none.wav"], 2, "usage", "none.wav"),
        (["render", "{plan}", "-o", "{folder}/a.mp4", "--subtitles", "ass"], 2, "usage", "subtitles"),
        (["render", "{plan}", "-o", "{folder}/a.mp4", "--transition-frames", "0"], 2, "usage", "transition_frames"),
        (["render", "{plan}", "-o", "{folder}/a.avi", "--backend", "storyboard"], 2, "usage", "a.avi"),
        (["render", "{folder}/none.json", "-o", "{folder}/a.mp4"], 2, "plan-invalid", "none.json"),
        (["render", "{plan}"], 2, "usage", "--output"),
        (["plan", "A fox.", "--seed", "-1"], 2, "usage", "seed"),
        (["plan", "A fox.", "--cast", "{folder}/none.json"], 2, "usage", "none.json"),
        (["plan"], 2, "usage", "story"),
        (["render", "{plan}", "-o", "{folder}/a.mp4", "--model", "{folder}/none"], 4, "model-missing", "none"),
        (["render", "{plan}", "-o", "{plan}/a.mp4", "--backend", "storyboard"], 5, "output-failed", "a.mp4"),
        (["plan", "A fox.", "-o", "{folder}"], 5, "output-failed", "{folder}"),
        (["frobnicate"], 2, "usage", "frobnicate"),
        (["make", "A fox.", "--frobnicate"], 2, "usage", "--frobnicate"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_errors(
    *,
    tmp_path: Path,
    plan_file: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    exit_code: int,
    code: str,
    named: str,
    as_json: bool,
) -> None:
    filled = [argument.format(plan=plan_file, folder=tmp_path) for argument in arguments]
    assert run(*filled, *(["--json"] if as_json else [])) == exit_code
    out, err = capsys.readouterr()
    assert named.format(folder=tmp_path) in err
    assert "hint: " in err or "(check the path)" in err, "it says what to do"
    assert "Traceback" not in err
    if as_json:
        error = json.loads(out)["error"]
        assert error["code"] == code
        assert named.format(folder=tmp_path) in error["message"]
    else:
        assert out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"], "nothing was written"


def test_invalid_settings_are_issues(tmp_path: Path, plan_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("render", plan_file, "-o", tmp_path / "a.mp4", "--steps", 0, "--width", 3, "--json") == 2
    error = told(capsys)["error"]
    assert isinstance(error, dict)
    assert [issue["path"] for issue in error["issues"]] == ["steps", "width"]


def test_completion() -> None:
    command = [sys.executable, "-m", "videodirector.cli"]
    asked = {"_VIDEODIRECTOR_COMPLETE": "complete_bash", "COMP_WORDS": "videodirector ren", "COMP_CWORD": "1"}
    done = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["render"]


def test_help_speaks_to_newcomers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    overview = capsys.readouterr().out
    for command in ("make", "plan", "render", "validate", "preview", "schema"):
        assert command in overview
        assert run(command, "--help") == 0
        assert "Usage: videodirector " + command in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    plan = fox_plan()
    plan.scenes = [plan.scenes[0].model_copy(update={"id": f"s{i}", "frames": 200}) for i in range(200)]
    plan.consistency_groups = {}
    plan.save(tmp_path / "plan.json")
    target = tmp_path / "out" / "a.mp4"
    target.parent.mkdir()
    target.write_bytes(b"old")
    arguments = ["render", "plan.json", "-o", str(target), "--backend", "storyboard", "--json"]
    command = [sys.executable, "-m", "videodirector.cli", *arguments]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not any(path.suffix == ".part" and path.stat().st_size for path in target.parent.iterdir()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "the encoder never started to write"
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert "Traceback" not in err
    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]
