"""Before stage 4 or the joint one: the canvas learns to read laid pictures as latents.

    python recipes/canvas.py --init runs/widened/model --out runs/canvas --minutes 3

Where a thing covers the picture, what the canvas reads shall be what the autoencoder says of the finished picture. A
few minutes of this save the denoiser an hour of finding out by itself. Goes on where it stopped when called again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from denoiser import SIZE
from export import without_text_encoder
from torch import Tensor
from world import Tables, World

from videodirector.layout2vid.canvas import lay
from videodirector.layout2vid.latents import encode, to_tensor
from videodirector.layout2vid.memory import channels_last, keep_memory
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.training.data import numbered
from videodirector.layout2vid.training.loop import Schedule, fit


def main() -> None:
    """Train the reading part of a model's canvas, and store the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--init", type=Path, required=True, help="model folder whose grounding has a canvas")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    keep_memory()
    torch.manual_seed(0)
    device = torch.device(options.device)
    pipeline = Layout2VidPipeline.from_pretrained(options.init)
    canvas, vae = pipeline.grounding.canvas, pipeline.vae.requires_grad_(False).eval()
    if canvas is None:
        parser.error(f"the grounding of {options.init} has no canvas: make one with widen.py")
    canvas.to(device)
    channels_last(vae.to(device))
    tables = Tables.of(pipeline.prior, device)
    world = World(seed=23, size=SIZE, entities=(1, 5))

    def loss(item: dict[str, Any], _generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            true = encode(vae, to_tensor(item["pixels"][:, 0]).to(device)).float()
            with torch.autocast(device.type, enabled=False):
                laid = lay(tables.entities(item), (SIZE, SIZE))
        read, cover = canvas.latents(laid)
        weight = cover.float().expand_as(true)
        error: Tensor = (weight * (read.float() - true).square()).sum() / weight.sum().clamp(min=1)
        return error

    def batches(step: int) -> Iterator[Any]:
        return numbered(world, first=step * options.batch, batch=options.batch, workers=options.workers)

    recent: list[float] = []
    for progress in fit(
        groups=[{"params": list(canvas.read.parameters()), "lr": options.rate}],
        loss=loss,
        batches=batches,
        schedule=Schedule(pictures=options.pictures, batch=options.batch, minutes=options.minutes, warmup=50),
        state=options.out / "state.pt",
        device=device,
    ):
        recent.append(progress.loss)
        if progress.step % 50 == 0:
            print(
                f"{progress.pictures} pictures, {progress.seconds / 60:.1f} min, loss {np.mean(recent):.4f}", flush=True
            )
            recent.clear()
    pipeline.to("cpu")
    without_text_encoder(pipeline)
    pipeline.save_pretrained(options.out / "model")


if __name__ == "__main__":
    main()
