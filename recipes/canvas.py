"""Before stage 4 or the joint one: the canvas learns to read laid pictures as latents.

    python recipes/canvas.py --init runs/widened/model --out runs/canvas --minutes 3

Where a thing covers the picture, what the canvas reads shall be what the autoencoder says of the finished picture. A
few minutes of this save the denoiser an hour of finding out by itself. Goes on where it stopped when called again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from denoiser import SIZE
from export import without_text_encoder
from torch import Tensor
from training import arguments, begin, fitted, told
from world import Tables, World, with_latents

from videodirector.layout2vid.appearance.latents import encode, to_tensor
from videodirector.layout2vid.nn.canvas import lay
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.training.data import numbered
from videodirector.layout2vid.weights.memory import channels_last


def main() -> None:
    """Train the reading part of a model's canvas, and store the model."""
    parser = arguments(__doc__, batch=16, rate=2e-3, minutes=3.0)
    parser.add_argument("--init", type=Path, required=True, help="model folder whose grounding has a canvas")
    options = parser.parse_args()
    device = begin(options)
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
                laid = lay(tables.entities(with_latents(vae, item)), (SIZE, SIZE))
        read, cover = canvas.latents(laid)
        weight = cover.float().expand_as(true)
        error: Tensor = (weight * (read.float() - true).square()).sum() / weight.sum().clamp(min=1)
        return error

    def batches(step: int) -> Iterator[Any]:
        return numbered(world, first=step * options.batch, batch=options.batch, workers=options.workers)

    groups = [{"params": list(canvas.read.parameters()), "lr": options.rate}]
    for _ in told(fitted(options, groups=groups, loss=loss, batches=batches, warmup=50)):
        pass
    pipeline.to("cpu")
    without_text_encoder(pipeline)
    pipeline.save_pretrained(options.out / "model")


if __name__ == "__main__":
    main()
