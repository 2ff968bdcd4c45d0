"""What recipes that train have in common: their options, how they begin, the line that tells how far they are."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from videodirector.layout2vid.training.loop import Progress, Schedule, fit
from videodirector.layout2vid.weights.memory import keep_memory


def arguments(
    description: str | None,
    *,
    out: Path | None = None,
    pictures: int = 1_000_000,
    minutes: float = float("inf"),
    batch: int,
    rate: float,
    makes_pictures: bool = True,
) -> argparse.ArgumentParser:
    """A parser with the options of every training, and their defaults; ``out`` without one is required."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=out is None, default=out, help="folder of all that is written")
    parser.add_argument("--pictures", type=int, default=pictures, help="at most; frames of clips count one by one")
    parser.add_argument("--minutes", type=float, default=minutes, help="at most, over all calls")
    parser.add_argument("--batch", type=int, default=batch, help="pictures, or clips in the motion stage")
    parser.add_argument("--rate", type=float, default=rate, help="of learning, at its highest")
    if makes_pictures:
        parser.add_argument("--workers", type=int, default=0, help="processes that make pictures; 0: this one does")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser


def begin(options: argparse.Namespace) -> torch.device:
    """Make the folder, fix what is random, and say where to compute."""
    options.out.mkdir(parents=True, exist_ok=True)
    keep_memory()
    torch.manual_seed(0)
    return torch.device(options.device)


def fitted(options: argparse.Namespace, *, frames: int = 1, warmup: int = 100, **parts: Any) -> Iterator[Progress]:
    """``fit`` for so long, and with its state where, the options say; ``parts`` are the rest of its arguments."""
    return fit(
        schedule=Schedule(
            pictures=options.pictures // frames, batch=options.batch, minutes=options.minutes, warmup=warmup
        ),
        state=options.out / "state.pt",
        device=torch.device(options.device),
        **parts,
    )


def told(run: Iterator[Progress], *, every: int = 50, frames: int = 1) -> Iterator[Progress]:
    """The same run, printing the mean loss now and then; an item of its batches has so many ``frames``."""
    recent: list[float] = []
    for progress in run:
        recent.append(progress.loss)
        if progress.step % every == 0:
            print(
                f"step {progress.step}, {progress.pictures * frames} pictures, {progress.seconds / 60:.1f} min, "
                f"loss {np.mean(recent):.4f}",
                flush=True,
            )
            recent.clear()
        yield progress
