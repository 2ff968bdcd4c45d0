from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet3DConditionModel

from tiny import open_gates, tiny_stock
from videodirector.errors import RenderError
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.weights.memory import enough_memory
from videodirector.layout2vid.weights.memory_estimate import estimate_memory, peak_of

META = torch.device("meta")


@pytest.fixture
def pipeline() -> Layout2VidPipeline:
    stock = tiny_stock()
    grounding = Grounding.for_unet(stock.unet, text_width=24, picture_shape=(0,), token_width=24, form="text").eval()
    open_gates(grounding)
    pipeline = Layout2VidPipeline(**stock.components, grounding=grounding, prior=None)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(pipeline: Layout2VidPipeline, **options: Any) -> torch.Tensor:
    frames: torch.Tensor = pipeline(
        "a dog.",
        ["dog"],
        [[(0.0, 0.0, 0.5, 0.5)]],
        num_frames=3,
        num_inference_steps=2,
        layout_strength=1.0,
        generator=torch.Generator().manual_seed(0),
        **{"output_type": "pt", **options},
    ).frames
    return frames


def test_saving_memory_changes_no_picture(pipeline: Layout2VidPipeline) -> None:
    usual = draw(pipeline)
    torch.testing.assert_close(draw(pipeline, decode_chunk_size=2), usual, rtol=1e-4, atol=1e-4)
    pipeline.save_memory()
    torch.testing.assert_close(draw(pipeline), usual, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(draw(pipeline, guidance_scale=1.0).shape, usual.shape)


@pytest.mark.parametrize("kind", ["leaf_level", "block_level"])
def test_layers_that_wait_elsewhere_draw_the_same(pipeline: Layout2VidPipeline, kind: str) -> None:
    usual = draw(pipeline)
    blocks = {"num_blocks_per_group": 1} if kind == "block_level" else {}
    pipeline.enable_group_offload(torch.device("cpu"), offload_type=kind, exclude_modules="vae", **blocks)
    torch.testing.assert_close(draw(pipeline), usual, rtol=1e-4, atol=1e-4)


def test_networks_that_wait_elsewhere_draw_the_same(pipeline: Layout2VidPipeline) -> None:
    """Model offload on a processor: accelerate's hooks around the very networks that our pass reaches into."""
    from accelerate import cpu_offload_with_hook  # type: ignore[import-untyped]

    usual = draw(pipeline)
    _, hook = cpu_offload_with_hook(pipeline.unet, torch.device("cpu"))
    torch.testing.assert_close(draw(pipeline), usual, rtol=1e-4, atol=1e-4)
    hook.remove()


def test_the_peak_is_what_lives_together() -> None:
    def run() -> None:
        first = torch.empty(1000, device=META)  # 4000 bytes
        second = first + 1  # 8000 together
        del first
        third = torch.empty(500, device=META)  # 6000 together
        del second, third

    assert peak_of(run) == 8000


def full_size(dtype: torch.dtype) -> tuple[UNet3DConditionModel, Grounding, AutoencoderKL]:
    with META:
        unet = UNet3DConditionModel(sample_size=32).to(dtype).eval()
        grounding = Grounding.for_unet(unet, text_width=1024, picture_shape=(0,), token_width=1024, form="text")
        vae = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
        )
    grounding = grounding.to(dtype).eval()
    grounding.attach(unet)
    return unet, grounding, vae.to(dtype).eval()


def test_a_full_size_scene_fits_into_15_gb_and_less_where_memory_is_saved() -> None:
    networks = full_size(torch.float16)
    usual = estimate_memory(*networks, halves=2, chunk=16)
    frugal = estimate_memory(*networks, halves=1, chunk=1)
    assert usual.peak < 15e9
    assert frugal.denoising < 0.6 * usual.denoising
    assert frugal.decoding < 0.2 * usual.decoding
    assert usual.weights == pytest.approx(2 * (1_411_233_860 + 211_213_152 + 83_653_863), rel=0.002)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("no"),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: not enough memory: you tried"),
    ],
)
def test_too_little_memory_is_said_with_what_helps(error: Exception) -> None:
    with pytest.raises(RenderError, match="too little memory for this") as caught, enough_memory("for this"):
        raise error
    assert "--memory low" in caught.value.hint


def test_other_errors_are_none_of_memory() -> None:
    with pytest.raises(RuntimeError, match="shapes differ"), enough_memory("for this"):
        raise RuntimeError("shapes differ")
