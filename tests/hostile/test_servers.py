"""Video servers that are hostile: whatever they send ends in a documented exit code, in time, and within bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import openai
import pytest

import loopback
from hostile.attacks import LARGE, NO_JSON, SLOW, Attack, body, endless, redirect, says
from loopback import Videos, serving
from support import see
from videodirector.cli import main
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.files.transport import bind_limits, read_retry_after
from videodirector.generator.backends.server._decode import (
    DamagedVideoError,
    UnwantedVideoError,
    VideoLimits,
    check_video,
    read_frames,
)
from videodirector.schemas import VideoPlan

KEY = "sk-verysecret0123456789"
PATIENCE = 0.6  # seconds
WITHIN = 3 * PATIENCE + 5.0  # three phases of a job, each with its deadline, and what the house rule allows beyond


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEODIRECTOR_API_KEY", KEY)


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """Importing the client takes seconds, which are not the server's."""
    bind_limits(openai.DefaultHttpxClient()).close()


def arguments(folder: Path, url: str, *, size: tuple[int, int] = (64, 32), **options: object) -> list[str]:
    plan = VideoPlan.parse({"schema_version": 1, "scenes": [{"id": "s0", "description": "A fox.", "frames": 4}]})
    plan.save(folder / "plan.json")
    given: dict[str, object] = {"poll": 0.02, "timeout": PATIENCE, "patience": PATIENCE, **options}
    start = ["render", str(folder / "plan.json"), "-o", str(folder / "a.mp4"), "--quiet", "--backend", "server"]
    start += ["--base-url", url, "--model", "tiny", "--width", str(size[0]), "--height", str(size[1])]
    return start + [part for name, value in given.items() for part in ("--option", f"{name}={value}")]


def check_refused(where: str, attack: Attack, folder: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    """Render from a server that does this; returns what the user is told."""
    videos = Videos(polls=1, attacks={where: attack}, tokens=False)
    with serving(videos) as url:
        started = time.monotonic()
        code = main(arguments(folder, url, **options))
        took = time.monotonic() - started
    told = capsys.readouterr()
    assert code == 5, told.err
    assert took < WITHIN
    assert not (folder / "a.mp4").exists()
    assert not list(folder.glob(".*"))
    assert told.err.startswith("error: ")
    assert told.err.count("\n") <= 4
    assert len(told.err) < 1500
    assert told.err.isascii() or told.err.replace("\n", "").isprintable()
    assert "\x1b" not in told.err
    assert "Traceback" not in told.err
    assert KEY not in told.err
    cache = Path(os.environ["VIDEODIRECTOR_CACHE"])
    assert not [path for path in cache.rglob("*") if path.suffix in {".mp4", ".part"}]
    return told.err


@pytest.mark.parametrize("where", ["submit", "job", "video"])
@pytest.mark.parametrize("name", [*SLOW, *LARGE])
def test_what_never_ends_or_is_too_much(
    name: str, where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if where == "video" and name == "an endless body":  # up to its own bound, which a child of its own is for
        pytest.skip("see test_memory_is_bounded")
    check_refused(where, {**SLOW, **LARGE}[name], tmp_path, capsys)


@pytest.mark.parametrize("where", ["submit", "job"])
@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_json(name: str, where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = check_refused(where, NO_JSON[name], tmp_path, capsys, patience=10)
    assert "what it answers is" in told


def job(**fields: Any) -> Attack:
    return says({"id": "video_0", "status": "completed", "progress": 100, **fields})


ODD_FIELDS: dict[str, tuple[Attack, str]] = {
    "a status that is a list": (job(status=["completed"]), 'must be a word, and is a list: ["completed"]'),
    "a status that is an object": (job(status={"a": 1}), "and is an object"),
    "a status that is a number": (job(status=1e300), "and is a number"),
    "a status that is true": (job(status=True), "and is true or false"),
    "a deep status": (body(b'{"id": "v", "status": ' + b"[" * 900 + b"]" * 900 + b"}"), "and is a list"),
    "a long status": (job(status=["x" * 100_000]), "and is a list"),
    "no id": (says({"status": "completed"}), "the id of a job must be a word, and is missing"),
    "an id that is a list": (job(id=[1]), "and is a list"),
    "an id that leads elsewhere": (job(id="../files/1"), "and is a text"),
    "an id with a question": (job(id="a?b=c"), "and is a text"),
    "an id of dots": (job(id=".."), "and is a text"),
    "an id that steers a terminal": (job(id="\x1b[2J"), "and is a text"),
    "an endless id": (job(id="a" * 1000), "and is a text"),
    "a huge number as id": (body(b'{"id": 1' + b"0" * 3000 + b"}"), "and is a number"),
}


@pytest.mark.parametrize("where", ["submit", "job"])
@pytest.mark.parametrize("name", ODD_FIELDS)
def test_fields_of_other_types(name: str, where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    attack, words = ODD_FIELDS[name]
    assert words in check_refused(where, attack, tmp_path, capsys, patience=10)


ODD_PROGRESS: list[Any] = ["half", [], {}, None, True, -5, 1e400, "1e999", "9" * 5000, 10**400]

ODD_TIMES: list[Any] = [[], "yesterday", -1e300, None]


@pytest.mark.parametrize(
    "fields",
    [{"progress": value} for value in ODD_PROGRESS]
    + [{"created_at": value} for value in ODD_TIMES]
    + [{"prompt": 5, "model": [], "error": []}],
)
def test_what_matters_little_may_be_anything(fields: dict[str, Any], tmp_path: Path) -> None:
    text = json.dumps({"id": "video_0", "status": "completed", **fields}).replace("Infinity", "1e999").encode()
    with serving(Videos(polls=1, attacks={"job": body(text)})) as url:
        assert main(arguments(tmp_path, url, patience=60, timeout=60)) == 0
    assert len(see(tmp_path / "a.mp4").frames) == 4


@pytest.mark.parametrize("listing", [says({"data": 5}), says({"data": [5, None, [], {"id": []}]}), *NO_JSON.values()])
def test_odd_lists_of_jobs_are_no_list(listing: Attack, tmp_path: Path) -> None:
    videos = Videos(polls=1, drop=1, attacks={"list": listing})
    with serving(videos) as url:
        assert main(arguments(tmp_path, url, patience=60, timeout=60)) == 0
    assert len(videos.jobs) == 1


@pytest.mark.parametrize("reason", [["x"], {"message": {"a": 1}}, "\x1b]0;owned\x07" * 9999, 5, {"message": KEY}])
def test_reasons_of_any_kind(reason: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = check_refused("job", job(status="failed", error=reason), tmp_path, capsys)
    assert "the server failed: " in told


LATER = format_datetime(datetime.now(UTC) + timedelta(days=400), usegmt=True)
RETRIES = ["9999", "1e999", "-5", "nan", "soon", "", "0x10", LATER, "Thu, 99 Foo 99999 99:99:99 GMT", "1" * 5000]


@pytest.mark.parametrize("where", ["submit", "job", "video"])
@pytest.mark.parametrize("value", RETRIES)
def test_waits_end_with_the_patience(
    value: str, where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attack = says({"error": {"message": "busy"}}, 503 if where == "job" else 429, Retry_After=value)
    assert "busy" in check_refused(where, attack, tmp_path, capsys)


def test_how_long_to_wait_is_never_negative_or_no_number() -> None:
    for value in [*RETRIES, "3"]:
        seconds = read_retry_after({"retry-after": value})
        assert seconds is None or seconds >= 0
    assert read_retry_after({"retry-after": "3"}) == 3
    assert read_retry_after({"retry-after-ms": "30"}) == pytest.approx(0.03)
    assert read_retry_after({"retry-after": LATER}) == pytest.approx(400 * 86400, rel=0.01)
    assert read_retry_after(None) is None


@pytest.mark.parametrize("status", [400, 401, 403, 413, 422, 418, 500])
@pytest.mark.parametrize("content", [b"[" * 10_000, b"\xff" * 5000, b'{"error": 5}', b"\x1b[2J" * 5000, b"null", b""])
def test_errors_with_odd_bodies(
    status: int, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check_refused("submit", body(content, status), tmp_path, capsys)


# -- redirects


@contextmanager
def stranger(answer: bytes) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Another host (of another name, at least); gives its URL, and what it was sent."""
    heard: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append({name.lower(): value for name, value in self.headers.items()} | {"method": self.command})
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}/v1/videos", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["submit", "job", "video"])
def test_no_redirect_carries_the_key(
    where: str, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stranger(b"{}") as (url, heard):
        told = check_refused(where, redirect(url, status), tmp_path, capsys)
    if where == "submit":
        assert not heard
        assert "to another host" in told
    else:
        assert heard
    for headers in heard:
        assert headers["method"] == "GET"
        assert headers.keys() <= {"method", "host", "accept", "accept-encoding", "connection"}


def test_a_video_may_lie_on_another_host(tmp_path: Path) -> None:
    with stranger(loopback._mp4(64, 32, 4, 5)) as (url, heard):
        videos = Videos(polls=1, attacks={"video": redirect(url, 302)})
        with serving(videos) as base:
            assert main(arguments(tmp_path, base, patience=60, timeout=60)) == 0
    assert len(heard) == 1
    assert not any(KEY in value for value in heard[0].values())


def test_redirects_without_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for where in ("submit", "job", "video"):
        check_refused(where, redirect("/v1/videos/again/content", 307 if where == "submit" else 302), tmp_path, capsys)


# -- videos


def made(path: Path, source: str, *options: str, container: str = "mp4") -> bytes:
    command = [find_ffmpeg(), "-v", "error", "-y", "-f", "lavfi", "-i", source, *options]
    subprocess.run([*command, "-f", container, str(path)], check=True)
    return path.read_bytes()


def test_what_is_beyond_what_was_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fast = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    sources = {
        "color=size=4096x4096:rate=1:duration=1": "it is 4096x4096 pixels large",
        "color=size=64x4096:rate=1:duration=1": "it is 64x4096 pixels large",
        "color=size=64x32:rate=8:duration=600": "it is 600 seconds long",
        "color=size=64x32:rate=240:duration=1": "it has 240 frames a second",
    }
    for number, (source, words) in enumerate(sources.items()):
        content = made(tmp_path / f"{number}.avi", source, *fast)
        told = check_refused("video", body(content), tmp_path, capsys, patience=60, timeout=60)
        assert words in told
        assert "64x32 pixels" in told


def test_what_is_no_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "secret.mp4"
    video = made(secret, "color=size=64x32:rate=8:duration=1", "-c:v", "mpeg4")
    contents = {
        "nothing": b"",
        "text": b"hello " * 999,
        "a playlist": f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode(),
        "a list": f"ffconcat version 1.0\nfile {secret}\n".encode(),
        "its beginning": video[: len(video) // 2],
        "noise": np.random.default_rng(0).bytes(100_000),
        "a header and noise": video[:200] + np.random.default_rng(0).bytes(100_000),
    }
    limits = VideoLimits(size=(64, 32), seconds=1, rate=8)
    for name, content in contents.items():
        path = tmp_path / "got.part"
        path.write_bytes(content)
        with pytest.raises((DamagedVideoError, UnwantedVideoError)):
            check_video(path, limits)
            pytest.fail(name)
    told = check_refused("video", body(contents["a playlist"]), tmp_path, capsys, patience=10)
    assert "arrives damaged every time" in told


def test_a_header_that_lies_is_found_out(tmp_path: Path) -> None:
    """More frames than the header's seconds and rate allow are not decoded to their end."""
    path = tmp_path / "got.mp4"
    made(path, "color=size=64x32:rate=100:duration=4", "-c:v", "mpeg4")
    with pytest.raises(UnwantedVideoError):
        check_video(path, VideoLimits(size=(64, 32), seconds=1, rate=8))


def test_frames_come_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "got.mp4"
    path.write_bytes(loopback._mp4(64, 32, 12, 50))
    limits = VideoLimits(size=(64, 32), seconds=2, rate=8)
    found = check_video(path, limits)
    assert (found.frames, found.width, found.height) == (12, 64, 32)
    given = read_frames(path, found, limits)
    assert isinstance(given, Iterator)
    levels = [int(frame.mean()) for frame in given]
    assert levels == sorted(levels)
    assert len(levels) == 12


# -- memory, in processes of their own

MEASURED = """
import resource, sys
from videodirector.cli import main
code = main(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def measured(given: list[str]) -> tuple[int, int]:
    """Exit code and peak memory in MB of a command."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *given], capture_output=True, text=True, check=False, timeout=280
    )
    assert "Traceback" not in done.stderr
    code, megabytes = done.stdout.split()[-2:]
    return int(code), int(megabytes)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["submit", "job", "video"])
def test_memory_is_bounded(where: str, tmp_path: Path) -> None:
    attack = LARGE["an endless body"] if where != "video" else endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)
    with serving(Videos(polls=1, attacks={where: attack})) as url:
        code, megabytes = measured(arguments(tmp_path, url, patience=60, timeout=60))
    assert code == 5
    assert megabytes < 500


@pytest.mark.slow
def test_ten_seconds_of_1080p(tmp_path: Path) -> None:
    source = "testsrc2=size=1920x1080:rate=24:duration=10"
    content = made(tmp_path / "big.mp4", source, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    with serving(Videos(polls=1, attacks={"video": body(content)})) as url:
        given = arguments(tmp_path, url, size=(1920, 1080), patience=200, timeout=200)
        plan = VideoPlan.load(tmp_path / "plan.json")
        plan.scenes[0].frames = 80
        plan.save(tmp_path / "plan.json")
        code, megabytes = measured(given)
    assert code == 0
    assert megabytes < 1000
    assert len(see(tmp_path / "a.mp4").frames) == 80
