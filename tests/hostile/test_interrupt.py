"""Ctrl-C and SIGTERM at any moment: within two seconds, one line, exit code 130, nothing left behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hostile.attacks import drip
from hostile.test_chat_servers import hostile
from loopback import Videos, serving
from support import fox_plan
from videodirector.interrupts import GRACE
from videodirector.schemas import VideoPlan

pytestmark = pytest.mark.usefixtures("interruptible")

BUSY = 6.0  # seconds; two of them are promised, the rest is for a machine that does eight things at a time
DRIP = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" ")


def interrupted(
    arguments: list[str],
    when: Callable[[], bool] | float,
    folder: Path,
    number: signal.Signals = signal.SIGINT,
    code: str = "from videodirector.cli import main; import sys; print('up', flush=True); sys.exit(main())",
) -> tuple[int, str]:
    """Interrupt a command when something is so, or some seconds after Python is up; its exit code and errors."""
    environment = {**os.environ, "VIDEODIRECTOR_API_KEY": "none", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (folder / "errors").open("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE, stderr=errors, cwd=folder, env=environment, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            process.stdout.readline()  # before this nothing of ours runs
            if callable(when):
                end = time.monotonic() + 120
                while not when():
                    assert process.poll() is None, (folder / "errors").read_text()
                    assert time.monotonic() < end, "it never came to be"
                    time.sleep(0.01)
            else:
                time.sleep(when)
            started = time.monotonic()
            process.send_signal(number)
            status = process.wait(60)
            took = time.monotonic() - started
        finally:
            process.kill()
            process.stdout.close()
        told = (folder / "errors").read_text()
    assert took < BUSY, told
    assert "Traceback" not in told
    assert "Exception ignored" not in told
    assert children(process.pid) == []
    return status, told


def children(session: int) -> list[str]:
    """What still runs of a session, or was started in one of its own from that command's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append((entry.parent / "cmdline").read_text())
    return found


def check_clean(status: int, told: str) -> None:
    assert status == 130, told
    assert told.splitlines()[-1].startswith("error: interrupted")


def long_plan(folder: Path) -> Path:
    plan = fox_plan()
    plan.scenes = [plan.scenes[0].model_copy(update={"id": f"s{i}", "frames": 200}) for i in range(100)]
    plan.consistency_groups = {}
    return plan.save(folder / "plan.json")


RENDER = ["render", "plan.json", "-o", "out/a.mp4", "--backend", "storyboard", "--quiet"]
MOMENTS = [0.0, 0.02, 0.1, 0.3, *sorted(random.Random(16).uniform(0.3, 4.0) for _ in range(4))]  # noqa: S311


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", MOMENTS)
def test_at_any_moment_of_a_render(moment: float, number: signal.Signals, tmp_path: Path) -> None:
    long_plan(tmp_path)
    check_clean(*interrupted(RENDER, moment, tmp_path, number))
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_beside_a_dripping_chat_server(tmp_path: Path) -> None:
    asked: list[float] = []

    def attack(handler: object) -> None:
        asked.append(time.monotonic())
        DRIP(handler)  # type: ignore[arg-type]

    with hostile(attack) as url:
        given = ["plan", "A fox walks.", "-o", "plan.json", "--planner", "m", "--base-url", url]
        check_clean(*interrupted(given, lambda: bool(asked), tmp_path))
    assert not (tmp_path / "plan.json").exists()


@pytest.mark.parametrize("where", ["submit", "job", "video"])
def test_beside_a_dripping_video_server(where: str, tmp_path: Path) -> None:
    asked: list[float] = []

    def attack(handler: object) -> None:
        asked.append(time.monotonic())
        DRIP(handler)  # type: ignore[arg-type]

    plan = VideoPlan.parse(
        {"schema_version": 1, "scenes": [{"id": f"s{n}", "description": "A fox.", "frames": 4} for n in range(3)]}
    )
    plan.save(tmp_path / "plan.json")
    videos = Videos(polls=1, attacks={where: attack})
    with serving(videos) as url:
        given = ["render", "plan.json", "-o", "a.mp4", "--backend", "server", "--base-url", url, "--model", "m"]
        given += ["--width", "64", "--height", "32", "--option", "poll=0.02", "--quiet"]
        check_clean(*interrupted(given, lambda: bool(asked), tmp_path))
    assert not (tmp_path / "a.mp4").exists()
    if where != "submit":
        assert videos.deleted, "what runs is cancelled"


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_in_a_batch(workers: str, tmp_path: Path) -> None:
    long_plan(tmp_path)
    (tmp_path / "jobs.jsonl").write_text("".join(f'{{"id": "v{n}", "plan": "plan.json"}}\n' for n in range(3)))
    given = ["batch", "jobs.jsonl", "-o", "out", "--backend", "storyboard", "--workers", workers, "--quiet"]
    cache = Path(os.environ["VIDEODIRECTOR_CACHE"])

    def drawing() -> bool:
        return sum(path.is_file() for path in cache.rglob("*")) > 3

    check_clean(*interrupted(given, drawing, tmp_path))
    assert not [path for path in (tmp_path / "out").iterdir() if ".part" in path.name]
    assert drawing(), "what was drawn stays"


def test_in_watch(tmp_path: Path) -> None:
    long_plan(tmp_path)
    status, told = interrupted(["watch", *RENDER[1:]], 3.0, tmp_path)
    assert status == 130, told


STUCK = """
import sys, threading, time
from videodirector import cli
from videodirector.cli import app, main

@app.command()
def stuck():
    if {thread}:
        threading.Thread(target=time.sleep, args=(50,)).start()
    print("up", flush=True)
    while {swallow}:
        try:
            time.sleep(50)
        except BaseException:
            pass
    if {native}:
        import ctypes
        ctypes.CDLL(None).sleep(50) and ctypes.CDLL(None).sleep(50)
        ctypes.CDLL(None).sleep(50)
    time.sleep(50)

sys.exit(main())
"""


@pytest.mark.parametrize("how", ["thread", "swallow", "native"])
def test_what_does_not_unwind_is_ended(how: str, tmp_path: Path) -> None:
    code = STUCK.format(**{name: name == how for name in ("thread", "swallow", "native")})
    started = time.monotonic()
    status, told = interrupted(["stuck"], 0.2, tmp_path, code=code)
    assert status == 130
    assert told.count("error: interrupted") == 1
    assert time.monotonic() - started > GRACE


def test_signals_that_are_ignored_stay_ignored(tmp_path: Path) -> None:
    code = "import signal; signal.signal(2, signal.SIG_IGN); from videodirector.cli import main; import sys; "
    code += "print('up', flush=True); sys.exit(main())"
    fox_plan().save(tmp_path / "plan.json")
    status, told = interrupted([*RENDER, "--width", "64", "--height", "64"], 0.3, tmp_path, code=code)
    assert status == 0, told
    assert (tmp_path / "out" / "a.mp4").is_file()
