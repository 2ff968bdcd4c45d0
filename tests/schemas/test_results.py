"""Results and the events that carry them, as JSON."""

from fractions import Fraction
from pathlib import Path

from videodirector.schemas import RenderResult, SceneResult, StepDone, VideoDone


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
