"""Everything from nothing to the package's weights with one command, stage by stage.

    python recipes/chain.py --out runs/chain                        # on a GPU, where there is one
    python recipes/chain.py --out runs/smoke --minutes 0.02 --batch 2 --different 4 --workers 0   # does it run at all?

Each stage is a recipe of its own, called as anybody would call it, and goes on where it stopped when this is called
again: what has ended is not done anew. ``--minutes`` is the share of each stage's own budget (1 is all of it), which is
meant for one large GPU; the words after ``--from`` start from a model folder instead of from nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Stage:
    """A recipe: its words, its minutes at most, pictures in a batch, and the stage whose model it needs."""

    name: str
    words: str
    minutes: float
    batch: int
    after: str | None


LEARNED = "--other-pose 0.4 --mirrored 0.2 --dropped 0.5 --harmonics 8"
STAGES = (
    Stage("autoencoder", "autoencoder.py", 20, 128, None),
    Stage("backbone", "denoiser.py backbone --rate 8e-4 --box-weight 2 --close 0.5", 90, 256, "autoencoder"),
    Stage("motion", "denoiser.py motion --rate 6e-4 --noise-sharing 0.5 --positions", 30, 16, "backbone"),
    Stage("canvas", "canvas.py", 3, 128, "motion"),
    Stage("grounding", f"denoiser.py grounding --rate 8e-4 --box-weight 2 --close 0.5 {LEARNED}", 60, 256, "canvas"),
    Stage("enlarger", "enlarger.py", 30, 32, "grounding"),
)


def main() -> None:
    """Run what is left to do."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of all stages")
    parser.add_argument(
        "--from", dest="start", type=Path, help="model folder: the backbone and what follows begin there"
    )
    parser.add_argument("--minutes", type=float, default=1.0, help="share of every stage's budget")
    parser.add_argument("--batch", type=int, help="in place of every stage's own")
    parser.add_argument("--different", type=int, default=65536, help="pictures that are made once and kept")
    parser.add_argument("--workers", type=int, default=12, help="processes that make pictures")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=torch.cuda.is_available())
    parser.add_argument("--stages", nargs="*", choices=[stage.name for stage in STAGES], help="these alone")
    options = parser.parse_args()
    for stage in STAGES:
        done = options.out / stage.name / ("vae" if stage.name == "autoencoder" else "model")
        if (options.stages and stage.name not in options.stages) or (options.start and stage.after is None):
            continue
        if done.exists():
            print(f"{stage.name}: done already", flush=True)
            continue
        print(f"{stage.name}: begins", flush=True)
        subprocess.run([sys.executable, *command(stage, options)], check=True)
    print("all stages have ended; python recipes/export.py", options.out / STAGES[-1].name / "model")


def command(stage: Stage, options: argparse.Namespace) -> Iterator[str]:
    """The words after ``python``."""
    script, *words = stage.words.split()
    yield from (str(HERE / script), *words, "--out", str(options.out / stage.name))
    yield from ("--minutes", str(stage.minutes * options.minutes), "--batch", str(options.batch or stage.batch))
    yield from ("--device", options.device)
    if stage.after == "autoencoder" and not options.start:
        yield from ("--vae", str(options.out / "autoencoder" / "vae"))
    elif stage.after is not None:
        before = options.out / stage.after / "model"
        yield from ("--init", str(before if before.exists() or not options.start else options.start))
    if script == "denoiser.py":
        yield from ("--keep", str(options.out / "kept"), "--different", str(options.different))
        if options.compile:
            yield "--compile"
    if script == "enlarger.py":
        yield from ("--keep", str(options.out / "kept" / "large"), "--different", str(options.different // 8))
    yield from ("--workers", str(options.workers))


if __name__ == "__main__":
    main()
