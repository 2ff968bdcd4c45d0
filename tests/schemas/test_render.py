"""Render settings, results and events."""

from fractions import Fraction
from pathlib import Path

import pytest
from pydantic import ValidationError

from videodirector.errors import UsageError
from videodirector.schemas import RenderResult, RenderSettings, SceneResult, StepDone, VideoDone


def test_settings_leave_choices_open_and_cannot_be_changed() -> None:
    settings = RenderSettings()
    assert settings.backend == "layout2vid"
    assert (settings.seed, settings.steps, settings.fps, settings.transition, settings.width) == (None,) * 5
    with pytest.raises(ValidationError):
        settings.steps = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"steps": 0}, "steps"),
        ({"seed": -1}, "seed"),
        ({"fps": "fast"}, "fps"),
        ({"transition": "wipe"}, "transition"),
        ({"width": 127}, "width"),
        ({"step": 3}, "did you mean 'steps'"),
    ],
)
def test_settings_that_cannot_be_meant(values: dict[str, object], part: str) -> None:
    with pytest.raises(UsageError, match=part):
        RenderSettings.parse(values)


def test_results_are_json() -> None:
    scene = SceneResult(id="s1", frames=16, seconds=1.5, seed=7, backend="storyboard")
    result = RenderResult(
        path=Path("fox.mp4"), scenes=(scene,), frames=16, frame_rate=Fraction(8), width=128, height=128, seconds=2.0
    )
    data = VideoDone(result=result).model_dump(mode="json")
    assert data["event"] == "video_done"
    assert data["result"]["frame_rate"] == "8/1"
    assert data["result"]["scenes"][0]["seed"] == 7
    assert StepDone(scene="s1", step=1, steps=20).event == "step_done"
