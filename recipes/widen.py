"""Carry weights over to a UNet that sees packed latents: its first and last convolution are widened, all else stays.

    python recipes/widen.py src/videodirector/weights/storyworld-mini --out runs/widened

A warm start for ``denoiser.py --init``: of a patch the first convolution sees the mean, scaled so that the noise keeps
its variance, and the last one gives every latent of a patch the same value. Both see a little of the differences
too, at random: with nothing of them on either side neither would ever get a gradient. The grounding gets a canvas.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from denoiser import PATCH, UNET
from diffusers import UNet3DConditionModel
from export import without_text_encoder
from world import make_prior

from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.pipeline import Layout2VidPipeline


@torch.no_grad()
def main() -> None:
    """Widen, and store the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    pipeline = Layout2VidPipeline.from_pretrained(options.model, dtype=torch.float32)
    pipeline.grounding.detach()
    unet = UNet3DConditionModel(**UNET)
    known = pipeline.unet.state_dict()
    known["conv_in.weight"] = known["conv_in.weight"].repeat_interleave(PATCH**2, 1) / PATCH
    for name in ("conv_out.weight", "conv_out.bias"):
        known[name] = known[name].repeat_interleave(PATCH**2, 0)
    torch.manual_seed(0)
    for name in ("conv_in.weight", "conv_out.weight"):
        known[name] = known[name] + torch.randn_like(known[name]) / (3 * known[name][0].numel()) ** 0.5
    unet.load_state_dict(known)
    config = pipeline.grounding.config
    grounding = Grounding.for_unet(
        unet,
        text_width=config.text_width,
        picture_shape=config.picture_shape,
        token_width=config.token_width,
        grid=config.grid,
        masked=config.masked,
        canvas=True,
        patch_size=PATCH,
        latent_scale=pipeline.latent_scale,
    )
    grounding.load_state_dict(pipeline.grounding.state_dict(), strict=False)  # the canvas starts closed
    prior = make_prior(pipeline.text_encoder, pipeline.tokenizer)
    pipeline.register_modules(unet=unet, grounding=grounding, prior=prior)
    pipeline.register_to_config(patch_size=PATCH)
    grounding.attach(unet)
    without_text_encoder(pipeline)
    pipeline.save_pretrained(options.out / "model")


if __name__ == "__main__":
    main()
