"""The unCLIP prior: from the words of a thing to the latent of its picture.

    python recipes/prior.py --out runs/prior --minutes 15

Learns from the phrases and pictures that the model's memory holds, looking to the left, and ends with a model folder
that has the prior beside the memory, and a sheet: what is in the memory, and what is imagined in its place. Of what
has three phrases and more one is held back; in the end both are asked for it. Goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import PriorTransformer, UnCLIPScheduler
from export import WEIGHTS, without_text_encoder
from PIL import Image
from torch import Tensor
from training import arguments, begin, fitted, told

from videodirector.evaluation.metrics.statistics import Proportion
from videodirector.layout2vid.appearance.bank_prior import BankPrior
from videodirector.layout2vid.appearance.latents import decode
from videodirector.layout2vid.appearance.unclip import imagine_latents, to_patches
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.training.loop import Average

WIDE, DEEP = 4, 6  # heads of 64, and layers
BLUR = 0.15  # of embeddings of words, whose spread is 1, so that what lies between phrases is something, too
SILENCE = 0.1  # how often the words are withheld, for guidance


def main() -> None:
    """Train, measure, draw."""
    parser = arguments(__doc__, pictures=10_000_000, minutes=15.0, batch=64, rate=6e-4, makes_pictures=False)
    parser.add_argument("--init", type=Path, default=WEIGHTS, help="model folder with the memory to learn from")
    options = parser.parse_args()
    device = begin(options)
    pipeline = Layout2VidPipeline.from_pretrained(options.init)
    memory = pipeline.prior
    rows = torch.tensor(list(memory.config.rows))
    held = held_back(rows.tolist())
    learned = torch.tensor([number for number in range(len(rows)) if number not in held])
    shape = tuple(pipeline.grounding.config.picture_shape)
    targets = to_patches(memory.left.float().unflatten(1, shape))
    prior, scheduler = fresh(targets, text_width=memory.text_keys.shape[1])
    prior.to(device)
    clean = ((targets - prior.clip_mean.detach().cpu()) / prior.clip_std.detach().cpu()).to(device)
    keys = memory.text_keys.float()
    average = Average([p for name, p in prior.named_parameters() if not name.startswith("clip_")], 0.999)
    weight = 1 / torch.bincount(rows[learned], minlength=len(targets))[rows[learned]].float()  # pictures alike

    def batches(step: int) -> Iterator[Tensor]:
        for number in count(step):
            generator = torch.Generator().manual_seed(number)
            yield learned[torch.multinomial(weight, options.batch, replacement=True, generator=generator)]

    def loss(chosen: Tensor, generator: torch.Generator) -> Tensor:
        x0 = clean[rows[chosen].to(device)]
        spoken = torch.rand(len(chosen), 1, generator=generator) >= SILENCE
        text = spoken * (keys[chosen] + BLUR * torch.randn(keys[chosen].shape, generator=generator))
        timesteps = torch.randint(scheduler.config.num_train_timesteps, (len(chosen),), generator=generator)
        cumprod = scheduler.alphas_cumprod[timesteps].reshape(-1, 1, 1).to(device)
        noise = torch.randn(x0.shape, generator=generator).to(device)
        noisy = cumprod.sqrt() * x0 + (1 - cumprod).sqrt() * noise
        predicted = prior(noisy, timesteps.to(device), proj_embedding=text.to(device)).predicted_image_embedding
        return F.mse_loss(predicted.float(), x0)

    groups = [{"params": average.parameters, "lr": options.rate}]
    for _ in told(fitted(options, groups=groups, loss=loss, batches=batches, average=average), every=100):
        pass
    average.swap()
    pipeline.register_modules(imagination=prior.to("cpu").eval(), prior_scheduler=scheduler)
    report(pipeline, rows, held)
    sheet(pipeline, options.out / "sheet.png")
    without_text_encoder(pipeline)
    pipeline.save_pretrained(options.out / "model")


def held_back(rows: list[int]) -> list[int]:
    """The last phrase of every picture that has three and more."""
    last = {row: number for number, row in enumerate(rows)}
    return [number for row, number in last.items() if rows.count(row) >= 3]


def fresh(targets: Tensor, *, text_width: int) -> tuple[PriorTransformer, UnCLIPScheduler]:
    """A prior with random weights that knows mean and spread of its targets, and its noise."""
    _, number, width = targets.shape
    prior = PriorTransformer(
        num_attention_heads=WIDE,
        attention_head_dim=64,
        num_layers=DEEP,
        embedding_dim=width,
        num_embeddings=number,
        additional_embeddings=0,
        embedding_proj_dim=text_width,
        encoder_hid_proj_type=None,
        added_emb_type=None,
    )
    torch.nn.init.normal_(prior.positional_embedding, std=0.02)
    prior.clip_mean.requires_grad_(False).copy_(targets.mean((0, 1)))
    prior.clip_std.requires_grad_(False).copy_(targets.std((0, 1)))
    scheduler = UnCLIPScheduler(prediction_type="sample", clip_sample_range=5.0)
    return prior, scheduler


def report(pipeline: Layout2VidPipeline, rows: Tensor, held: list[int]) -> None:
    """Whose picture is nearest to what is imagined for known phrases, and for those held back beside the memory's."""
    memory: BankPrior = pipeline.prior
    known = [number for number in range(len(rows)) if number not in held]
    for name, asked in (("learned", known[:: max(1, len(known) // 100)]), ("held back", held)):
        text = memory.text_keys.float()[asked]
        drawn = imagine(pipeline, text).flatten(1)
        near = torch.cdist(drawn, memory.left.float()).argmin(1)
        print(f"phrases {name}: imagined {Proportion(int((near == rows[asked]).sum()), len(asked))}")
    bank = F.normalize(memory.text_keys.float(), dim=-1)
    near = rows[known][(bank[held] @ bank[known].T).argmax(1)]
    print(f"phrases held back: remembered {Proportion(int((near == rows[held]).sum()), len(held))}")


def imagine(pipeline: Layout2VidPipeline, text: Tensor) -> Tensor:
    """Latents, from seed 0."""
    return imagine_latents(
        pipeline.imagination, pipeline.prior_scheduler, text, generator=torch.Generator().manual_seed(0)
    )


@torch.no_grad()
def sheet(pipeline: Layout2VidPipeline, path: Path) -> None:
    """Some of the memory's pictures through the autoencoder in one row, what is imagined in the next."""
    memory: BankPrior = pipeline.prior
    rows = list(memory.config.rows)
    chosen = list(range(0, len(rows), max(1, len(rows) // 48)))[:48]
    shape = tuple(pipeline.grounding.config.picture_shape)
    true = memory.left.float()[[rows[number] for number in chosen]].unflatten(1, shape)
    drawn = imagine(pipeline, memory.text_keys.float()[chosen])
    strips = []
    for start in range(0, len(chosen), 16):
        for latents in (true, drawn):
            pixels = decode(pipeline.vae, latents[start : start + 16])
            strips.append(np.concatenate(list(((pixels + 1) * 127.5).byte().permute(0, 2, 3, 1).numpy()), axis=1))
    Image.fromarray(np.concatenate(strips, 0)).save(path)


if __name__ == "__main__":
    main()
