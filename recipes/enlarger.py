"""After the grounding: frames twice as large, with the pictures of the things in sight.

    python recipes/enlarger.py --init runs/grounding/model --out runs/enlarger --minutes 30 --keep runs/large

Learns from what the denoiser of ``--init`` makes of noisy pictures, decoded, to draw the true picture at twice the
size. The pictures in the boxes are at times of another pose, beside the thing, or not there, so that the frame is
believed where the two disagree. Goes on where it stopped when called again with the same ``--out``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from denoiser import PATCH, SIZE
from export import without_text_encoder
from PIL import Image
from torch import Tensor
from training import arguments, begin, fitted, told
from world import Tables, World, with_latents

from videodirector.layout2vid.appearance.latents import decode, encode, to_tensor
from videodirector.layout2vid.appearance.text_encoder import encode_captions
from videodirector.layout2vid.nn.canvas import lay
from videodirector.layout2vid.nn.enlarger import Enlarger
from videodirector.layout2vid.nn.unet import without_temporal_layers
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.training.data import kept, numbered
from videodirector.layout2vid.training.loop import Average
from videodirector.layout2vid.training.references import References, altered
from videodirector.layout2vid.weights.memory import channels_last
from videodirector.layout2vid.weights.precision import mixed

SCALE = 2
REFERENCES = References(other_pose=0.2, displaced=0.1, dropped=0.07)
STEPS = (60, 800)  # of noise: what the later steps of sampling see


def main() -> None:
    """Train, and store the model with its enlarger."""
    parser = arguments(__doc__, batch=6, rate=2e-3, minutes=30.0)
    parser.add_argument("--init", type=Path, required=True, help="model folder with grounding")
    parser.add_argument("--keep", type=Path, required=True, help="folder for decoded pictures, which come again")
    parser.add_argument("--different", type=int, default=4096, help="pictures to keep, then the same again")
    parser.add_argument("--crop", type=int, default=80, help="side of what is learned from at once, in small pixels")
    options = parser.parse_args()
    device = begin(options)
    pipeline = Layout2VidPipeline.from_pretrained(options.init).to(device)
    for part in (pipeline.unet, pipeline.grounding, pipeline.vae):
        part.requires_grad_(False).eval()
        channels_last(part)
    enlarger = (pipeline.enlarger or Enlarger(scale=SCALE)).to(device).train()
    channels_last(enlarger)
    tables = Tables.of(pipeline.prior, device)
    train = World(seed=25, size=SCALE * SIZE, close=0.3, other_poses=1)
    parameters = list(enlarger.parameters())
    average = Average(parameters, 0.998)

    def batches(step: int) -> Iterator[dict[str, Any]]:
        def make(number: int) -> dict[str, Any]:
            items = numbered(train, first=number * options.batch, batch=options.batch, workers=0)
            return drawn(pipeline, tables, next(items), number)

        return kept(make, options.keep, first=step, different=max(1, options.different // options.batch))

    def loss(item: dict[str, Any], generator: torch.Generator) -> Tensor:
        entities = altered(tables.entities(item), REFERENCES, generator, picture_shape=None)
        laid = lay(entities, (SCALE * SIZE, SCALE * SIZE))
        small, true = (levels(item[name].to(device)) for name in ("decoded", "true"))
        crop, rest = options.crop, (SIZE - options.crop) // 2 + 1
        y, x = (2 * int(at) for at in torch.randint(rest, (2,), generator=generator))
        fine = (slice(None), slice(None), *(slice(SCALE * at, SCALE * (at + crop)) for at in (y, x)))
        error = enlarger(small[:, :, y : y + crop, x : x + crop], laid[fine]).float() - true[fine]
        edges = (error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()) / 2
        total: Tensor = error.abs().mean() + edges + error.square().mean()
        return total

    run = fitted(options, groups=[{"params": parameters, "lr": options.rate}], loss=loss, batches=batches,
                 average=average, warmup=50)  # fmt: skip
    for progress in told(run):
        if progress.step % 200 == 0:
            average.swap()
            print(sheet(pipeline, enlarger, tables, options.out / "sheet.png"), flush=True)
            average.swap()
    average.swap()
    print(sheet(pipeline, enlarger, tables, options.out / "sheet.png"))
    pipeline.register_modules(enlarger=enlarger)
    pipeline.to("cpu")
    without_text_encoder(pipeline)
    pipeline.save_pretrained(options.out / "model")


def levels(pixels: Tensor) -> Tensor:
    """Bytes as numbers in [-1, 1], channels last in memory."""
    return (pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def drawn(pipeline: Layout2VidPipeline, tables: Tables, item: dict[str, Any], number: int) -> dict[str, Any]:
    """The item with the true pictures and with what the denoiser makes of them, decoded, both as bytes."""
    generator = torch.Generator().manual_seed(number)
    device = pipeline.vae.device
    item = with_latents(pipeline.vae, item)
    true = item.pop("pixels")[:, 0].permute(0, 3, 1, 2)
    small = F.interpolate(true.float(), scale_factor=1 / SCALE, mode="area").round().byte()
    size = (SIZE // (PATCH * pipeline.latent_scale),) * 2
    with mixed(device), without_temporal_layers(pipeline.unet):
        latents = encode(pipeline.vae, to_tensor(small.permute(0, 2, 3, 1)).to(device), patch_size=PATCH).float()
        words = encode_captions(pipeline.text_encoder, pipeline.tokenizer, item["caption"])
        steps = torch.randint(*STEPS, (len(latents),), generator=generator)
        share = pipeline.scheduler.alphas_cumprod[steps].to(device).reshape(-1, 1, 1, 1)
        noise = torch.randn(latents.shape, generator=generator).to(device)
        noisy = share.sqrt() * latents + (1 - share).sqrt() * noise
        with pipeline.grounding.use(pipeline.grounding.tokens(tables.entities(item), size=size), size=size):
            velocity = pipeline.unet(noisy.unsqueeze(2), steps.to(device), encoder_hidden_states=words).sample[:, :, 0]
        decoded = decode(pipeline.vae, share.sqrt() * noisy - (1 - share).sqrt() * velocity.float(), patch_size=PATCH)
    return {**item, "true": true.contiguous(), "decoded": ((decoded + 1) * 127.5).round().byte().cpu()}


@torch.no_grad()
def sheet(pipeline: Layout2VidPipeline, enlarger: Enlarger, tables: Tables, path: Path) -> str:
    """Unseen pictures: the true one, enlarged by interpolation, by the network, and without the things' pictures."""
    enlarger.eval()
    batch = next(numbered(World(seed=26, size=SCALE * SIZE, entities=(1, 4)), first=0, batch=8))
    item = drawn(pipeline, tables, batch, 0)
    small, true = (levels(item[name].to(pipeline.vae.device)) for name in ("decoded", "true"))
    laid = lay(tables.entities(item), (SCALE * SIZE, SCALE * SIZE))
    cover = (laid[:, 3:] > 0.5).float()
    smooth = F.interpolate(small, scale_factor=SCALE, mode="bicubic").clamp(-1, 1)
    shown = {"interpolated": smooth, "enlarged": enlarger(small, laid).clamp(-1, 1),
             "without pictures": enlarger(small).clamp(-1, 1)}  # fmt: skip
    rows = [torch.cat(list(part), dim=2) for part in (true, *shown.values())]
    pixels = ((torch.cat(rows, dim=1) + 1) * 127.5).round().byte().permute(1, 2, 0)
    Image.fromarray(pixels.cpu().numpy()).save(path)
    enlarger.train()

    def decibel(found: Tensor, where: Tensor) -> float:
        error = ((found - true).square() * where).sum() / (3 * where.sum()).clamp(min=1)
        return float(10 * torch.log10(4 / error))

    return "; ".join(
        f"{name}: {decibel(found, cover):.2f} dB in things, {decibel(found, 1 - cover):.2f} beside"
        for name, found in shown.items()
    )


if __name__ == "__main__":
    main()
