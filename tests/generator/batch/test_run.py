"""Batches, drawn in this process and by others."""

import itertools
import json
import os
import signal
import time
import wave
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from support import GreyBackend, fox_plan, grey_plan, see
from videodirector import Director, VideoPlan
from videodirector.errors import OutputError, PlannerError, RenderError, UsageError
from videodirector.generator import Clip, Progress, SceneCache
from videodirector.generator.backends.source import BackendSource
from videodirector.generator.batch.workers.create import create_workers
from videodirector.generator.batch.workers.process import ProcessWorker
from videodirector.schemas import Scene
from videodirector.schemas.batch import BatchEvent, SceneDrawn, StoryboardResult


def batch(
    items: list[Any], folder: Path, backend: GreyBackend | None = None, **options: Any
) -> dict[str, StoryboardResult]:
    director = Director(backend=backend or GreyBackend(), cache=folder.parent / "cache")
    return {result.id: result for result in director.render_many(items, folder, **options)}


def report(folder: Path) -> dict[str, dict[str, Any]]:
    lines = [json.loads(line) for line in (folder / "report.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({line["id"] for line in lines}) == len(lines), "one line a storyboard"
    return {line["id"]: line for line in lines}


both = pytest.mark.parametrize("workers", [1, 2])


@both
def test_every_storyboard_gets_its_video(tmp_path: Path, workers: int) -> None:
    items = [grey_plan(10, 20), {"plan": grey_plan(200), "id": "light", "fps": 4, "transition": "hold"}, "A fox walks."]
    found = batch(items, tmp_path / "out", workers=workers, width=64)
    assert {name: result.status for name, result in found.items()} == dict.fromkeys(["0001", "light", "0003"], "done")
    assert found["0001"].frames == 12
    assert (found["0001"].scenes, found["0001"].drawn) == (2, 2)
    seen = see(tmp_path / "out" / "light.mp4")
    assert (len(seen.frames), seen.rate, seen.size) == (6, Fraction(4), (64, 48))
    assert seen.frames[0].mean() == pytest.approx(200, abs=3)
    assert VideoPlan.load(tmp_path / "out" / "0003.plan.json").prompt == "A fox walks."
    assert {name: line["status"] for name, line in report(tmp_path / "out").items()} == dict.fromkeys(found, "done")


@both
def test_failures_stay_alone(tmp_path: Path, workers: int) -> None:
    broken = grey_plan(1)
    broken.scenes[0].frames = 0
    items = [
        grey_plan(10),
        {"plan": broken, "id": "broken"},
        {"plan": grey_plan(30, 66, 40), "id": "unlucky"},
        {"plan": grey_plan(77), "id": "faulty"},
        {"story": "", "id": "empty"},
        {"story": "A fox.", "id": "coloured", "colour": "red"},
        {"plan": grey_plan(5), "id": "wishful", "style": "ink"},
        {"plan": grey_plan(20), "id": "last"},
    ]
    backend = MoodyBackend(bad={"66": RenderError("the paint is dry", hint="wet it"), "77": ZeroDivisionError("oh")})
    found = batch(items, tmp_path / "out", backend, workers=workers)
    assert sorted(name for name, result in found.items() if result.status == "done") == ["0001", "last"]
    said = {name: result.error.message for name, result in found.items() if result.error is not None}
    assert "scenes[0].frames" in said["broken"]
    assert said["unlucky"] == "the paint is dry"
    assert "oh" in said["faulty"]
    assert "empty" in said["empty"]
    assert "colour" in said["coloured"]
    assert "style is for stories" in said["wishful"]
    lines = report(tmp_path / "out")
    assert lines["unlucky"]["error"] == {"type": "RenderError", "message": "the paint is dry", "hint": "wet it"}
    assert sorted(path.name for path in (tmp_path / "out").glob("*.mp4")) == ["0001.mp4", "last.mp4"]
    assert not list((tmp_path / "out").glob(".*"))


@dataclass
class MoodyBackend(GreyBackend):
    """Fails over scenes of these levels; writes down, in a file, every scene that it draws."""

    bad: dict[str, BaseException] | None = None
    log: Path | None = None
    pause: float = 0.0

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
        if self.bad and scene.description in self.bad:
            raise self.bad[scene.description]
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(f"{scene.description}\n")
        time.sleep(self.pause)
        return (yield from super().render(scene, seed=seed, steps=steps))


def logged(path: Path) -> list[str]:
    return sorted(path.read_text().split()) if path.exists() else []


@both
def test_scenes_that_look_the_same_are_drawn_once(tmp_path: Path, workers: int) -> None:
    backend = MoodyBackend(log=tmp_path / "log")
    found = batch(
        [grey_plan(10, 20), grey_plan(10, 20, 30), grey_plan(10, 20)], tmp_path / "out", backend, workers=workers
    )
    assert logged(tmp_path / "log") == ["10", "20", "30"]
    assert sum(result.drawn for result in found.values()) == 3
    assert [result.frames for _, result in sorted(found.items())] == [12, 18, 12]


def test_what_is_done_is_left_and_what_changed_is_made_again(tmp_path: Path) -> None:
    backend = MoodyBackend(log=tmp_path / "log", bad={"66": RenderError("dry")})
    items = [grey_plan(10), {"plan": grey_plan(66), "id": "unlucky"}, grey_plan(20), grey_plan(30)]
    folder = tmp_path / "out"
    first = batch(items, folder, backend)
    times = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.mp4")}
    (folder / "0003.mp4").write_bytes(b"damaged")
    items[3] = grey_plan(30, 40)
    again = batch(items, folder, backend)
    assert {name: result.kept for name, result in again.items()} == {
        "0001": True,
        "unlucky": True,
        "0003": False,
        "0004": False,
    }
    assert (folder / "0001.mp4").stat().st_mtime_ns == times["0001.mp4"]
    assert again["0003"].sha256 == first["0003"].sha256, "mended, from the cache"
    assert logged(tmp_path / "log") == ["10", "20", "30", "40"]
    assert again["unlucky"].error == first["unlucky"].error, "told again, not tried again"
    backend.bad = {}
    assert batch(items, folder, backend)["unlucky"].status == "failed"
    assert batch(items, folder, backend, retry_failed=True)["unlucky"].status == "done"
    assert report(folder)["unlucky"]["status"] == "done"


def test_a_mended_input_is_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("{}")
    assert batch([file], tmp_path / "out")["plan"].status == "failed"
    grey_plan(1).save(file)
    assert batch([file], tmp_path / "out")["plan"].status == "done"


def test_a_sound_that_changed_makes_another_video(tmp_path: Path) -> None:
    plan = grey_plan(10)
    plan.audio = str(tmp_path / "sound.wav")
    loud(tmp_path / "sound.wav", 1)
    first = batch([plan], tmp_path / "out")["0001"]
    loud(tmp_path / "sound.wav", 9)
    second = batch([plan], tmp_path / "out")["0001"]
    assert (second.kept, second.status) == (False, "done")
    assert second.made_of != first.made_of
    assert batch([plan], tmp_path / "out")["0001"].kept


def loud(path: Path, level: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes([0, level]) * 4000)


class CountingPlanner:
    """Never says the same twice, as language models do."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def plan(self, story: str, *, seed: int | None = None, frame_rate: Fraction | None = None) -> VideoPlan:
        self.asked.append(story)
        if "nonsense" in story:
            raise PlannerError("that is nonsense")
        return grey_plan(len(self.asked))


def test_a_story_is_planned_once(tmp_path: Path) -> None:
    planner = CountingPlanner()
    director = Director(planner, backend=MoodyBackend(bad={"2": RenderError("dry")}), cache=tmp_path / "cache")
    stories = ["One.", "Two.", "nonsense"]
    first = {result.id: result for result in director.render_many(stories, tmp_path / "out")}
    assert [result.status for result in first.values()] == ["done", "failed", "failed"]
    (tmp_path / "out" / "0001.mp4").unlink()
    director = Director(planner, backend=MoodyBackend(), cache=tmp_path / "cache")
    again = {result.id: result for result in director.render_many(stories, tmp_path / "out", retry_failed=True)}
    assert [result.status for result in again.values()] == ["done", "done", "failed"]
    assert planner.asked == ["One.", "Two.", "nonsense", "nonsense"], "what it said is on the disk"
    assert again["0001"].sha256 == first["0001"].sha256
    list(director.render_many(["Another.", "Two."], tmp_path / "out"))
    assert planner.asked[4:] == ["Another."], "another story of the same name is another story"


@both
def test_events(tmp_path: Path, workers: int) -> None:
    director = Director(backend=GreyBackend(), cache=tmp_path / "cache")
    events = list(director.stream_many([grey_plan(1, 2), grey_plan(1, 3)], tmp_path / "out", workers=workers))
    told = [event.event for event in events]
    assert told[0] == "batch_started"
    assert sorted(told[1:]) == ["scene_drawn"] * 3 + ["storyboard_done"] * 2 + ["storyboard_ready"] * 2
    assert {event.result.frames for event in events if isinstance(event, SceneDrawn)} == {6}


@both
def test_stopping_early_leaves_nothing_partial(tmp_path: Path, workers: int) -> None:
    backend = MoodyBackend(log=tmp_path / "log", pause=0.05)
    director = Director(backend=backend, cache=tmp_path / "cache")
    items = [grey_plan(*range(20 * i, 20 * i + 20)) for i in range(4)]
    events: Generator[BatchEvent, None, None] = director.stream_many(items, tmp_path / "out", workers=workers)
    drawn_events = (event for event in events if isinstance(event, SceneDrawn))
    list(itertools.islice(drawn_events, 10))
    events.close()
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]
    drawn = logged(tmp_path / "log")
    assert len(drawn) < 80
    assert {result.status for result in batch(items, tmp_path / "out", backend, workers=workers).values()} == {"done"}
    twice = len(logged(tmp_path / "log")) - 80
    assert twice <= workers, "only what was being drawn is drawn again"


@dataclass
class DeadlyBackend(GreyBackend):
    """Kills its process over scenes of level 66, as a lack of memory would; as often as ``lives`` says."""

    lives: Path | None = None

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
        assert self.lives is not None
        left = int(self.lives.read_text())
        if scene.description == "66" and left:
            self.lives.write_text(str(left - 1))
            os.kill(os.getpid(), signal.SIGKILL)
        return (yield from super().render(scene, seed=seed, steps=steps))


@pytest.mark.slow
@pytest.mark.parametrize("deaths", [2, 5])
def test_a_worker_that_dies_is_replaced(tmp_path: Path, deaths: int) -> None:
    (tmp_path / "lives").write_text(str(deaths))
    items = [grey_plan(10), {"plan": grey_plan(20, 66), "id": "deadly"}, grey_plan(30)]
    found = batch(items, tmp_path / "out", DeadlyBackend(lives=tmp_path / "lives"), workers=2)
    deadly = found.pop("deadly")
    assert {result.status for result in found.values()} == {"done"}
    if deaths == 2:
        assert deadly.status == "done"
    else:
        assert deadly.error is not None
        assert "3 workers died over the scene s1" in deadly.error.message
        assert "memory" in deadly.error.hint


@dataclass
class SlowBackend(GreyBackend):
    """Takes its time, and writes down who drew when."""

    log: Path = Path()

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
        start = time.monotonic()
        time.sleep(0.3)
        with self.log.open("a") as file:
            file.write(f"{os.getpid()} {start} {time.monotonic()}\n")
        return (yield from super().render(scene, seed=seed, steps=steps))


def test_no_worker_idles_while_there_is_work(tmp_path: Path) -> None:
    """One long storyboard keeps two workers as busy as many short ones would."""
    batch([grey_plan(*range(12))], tmp_path / "out", SlowBackend(log=tmp_path / "log"), workers=2)
    rows = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    workers = {pid: [(float(start), float(end)) for who, start, end in rows if who == pid] for pid, _, _ in rows}
    assert len(workers) == 2
    assert os.getpid() not in map(int, workers)
    begin = max(spans[0][0] for spans in workers.values())
    end = min(spans[-1][1] for spans in workers.values())
    busy = [sum(min(b, end) - max(a, begin) for a, b in spans if b > begin and a < end) for spans in workers.values()]
    assert min(busy) > 0.7 * (end - begin), "between the first scene of the later and the last of the earlier worker"


def test_scenes_that_continue_one_another_go_to_one_worker(tmp_path: Path) -> None:
    plan = grey_plan(*range(8))
    for before, scene in zip(plan.scenes[:3], plan.scenes[1:4], strict=True):
        scene.continues = before.id
    found = batch([plan], tmp_path / "out", SlowBackend(log=tmp_path / "log"), workers=2)
    assert found["0001"].drawn == 8


def test_workers_share_processors_and_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for visible, expected in (("3,5", ["3", "5", "3"]), ("", ["", "", ""]), ("-1", ["-1", "-1", "-1"])):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        workers = create_workers(BackendSource(), SceneCache(tmp_path), workers=3)
        environments = [worker._environment for worker in workers if isinstance(worker, ProcessWorker)]
        assert [environment["CUDA_VISIBLE_DEVICES"] for environment in environments] == expected
        threads = {int(environment["OMP_NUM_THREADS"]) for environment in environments}
        assert len(threads) == 1
        assert 1 <= threads.pop() <= max(1, (os.cpu_count() or 1) // 3)


def test_backends_that_cannot_travel(tmp_path: Path) -> None:
    backend = GreyBackend()
    backend.pipe = open(os.devnull)  # type: ignore[attr-defined]  # noqa: SIM115  what cannot be pickled
    with pytest.raises(UsageError, match="cannot be sent to another process"):
        batch([grey_plan(1)], tmp_path / "out", backend, workers=2)
    backend.pipe.close()  # type: ignore[attr-defined]


def test_options_that_cannot_be_meant_are_found_before_any_work(tmp_path: Path) -> None:
    for options in ({"workers": 0}, {"shared": "s3://x"}, {"steps": 0}, {"colour": "red"}):
        with pytest.raises(UsageError, match=next(iter(options)).replace("shared", "share")):
            batch([grey_plan(1)], tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        batch([grey_plan(1)], tmp_path / "file")


def test_a_report_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    batch([grey_plan(1), grey_plan(2)], tmp_path / "out")
    file = tmp_path / "out" / "report.jsonl"
    file.write_bytes(file.read_bytes()[:-20])
    again = batch([grey_plan(1), grey_plan(2)], tmp_path / "out")
    assert [result.kept for result in again.values()] == [True, False]
    assert len(report(tmp_path / "out")) == 2


@both
def test_scenes_that_cannot_be_kept_and_sounds_that_are_not_there(tmp_path: Path, workers: int) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "scenes").write_text("a file where a folder should be")
    backend = MoodyBackend(log=tmp_path / "log")
    items = [grey_plan(10, 20), {"plan": grey_plan(30), "id": "loud", "soundtrack": str(tmp_path / "none.wav")}]
    found = batch(items, tmp_path / "out", backend, workers=workers)
    said = {name: result.error and result.error.message for name, result in found.items()}
    assert "cannot write" in str(said["0001"])
    assert "there is no such file" in str(said["loud"])
    assert "30" not in logged(tmp_path / "log")
    (tmp_path / "cache" / "scenes").unlink()
    again = batch(items, tmp_path / "out", backend, workers=workers)
    assert (again["0001"].status, again["loud"].kept) == ("done", True), "the place is mended, the sound is not"


def test_two_batches_do_not_write_to_one_folder(tmp_path: Path) -> None:
    events = Director(backend=GreyBackend(), cache=tmp_path / "cache").stream_many([grey_plan(1)], tmp_path / "out")
    next(events)
    with pytest.raises(OutputError, match=r"a batch is at work in .*out already"):
        batch([grey_plan(2)], tmp_path / "out")
    list(events)
    assert batch([grey_plan(1)], tmp_path / "out")["0001"].kept


def test_without_a_cache_scenes_are_kept_with_the_videos(tmp_path: Path) -> None:
    director = Director(backend=GreyBackend(), cache=False)
    list(director.render_many([grey_plan(1)], tmp_path / "out"))
    assert SceneCache(tmp_path / "out" / ".scenes").info().scenes == 1


def test_real_plans_are_the_same_however_they_are_made(tmp_path: Path) -> None:
    plans = [fox_plan(), {"plan": fox_plan(), "id": "other", "seed": 9, "transition": "crossfade"}]
    one = {r.id: r for r in Director(backend="storyboard", cache=tmp_path / "c1").render_many(plans, tmp_path / "a")}
    two = Director(backend="storyboard", cache=tmp_path / "c2").render_many(plans, tmp_path / "b", workers=2)
    assert {result.id: result.sha256 for result in two} == {name: result.sha256 for name, result in one.items()}
    rendered = Director(backend="storyboard", cache=False).render(fox_plan(), tmp_path / "c.mp4")
    assert rendered.path.read_bytes() == (tmp_path / "a" / "0001.mp4").read_bytes()
