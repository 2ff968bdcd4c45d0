"""Layout2Vid beside diffusers' TextToVideoSDPipeline: the same weights, steps, batch, precision and noise.

    python benchmarks/layout2vid_speed.py                  # ModelScopeT2V's architecture at a quarter of its width, CPU
    python benchmarks/layout2vid_speed.py --dtype bfloat16 # the same in the precision that AMX and AVX-512 multiply in
    python benchmarks/layout2vid_speed.py --device cuda    # full size, bfloat16, 50 steps, with and without compilation
    python benchmarks/layout2vid_speed.py --width 0.125 --steps 1 --side 8 --repeat 1    # all of it, in seconds

Weights are random: time does not depend on them. Runs take turns, so that other work on the machine falls on all of
them alike; ratios are of medians. Bars: grounding off at most 0.90 of the stock pipeline's time, alpha = 0.3 at most
1.00, and equal latents where grounding is off; on a GPU the aim is 0.60.

The arithmetic is counted, and compared with what a large matrix product reaches on the same device in the same
precision, and with the data sheet where the device is known. On a GPU the peak of memory is printed for either
pipeline, without the other one's weights.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, TextToVideoSDPipeline, UNet3DConditionModel
from diffusers.models.downsampling import Downsample2D
from diffusers.models.resnet import ResnetBlock2D, TemporalConvLayer
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.transformers.transformer_temporal import TransformerTemporalModel
from diffusers.models.upsampling import Upsample2D
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPTextConfig, CLIPTextModel

from videodirector.layout2vid.appearance.entity_embedding import EntityEmbedding
from videodirector.layout2vid.conditioning import from_boxes
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.sampling.compilation import compile_layers
from videodirector.layout2vid.sampling.scene_pass import ScenePass
from videodirector.layout2vid.weights.memory import channels_last

BARS = {"grounding off": 0.90, "alpha = 0.3": 1.00}

DATA_SHEETS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
"""Operations a second in bfloat16 and float16, without sparsity, of the SXM boards."""

Track = list[tuple[float, float, float, float] | None]
BOXES: list[Track] = [
    [(0.05, 0.3, 0.4, 0.9), (0.6, 0.3, 0.95, 0.9)],
    [(0.5, 0.1, 0.8, 0.4)],
    [None, (0.1, 0.1, 0.3, 0.3)],
]


def models(width: float, device: torch.device, dtype: torch.dtype) -> tuple[TextToVideoSDPipeline, Layout2VidPipeline]:
    """The stock pipeline and ours around the same networks, with random weights."""
    torch.manual_seed(0)
    head = round(64 * width)
    context = round(1024 * width)
    with torch.device(device):
        unet = UNet3DConditionModel(
            sample_size=32,
            block_out_channels=tuple(round(channels * width) for channels in (320, 640, 1280, 1280)),
            cross_attention_dim=context,
            attention_head_dim=head,
            norm_num_groups=math.gcd(32, round(320 * width)),
        )
        encoder = CLIPTextModel(
            CLIPTextConfig(hidden_size=context, num_hidden_layers=1, num_attention_heads=4, intermediate_size=context)
        )
        vae = AutoencoderKL(block_out_channels=(32,), norm_num_groups=8)
        grounding = Grounding.for_unet(unet, text_width=context, picture_shape=(0,), token_width=context, form="text")
    with torch.no_grad():
        for name, parameter in (*unet.named_parameters(), *grounding.named_parameters()):
            if ".alpha_" in name or ".conv4." in name:  # as training leaves them: not closed
                parameter.fill_(0.5) if ".alpha_" in name else parameter.normal_(std=0.02)
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    parts = {"vae": vae, "text_encoder": encoder, "unet": unet}
    for part in (*parts.values(), grounding):
        part.to(dtype).eval()
    stock = TextToVideoSDPipeline(**parts, tokenizer=None, scheduler=scheduler)
    own = {**parts, "unet": copy.deepcopy(unet)}  # the same weights, in the order of memory that each runs best with
    ours = Layout2VidPipeline(**own, tokenizer=None, grounding=grounding, prior=None, scheduler=scheduler)
    channels_last(ours.unet)
    for pipeline in (ours, stock):
        pipeline.set_progress_bar_config(disable=True)
    return stock, ours


class Bench:
    """Runs of both pipelines on the same words and noise."""

    def __init__(self, stock: TextToVideoSDPipeline, ours: Layout2VidPipeline, *, steps: int, side: int) -> None:
        self.stock, self.ours, self.steps, frames = stock, ours, steps, 16
        unet = stock.unet
        self.device, self.dtype = unet.device, unet.dtype
        context = int(unet.config.cross_attention_dim)
        noise = torch.Generator().manual_seed(0)
        words = torch.randn(2, 77, context, generator=noise)
        self.words = words.to(self.device, self.dtype)
        self.latents = torch.randn(1, 4, frames, side, side, generator=noise)
        self.condition = from_boxes("", BOXES, frames)
        self.looks = [EntityEmbedding(text=torch.randn(context, generator=noise), pictures=None) for _ in BOXES]
        self.side = side

    def by_stock(self) -> Tensor:
        """What the stock pipeline makes of the noise."""
        frames: Tensor = self.stock(
            prompt_embeds=self.words[1:],
            negative_prompt_embeds=self.words[:1],
            height=self.side * self.ours.latent_scale,
            width=self.side * self.ours.latent_scale,
            num_frames=self.latents.shape[2],
            num_inference_steps=self.steps,
            latents=self.latents.to(self.device, self.dtype),
            output_type="latent",
        ).frames
        return frames

    def by_ours(self, alpha: float) -> Tensor:
        """What our pipeline makes of it, the boxes imposed for a share of the steps."""
        last = self.latents
        side = self.side * self.ours.latent_scale
        for step in self.ours.steps(
            self.condition,
            self.looks,
            num_inference_steps=self.steps,
            layout_strength=alpha,
            latents=self.latents,
            words=self.words,
            height=side,
            width=side,
        ):
            last = step.x
        return last

    def timed(self, run: Callable[[], Tensor]) -> tuple[float, Tensor]:
        """Seconds of wall time, and what came out."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        started = time.perf_counter()
        out = run()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - started, out

    def operations(self, run: str) -> float:
        """Multiplications and additions of one step, by ``"stock"`` or ``"ours"``."""
        one = Bench(self.stock, self.ours, steps=1, side=self.side)
        with FlopCounterMode(display=False) as counter:
            one.by_stock() if run == "stock" else one.by_ours(0.0)
        return float(counter.get_total_flops())

    def reachable(self) -> float:
        """Operations a second of a large matrix product, the best of five."""
        side = 8192 if self.device.type == "cuda" else 1024
        matrix = torch.randn(side, side, device=self.device, dtype=self.dtype)
        return 2 * side**3 / min(self.timed(lambda: matrix @ matrix)[0] for _ in range(5))

    def memory(self, run: Callable[[], Tensor], without: torch.nn.Module) -> float:
        """Bytes on the GPU at the peak of a run, less the weights of a network that has no part in it."""
        torch.cuda.reset_peak_memory_stats()
        run()
        aside = sum(parameter.numel() * parameter.element_size() for parameter in without.parameters())
        return float(torch.cuda.max_memory_allocated() - aside)


KINDS = {
    "residual convolutions": (ResnetBlock2D, "_convolution"),
    "temporal convolutions": (TemporalConvLayer, "_temporal_convolution"),
    "spatial transformers": (Transformer2DModel, "_spatial"),
    "temporal transformers": (TransformerTemporalModel, "_temporal"),
    "up- and downsampling": ((Upsample2D, Downsample2D), None),
}


def by_block(bench: Bench) -> dict[str, tuple[float, float, float]]:
    """Seconds by kind of block: the stock pipeline, ours without grounding, ours with it at every step."""
    columns = []
    for run in (bench.by_stock, lambda: bench.by_ours(0.0), lambda: bench.by_ours(1.0)):
        spent: dict[str, float] = defaultdict(float)
        with watched(bench, spent):
            total, _ = bench.timed(run)
        spent["everything else"] = total - sum(spent.values())
        columns.append(spent)
    return {kind: tuple(column[kind] for column in columns) for kind in (*KINDS, "everything else")}  # type: ignore[misc]


@contextmanager
def watched(bench: Bench, spent: dict[str, float]) -> Iterator[None]:
    """Within this block the time of every layer goes to its kind: the stock UNet's modules, our pass's methods."""

    def clock(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            seconds, out = bench.timed(lambda: function(*args, **kwargs))
            spent[kind] += seconds
            return out

        return called

    kept: list[tuple[Any, str, Any]] = []

    def watch(kind: str, holder: Any, name: str) -> None:
        kept.append((holder, name, getattr(holder, name)))
        setattr(holder, name, clock(kind, getattr(holder, name)))

    for kind, (classes, method) in KINDS.items():
        if method is not None:
            watch(kind, ScenePass, method)
        unets = (bench.stock.unet,) if method is not None else (bench.stock.unet, bench.ours.unet)
        for unet in unets:
            for module in unet.modules():
                if isinstance(module, classes):
                    watch(kind, module, "forward")
    try:
        yield
    finally:
        for holder, name, function in kept:
            setattr(holder, name, function)


def compared(bench: Bench, repeat: int) -> dict[str, Any]:
    """Median seconds of each variant and ratios to the stock pipeline, the runs taking turns."""
    runs: dict[str, Callable[[], Tensor]] = {
        "stock": bench.by_stock,
        "grounding off": lambda: bench.by_ours(0.0),
        "alpha = 0.3": lambda: bench.by_ours(0.3),
    }
    outputs = {name: bench.timed(run)[1] for name, run in runs.items()}  # also warms up
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeat):
        for name, run in runs.items():
            seconds[name].append(bench.timed(run)[0])
    stock, own = outputs["stock"].float().cpu(), outputs["grounding off"].float().cpu()
    medians = {name: median(times) for name, times in seconds.items()}
    return {
        "seconds": medians,
        "ratios": {name: medians[name] / medians["stock"] for name in BARS},
        "difference": float((stock - own).abs().max() / stock.abs().max()),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--width", type=float, help="of the networks; default: a quarter on a CPU, full size on a GPU")
    parser.add_argument("--steps", type=int, help="default: 4 on a CPU, 50 on a GPU")
    parser.add_argument("--side", type=int, help="of the latents; default: 16 on a CPU, 32 on a GPU")
    parser.add_argument(
        "--dtype", choices=["float32", "float16", "bfloat16"], help="default: float32 on a CPU, bfloat16 on a GPU"
    )
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, help="default: on a GPU alone")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    gpu = options.device == "cuda"
    device = torch.device(options.device)
    dtype: torch.dtype = getattr(torch, options.dtype or ("bfloat16" if gpu else "float32"))
    stock, ours = models(options.width or (1.0 if gpu else 0.25), device, dtype)
    bench = Bench(stock, ours, steps=options.steps or (50 if gpu else 4), side=options.side or (32 if gpu else 16))
    name = torch.cuda.get_device_name() if gpu else platform.processor() or platform.machine()
    print(f"{name}, {torch.get_num_threads()} threads, {str(dtype)[6:]}, {bench.steps} steps, 16 frames, guidance 9")
    told: dict[str, Any] = {"plain": compared(bench, options.repeat)}
    show("", told["plain"])
    told["arithmetic"] = arithmetic(bench, told["plain"]["seconds"]["grounding off"], name)
    blocks = by_block(bench)
    print(f"\n{'seconds by block':28}{'stock':>10}{'off':>10}{'alpha = 1':>11}")
    for kind, times in blocks.items():
        print(f"{kind:28}" + "".join(f"{one:10.2f}" for one in times))
    if gpu:
        told["memory"] = {
            "stock": bench.memory(bench.by_stock, ours.unet),
            "alpha = 0.3": bench.memory(lambda: bench.by_ours(0.3), stock.unet),
        }
        print("\npeak of memory: " + ", ".join(f"{run} {size / 1e9:.2f} GB" for run, size in told["memory"].items()))
    if options.compile or (gpu and options.compile is None):
        compile_layers(stock.unet)
        ours.compile_layers()
        told["compiled"] = compared(bench, options.repeat)
        show("\nlayers compiled in both", told["compiled"])
        arithmetic(bench, told["compiled"]["seconds"]["grounding off"], name)
    if options.json:
        options.json.write_text(json.dumps({**told, "blocks": blocks}, indent=2) + "\n", encoding="utf-8")


def arithmetic(bench: Bench, seconds: float, name: str) -> dict[str, float]:
    """Print what a step computes, and how near that comes to what the device can do."""
    stock, ours, reachable = bench.operations("stock"), bench.operations("ours"), bench.reachable()
    rate = ours * bench.steps / seconds
    print(
        f"arithmetic of a step: stock {stock / 1e12:.3f} TFLOP, ours {ours / 1e12:.3f}, "
        f"at {rate / 1e12:.2f} TFLOP/s, {rate / reachable:.0%} of a large matrix product here ({reachable / 1e12:.2f})"
    )
    told = {"stock": stock, "ours": ours, "rate": rate, "reachable": reachable}
    for board, peak in DATA_SHEETS.items():
        if board in name and bench.dtype != torch.float32:
            print(
                f"that is {rate / peak:.0%} of the {peak / 1e12:.0f} TFLOP/s that the data sheet of the {board} gives"
            )
            told["data sheet"] = peak
    return told


def show(title: str, figures: dict[str, Any]) -> None:
    """Print a comparison with its bars."""
    print(title)
    for name, seconds in figures["seconds"].items():
        ratio = figures["ratios"].get(name)
        bar = BARS.get(name, 1.0)
        verdict = "" if ratio is None else f"{ratio:8.3f}  {'within' if ratio <= bar else 'ABOVE'} {bar:.2f}"
        print(f"{name:20}{seconds:9.2f} s{verdict}")
    print(f"largest difference where grounding is off, of the largest latent: {figures['difference']:.1e}")


if __name__ == "__main__":
    main()
