from fractions import Fraction
from pathlib import Path

import pytest

from support import GreyBackend, fox_plan, grey_plan, see
from videodirector import Director, PlanError, UsageError, VideoDone, VideoPlan
from videodirector.errors import RenderError
from videodirector.generator import Backend

STORY = "A fox walks through the forest. It meets an owl. The owl flies away under the moon."


class FixedPlanner:
    """Plans every story the same way, and remembers how it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int | None, Fraction | None]] = []

    def plan(self, story: str, *, seed: int | None = None, frame_rate: Fraction | None = None) -> VideoPlan:
        self.asked.append((story, seed, frame_rate))
        return fox_plan()


def test_a_story_becomes_a_video_with_plan_and_sheet(tmp_path: Path) -> None:
    result = Director(backend="storyboard").make(STORY, tmp_path / "fox.mp4", seed=11)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "fox.manifest.json",
        "fox.mp4",
        "fox.plan.json",
        "fox.png",
    ]
    assert result.plan_path is not None
    plan = VideoPlan.load(result.plan_path)
    assert plan.prompt == STORY
    assert plan.seed == 11
    assert [scene.id for scene in result.scenes] == [scene.id for scene in plan.scenes]
    assert {scene.backend for scene in result.scenes} == {"storyboard"}
    assert len(see(result.path).frames) == result.frames == sum(scene.frames for scene in plan.scenes)


def test_an_edited_plan_gives_another_video_and_an_unedited_one_the_same(tmp_path: Path) -> None:
    director = Director(backend="storyboard")
    plan = director.plan(STORY)
    plan.save(tmp_path / "plan.json")
    again = VideoPlan.load(tmp_path / "plan.json")
    first = director.render(plan, tmp_path / "first.mp4").path.read_bytes()
    assert director.render(again, tmp_path / "again.mp4").path.read_bytes() == first
    again.scenes[0].entities[0].layout[-1] = (0.6, 0.4, 0.9, 0.8)  # type: ignore[call-overload]
    assert director.render(again, tmp_path / "edited.mp4").path.read_bytes() != first
    videos = {"first.mp4", "again.mp4", "edited.mp4"}
    assert {path.name for path in tmp_path.glob("*.*4")} == videos
    assert {path.name.replace("manifest.json", "mp4") for path in tmp_path.glob("*.manifest.json")} == videos


def test_any_planner_and_any_backend(tmp_path: Path) -> None:
    planner, backend = FixedPlanner(), GreyBackend()
    assert isinstance(backend, Backend)
    result = Director(planner, backend=backend).make("once", tmp_path / "a.mp4", seed=5, steps=9, fps="12")
    assert planner.asked == [("once", 5, Fraction(12))]
    assert [(scene_id, steps) for scene_id, _, steps in backend.drawn] == [("walk", 9), ("meet", 9)]
    assert result.frame_rate == 12


def test_the_stream_ends_with_the_result(tmp_path: Path) -> None:
    *_, last = Director(backend=GreyBackend()).stream(grey_plan(1, 2), tmp_path / "a.mp4")
    assert isinstance(last, VideoDone)
    assert last.result.path == tmp_path / "a.mp4"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"steps": 0}, "steps"),
        ({"fps": "fast"}, "fps"),
        ({"fps": 0}, "fps"),
        ({"seed": -1}, "seed"),
        ({"transition": "wipe"}, "transition"),
        ({"width": 255}, "width"),
        ({"height": 10**9}, "height"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_options_that_cannot_be_meant(tmp_path: Path, options: dict[str, object], field: str) -> None:
    with pytest.raises(UsageError, match=field):
        Director(backend=GreyBackend()).render(grey_plan(1), tmp_path / "a.mp4", **options)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_frame_rate_that_no_plan_has() -> None:
    with pytest.raises(UsageError) as caught:
        Director().plan(STORY, fps="fast")
    assert [(issue.path, issue.found) for issue in caught.value.issues] == [("frame_rate", "'fast'")]


def test_a_backend_object_takes_no_model() -> None:
    with pytest.raises(UsageError, match="has its model and its options"):
        Director(backend=GreyBackend(), model="some/where")


def test_an_unknown_backend(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no backend 'magic'"):
        Director(backend="magic").render(grey_plan(1), tmp_path / "a.mp4")


def test_errors_of_a_backend_pass_through(tmp_path: Path) -> None:
    backend = GreyBackend(failing={"s1": RenderError("the paint is dry", hint="wet it")})
    with pytest.raises(RenderError, match="the paint is dry"):
        Director(backend=backend).render(grey_plan(1, 2), tmp_path / "a.mp4")


def test_previews_need_no_model(tmp_path: Path) -> None:
    director = Director(model=tmp_path / "missing")
    with pytest.raises(UsageError, match=r"a contact sheet \(\.png\) or a video"):
        director.preview(fox_plan(), tmp_path / "a.avi")
    director = Director()
    director.preview(fox_plan(), tmp_path / "a.png")
    director.preview(fox_plan(), tmp_path / "a.mp4", width=64, height=64)
    director.preview(fox_plan(), tmp_path / "a.gif", width=64, height=64)
    assert see(tmp_path / "a.mp4").size == (64, 64)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    broken = fox_plan()
    broken.scenes = []
    with pytest.raises(PlanError):
        director.preview(broken, tmp_path / "b.png")
    assert not (tmp_path / "b.png").exists()


def test_a_storyboard_is_drawn_at_the_size_asked_for(tmp_path: Path) -> None:
    result = Director(backend="storyboard").render(fox_plan(), tmp_path / "a.mp4", width=320, height=180)
    assert (result.width, result.height) == (320, 180)
    seen = see(result.path)
    assert seen.size == (320, 180)
    assert seen.frames[0][:, 0].mean() > 30, "no black bars: the picture has the video's shape"


def test_the_same_in_another_order(tmp_path: Path) -> None:
    """Scenes do not depend on their neighbours: the frames of a scene alone are those it has in the whole."""
    director, plan = Director(backend="storyboard"), fox_plan()
    whole = see(director.render(plan, tmp_path / "whole.mp4").path).frames
    plan.scenes = plan.scenes[::-1]
    turned = see(director.render(plan, tmp_path / "turned.mp4").path).frames
    for frame, other in zip(whole, turned[8:] + turned[:8], strict=True):
        assert abs(frame.astype(int) - other.astype(int)).mean() < 2, "but for the loss of the codec"
