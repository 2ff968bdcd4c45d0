"""What it costs to draw through the diffusers backend instead of calling the pipeline: time, and memory for frames.

    python benchmarks/adapter_cost.py                    # a tiny random Wan, made on the spot
    python benchmarks/adapter_cost.py --model FOLDER     # a real one

Both ways draw the same scene, in turns, in one process. The backend's way contains everything from the scene to the
frames as bytes: words, arguments, the thread, the progress of every step, and the conversion, which the direct way does
without.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tracemalloc
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from videodirector.generator.backend import Clip
from videodirector.generator.backends.diffusers import DiffusersBackend, DiffusersOptions
from videodirector.generator.backends.diffusers.anatomy import Inputs, arguments
from videodirector.generator.backends.diffusers.model import hushed
from videodirector.generator.ladder import lower
from videodirector.schemas import VideoPlan


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder of a text-to-video pipeline")
    parser.add_argument("--frames", type=int, default=49)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()

    model: Any = given.model
    if model is None:
        sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
        import tiny_video

        model = tiny_video.FAMILIES["wan"]()
        model.set_progress_bar_config(disable=True)
    backend = DiffusersBackend(model, size=(given.side, given.side), options=DiffusersOptions(rung="words"))
    plan = _plan(given.frames, backend)
    through = [_through(backend, plan, given.steps) for _ in range(2)]  # the first of each to warm up
    direct = [_direct(backend, plan, given.steps) for _ in range(2)]
    for _ in range(given.rounds):
        direct.append(_direct(backend, plan, given.steps))
        through.append(_through(backend, plan, given.steps))
    alone, adapted = statistics.median(direct[2:]), statistics.median(through[2:])
    print(f"pipeline alone      {alone:8.3f} s   (median of {given.rounds}, spread {_spread(direct[2:]):.1f} %)")
    print(f"through the backend {adapted:8.3f} s   (median of {given.rounds}, spread {_spread(through[2:]):.1f} %)")
    print(f"difference          {100 * (adapted / alone - 1):8.2f} %")
    clips = _memory(backend, plan, given.steps)
    print(f"memory for frames   {clips:8.2f} times that of the clip as bytes, besides the pipeline's floats")


def _plan(frames: int, backend: DiffusersBackend) -> VideoPlan:
    rate = backend.capabilities.rate or 8
    scene = {"id": "s", "description": "A fox walks through the forest.", "frames": frames}
    return VideoPlan.parse({"schema_version": 1, "frame_rate": str(rate), "scenes": [scene]})


def _direct(backend: DiffusersBackend, plan: VideoPlan, steps: int) -> float:
    import torch

    lowered = lower(plan, plan.scenes[0], backend.capabilities, steps=steps)
    inputs = Inputs(prompt=lowered.prompt, frames=lowered.frames, size=lowered.size, rate=lowered.rate, steps=steps)
    pipeline = backend.pipeline()
    call = arguments(backend.anatomy, inputs)
    started = perf_counter()
    with hushed(), torch.no_grad():
        pipeline(**call, generator=torch.Generator().manual_seed(1), output_type="np")
    return perf_counter() - started


def _through(backend: DiffusersBackend, plan: VideoPlan, steps: int) -> float:
    started = perf_counter()
    _drawn(backend, plan, steps)
    return perf_counter() - started


def _drawn(backend: DiffusersBackend, plan: VideoPlan, steps: int) -> Clip:
    drawing = backend.prepare(plan).render(plan.scenes[0], seed=1, steps=steps)
    while True:
        try:
            next(drawing)
        except StopIteration as end:
            clip: Clip = end.value
            return clip


def _memory(backend: DiffusersBackend, plan: VideoPlan, steps: int) -> float:
    """Peak of numpy's memory while a clip is drawn, less the pipeline's floats, in clips."""
    tracemalloc.start()
    clip = _drawn(backend, plan, steps)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    floats = clip.frames.size * np.dtype(np.float32).itemsize
    return (peak - floats) / clip.frames.nbytes


def _spread(seconds: list[float]) -> float:
    return 100 * (max(seconds) - min(seconds)) / statistics.median(seconds)


if __name__ == "__main__":
    main()
