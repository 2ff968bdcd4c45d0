"""What an edit costs: a plan of twenty scenes is rendered, edited in five ways, and rendered again after each.

    python benchmarks/rerender.py [--backend storyboard --backend layout2vid] [--scenes 20] [--steps 4] [--json FILE]
                                  [--edit "one box moved"]

Every render is a command in a fresh process, `videodirector render`, from its start to its end; but for one line: there
`videodirector watch` renders again what is saved, with the model still loaded, and the time is from the save to the new
video. The cache begins empty. Printed are the scenes that were drawn, those that should have been, and the wall time
with its share of the first render. The bars: one moved box draws one scene in at most 1/12 of the time; another order
or another name of the video draws none; another reference picture draws exactly the scenes of its group; another seed
draws all. The clips of the scenes that were kept are compared with the first ones. That they are those that a render
from nothing would give is the matter of tests/generator/render/test_scene_key.py.

A fresh process has to load the model for a single scene too, which is more than its share where scenes take seconds:
that line does not hold its bar on two cores, and the last line, how long loading takes, says why.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from videodirector import Box, Director, VideoPlan
from videodirector.generator import SceneCache
from videodirector.schemas import Manifest

STORY = " ".join(
    f"A {thing} {verb} {place}."
    for thing, verb, place in zip(
        ("fox", "dog", "cat", "owl", "rabbit") * 4,
        ("walks through", "runs through", "sleeps in", "sits in") * 5,
        ("the forest", "the city", "the desert", "a garden", "a field") * 4,
        strict=True,
    )
)

SHARE = 1 / 12
"""Of the full render's time, for one edited scene; a storyboard draws as quickly as it is encoded, so it has no bar."""

QUICK = ("one box moved", "one box moved, watched")
"""The edits that this is for."""


@dataclass(frozen=True)
class Row:
    """One render: what was done before it, the scenes that should be drawn and those that were, and its time."""

    backend: str
    edit: str
    expected: int
    drawn: int
    exactly: bool
    identical: bool
    seconds: float
    share: float

    def verdict(self) -> str:
        """Whether the bars are held."""
        quick = self.backend == "storyboard" or self.edit not in QUICK or self.share <= SHARE
        return "ok" if self.exactly and self.identical and quick else "NOT HELD"


def render(plan: Path, video: Path, cache: Path, options: list[str]) -> tuple[dict[str, bool], dict[str, str], float]:
    """Whether each scene came from the cache, the keys of the scenes, and the seconds."""
    environment = {**os.environ, "VIDEODIRECTOR_CACHE": str(cache)}
    command = [sys.executable, "-m", "videodirector.cli", "render", str(plan), "-o", str(video), "--json", *options]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    scenes = json.loads(done.stdout)["scenes"]
    return {one["id"]: one["cached"] for one in scenes}, {one["id"]: one["key"] for one in scenes}, seconds


def watched(plan: Path, video: Path, cache: Path, options: list[str], changed: VideoPlan) -> tuple[set[str], float]:
    """What ``videodirector watch``, which has drawn a scene before, draws for a changed plan, and the seconds."""
    command = [sys.executable, "-m", "videodirector.cli", "watch", str(plan), "-o", str(video), *options]
    environment = {**os.environ, "VIDEODIRECTOR_CACHE": str(cache)}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stderr=log)
        try:
            _wait_for(video, None, process)
            warm = VideoPlan.load(plan)
            warm.scenes[-1].entities[0].layout[0] = Box(0.2, 0.2, 0.4, 0.4)
            _save_and_wait(warm, plan, video, process)  # the first scene that is drawn loads the model
            seconds = _save_and_wait(changed, plan, video, process)
        finally:
            process.kill()
            process.wait()
    timings = Manifest.load(video.with_suffix(".manifest.json")).timings
    assert timings is not None, "it lies beside the video"
    return {scene for scene, timing in timings.scenes.items() if not timing.cached}, seconds


def _save_and_wait(changed: VideoPlan, plan: Path, video: Path, process: subprocess.Popen[bytes]) -> float:
    before = video.stat().st_ino
    started = time.perf_counter()
    changed.save(plan)
    _wait_for(video, before, process)
    return time.perf_counter() - started


def _wait_for(video: Path, before: int | None, process: subprocess.Popen[bytes]) -> None:
    """Until the video is another file: it appears whole."""
    while not video.exists() or video.stat().st_ino == before:
        if process.poll() is not None:
            raise SystemExit(f"watch ended with status {process.returncode}")
        time.sleep(0.01)


def loading(backend: str) -> float:
    """Seconds of a fresh process that loads what draws, and draws nothing."""
    program = (
        "from pathlib import Path\n"
        "from videodirector.generator.backends.layout2vid import MODEL\n"
        "from videodirector.layout2vid.loading import load\n"
        "load(MODEL)"
        if backend == "layout2vid"
        else "import videodirector.generator.backends.storyboard"
    )
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.perf_counter() - started


def clips(cache: SceneCache, keys: dict[str, str]) -> dict[str, str]:
    """A hash of the frames of every scene."""
    found = {scene: cache.load(key) for scene, key in keys.items()}
    return {scene: hashlib.sha256(one.clip.frames.tobytes()).hexdigest() for scene, one in found.items() if one}


def story(scenes: int, picture: Path) -> tuple[VideoPlan, set[str]]:
    """A plan of so many scenes, no two alike, and those of the group that shall look like the picture."""
    plan = Director().plan(STORY, seed=1)
    while len(plan.scenes) < scenes:  # stories may be told in fewer scenes than sentences
        again = plan.scenes[len(plan.scenes) % 5].model_copy(deep=True, update={"id": f"more{len(plan.scenes)}"})
        plan.scenes.append(again)
    plan.scenes = plan.scenes[:scenes]
    for number, scene in enumerate(plan.scenes):  # scenes that look the same would be drawn once
        left = 0.02 * number
        scene.entities[0].layout = [Box(left, 0.3, left + 0.3, 0.7), Box(0.6, 0.3, 0.9, 0.7)]
    plan.consistency_groups = plan.groups_by_name()
    Image.new("RGB", (32, 32), "purple").save(picture)
    group = max(
        (entity.name for scene in plan.scenes for entity in scene.entities),
        key=lambda name: (len(plan.consistency_groups.get(name, [])), name),
    )
    plan.references = {group: str(picture)}
    return plan, set(plan.consistency_groups[group])


EDITS = ("one box moved", "other order", "other name", "other picture", "other seed")


def measure(backend: str, scenes: int, steps: int | None, folder: Path, chosen: Collection[str]) -> list[Row]:
    """The rows of one backend."""
    picture = folder / "picture.png"
    plan, members = story(scenes, picture)
    ids = {scene.id for scene in plan.scenes}
    options = ["--backend", backend, *(["--steps", str(steps)] if steps else [])]
    cache = folder / f"cache-{backend}"
    file, video = folder / "plan.json", folder / f"{backend}.mp4"

    def move(changed: VideoPlan) -> set[str]:
        middle = changed.scenes[len(changed.scenes) // 2]
        middle.entities[0].layout[-1] = Box(0.1, 0.1, 0.5, 0.5)
        return {middle.id}

    def reorder(changed: VideoPlan) -> set[str]:
        changed.scenes.reverse()
        return set()

    def rename(_changed: VideoPlan) -> set[str]:
        return set()

    def repaint(_changed: VideoPlan) -> set[str]:
        Image.new("RGB", (32, 32), "orange").save(picture)
        return members

    def reseed(changed: VideoPlan) -> set[str]:
        changed.seed += 1
        return ids

    edits: dict[str, Callable[[VideoPlan], set[str]]] = dict(
        zip(EDITS, (move, reorder, rename, repaint, reseed), strict=True)
    )
    plan.save(file)
    cached, keys, whole = render(file, video, cache, options)
    assert not any(cached.values()), "the cache begins empty"
    first = clips(SceneCache(cache), keys)
    rows = [Row(backend, "first render", scenes, scenes, True, True, round(whole, 2), 1.0)]
    for edit, change in edits.items():
        if edit not in chosen:
            continue
        changed = VideoPlan.load(file)
        expected = change(changed)
        target = folder / "elsewhere.mp4" if edit == "other name" else video
        cached, keys, seconds = render(changed.save(folder / "edited.json"), target, cache, options)
        drawn = {scene for scene, recalled in cached.items() if not recalled}
        now = clips(SceneCache(cache), keys)
        identical = all(now[scene] == first[scene] for scene in ids - drawn)
        share = round(seconds / whole, 3)
        rows.append(
            Row(backend, edit, len(expected), len(drawn), drawn == expected, identical, round(seconds, 2), share)
        )
        if edit == "one box moved":
            apart = folder / f"{backend}-watched"
            apart.mkdir()
            shutil.copytree(cache, apart / "cache")
            for scene in expected:  # for here it was not drawn yet
                (apart / "cache" / "scenes" / keys[scene][:2] / f"{keys[scene]}.clip").unlink()
            again, seconds = watched(plan.save(apart / "plan.json"), apart / "a.mp4", apart / "cache", options, changed)
            same, share = (apart / "a.mp4").read_bytes() == video.read_bytes(), round(seconds / whole, 3)
            rows.append(Row(backend, QUICK[1], 1, len(again), again == expected, same, round(seconds, 2), share))
        if edit == "other picture":  # as it was, for the next edit
            Image.new("RGB", (32, 32), "purple").save(picture)
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", action="append", choices=["storyboard", "layout2vid"])
    parser.add_argument("--scenes", type=int, default=20)
    parser.add_argument("--steps", type=int, help="denoising steps; fewer are quicker")
    parser.add_argument("--edit", action="append", choices=EDITS, help="this one alone; may be repeated")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for backend in options.backend or ["storyboard", "layout2vid"]:
            rows += measure(backend, options.scenes, options.steps, Path(folder), options.edit or EDITS)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{'backend':12}{'edit':24}{'to draw':>8}{'drawn':>7}{'seconds':>9}{'share':>8}  identical")
    for row in rows:
        same = "yes" if row.identical else "NO"
        print(
            f"{row.backend:12}{row.edit:24}{row.expected:8}{row.drawn:7}{row.seconds:9.2f}{row.share:8.3f}  {same:9}"
            f" {row.verdict()}"
        )
    for backend in {row.backend for row in rows}:
        print(f"{backend}: a fresh process takes {loading(backend):.2f} s to load what draws")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", encoding="utf-8")
    if any(row.verdict() != "ok" for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
