"""How well models denoise what they have not seen: the error of training, on pictures or clips held out from it.

    python recipes/held_out.py runs/gated/model runs/whole/model
    python recipes/held_out.py runs/motion/model --clips

Unlike what is drawn it needs few pictures to tell two models apart, for both see the same noise. With ``--clips`` every
model is asked a second time without its temporal layers, which shows what they are worth.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch
from denoiser import CLIP_FRAMES, SIZE, batch_of, encoded
from export import WEIGHTS
from world import Tables, World

from videodirector.evaluation.benchmark.report import format_table
from videodirector.evaluation.metrics.statistics import Estimate
from videodirector.layout2vid.nn.unet import skip_closed_temporal_layers, without_temporal_layers
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.training.data import numbered
from videodirector.layout2vid.training.denoising import Batch, Dropout, denoising_loss
from videodirector.layout2vid.weights.memory import channels_last, keep_memory
from videodirector.layout2vid.weights.precision import mixed

SEED = 24  # neither the trainings' nor the sheets'
NOTHING_WITHHELD = Dropout(caption=0, grounding=0, text=0, picture=0)
BOXES_ALONE = 1e6  # their weight beside 1


def main() -> None:
    """Print one row a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, default=[WEIGHTS])
    parser.add_argument("--clips", action="store_true", help="clips instead of pictures")
    parser.add_argument("--number", type=int, default=12, help="of batches")
    parser.add_argument("--batch", type=int, default=16, help="pictures; of clips a batch is one")
    options = parser.parse_args()
    keep_memory()
    rows = []
    for model in options.models:
        pipeline = Layout2VidPipeline.from_pretrained(model)
        skip_closed_temporal_layers(pipeline.unet)
        channels_last(pipeline.unet)
        channels_last(pipeline.vae)
        for parts in ("whole", "without temporal layers") if options.clips else ("whole",):
            left_out = contextlib.nullcontext() if parts == "whole" else without_temporal_layers(pipeline.unet)
            with left_out:
                name = model.parent.name if model.name == "model" else model.name
                rows.append((f"{name}, {parts}", *errors(pipeline, options)))
                print(format_table(rows[-1:], HEADS), flush=True)
    print(format_table(rows, HEADS))


HEADS = ("", "boxes shown", "in boxes", "boxes withheld", "in boxes")


@torch.no_grad()
def errors(pipeline: Layout2VidPipeline, options: argparse.Namespace) -> Iterator[str]:
    """Mean squared errors of the velocity with their intervals over batches."""
    pipeline.unet.eval()
    pipeline.grounding.eval()
    batches = list(unseen(pipeline, options))
    for boxes_shown in (True, False):
        for box_weight in (0.0, BOXES_ALONE):
            values = []
            for number, batch in enumerate(batches):
                with mixed(torch.device("cpu")):
                    error = denoising_loss(
                        pipeline.unet,
                        pipeline.grounding,
                        batch,
                        alphas_cumprod=pipeline.scheduler.alphas_cumprod,
                        generator=torch.Generator().manual_seed(number),
                        dropout=NOTHING_WITHHELD,
                        noise_sharing=float(pipeline.config.noise_sharing),
                        box_weight=box_weight,
                        boxes_shown=boxes_shown,
                    )
                values.append(float(error))
            yield str(Estimate.mean([value] for value in values))


def unseen(pipeline: Layout2VidPipeline, options: argparse.Namespace) -> Iterator[Batch]:
    """Batches as the loss wants them."""
    frames, size = (CLIP_FRAMES, 1) if options.clips else (1, options.batch)
    world = World(seed=SEED, size=SIZE, frames=frames, entities=(1, 4))
    tables = Tables.of(pipeline.prior, torch.device("cpu"))
    for item in islice(numbered(world, first=0, batch=size), options.number):
        yield batch_of(encoded(pipeline, item), tables)


if __name__ == "__main__":
    main()
