import hashlib
import tracemalloc
from collections.abc import Generator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support import GreyBackend, fox_plan, grey_plan, see
from videodirector._generators import Returning
from videodirector.errors import MissingDependencyError, OutputError, PlanError, RenderError, UsageError
from videodirector.generator import Clip, Progress, render_sheet, render_video, scene_seed
from videodirector.generator.backends import create, names
from videodirector.schemas import RenderResult, RenderSettings, Scene, VideoDone, VideoPlan

BARE = RenderSettings(save_plan=False, contact_sheet=False)


def video(plan: VideoPlan, path: Path, backend: GreyBackend | None = None, **settings: object) -> RenderResult:
    chosen = BARE.model_copy(update=settings)
    *_, last = render_video(plan, path, backend=backend or GreyBackend(), settings=chosen)
    assert isinstance(last, VideoDone)
    return last.result


def test_events_come_in_order(tmp_path: Path) -> None:
    events = list(render_video(grey_plan(10, 20), tmp_path / "a.mp4", backend=GreyBackend(), settings=BARE))
    scene = ["scene_started", "step_done", "step_done", "scene_done"]
    assert [event.event for event in events] == ["plan_ready", *scene, *scene, "video_done"]


def test_the_result_tells_what_was_done(tmp_path: Path) -> None:
    plan = grey_plan(10, 200)
    result = video(plan, tmp_path / "a.mp4", steps=5)
    assert result.path == tmp_path / "a.mp4"
    assert (result.plan_path, result.sheet_path) == (None, None)
    assert (result.frames, result.frame_rate, result.width, result.height) == (12, Fraction(8), 352, 264)
    assert [(scene.id, scene.frames, scene.seed, scene.backend, scene.notes) for scene in result.scenes] == [
        (scene.id, 6, scene_seed(plan, scene), "grey", (f"{scene.id} is grey",)) for scene in plan.scenes
    ]
    assert 0 < sum(scene.seconds for scene in result.scenes) < result.seconds
    seen = see(result.path)
    assert (len(seen.frames), seen.rate, seen.codec, seen.pix_fmt) == (12, Fraction(8), "h264", "yuv420p")
    levels = [int(frame.mean().round()) for frame in seen.frames]
    np.testing.assert_allclose(levels, [10] * 6 + [200] * 6, atol=3)


def test_crossfades_of_plan_and_settings(tmp_path: Path) -> None:
    plan = grey_plan(0, 100, 200, frames=8)
    plan.scenes[0].transition = "cut"
    result = video(plan, tmp_path / "a.mp4", transition="crossfade")
    assert result.frames == 24 - 4
    levels = [frame.mean() for frame in see(result.path).frames]
    np.testing.assert_allclose(levels, [0] * 8 + [100] * 4 + [120, 140, 160, 180] + [200] * 4, atol=3)


def test_holds_and_fades_last_as_long_as_they_are_asked_to(tmp_path: Path) -> None:
    plan = grey_plan(200, 100, frames=8)
    plan.scenes[1].transition = "fade"
    result = video(plan, tmp_path / "a.mp4", transition="hold", transition_frames=3)
    assert result.frames == 8 + 3 + 8
    levels = [frame.mean() for frame in see(result.path).frames]
    np.testing.assert_allclose(levels, [200] * 11 + [100] * 5 + [67, 33, 0], atol=3)


def test_settings_stand_in_for_the_plan(tmp_path: Path) -> None:
    plan, backend = grey_plan(10), GreyBackend()
    result = video(plan, tmp_path / "a.mp4", backend, seed=99, fps=Fraction(30000, 1001), width=64)
    assert plan.seed == 7, "the plan itself is left alone"
    assert see(result.path).rate == Fraction(30000, 1001)
    assert (result.width, result.height) == (64, 48)
    assert result.scenes[0].seed == scene_seed(plan.model_copy(update={"seed": 99}), plan.scenes[0])


def test_what_is_written_beside_the_video(tmp_path: Path) -> None:
    plan = fox_plan()
    result = video(plan, tmp_path / "fox.mp4", save_plan=True, contact_sheet=True, seed=5)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "fox.manifest.json",
        "fox.mp4",
        "fox.plan.json",
        "fox.png",
    ]
    assert result.plan_path == tmp_path / "fox.plan.json"
    assert VideoPlan.load(result.plan_path) == plan.checked().model_copy(update={"seed": 5})
    assert result.sheet_path == tmp_path / "fox.png"
    with Image.open(result.sheet_path) as sheet:
        assert sheet.format == "PNG"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_plan_gives_the_same_file(tmp_path: Path) -> None:
    storyboard = create("storyboard")
    for name in ("a.mp4", "b.mp4"):
        list(render_video(fox_plan(), tmp_path / name, backend=storyboard, settings=BARE))
    assert digest(tmp_path / "a.mp4") == digest(tmp_path / "b.mp4")
    other = BARE.model_copy(update={"seed": 4})
    list(render_video(fox_plan(), tmp_path / "c.mp4", backend=storyboard, settings=other))
    assert digest(tmp_path / "c.mp4") != digest(tmp_path / "a.mp4"), "another seed paints another forest"


@pytest.mark.parametrize("failure", [RenderError("no"), MemoryError(), KeyboardInterrupt(), SystemExit(3)])
def test_a_failure_leaves_what_was_there(tmp_path: Path, failure: BaseException) -> None:
    target = tmp_path / "a.mp4"
    target.write_bytes(b"old")
    backend = GreyBackend(failing={"s1": failure})
    with pytest.raises(type(failure)):
        video(grey_plan(1, 2), target, backend, contact_sheet=True)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_plan_is_kept_when_drawing_fails(tmp_path: Path) -> None:
    backend = GreyBackend(failing={"s0": RenderError("no")})
    with pytest.raises(RenderError):
        video(grey_plan(1), tmp_path / "a.mp4", backend, save_plan=True, contact_sheet=True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.plan.json"]


@pytest.mark.parametrize("stop_after", ["plan_ready", "scene_started", "step_done", "scene_done"])
def test_closing_the_stream_leaves_nothing(tmp_path: Path, stop_after: str) -> None:
    events = render_video(grey_plan(1, 2), tmp_path / "a.mp4", backend=GreyBackend(), settings=BARE)
    for event in events:
        if event.event == stop_after:
            break
    assert list(tmp_path.iterdir()), "something was on its way"
    events.close()
    assert not list(tmp_path.iterdir())


def test_the_video_is_there_before_the_last_event(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    for event in render_video(grey_plan(1), target, backend=GreyBackend(), settings=BARE):
        assert target.exists() == (event.event == "video_done")


@pytest.mark.parametrize("name", ["a.avi", "a", "a.mp4.txt", ".mp4"])
def test_names_that_are_no_mp4(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"does not end in \.mp4"):
        video(grey_plan(1), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_bad_places_are_found_before_drawing(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").mkdir()
    (tmp_path / "b.png").mkdir()
    backend = GreyBackend()
    with pytest.raises(OutputError, match="is a directory"):
        video(grey_plan(1), tmp_path / "a.mp4", backend)
    with pytest.raises(OutputError, match="is a directory"):
        video(grey_plan(1), tmp_path / "b.mp4", backend, contact_sheet=True)
    assert not backend.drawn
    assert not (tmp_path / "b.mp4").exists()


def test_edits_are_checked_before_anything_is_written(tmp_path: Path) -> None:
    plan = fox_plan()
    plan.scenes[0].entities[0].layout[-1] = (0.9, 0.4, 0.6, 0.8)  # type: ignore[call-overload]
    with pytest.raises(PlanError) as caught:
        video(plan, tmp_path / "a.mp4", save_plan=True)
    assert caught.value.issues[0].path.startswith("scenes[0].entities[0].layout[1]")
    assert not list(tmp_path.iterdir())


def test_no_ffmpeg_is_found_out_before_drawing(tmp_path: Path) -> None:
    backend = GreyBackend()
    with pytest.raises(MissingDependencyError):
        list(render_video(grey_plan(1), tmp_path / "a.mp4", backend=backend, settings=BARE, ffmpeg="/no/ffmpeg"))
    assert not backend.drawn
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["it's 100%: %{pts}", "two\nlines", "a:b=c,[d];e\\", "'\"'", "-i x", "狐 🦊 лиса"])
def test_awkward_text_is_only_text(tmp_path: Path, text: str) -> None:
    plan = VideoPlan.model_validate(
        {
            "prompt": text,
            "scenes": [Scene(id="s", description=text, background=text, frames=2, entities=[])],
        }
    )
    target = tmp_path / f"{text.replace('/', '')}.mp4"
    settings = BARE.model_copy(update={"contact_sheet": True})
    list(render_video(plan, target, backend=create("storyboard", size=(64, 64)), settings=settings))
    assert len(see(target).frames) == 2


class HeavyBackend(GreyBackend):
    """Scenes of eight megabytes."""

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
        yield Progress(1, 1)
        width, height = self.size
        return Clip(np.full((scene.frames, height, width, 3), seed % 256, dtype=np.uint8))


def peak(scenes: int, path: Path) -> int:
    plan = grey_plan(*range(scenes), frames=10)
    backend = HeavyBackend(size=(512, 512))
    tracemalloc.start()
    try:
        video(plan, path, backend, transition="crossfade", contact_sheet=True)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_scenes(tmp_path: Path) -> None:
    few, many = peak(3, tmp_path / "few.mp4"), peak(12, tmp_path / "many.mp4")
    scene = 10 * 512 * 512 * 3
    assert many < few + scene / 2, "the clips of nine more scenes would be nine times that"


def test_a_contact_sheet_alone(tmp_path: Path) -> None:
    run = Returning(render_sheet(fox_plan(), tmp_path / "a.png", backend=create("storyboard"), settings=BARE))
    events = list(run)
    assert [result.id for result in run.result] == ["walk", "meet"]
    assert {event.event for event in events} == {"plan_ready", "scene_started", "step_done", "scene_done"}
    with Image.open(tmp_path / "a.png") as sheet:
        assert sheet.format == "PNG"
    with pytest.raises(UsageError, match=r"does not end in \.png"):
        list(render_sheet(fox_plan(), tmp_path / "a.jpg", backend=create("storyboard"), settings=BARE))


def test_backends_by_name(tmp_path: Path) -> None:
    assert names() == ("layout2vid", "storyboard", "diffusers", "server")
    with pytest.raises(UsageError, match="no backend 'magic'") as caught:
        create("magic")
    assert caught.value.hint == "choose one of: layout2vid, storyboard, diffusers, server"
    with pytest.raises(UsageError, match="without a model"):
        create("storyboard", model=str(tmp_path))
