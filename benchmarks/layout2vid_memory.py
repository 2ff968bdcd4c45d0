"""What one full-size scene takes in memory: 16 frames at 256x256 through ModelScopeT2V's architecture in float16.

    python benchmarks/layout2vid_memory.py [--frames 16] [--size 256] [--device cuda] [--json report.json]

Computed on the meta device, so it runs anywhere in seconds; with ``--device cuda`` measured as well, with random
weights. The bar: 15 GB. ``normal`` runs both halves of guidance together, decodes 16 frames at a time and keeps the
text encoder on the device; ``low`` runs one half after the other, decodes frame by frame and keeps it off.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet3DConditionModel

from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.weights.memory_estimate import MemoryEstimate, estimate_memory, one_step

BAR = 15e9

TEXT_ENCODER = 2 * 340_387_840  # bytes: OpenCLIP ViT-H's text tower, ModelScopeT2V's, in float16

PRESETS = {"normal": (2, 16, TEXT_ENCODER), "low": (1, 1, 0)}
"""Halves of guidance at a time, frames decoded at a time, bytes of other weights on the device."""


def networks(device: str) -> tuple[UNet3DConditionModel, Grounding, AutoencoderKL]:
    """The full-size networks in float16, without values on the meta device, with random ones elsewhere."""
    with torch.device(device):
        unet = UNet3DConditionModel(sample_size=32)
        grounding = Grounding.for_unet(unet, text_width=1024, picture_shape=(0,), token_width=1024, form="text")
        vae = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
        )
    parts = unet.half().eval(), grounding.half().eval(), vae.half().eval()
    grounding.attach(unet)
    return parts


def measured(frames: int, side: int, halves: int, chunk: int) -> tuple[float, float]:
    """Bytes at the peak of a denoising step and of decoding on a GPU, weights and all."""
    unet, grounding, vae = networks("cuda")
    pictures = torch.zeros(chunk, 4, side, side, dtype=torch.float16, device="cuda")
    peaks = []
    with torch.no_grad():
        for run in (
            one_step(unet, grounding, frames=frames, side=side, halves=halves),
            lambda: vae.decode(pictures).sample,
        ):
            torch.cuda.reset_peak_memory_stats()
            run()
            peaks.append(float(torch.cuda.max_memory_allocated()))
    return peaks[0], peaks[1]


def main() -> None:
    """Compute and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--size", type=int, default=256, help="of the frames in pixels; a multiple of 64")
    parser.add_argument("--device", default="meta", choices=["meta", "cuda"])
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    unet, grounding, vae = networks("meta")
    print(f"{options.frames} frames at {options.size}x{options.size}, float16, GB")
    print(f"{'':10}{'weights':>10}{'denoising':>11}{'decoding':>10}{'peak':>8}")
    told: dict[str, dict[str, float]] = {}
    side = options.size // 8
    for name, (halves, most, others) in PRESETS.items():
        chunk = min(most, options.frames)
        need: MemoryEstimate = estimate_memory(
            unet, grounding, vae, others=others, frames=options.frames, side=side, halves=halves, chunk=chunk
        )
        told[name] = {**asdict(need), "peak": need.peak}
        verdict = "within" if need.peak <= BAR else "ABOVE"
        print(
            f"{name:10}{need.weights / 1e9:10.2f}{need.denoising / 1e9:11.2f}{need.decoding / 1e9:10.2f}"
            f"{need.peak / 1e9:8.2f}  {verdict} {BAR / 1e9:g} GB"
        )
        if options.device == "cuda":
            step, decoding = measured(options.frames, side, halves, chunk)
            print(f"{'  measured':10}{'':10}{step / 1e9:11.2f}{decoding / 1e9:10.2f}  weights and all")
    if options.json:
        options.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
