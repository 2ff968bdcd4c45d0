"""Feeds hostile documents of every kind to the program and prints how it ended: exit codes, time, memory, tracebacks.

    PYTHONPATH=tests python benchmarks/fuzz.py [--cases 10000] [--seed 0] [--workers 2] [--kind plan ...]

The bar: only documented exit codes, each case within 2 s of CPU time and 500 MB above what the process held before. A
case is known by its kind and number; `--only KIND NUMBER` runs it alone and prints its traceback.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fuzzing import DOCUMENTED, READERS, Ending, feed, spoil

ADDRESS_SPACE = 4 * 2**30  # bytes a worker may have, so that a fault of the program does not end this machine
SECONDS, MEMORY = 2.0, 500 * 10**6  # the bar


def run_case(case: tuple[str, int, int]) -> tuple[str, int, Ending]:
    """One case, of its kind and number."""
    kind, number, seed = case
    rng = random.Random(f"{seed} {kind} {number}")  # noqa: S311  no secret
    reader = READERS[kind]
    document = spoil(reader.valid(), rng) if number else reader.valid()
    with tempfile.TemporaryDirectory() as folder:
        before = Path.cwd()
        try:
            return kind, number, feed(reader, document, Path(folder), rng)
        finally:
            os.chdir(before)


def _prepare() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def print_table(endings: Sequence[tuple[str, int, Ending]]) -> None:
    """A line a kind, and the distinct tracebacks below."""
    codes = sorted({-1 if ending.code is None else ending.code for _, _, ending in endings})
    names = ["traceback" if code == -1 else f"exit {code}" for code in codes]
    print(f"{'kind':16} {'cases':>6} " + " ".join(f"{name:>9}" for name in names) + "   slowest   memory")
    for kind in dict.fromkeys(kind for kind, _, _ in endings):
        mine = [(number, ending) for other, number, ending in endings if other == kind]
        count = Counter(-1 if ending.code is None else ending.code for _, ending in mine)
        slowest, largest = max(e.seconds for _, e in mine), max(e.memory for _, e in mine)
        cells = " ".join(f"{count[code]:9}" for code in codes)
        print(f"{kind:16} {len(mine):6} {cells} {slowest:7.2f} s {largest / 1e6:5.0f} MB")
    seen: Counter[str] = Counter()
    for kind, number, ending in endings:
        if ending.trace:
            what = "\n".join(ending.trace.strip().splitlines()[-3:])
            seen[f"{kind}: {what}"] += 1
            if seen[f"{kind}: {what}"] == 1:
                print(f"\n{kind} {number}:\n{what}")
    for kind, number, ending in endings:
        if ending.seconds > SECONDS or ending.memory > MEMORY:
            print(f"over the bar: {kind} {number}: {ending.seconds:.1f} s, {ending.memory / 1e6:.0f} MB")


def main() -> int:
    """Returns 0 where the bar is held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kind", action="append", choices=list(READERS))
    parser.add_argument("--only", nargs=2, metavar=("KIND", "NUMBER"))
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"VIDEODIRECTOR_CACHE": home, "XDG_CONFIG_HOME": home, "HF_HUB_OFFLINE": "1", "TMPDIR": home}
        if told.only:
            kind, number, ending = run_case((told.only[0], int(told.only[1]), told.seed))
            print(kind, number, ending.code, f"{ending.seconds:.2f} s", f"{ending.memory / 1e6:.0f} MB", ending.trace)
            return 0
        kinds = told.kind or list(READERS)
        cases = [(kinds[number % len(kinds)], number // len(kinds), told.seed) for number in range(told.cases)]
        with multiprocessing.get_context("spawn").Pool(told.workers, _prepare) as pool:
            endings = []
            for found in pool.imap_unordered(run_case, cases, chunksize=5):
                endings.append(found)
                if len(endings) % 500 == 0:
                    print(f"{len(endings)} cases", file=sys.stderr, flush=True)
    print_table(sorted(endings, key=lambda found: found[:2]))
    held = all(e.code in DOCUMENTED and e.seconds <= SECONDS and e.memory <= MEMORY for _, _, e in endings)
    print("\nthe bar is held" if held else "\nthe bar is NOT held")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
