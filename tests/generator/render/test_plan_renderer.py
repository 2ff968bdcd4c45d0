"""What was drawn once is not drawn again, and what comes out of the cache is what was drawn."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from support import GreyBackend, grey_plan
from videodirector.generator import Capabilities, Clip, Progress, SceneCache, render_video
from videodirector.schemas import Notice, RenderEvent, RenderSettings, Scene, SceneDone, SceneResult, VideoPlan

BARE = RenderSettings(save_plan=False, contact_sheet=False)


def render(
    plan: VideoPlan, path: Path, backend: GreyBackend, cache: SceneCache | None, **settings: object
) -> list[RenderEvent]:
    chosen = BARE.model_copy(update=settings)
    return list(render_video(plan, path, backend=backend, settings=chosen, cache=cache))


def results(events: list[RenderEvent]) -> list[SceneResult]:
    return [event.result for event in events if isinstance(event, SceneDone)]


def drawn(backend: GreyBackend) -> list[str]:
    """The scenes drawn since this was last asked."""
    scenes = [scene for scene, _, _ in backend.drawn]
    backend.drawn.clear()
    return scenes


def test_the_second_time_nothing_is_drawn(tmp_path: Path) -> None:
    backend, cache = GreyBackend(), SceneCache()
    first = render(grey_plan(10, 20), tmp_path / "a.mp4", backend, cache)
    assert drawn(backend) == ["s0", "s1"]
    second = render(grey_plan(10, 20), tmp_path / "b.mp4", backend, cache)
    assert drawn(backend) == []
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert [event.event for event in second] == ["plan_ready", *["scene_started", "scene_done"] * 2, "video_done"]
    for before, after in zip(results(first), results(second), strict=True):
        assert (before.cached, after.cached) == (False, True)
        assert before.drawing_seconds == after.drawing_seconds > 0
        left_out = {"cached", "seconds"}
        assert before.model_dump(exclude=left_out) == after.model_dump(exclude=left_out)


def test_only_what_changed_is_drawn(tmp_path: Path) -> None:
    backend, cache, plan = GreyBackend(), SceneCache(), grey_plan(10, 20, 30)
    render(plan, tmp_path / "a.mp4", backend, cache)
    drawn(backend)
    plan.scenes[1].description = "99"
    render(plan, tmp_path / "a.mp4", backend, cache)
    assert drawn(backend) == ["s1"]
    plan.scenes = [plan.scenes[2], plan.scenes[0]]
    plan.scenes[0].transition = "crossfade"
    render(plan, tmp_path / "other.mp4", backend, cache, fps=12, width=64)
    assert drawn(backend) == []


def test_without_a_cache_everything_is_drawn(tmp_path: Path, cache: Path) -> None:
    backend = GreyBackend()
    for _ in range(2):
        render(grey_plan(10), tmp_path / "a.mp4", backend, None)
        assert drawn(backend) == ["s0"]
    assert not list(cache.glob("scenes"))


def test_a_damaged_clip_is_drawn_again_and_told_of(tmp_path: Path, cache: Path) -> None:
    backend = GreyBackend()
    render(grey_plan(10, 20), tmp_path / "a.mp4", backend, SceneCache())
    drawn(backend)
    file = next(cache.rglob("*.clip"))
    file.write_bytes(file.read_bytes()[:-3])
    events = render(grey_plan(10, 20), tmp_path / "b.mp4", backend, SceneCache())
    (again,) = drawn(backend)
    (notice,) = (event for event in events if isinstance(event, Notice))
    assert notice.scene == again
    assert "is damaged, so it is rendered again" in notice.message
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    render(grey_plan(10, 20), tmp_path / "b.mp4", backend, SceneCache())
    assert drawn(backend) == [], "it has been put right"


def test_a_cache_that_cannot_be_written_is_told_of_once_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    events = render(grey_plan(10, 20), tmp_path / "a.mp4", GreyBackend(), SceneCache(tmp_path / "file"))
    (notice,) = (event for event in events if isinstance(event, Notice))
    assert notice.message.startswith("rendered scenes are not kept: cannot write")
    assert (tmp_path / "a.mp4").exists()


def test_what_was_finished_before_an_interruption_is_kept(tmp_path: Path) -> None:
    backend, cache = GreyBackend(failing={"s2": KeyboardInterrupt()}), SceneCache()
    with pytest.raises(KeyboardInterrupt):
        render(grey_plan(10, 20, 30), tmp_path / "a.mp4", backend, cache)
    assert drawn(backend) == ["s0", "s1", "s2"]
    backend.failing.clear()
    render(grey_plan(10, 20, 30), tmp_path / "a.mp4", backend, cache)
    assert drawn(backend) == ["s2"]


def test_controls_are_those_that_are_asked_for_now(tmp_path: Path) -> None:
    """Steps that are asked for later are accounted for, though the clip was drawn without."""
    backend, cache = GreyBackend(), SceneCache()
    (before,) = results(render(grey_plan(10), tmp_path / "a.mp4", backend, cache))
    (after,) = results(render(grey_plan(10), tmp_path / "a.mp4", backend, cache, steps=3))
    assert after.cached
    assert {control.name for control in after.controls} - {control.name for control in before.controls} == {"steps"}


class ThreadedBackend(GreyBackend):
    """One that computes, and notes with how many threads."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, steps=2)

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
        clip = yield from super().render(scene, seed=seed, steps=steps)
        return replace(clip, notes=(f"{torch.get_num_threads()} threads",))


def test_a_scene_is_drawn_with_as_many_threads_as_are_asked_for(tmp_path: Path) -> None:
    backend, cache, usual = ThreadedBackend(), SceneCache(), torch.get_num_threads()

    def told(threads: int | None) -> tuple[int | None, tuple[str, ...], bool]:
        events = render_video(
            grey_plan(10),
            tmp_path / "a.mp4",
            backend=backend,
            settings=BARE,
            cache=cache,
            threads=None if threads is None else {"s0": threads},
        )
        (result,) = results(list(events))
        return result.threads, result.notes, result.cached

    assert told(None) == (usual, (f"{usual} threads",), False)
    assert told(usual + 1) == (usual + 1, (f"{usual + 1} threads",), False), "what was drawn with fewer does not do"
    assert told(usual + 1) == (usual + 1, (f"{usual + 1} threads",), True)
    assert told(None)[2], "who does not ask takes what is there"
    assert torch.get_num_threads() == usual
