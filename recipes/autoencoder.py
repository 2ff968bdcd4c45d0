"""Stage 1: the autoencoder of storyworld-mini, 64x64 pictures to 16x16x4 latents.

    python recipes/autoencoder.py --out runs/autoencoder --minutes 25

Learns to give back pictures of the storyworld and, one time in five, a single sprite that fills the frame: what
the grounding tokens are made from. Ends with the latents' mean and spread per channel, stored as the weights'
normalisation. Goes on where it stopped when called again with the same ``--out``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor
from training import arguments, begin, fitted
from world import Pictures

from videodirector.layout2vid.training.data import numbered
from videodirector.layout2vid.training.loop import Average
from videodirector.layout2vid.weights.precision import mixed

CONFIG = {
    "block_out_channels": (32, 64, 128),
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "latent_channels": 4,
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "mid_block_add_attention": False,
    "sample_size": 64,
}


def main() -> None:
    """Train, then store the weights and a sheet of originals above reconstructions."""
    options = arguments(__doc__, out=Path("runs/autoencoder"), pictures=400_000, batch=16, rate=1.2e-3).parse_args()
    device = begin(options)
    model = AutoencoderKL(**CONFIG).to(device, memory_format=torch.channels_last)
    parameters = list(model.parameters())
    average = Average(parameters, 0.998)
    train, held_out = Pictures(seed=11), Pictures(seed=12)
    unseen = torch.stack([held_out[number] for number in range(64)]).to(device)

    def loss(pictures: Tensor, generator: torch.Generator) -> Tensor:
        pictures = pictures.to(device, memory_format=torch.channels_last)
        posterior = model.encode(pictures).latent_dist
        noise = torch.randn(posterior.mean.shape, generator=generator).to(device)
        decoded = model.decode(posterior.mean + posterior.std * noise).sample.float()
        error = decoded - pictures
        return error.abs().mean() + 2 * error.square().mean() + 1e-4 * posterior.kl().mean() / noise[0].numel()

    def batches(step: int) -> Iterator[Tensor]:
        return numbered(train, first=step * options.batch, batch=options.batch, workers=options.workers)

    @torch.no_grad()
    def evaluate() -> tuple[float, Tensor]:
        average.swap()
        with mixed(device):
            decoded = model.decode(model.encode(unseen).latent_dist.mode()).sample.float().clamp(-1, 1)
        average.swap()
        return float(10 * torch.log10(4 / F.mse_loss(decoded, unseen))), decoded

    groups = [{"params": parameters, "lr": options.rate}]
    for progress in fitted(options, groups=groups, loss=loss, batches=batches, average=average):
        if progress.step % 100 == 0:
            decibel, decoded = evaluate()
            print(
                f"{progress.pictures} pictures, {progress.seconds / 60:.1f} min, loss {progress.loss:.4f}, "
                f"{decibel:.2f} dB on unseen pictures",
                flush=True,
            )
            _sheet(unseen, decoded, options.out / "sheet.png")
    average.swap()
    mean, spread = _statistics(model, train, device)
    model.register_to_config(latents_mean=mean, latents_std=spread, scaling_factor=1.0)
    model.save_pretrained(options.out / "vae")
    print("latents: mean", [round(value, 3) for value in mean], "spread", [round(value, 3) for value in spread])


@torch.no_grad()
def _statistics(model: AutoencoderKL, pictures: Pictures, device: torch.device) -> tuple[list[float], list[float]]:
    batch = torch.stack([pictures[number] for number in range(512)]).to(device)
    latents = torch.cat([model.encode(part).latent_dist.mode() for part in batch.split(64)])
    return latents.mean((0, 2, 3)).tolist(), latents.std((0, 2, 3)).tolist()


def _sheet(originals: Tensor, decoded: Tensor, path: Path) -> None:
    pairs = torch.stack([originals[:32].reshape(2, 16, 3, 64, 64), decoded[:32].reshape(2, 16, 3, 64, 64)], dim=1)
    pixels = pairs.reshape(4, 16, 3, 64, 64).permute(0, 3, 1, 4, 2).reshape(256, 1024, 3)
    Image.fromarray(((pixels + 1) * 127.5).round().byte().cpu().numpy()).save(path)


if __name__ == "__main__":
    main()
