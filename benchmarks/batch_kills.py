"""Kills a batch at random moments, again and again, lets one run end, and compares with a run that nobody disturbed.

    python benchmarks/batch_kills.py [--kills 30] [--workers 2] [--storyboards 8] [--seed 0]

Every kill is a SIGKILL to the command and all its workers. At the end every video must equal that of the undisturbed
run, byte for byte, and no scene that was in the cache at a kill may have been drawn again: its file in the cache must
still be the same one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

STORIES = (
    "A fox walks through the forest. It meets an owl. The owl flies away under the moon.",
    "A red car drives along the road. It stops next to a house. A dog sits next to the car.",
    "A cat sleeps under a tree. A bird flies over it. The cat wakes.",
    "A ship sails on the sea. A whale swims next to it. The sun goes down.",
)


def write_storyboards(path: Path, count: int) -> None:
    """So many storyboards, some of which share scenes."""
    lines = [{"story": STORIES[i % len(STORIES)], "id": f"s{i}", "seed": i // 2} for i in range(count)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def command(storyboards: Path, folder: Path, workers: int) -> list[str]:
    """The batch, with the backend that needs no model."""
    options = ["--backend", "storyboard", "--workers", str(workers), "--transition", "crossfade", "--quiet"]
    return [sys.executable, "-m", "videodirector.cli", "batch", str(storyboards), "-o", str(folder), *options]


def clips(cache: Path) -> dict[str, tuple[int, int]]:
    """The scenes in a cache: which file each is, so that one that was written anew is another."""
    found = {}
    for path in (cache / "scenes").glob("*/*.clip"):
        status = path.stat()
        found[path.name] = (status.st_ino, status.st_size)
    return found


def killed(arguments: list[str], environment: dict[str, str], cache: Path, *, goal: int, delay: float) -> bool:
    """Run until so many scenes are in the cache and a little longer, then kill; False if it had ended by then."""
    process = subprocess.Popen(arguments, env=environment, start_new_session=True)
    while process.poll() is None and len(clips(cache)) < goal:
        time.sleep(0.005)
    time.sleep(delay)
    running = process.poll() is None
    process.kill()  # the workers learn of it from their pipes, as they would if the power of one process failed
    process.wait()
    return running


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill, finish, compare; 0 if all is as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--storyboards", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    chance = random.Random(options.seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        storyboards = folder / "storyboards.jsonl"
        write_storyboards(storyboards, options.storyboards)

        quiet, torn = folder / "undisturbed", folder / "disturbed"
        caches = {place: folder / f"{place.name}-cache" for place in (quiet, torn)}
        environments = {place: {**os.environ, "VIDEODIRECTOR_CACHE": str(cache)} for place, cache in caches.items()}
        subprocess.run(command(storyboards, quiet, options.workers), env=environments[quiet], check=True)
        total = len(clips(caches[quiet]))

        again: set[str] = set()
        kept: dict[str, tuple[int, int]] = {}
        happened = 0
        for number in range(options.kills):
            goal = min(total * number // max(1, options.kills - 1), total)
            run = command(storyboards, torn, options.workers)
            happened += killed(run, environments[torn], caches[torn], goal=goal, delay=chance.uniform(0, 0.6))
            now = clips(caches[torn])
            again |= {clip for clip, file in kept.items() if now.get(clip) != file}
            kept = now
        subprocess.run(command(storyboards, torn, options.workers), env=environments[torn], check=True)
        now = clips(caches[torn])
        again |= {clip for clip, file in kept.items() if now.get(clip) != file}
        videos = sorted(path.name for path in quiet.glob("*.mp4"))
        different = [name for name in videos if (torn / name).read_bytes() != (quiet / name).read_bytes()]
        left = [path.name for path in torn.iterdir() if path.name.startswith(".")]
        statuses = [json.loads(line)["status"] for line in (torn / "report.jsonl").read_text().splitlines()]
    print(f"{happened} kills, {options.workers} workers, {len(videos)} videos of {total} scenes")
    print(f"videos that differ from those of an undisturbed run: {len(different)}")
    print(f"finished scenes that were drawn again: {len(again)}")
    print(f"storyboards that are not done: {sum(status != 'done' for status in statuses)}")
    print(f"partial files left behind: {len(left)}")
    return int(bool(different or again or set(statuses) != {"done"} or len(videos) != options.storyboards))


if __name__ == "__main__":
    sys.exit(main())
