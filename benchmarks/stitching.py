"""What stitching costs: scenes out of the cache into an mp4, beside plain ffmpeg on the same frames; and peak memory.

    python benchmarks/stitching.py [--scenes 200] [--repeat 3]

Plain ffmpeg reads the frames from a file, without any of our work, with the same settings. Every run is a process of
its own; the best of ``--repeat`` counts. Peak memory is the largest resident set of the process or of ffmpeg, for 5
scenes and for all; not on Windows.
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
from fractions import Fraction
from pathlib import Path

from videodirector import Director
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.generator.video.encode import VideoEncoder, VideoFormat
from videodirector.schemas import Scene, VideoPlan

BARS = {"ratio": 1.5, "growth": 1.1}
"""How many times plain ffmpeg stitching may take, and how many times the memory of five scenes all may take."""


def story(scenes: int) -> VideoPlan:
    """A plan of many short scenes with all kinds of transitions."""
    kinds = ("cut", "crossfade", "fade")
    return VideoPlan(
        scenes=[
            Scene.model_validate(
                {
                    "id": f"s{number}",
                    "description": "A fox walks.",
                    "background": ("forest", "beach", "city")[number % 3],
                    "transition": kinds[number % 3],
                    "seed": number,
                    "entities": [
                        {"id": "fox", "name": "fox", "layout": [[0.1, 0.4, 0.4, 0.8], [0.6, 0.4, 0.9, 0.8]]},
                    ],
                }
            )
            for number in range(scenes)
        ]
    )


def stitch(scenes: int, folder: Path) -> None:
    """The work of one process: a render all of whose scenes are in the cache."""
    Director(backend="storyboard", cache=folder / "cache").render(story(scenes), folder / "ours.mp4")


def measured(arguments: list[str]) -> tuple[float, float]:
    """Seconds and peak MB of a command."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # a process in between, so that the peak of its children is that of this command
        import resource

        started = time.perf_counter()
        status = subprocess.run(arguments, check=False).returncode
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
        os.write(write, json.dumps([status, seconds, peak]).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        status, seconds, peak = json.load(pipe)
    os.waitpid(child, 0)
    if status:
        raise SystemExit(f"{arguments} failed with status {status}")
    return seconds, peak


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 if the bars are held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--stitch", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.stitch is not None:
        stitch(options.scenes, options.stitch)
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stitch(options.scenes, folder)  # fills the cache
        raw = folder / "frames.rgb"
        pngs = folder / "pngs"
        Director(backend="storyboard", cache=folder / "cache").render(story(options.scenes), f"{pngs}/")
        _as_raw(pngs, raw)
        fmt = VideoFormat.of((256, 256), Fraction(8))
        encoder = VideoEncoder(folder / "plain.mp4", fmt, program=find_ffmpeg())
        files = {"pipe:0": str(raw), "VIDEO": str(encoder.path)}
        plain = [find_ffmpeg(), *(files.get(argument, argument) for argument in encoder._arguments)]
        ours = [sys.executable, __file__, "--stitch", str(folder), "--scenes"]
        ffmpeg = min(measured(plain)[0] for _ in range(options.repeat))
        seconds, peak = min(measured([*ours, str(options.scenes)]) for _ in range(options.repeat))
        start, small = min(measured([*ours, "5"]) for _ in range(options.repeat))
        same = (folder / "plain.mp4").stat().st_size
    ratio, growth = seconds / ffmpeg, peak / small
    print(f"plain ffmpeg, {options.scenes} scenes: {ffmpeg:.2f} s ({same} bytes)")
    print(
        f"out of the cache, {options.scenes} scenes: {seconds:.2f} s, {ratio:.2f} times as long (bar {BARS['ratio']})"
    )
    print(f"of which starting up and 5 scenes: {start:.2f} s")
    print(f"peak memory: {peak:.0f} MB, {growth:.2f} times that of 5 scenes, {small:.0f} MB (bar {BARS['growth']})")
    return int(ratio > BARS["ratio"] or growth > BARS["growth"])


def _as_raw(pngs: Path, raw: Path) -> None:
    import numpy as np
    from PIL import Image

    with raw.open("wb") as file:
        for path in sorted(pngs.iterdir()):
            with Image.open(path) as picture:
                file.write(np.asarray(picture).tobytes())


if __name__ == "__main__":
    sys.exit(main())
