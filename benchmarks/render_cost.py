"""Measure what a render costs: wall time and peak memory of a four-scene story, start-up, and the storyboard.

    python benchmarks/render_cost.py [--backend storyboard --backend layout2vid] [--repeat 3] [--json report.json]

Every figure comes from processes of its own, the best of ``--repeat`` runs, so that nothing is warm that would be cold
for a user. Peak memory is the largest resident set of the process or one of its children (ffmpeg); not on Windows.
``--edit`` also renders twenty scenes with layout2vid, edits one and renders again: the share of the whole that the
second command takes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

STORY = "A fox walks through the forest. It meets an owl. They sit under a tree. The owl flies away under the moon."

BARS = {
    "import videodirector": (0.3, 0.0),
    "storyboard from the command line": (4.0, 0.0),
    "videodirector --help": (0.3, 0.0),
    "layout2vid, four scenes": (8.0, 2.5),
}
"""(seconds, GB) that must not be exceeded; 0 is no bar."""

EDIT_BAR = 0.10
"""Share of the time for twenty scenes that a fresh render of one edited scene may take."""


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds of wall time and of processor time, and GB at its peak."""

    name: str
    seconds: float
    cpu_seconds: float
    peak_gb: float

    def verdict(self) -> str:
        """Whether the bar is held, if there is one."""
        if self.name not in BARS:
            return ""
        seconds, memory = BARS[self.name]
        held = self.seconds <= seconds and (not memory or self.peak_gb <= memory)
        return f"{'within' if held else 'ABOVE'} {seconds:g} s" + (f", {memory:g} GB" if memory else "")


def measured(name: str, command: list[str], repeat: int) -> Cost:
    """The cheapest of ``repeat`` runs of a command."""
    return min((_once(name, command) for _ in range(repeat)), key=lambda cost: cost.seconds)


def _once(name: str, command: list[str], *, cache: Path | None = None) -> Cost:
    # A process in between, so that the peak of the children is the peak of this command alone.
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with tempfile.TemporaryDirectory() as empty:  # the user's cache may hold these scenes
            cold = {**os.environ, "VIDEODIRECTOR_CACHE": str(cache or empty)}
            started = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=cold)
            seconds = time.perf_counter() - started
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss counts bytes there, kilobytes here
        told = [done.returncode, done.stderr[-2000:], seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit]
        os.write(write, json.dumps(told).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        status, complaint, seconds, cpu_seconds, peak = json.load(pipe)
    os.waitpid(child, 0)
    if status:
        raise SystemExit(f"{name} failed with status {status}:\n{complaint}")
    return Cost(name, round(seconds, 3), round(cpu_seconds, 3), round(peak / 1e9, 3))


def measure_edit(folder: Path) -> list[Cost]:
    """Render twenty scenes, edit one of them, and render the plan again in a new process with the same cache."""
    cli = [sys.executable, "-m", "videodirector.cli"]
    plan, video, cache = folder / "twenty.json", folder / "twenty.mp4", folder / "cache"
    subprocess.run([*cli, "plan", " ".join([STORY] * 5), "-o", str(plan)], check=True, capture_output=True)
    render = [*cli, "render", str(plan), "-o", str(video)]
    whole = _once("layout2vid, twenty scenes", render, cache=cache)
    content = json.loads(plan.read_text(encoding="utf-8"))
    content["scenes"][10]["seed"] = 1234
    plan.write_text(json.dumps(content), encoding="utf-8")
    return [whole, _once("layout2vid, one edited of twenty", render, cache=cache)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", action="append", choices=["storyboard", "layout2vid"])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--edit", action="store_true", help="measure one edited scene of twenty, too; takes minutes")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    python = [sys.executable, "-c"]
    cli = [sys.executable, "-m", "videodirector.cli"]
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "python alone": [*python, "pass"],
            "import videodirector": [*python, "import videodirector"],
            "videodirector --help": [*cli, "--help"],
            "plan a story": [*cli, "plan", STORY],
        }
        for backend in options.backend or ["storyboard", "layout2vid"]:
            name = "storyboard from the command line" if backend == "storyboard" else f"{backend}, four scenes"
            commands[name] = [*cli, "make", STORY, "-o", str(Path(folder, f"{backend}.mp4")), "--backend", backend]
        costs = [measured(name, command, options.repeat) for name, command in commands.items()]
        edit = measure_edit(Path(folder)) if options.edit else []
        costs += edit
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{'':34}{'wall s':>9}{'cpu s':>9}{'peak GB':>9}")
    for cost in costs:
        print(f"{cost.name:34}{cost.seconds:9.2f}{cost.cpu_seconds:9.2f}{cost.peak_gb:9.3f}  {cost.verdict()}")
    if edit:
        share = edit[1].cpu_seconds / edit[0].cpu_seconds
        print(f"one edited scene of twenty takes {share:.3f} of the whole's processor time (bar {EDIT_BAR})")
    if options.json:
        options.json.write_text(json.dumps([asdict(cost) for cost in costs], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
