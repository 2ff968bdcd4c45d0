"""A server that is slow, fails, restarts, loses jobs and breaks off: scenes end complete or in a clear list."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

import loopback
from loopback import Videos, serving
from support import see
from videodirector import Director
from videodirector.cli import main
from videodirector.errors import MissingDependencyError, RenderError, UsageError
from videodirector.generator.backends.server import ServerOptions
from videodirector.generator.backends.server import _client as client
from videodirector.generator.backends.server._client import find_api_key
from videodirector.generator.backends.server._journal import JobJournal
from videodirector.schemas import RenderResult, VideoPlan

FAST: dict[str, Any] = {"poll": 0.02, "timeout": 10, "patience": 30}


@pytest.fixture(autouse=True)
def _nobody_elses_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEODIRECTOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("VIDEODIRECTOR_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def story(scenes: int, **fields: Any) -> VideoPlan:
    numbers = [
        {"id": f"s{number}", "description": f"Scene number {number}.", "frames": 4, **fields}
        for number in range(scenes)
    ]
    return VideoPlan.parse({"schema_version": 1, "scenes": numbers})


def render(plan: VideoPlan, url: str, path: Path, **options: Any) -> RenderResult:
    director = Director(backend="server", model="tiny", options={"base_url": url, **FAST, **options})
    return director.render(plan, path, width=64, height=32)


def test_twenty_scenes_through_all_troubles(tmp_path: Path) -> None:
    answers = [429, 500, 429, 500, 503]
    videos = Videos(polls=3, answers=answers, drop=3, hiccups=7, lose={"number 7."}, truncate=2, garble=4)
    with serving(videos) as url:
        result = render(story(20), url, tmp_path / "a.mp4", in_flight=6)
    assert [(scene.frames, scene.planned_frames) for scene in result.scenes] == [(4, 4)] * 20
    assert len(see(tmp_path / "a.mp4").frames) == 80
    assert videos.asked() == {f"Scene number {n}.": 2 if n == 7 else 1 for n in range(20)}, "none is paid twice"
    assert 2 <= videos.most_at_once <= 6


def test_answers_that_are_lost_are_looked_up(tmp_path: Path) -> None:
    videos = Videos(drop=4, tokens=False)
    with serving(videos) as url:
        render(story(4), url, tmp_path / "a.mp4")
    assert set(videos.asked().values()) == {1}


def test_a_server_that_lists_nothing_knows_the_token(tmp_path: Path) -> None:
    videos = Videos(drop=4, listing=False)
    with serving(videos) as url:
        render(story(4), url, tmp_path / "a.mp4")
    assert set(videos.asked().values()) == {1}


def test_failures_are_listed_and_the_rest_is_kept(tmp_path: Path) -> None:
    videos = Videos(fail={"number 2.", "number 5."})
    with serving(videos) as url:
        with pytest.raises(RenderError) as caught:
            render(story(8), url, tmp_path / "a.mp4")
        assert caught.value.message.splitlines() == [
            "2 of the scenes failed on the server:",
            "  s2: the server failed: this may not be drawn",
            "  s5: the server failed: this may not be drawn",
        ]
        assert not (tmp_path / "a.mp4").exists()
        videos.fail.clear()
        render(story(8), url, tmp_path / "a.mp4")
    assert videos.asked() == {f"Scene number {n}.": 2 if n in {2, 5} else 1 for n in range(8)}


def test_a_server_that_restarts(tmp_path: Path) -> None:
    videos = Videos(polls=8)
    results: list[RenderResult] = []
    with serving(videos) as url:
        port = urlsplit(url).port
        thread = threading.Thread(target=lambda: results.append(render(story(4), url, tmp_path / "a.mp4")))
        thread.start()
        while sum(job.polls for job in list(videos.jobs.values())) < 6:
            time.sleep(0.01)
    time.sleep(0.3)
    assert port is not None
    with serving(videos, port):
        thread.join()
    assert len(results) == 1
    assert set(videos.asked().values()) == {1}


def test_what_is_no_such_server_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Videos(garble=10**6)) as url, pytest.raises(RenderError) as caught:
        render(story(2), url, tmp_path / "a.mp4")
    assert "what it answers is no JSON object" in caught.value.message
    assert "is this the address" in str(caught.value.hint)
    monkeypatch.setattr(client, "_UNHEARD_OF", 0.2)
    started = time.monotonic()
    with pytest.raises(RenderError, match="does not answer") as caught:
        render(story(20), url, tmp_path / "a.mp4", in_flight=4)  # nobody is there any more
    assert "is this the address" in str(caught.value.hint)
    assert time.monotonic() - started < 20


def test_what_a_server_says_in_other_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    videos = Videos(fail={"number 1."})
    described = loopback._Handler._described

    def otherwise(self: Any, job: loopback.Job) -> dict[str, Any]:
        told = described(self, job)
        return told | {"progress": "half", "error": told["error"] and told["error"]["message"]}

    monkeypatch.setattr(loopback._Handler, "_described", otherwise)
    with serving(videos) as url, pytest.raises(RenderError) as caught:
        render(story(2), url, tmp_path / "a.mp4")
    assert caught.value.message.splitlines()[1:] == ["  s1: the server failed: this may not be drawn"]


def test_fields_that_the_server_refuses_are_left_out(tmp_path: Path) -> None:
    videos = Videos(unknown={"seed", "fps"})
    with serving(videos) as url:
        result = render(story(2), url, tmp_path / "a.mp4", in_flight=1)
    for job in videos.jobs.values():
        assert not {"seed", "fps"} & job.fields.keys()
        assert (job.fields["num_frames"], job.fields["seconds"], job.fields["size"]) == ("4", "1", "64x32")
    assert {control.name: control.status for control in result.scenes[0].controls}["seed"] == "ignored"


def test_a_server_of_whole_seconds(tmp_path: Path) -> None:
    with serving(Videos()) as url:
        result = render(story(1), url, tmp_path / "a.mp4", extras=False)
    drawn = result.scenes[0].drawn
    assert drawn is not None
    assert (drawn.frames, result.scenes[0].frames) == (8, 4)


def test_pictures_to_begin_with(tmp_path: Path) -> None:
    plan = story(2, entities=[{"id": "fox", "name": "fox", "layout": [[0.1, 0.1, 0.5, 0.9]]}])
    plan.scenes[1].continues = "s0"
    videos = Videos()
    with serving(videos) as url:
        render(plan.checked(), url, tmp_path / "a.mp4", picture=True, key_model="storyboard")
    pictures = [Image.open(io.BytesIO(job.picture)) for job in videos.jobs.values() if job.picture]
    assert [picture.size for picture in pictures] == [(64, 32)] * 2
    assert len(np.unique(np.asarray(pictures[1].convert("L")))) <= 2, (
        "the second begins with the last, grey frame of the first"
    )


def test_the_key_is_said_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "sk-verysecret0123456789"
    monkeypatch.setenv("VIDEODIRECTOR_API_KEY", key)
    story(1).save(tmp_path / "plan.json")
    for right, code in ((False, 5), (True, 0)):
        with serving(Videos(key=key if right else "sk-another")) as url:
            arguments = ["render", str(tmp_path / "plan.json"), "-o", str(tmp_path / "a.mp4"), "--backend", "server"]
            where = ["--base-url", url, "--model", "tiny", "--width", "64", "--height", "32", "--json"]
            assert main([*arguments, *where, "--option", "poll=0.02"]) == code
    told = capsys.readouterr()
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert key not in told.out + told.err
    assert not any(key.encode() in content for content in written)
    assert "VIDEODIRECTOR_API_KEY" in told.err


def test_keys_are_for_whom_they_are_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    assert find_api_key(ServerOptions()) == "sk-openai"
    assert find_api_key(ServerOptions(base_url="http://elsewhere/v1")) == "none"
    monkeypatch.setenv("VIDEODIRECTOR_API_KEY", "ours")
    assert find_api_key(ServerOptions(base_url="http://elsewhere/v1")) == "ours"
    with pytest.raises(MissingDependencyError, match="there is no key"):
        find_api_key(ServerOptions(key_env="NO_SUCH_KEY"))


@pytest.mark.parametrize("url", ["ftp://a/v1", "gpu:8000", "http://user:secret@gpu/v1", "http://gpu/v1?key=secret"])
def test_urls_that_cannot_be_meant(url: str) -> None:
    with pytest.raises(UsageError, match="base_url") as caught:
        ServerOptions.parse({"base_url": url})
    assert "keys come from the environment" in str(caught.value) or "like http" in str(caught.value)


def test_a_damaged_record_is_none(tmp_path: Path) -> None:
    journal = JobJournal(tmp_path / "jobs")
    record = journal.record_submission(journal.begin("k", None), "video_1")
    assert journal.read("k") == record
    assert journal.list_jobs() == {"video_1"}
    (tmp_path / "jobs" / "k.json").write_text('{"key": "k", "sta')
    assert journal.read("k") is None


def command(plan: Path, video: Path, url: str) -> list[str]:
    start = [sys.executable, "-m", "videodirector.cli", "render", str(plan), "-o", str(video), "--backend", "server"]
    return [*start, "--base-url", url, "--model", "tiny", "--width", "64", "--height", "32", "--option", "poll=0.02"]


def begun(plan: Path, url: str, videos: Videos, jobs: int) -> subprocess.Popen[bytes]:
    """A render in a process of its own that has so many jobs on the server."""
    process = subprocess.Popen(command(plan, plan.with_suffix(".mp4"), url), stderr=subprocess.PIPE)
    while len(videos.jobs) < jobs and process.poll() is None:
        time.sleep(0.002)
    assert process.poll() is None
    return process


@pytest.mark.slow
def test_kill_loses_no_job_and_pays_none_twice(tmp_path: Path) -> None:
    story(12).save(tmp_path / "plan.json")
    videos = Videos(polls=10**6, tokens=False)
    with serving(videos) as url:
        for jobs in (3, 8):  # killed twice, at whatever it was doing
            process = begun(tmp_path / "plan.json", url, videos, jobs)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        videos.polls = 1
        done = subprocess.run(
            command(tmp_path / "plan.json", tmp_path / "plan.mp4", url), capture_output=True, check=False, timeout=240
        )
        assert done.returncode == 0, done.stderr.decode()
    assert videos.asked() == {f"Scene number {n}.": 1 for n in range(12)}
    assert len(see(tmp_path / "plan.mp4").frames) == 48


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
def test_interrupting_cancels_the_jobs(tmp_path: Path) -> None:
    story(4).save(tmp_path / "plan.json")
    videos = Videos(polls=10**6)
    with serving(videos) as url:
        process = begun(tmp_path / "plan.json", url, videos, 4)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told.decode()
    assert all(job.deleted for job in videos.jobs.values())
    folder = Path(os.environ["VIDEODIRECTOR_CACHE"], "jobs")
    assert not [json.loads(path.read_text()) for path in folder.rglob("*.json")]
