"""Networks that wait in main memory draw what networks on the device draw.

The hooks are those that a GPU's owner gets, with the processor as the device: weights leave and come as they would.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from accelerate import cpu_offload  # type: ignore[import-untyped]
from diffusers import PriorTransformer, UnCLIPScheduler
from diffusers.models.attention_processor import AttnProcessor, SlicedAttnProcessor
from PIL import Image
from torch.nn.attention import SDPBackend, sdpa_kernel

from tiny import open_gates, save_clip, tiny_stock
from videodirector.layout2vid.appearance.appearance import Appearance
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.sampling.scene_pass import passable

CPU = torch.device("cpu")
THINGS = [Appearance(name="dog"), Appearance(name="cat", picture=Image.effect_noise((20, 14), 80).convert("RGB"))]
BOXES: list[list[tuple[float, float, float, float] | None]] = [[(0.0, 0.0, 0.5, 0.5)], [(0.5, 0.2, 1.0, 0.9)]]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture
def pipeline(clip: Path) -> Layout2VidPipeline:
    """With every network that a pipeline can have: captions, phrases, pictures, a prior that imagines."""
    stock = tiny_stock()
    torch.manual_seed(2)
    grounding = Grounding.for_unet(stock.unet, text_width=16, picture_shape=(16,), token_width=16, form="text-image")
    open_gates(grounding)
    prior = PriorTransformer(
        num_attention_heads=2, attention_head_dim=8, num_layers=1, embedding_dim=16, num_embeddings=20
    )
    scheduler = UnCLIPScheduler(prediction_type="sample", variance_type="fixed_small_log", clip_sample_range=5.0)
    pipeline = Layout2VidPipeline(
        **stock.components, grounding=grounding.eval(), prior=prior.eval(), prior_scheduler=scheduler
    )
    pipeline.load_clip(clip)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(pipeline: Layout2VidPipeline) -> torch.Tensor:
    frames: torch.Tensor = pipeline(
        "a dog.",
        THINGS,
        BOXES,
        num_frames=2,
        num_inference_steps=2,
        layout_strength=0.5,
        generator=torch.Generator().manual_seed(0),
        output_type="pt",
    ).frames
    return frames


def whole_networks(pipeline: Layout2VidPipeline) -> None:
    pipeline.enable_model_cpu_offload(device="cpu")


def single_layers(pipeline: Layout2VidPipeline) -> None:
    # What enable_sequential_cpu_offload does, but for the device's number: torch takes cpu:0 for another one than cpu.
    for name, part in pipeline.components.items():
        if isinstance(part, torch.nn.Module) and name not in pipeline._exclude_from_cpu_offload:
            cpu_offload(part, CPU, offload_buffers=len(part._parameters) > 0)
    for part in (pipeline.unet, pipeline.vae, pipeline.phrase_encoder):
        assert {parameter.device.type for parameter in part.parameters()} == {"meta"}
    assert not passable(pipeline.unet)


def groups_of_leaves(pipeline: Layout2VidPipeline) -> None:
    pipeline.enable_group_offload(CPU, offload_type="leaf_level")


def groups_of_blocks(pipeline: Layout2VidPipeline) -> None:
    pipeline.enable_group_offload(CPU, offload_type="block_level", num_blocks_per_group=1)


@pytest.mark.parametrize("offload", [whole_networks, single_layers, groups_of_leaves, groups_of_blocks])
def test_networks_that_wait_elsewhere_draw_the_same(
    pipeline: Layout2VidPipeline, offload: Callable[[Layout2VidPipeline], None]
) -> None:
    usual = draw(pipeline)
    offload(pipeline)
    for _ in range(2):  # what was brought for the first scene is brought for the next one too
        torch.testing.assert_close(draw(pipeline), usual, rtol=1e-4, atol=1e-4)


def test_attention_is_computed_by_whatever_was_chosen(pipeline: Layout2VidPipeline) -> None:
    usual = draw(pipeline)
    with sdpa_kernel(SDPBackend.MATH):
        torch.testing.assert_close(draw(pipeline), usual, rtol=1e-4, atol=1e-4)
    for processor, ours in ((AttnProcessor(), True), (SlicedAttnProcessor(1), False)):
        pipeline.unet.set_attn_processor(processor)
        assert passable(pipeline.unet) is ours  # what our pass does not know is left to the network's own forward
        torch.testing.assert_close(draw(pipeline), usual, rtol=1e-4, atol=1e-4)
