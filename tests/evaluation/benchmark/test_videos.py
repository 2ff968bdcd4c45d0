"""Videos measured against their plans: read back from files, cut into scenes, and from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from videodirector import Director, VideoPlan
from videodirector.cli import main
from videodirector.errors import RenderError, UsageError
from videodirector.evaluation.benchmark.videos import cut_scene_clips, read_video
from videodirector.evaluation.metrics.feature_networks import Frames
from videodirector.schemas import Entity, Scene

LEFT, RIGHT = (0.05, 0.4, 0.45, 0.8), (0.55, 0.4, 0.95, 0.8)


def story() -> VideoPlan:
    fox = Entity.model_validate({"id": "fox", "name": "fox", "layout": [LEFT, RIGHT]})
    owl = Entity.model_validate({"id": "owl", "name": "owl", "layout": [RIGHT]})
    ghoul = Entity.model_validate({"id": "ghoul", "name": "ghoul", "layout": [LEFT]})
    return VideoPlan(
        scenes=[
            Scene(id="walk", description="A fox walks.", background="meadow", frames=4, entities=[fox]),
            Scene(id="owl", description="An owl.", background="desert", frames=3, entities=[owl, ghoul]),
        ]
    )


def numbered(count: int) -> Frames:
    return np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)


def levels(clips: list[Frames]) -> list[list[int]]:
    return [[int(level) for level in clip[:, 0, 0, 0]] for clip in clips]


def test_scenes_are_cut_out_by_the_timeline() -> None:
    plan = story()
    assert levels(cut_scene_clips(plan, numbered(7))) == [[0, 1, 2, 3], [4, 5, 6]]
    faded = cut_scene_clips(plan, numbered(6), transition="crossfade")
    assert levels(faded) == [[0, 1, 2, 3], [3, 4, 5]]
    with pytest.raises(UsageError, match=r"fox\.mp4 has 5 frames, and its plan makes 7"):
        cut_scene_clips(plan, numbered(5), source="fox.mp4")


def test_a_video_is_read_back(tmp_path: Path) -> None:
    Director(backend="storyboard").render(story(), tmp_path / "fox.mp4", width=64, height=48)
    frames = read_video(tmp_path / "fox.mp4")
    assert frames.shape == (7, 48, 64, 3)
    with pytest.raises(UsageError, match="there is no video"):
        read_video(tmp_path / "none.mp4")
    (tmp_path / "text.mp4").write_text("no video at all")
    with pytest.raises(RenderError, match="cannot be read as a video"):
        read_video(tmp_path / "text.mp4")


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = tmp_path / "fox.mp4"
    Director(backend="storyboard").render(story(), video, width=64, height=64, save_plan=True)
    assert main(["evaluate", "videos", str(video), "--features", "none", "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    figures = told["figures"]
    assert figures["object_in_box"]["value"] == 1
    assert figures["movement"] == {**figures["movement"], "successes": 1, "total": 1}
    assert figures["background"]["value"] == 1
    assert figures["layout_iou"]["value"] > 0.7
    assert "ghoul" in err, "what cannot be looked for is told"
    assert told["videos"][0]["scenes"][1]["sightings"]["unknown"] == ["ghoul"]

    assert main(["evaluate", "videos", str(tmp_path / "other.mp4")]) == 2
    assert "there is no plan" in capsys.readouterr().err


def test_skills_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["evaluate", "skills", "--backend", "storyboard", "--skill", "scale", "--plans", "1", "--frames", "2"]
    assert main([*asked, "--truths", "0", "--features", "none", "-o", str(tmp_path / "out")]) == 0
    assert "| scale relation | 100.0% (1/1" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "clips", "plans", "records", "report.json", "report.md",
    ]  # fmt: skip
    assert main([*asked, "--skill", "patience", "-o", str(tmp_path / "out")]) == 2
    assert "'patience' is not a known skill" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main([*asked, "--truths", "0", "-o", str(tmp_path / "file")]) == 5
