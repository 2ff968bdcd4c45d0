"""What it costs to draw through the diffusers backend instead of calling the pipeline: time, and memory for frames.

    python benchmarks/adapter_cost.py                    # a tiny random Wan, made on the spot
    python benchmarks/adapter_cost.py --model FOLDER     # a real one

Two measurements, for the noise of one is larger than what it looks for:

- *own time*: a clock inside of the pipeline's call says how long the pipeline worked; what is left of the time from the
  scene to the frames as bytes, and all that passes in our callback between the steps, is the backend's. Both figures
  are of one run, so that a busy machine disturbs them alike.
- *in turns*: the pipeline alone and through the backend, one after the other, many times, in processor time: the mean
  of the differences, and its 95 % confidence interval. It also holds what the clock cannot see, such as the work in
  another thread.

The backend's way contains everything from the scene to the frames as bytes: words, arguments, the thread, the progress
of every step, and the conversion, which the direct way does without.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from videodirector.generator.backends.diffusers import DiffusersBackend, DiffusersOptions
from videodirector.generator.backends.diffusers._signature import SceneInputs, build_arguments
from videodirector.generator.backends.diffusers.model import silence_libraries
from videodirector.generator.backends.layout_methods import compile_scene
from videodirector.generator.backends.protocol import Clip
from videodirector.schemas import VideoPlan


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder of a text-to-video pipeline")
    parser.add_argument("--frames", type=int, default=49)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()

    model: Any = given.model
    if model is None:
        sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
        import tiny_video

        model = tiny_video.FAMILIES["wan"]()
        model.set_progress_bar_config(disable=True)
    backend = DiffusersBackend(model, size=(given.side, given.side), options=DiffusersOptions(rung="words"))
    plan = _plan(given.frames, backend)
    clock = _Clock(backend.pipeline())
    for _ in range(2):  # to warm up
        _through(backend, plan, given.steps)
        _direct(backend, plan, given.steps)

    shares = []
    for _ in range(given.rounds):
        with clock:
            total = _through(backend, plan, given.steps)
        shares.append(100 * (total - clock.inside) / total)
    print(f"own time            {statistics.median(shares):6.2f} % of the run   (largest {max(shares):.2f} %)")

    pairs = [
        (_direct(backend, plan, given.steps, process_time), _through(backend, plan, given.steps, process_time))
        for _ in range(given.rounds)
    ]
    alone = statistics.mean(direct for direct, _ in pairs)
    differences = [100 * (through - direct) / alone for direct, through in pairs]
    error = 1.96 * statistics.stdev(differences) / len(differences) ** 0.5
    mean = statistics.mean(differences)
    print(f"in turns            {mean:+6.2f} % +- {error:.2f} %   (processor time, pipeline alone {alone:.3f} s)")

    with clock:
        clip = _traced(backend, plan, given.steps, clock)
    print(f"memory for frames   {clip:6.2f} times that of the clip as bytes, which is the clip itself")


class _Clock:
    """While it is entered, says how long a pipeline's calls take, without what passes in the callback between steps.

    Attributes:
        inside: seconds of the last call.
        returned: bytes that were held when it returned, where memory is traced.
    """

    def __init__(self, pipeline: Any) -> None:
        self._kind = type(pipeline)
        self._call = self._kind.__call__
        self.inside = 0.0
        self.returned = 0

    def __enter__(self) -> None:
        @functools.wraps(self._call)  # the backend reads the signature
        def timed(pipeline: Any, **arguments: Any) -> Any:
            between = 0.0
            step = arguments["callback_on_step_end"]

            def stepped(*given: Any) -> Any:
                nonlocal between
                began = perf_counter()
                told = step(*given)
                between += perf_counter() - began
                return told

            started = perf_counter()
            output = self._call(pipeline, **arguments | {"callback_on_step_end": stepped})
            self.inside = perf_counter() - started - between
            if tracemalloc.is_tracing():
                self.returned, _ = tracemalloc.get_traced_memory()
                tracemalloc.reset_peak()
            return output

        self._kind.__call__ = timed

    def __exit__(self, *_: object) -> None:
        self._kind.__call__ = self._call


def _plan(frames: int, backend: DiffusersBackend) -> VideoPlan:
    rate = backend.capabilities.rate or 8
    scene = {"id": "s", "description": "A fox walks through the forest.", "frames": frames}
    return VideoPlan.parse({"schema_version": 1, "frame_rate": str(rate), "scenes": [scene]})


def _direct(backend: DiffusersBackend, plan: VideoPlan, steps: int, now: Callable[[], float] = perf_counter) -> float:
    import torch

    compiled = compile_scene(plan, plan.scenes[0], backend.capabilities, steps=steps)
    inputs = SceneInputs(
        prompt=compiled.prompt, frames=compiled.frames, size=compiled.size, rate=compiled.rate, steps=steps
    )
    pipeline = backend.pipeline()
    call = build_arguments(backend.signature, inputs)
    started = now()
    with silence_libraries(), torch.no_grad():
        pipeline(**call, generator=torch.Generator().manual_seed(1), output_type="np")
    return now() - started


def _through(backend: DiffusersBackend, plan: VideoPlan, steps: int, now: Callable[[], float] = perf_counter) -> float:
    started = now()
    _drawn(backend, plan, steps)
    return now() - started


def _drawn(backend: DiffusersBackend, plan: VideoPlan, steps: int) -> Clip:
    drawing = backend.prepare(plan).render(plan.scenes[0], seed=1, steps=steps)
    while True:
        try:
            next(drawing)
        except StopIteration as end:
            clip: Clip = end.value
            return clip


def _traced(backend: DiffusersBackend, plan: VideoPlan, steps: int, clock: _Clock) -> float:
    """Peak of the memory that is taken after the pipeline has returned its floats, in clips."""
    tracemalloc.start()
    clip = _drawn(backend, plan, steps)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (peak - clock.returned) / clip.frames.nbytes


if __name__ == "__main__":
    main()
