"""A process that is killed at any moment: the same command finishes its work, and draws nothing twice."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from support import grey_plan
from videodirector.files.atomic import atomic_file, atomic_folder

PROGRAM = """
import sys
from videodirector import Director, SceneDone, VideoPlan

plan, video, log = sys.argv[1:]
for event in Director(backend="storyboard").stream(VideoPlan.load(plan), video, width=96, height=96):
    if isinstance(event, SceneDone) and not event.result.cached:
        with open(log, "a") as file:  # by now it is in the cache
            print(event.result.id, file=file, flush=True)
"""


def start(plan: Path, video: Path, log: Path, cache: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "VIDEODIRECTOR_CACHE": str(cache)}
    return subprocess.Popen([sys.executable, "-c", PROGRAM, plan, video, log], env=environment)


def forests(folder: Path) -> Path:
    """Eight scenes, each another forest and some milliseconds of painting a frame."""
    plan = grey_plan(*range(8), frames=24)
    for scene in plan.scenes:
        scene.background = "forest"
    return plan.save(folder / "plan.json")


def test_killed_at_random_moments(tmp_path: Path) -> None:
    saved = forests(tmp_path)
    undisturbed = tmp_path / "undisturbed.mp4"
    started = time.perf_counter()
    assert start(saved, undisturbed, tmp_path / "first.log", tmp_path / "cache-1").wait() == 0
    whole = time.perf_counter() - started

    folder = tmp_path / "out"
    folder.mkdir()
    video, log, chance = folder / "video.mp4", tmp_path / "log", random.Random(3)  # noqa: S311
    for _ in range(4):
        process = start(saved, video, log, tmp_path / "cache-2")
        time.sleep(whole * chance.uniform(0.3, 0.95))
        process.kill()
        process.wait()
        assert not video.exists() or video.read_bytes() == undisturbed.read_bytes(), "whole, or not there"
    assert start(saved, video, log, tmp_path / "cache-2").wait() == 0
    assert video.read_bytes() == undisturbed.read_bytes()
    drawn = Counter(log.read_text().split())
    assert max(drawn.values()) == 1, drawn
    assert {path.name for path in folder.iterdir()} == {"video.mp4", "video.manifest.json"}, "nothing lies about"


@pytest.mark.usefixtures("interruptible")
def test_interrupted_by_the_user(tmp_path: Path) -> None:
    saved = forests(tmp_path)
    video, log, cache = tmp_path / "out" / "video.mp4", tmp_path / "log", tmp_path / "cache"
    process = start(saved, video, log, cache)
    while not log.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.wait()
    assert process.returncode == 0 or not video.exists()
    assert log.read_text(), "something had been finished"
    assert start(saved, video, log, cache).wait() == 0
    assert Counter(log.read_text().split()) == Counter(f"s{number}" for number in range(8))
    assert {path.name for path in video.parent.iterdir()} == {"video.mp4", "video.manifest.json"}


# -- what killed processes leave


def test_leftovers_of_the_dead_are_swept_and_those_of_the_living_are_not(tmp_path: Path) -> None:
    target = tmp_path / "a[1].mp4"
    dead = tmp_path / ".a[1].mp4.00aa00aa.part"
    dead.write_text("half")
    tagged = tmp_path / ".a[1].mp4.00aa00aa.part.tagged"
    tagged.write_text("half")
    other = tmp_path / ".b.mp4.00aa00aa.part"
    other.write_text("of another video")
    with atomic_file(target) as alive:
        assert not dead.exists()
        assert not tagged.exists()
        assert other.exists()
        with atomic_file(target) as second:
            assert alive.exists(), "its writer lives"
            second.write_text("second")
        alive.write_text("first")
    assert target.read_text() == "first"


def test_leftover_folders_too(tmp_path: Path) -> None:
    target, dead = tmp_path / "frames", tmp_path / ".frames.00aa00aa.part"
    dead.mkdir()
    (dead / "0001.png").write_text("half")
    with atomic_folder(target, ours=re.compile(r".*")) as alive:
        assert not dead.exists()
        with atomic_folder(target, ours=re.compile(r".*")):
            assert alive.exists()
    assert target.is_dir()
