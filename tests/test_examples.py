"""The examples run as they stand."""

from __future__ import annotations

import importlib.util
import wave
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from support import see
from videodirector import VideoPlan
from videodirector.evaluation import Detector
from videodirector.storyworld import atlas, sound

EXAMPLES = Path(__file__).parents[1] / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_example_is_tested() -> None:
    names = {
        "edit_and_render",
        "follow_progress",
        "many_storyboards",
        "plan_with_a_chat_model",
        "sound_to_picture",
        "your_own_backend",
    }
    assert {path.stem for path in EXAMPLES.glob("*.py")} == names


def test_edit_and_render(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load("edit_and_render").main(["--backend", "storyboard", "--out", str(tmp_path)])
    before, after = see(tmp_path / "before.mp4"), see(tmp_path / "after.mp4")
    assert len(before.frames) == len(after.frames) == 32
    # The first scene ends otherwise, the second is what it was.
    assert abs(before.frames[15].astype(int) - after.frames[15]).mean() > 5
    assert abs(before.frames[31].astype(int) - after.frames[31]).mean() < 1
    assert "s1: 16 frames" in capsys.readouterr().out


def test_follow_progress(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load("follow_progress").main(["--backend", "storyboard", "--out", str(tmp_path / "ducks.mp4")])
    printed = capsys.readouterr().out
    assert "step 1 of" in printed
    assert "ducks.mp4 is written" in printed


def test_plan_with_a_chat_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load("plan_with_a_chat_model").main(["--out", str(tmp_path / "plan.json")])
    assert "s2: The red fox comes up to a brown owl" in capsys.readouterr().out
    assert len(VideoPlan.load(tmp_path / "plan.json").scenes) == 2


def test_many_storyboards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load("many_storyboards").main(["--backend", "storyboard", "--out", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "sea: done" in printed
    assert "lost: failed" in printed
    assert "no-such-plan.json" in printed
    assert len(list(tmp_path.glob("*.mp4"))) == 2


def test_your_own_backend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load("your_own_backend").main(["--out", str(tmp_path / "paper.mp4")])
    assert "2 scenes" in capsys.readouterr().out
    frames = see(tmp_path / "paper.mp4").frames
    assert frames[0].shape == (360, 640, 3)
    assert abs(frames[0].astype(int) - frames[15]).mean() > 1  # the ball has rolled on


@pytest.mark.slow
def test_sound_to_picture(tmp_path: Path) -> None:
    samples = sound.voice("bell", seconds=2.0, rng=np.random.default_rng(3))
    with wave.open(str(tmp_path / "bell.wav"), "wb") as file:
        file.setparams((1, 2, sound.RATE, 0, "NONE", ""))
        file.writeframes((samples / np.abs(samples).max() * 20_000).astype("<i2").tobytes())
    load("sound_to_picture").main([str(tmp_path / "bell.wav"), "--out", str(tmp_path / "heard.png")])
    picture = np.asarray(Image.open(tmp_path / "heard.png"))
    assert Detector({sprite.name: sprite.image for sprite in atlas.load()}).find(picture, "bell")
