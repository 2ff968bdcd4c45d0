"""Every family of diffusers' video pipelines, tiny and random, from the command line by path."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from support import see
from tiny_video import FAMILIES, save
from videodirector.cli import main
from videodirector.schemas import VideoPlan

LEFT, RIGHT = (0.0, 0.25, 0.5, 0.75), (0.5, 0.25, 1.0, 0.75)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tiny pipelines lie; each is made when it is first needed."""
    return tmp_path_factory.mktemp("pipelines")


def model(models: Path, family: str) -> Path:
    folder = models / family
    return folder if folder.exists() else save(family, folder)


def story(**fields: object) -> VideoPlan:
    fox = {"id": "fox", "name": "fox", "layout": [LEFT, RIGHT]}
    scenes = [
        {"id": "walk", "description": "A fox walks.", "background": "beach", "frames": 6, "entities": [fox]},
        {"id": "rest", "description": "The fox rests.", "background": "beach", "frames": 9, "entities": [fox]},
    ]
    return VideoPlan.parse({"schema_version": 1, "seed": 3, "scenes": scenes, **fields})


@pytest.mark.parametrize("family", FAMILIES)
def test_a_plan_of_two_scenes_from_the_command_line(
    family: str, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story().save(tmp_path / "plan.json")
    size = ["--width", "96", "--height", "64"]
    arguments = ["render", str(tmp_path / "plan.json"), "-o", str(tmp_path / "out.mp4"), "--backend", "diffusers"]
    options = ["--option", "key_model=storyboard", "--steps", "2", "--no-cache", "--json"]
    assert main([*arguments, "--model", str(model(models, family)), *size, *options]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(scene["frames"], scene["planned_frames"]) for scene in told["scenes"]] == [(6, 6), (9, 9)]
    seen = see(tmp_path / "out.mp4")
    assert (len(seen.frames), seen.size) == (15, (96, 64))
    assert np.std(seen.frames[0]) > 0
