"""What batches cost: two workers beside one, and everything but model time in the run of one.

    python benchmarks/batch_speed.py [--backend layout2vid] [--storyboards 8] [--workers 2] [--steps N]

One worker computes with as many threads as each of several does, and once with all cores. Model time is the time that
scenes took to be drawn, the loading of the model with the first included; the rest is planning, keys, the cache,
encoding and reporting, as far as a worker waits for it. The runs share no cache. On a machine with other work the
figures mean little. Five minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from videodirector import Director
from videodirector.schemas.batch import SceneDrawn, StoryboardDone

STORY = "A fox walks through the forest. It meets an owl. They sit under a tree. The owl flies away under the moon."
BARS = {"speed-up": 1.7, "orchestration": 0.02}


def run(backend: str, storyboards: int, workers: int, steps: int | None, folder: Path) -> tuple[float, float, float]:
    """Seconds of the whole run, of drawing, and until the first scene was drawn."""
    items = [{"story": STORY, "id": f"s{number}", "seed": number} for number in range(storyboards)]
    director = Director(backend=backend, cache=folder / "cache")
    started, drawing, first = time.perf_counter(), 0.0, 0.0
    for event in director.stream_many(items, folder / "out", workers=workers, steps=steps):
        if isinstance(event, SceneDrawn):
            drawing += event.result.drawing_seconds
            first = first or time.perf_counter() - started - event.result.drawing_seconds
        elif isinstance(event, StoryboardDone) and event.result.error is not None:
            raise SystemExit(f"{event.result.id}: {event.result.error.message}")
    return time.perf_counter() - started, drawing, first


def measured(options: argparse.Namespace, workers: int, threads: int) -> tuple[float, float, float]:
    """``run`` in a process of its own, which computes with so many threads."""
    given = ["--backend", options.backend, "--storyboards", str(options.storyboards), "--run", str(workers)]
    given += ["--steps", str(options.steps)] if options.steps else []
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    told = subprocess.run(
        [sys.executable, __file__, *given], env=environment, stdout=subprocess.PIPE, check=True
    ).stdout
    whole, drawing, first = json.loads(told)
    return whole, drawing, first


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 if the bars are held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", default="layout2vid")
    parser.add_argument("--storyboards", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--run", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.run is not None:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(run(options.backend, options.storyboards, options.run, options.steps, Path(folder))))
        return 0
    cores = os.cpu_count() or 1
    each = max(1, cores // options.workers)
    seconds: dict[tuple[int, int], float] = {}
    orchestration = 0.0
    for workers, threads in dict.fromkeys(((1, each), (1, cores), (options.workers, each))):
        whole, drawing, first = measured(options, workers, threads)
        seconds[workers, threads] = whole
        print(f"{workers} workers of {threads} threads: {whole:.1f} s, first scene begun after {first:.1f} s")
        if workers == 1:
            orchestration = 1 - drawing / whole
            print(f"  everything but model time: {100 * orchestration:.1f} % (bar {100 * BARS['orchestration']:.0f} %)")
    several = seconds[options.workers, each]
    speed_up = seconds[1, each] / several
    print(f"{speed_up:.2f} times as fast as one of {each} threads (bar {BARS['speed-up']})")
    print(f"{seconds[1, cores] / several:.2f} times as fast as one that has all {cores} cores")
    return int(speed_up < BARS["speed-up"] or orchestration > BARS["orchestration"])


if __name__ == "__main__":
    sys.exit(main())
