"""Rendering again whenever the plan is saved."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from support import fox_plan, see
from videodirector.cli.render import watch_saves


def wait(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 240  # a busy machine is slow
    while not true():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


def test_every_save_is_rendered_and_what_is_broken_is_told_of(tmp_path: Path) -> None:
    plan = fox_plan()
    file, video, told = plan.save(tmp_path / "plan.json"), tmp_path / "fox.mp4", tmp_path / "told"
    command = [sys.executable, "-m", "videodirector.cli", "watch", str(file), "-o", str(video)]
    with told.open("w") as log:
        process = subprocess.Popen([*command, "--backend", "storyboard", "--width", "64", "--height", "64"], stderr=log)
    try:
        wait(lambda: told.read_text().count("wrote ") == 1)
        first = video.read_bytes()
        file.write_text("{")
        wait(lambda: "error: " in told.read_text())
        assert video.read_bytes() == first
        plan.scenes[1].frames = 5
        plan.save(file)
        wait(lambda: told.read_text().count("wrote ") == 2)
        assert "(1 of 2 scenes from the cache)" in told.read_text()
        assert len(see(video).frames) == 16 + 5
        process.terminate()  # as Ctrl-C does, which shells keep from what they start in the background
        assert process.wait(240) == 0
    finally:
        process.kill()


def test_what_a_plan_names_is_watched_too(tmp_path: Path) -> None:
    plan, picture = fox_plan(), tmp_path / "owl.png"
    file = tmp_path / "plan.json"
    saves = watch_saves(file, pause=0.0)
    next(saves)  # there is no plan yet, which is for the render to say
    plan.references = {"owl": str(picture)}
    plan.save(file)
    next(saves)
    picture.write_bytes(b"a picture")
    next(saves)
    plan.references = {}
    plan.save(file)
    next(saves)
