"""Regional cross-attention: with known weights, words act inside their box and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

import tiny_video
from videodirector.generator.backends.diffusers._regions import (
    Regions,
    cover_cells,
    encode_regions,
    find_grid,
    split_latent_frames,
)
from videodirector.schemas import Box, Entity, Scene

LEFT, RIGHT = Box(0.0, 0.0, 0.5, 1.0), Box(0.5, 0.0, 1.0, 1.0)


def test_latent_frames_cover_every_frame_once() -> None:
    assert split_latent_frames(9, 4) == [range(1), range(1, 5), range(5, 9)]
    assert split_latent_frames(1, 4) == [range(1)]


def test_cells_are_those_that_the_box_covers() -> None:
    still = cover_cells([LEFT] * 5, (2, 2, 4), 4).reshape(2, 2, 4)
    assert still.all(dim=1).tolist() == [[True, True, False, False]] * 2
    thin = cover_cells([Box(0.49, 0.2, 0.51, 0.21)], (1, 2, 4), 4).reshape(2, 4)
    assert thin.tolist() == [[False, True, True, False], [False] * 4], "no box falls between the tokens"
    moving = cover_cells([LEFT, RIGHT, RIGHT, RIGHT, None], (2, 1, 2), 4).reshape(2, 2)
    assert moving.tolist() == [[True, False], [False, True]]


def known(transformer: Any) -> None:
    """Hand-set weights: cross-attention looks at all words alike, and hands them through as they are."""
    eye = torch.eye(transformer.config.num_attention_heads * transformer.config.attention_head_dim)
    blocks = getattr(transformer, "blocks", None) or transformer.transformer_blocks
    with torch.no_grad():
        for block in blocks:
            for name, parameter in block.named_parameters():
                if name.startswith(("attn2.to_v.weight", "attn2.to_out.0.weight")):
                    parameter.copy_(eye)
                elif name.startswith("attn2") and "norm" not in name:
                    parameter.zero_()


@pytest.mark.parametrize("family", ["wan", "ltx"])
def test_words_act_only_inside_their_box(family: str) -> None:
    torch.manual_seed(0)
    transformer = tiny_video.FAMILIES[family]().transformer.eval()
    known(transformer)
    layer = (getattr(transformer, "blocks", None) or transformer.transformer_blocks)[0].attn2
    regions = Regions(transformer)
    inside = cover_cells([LEFT], (1, 2, 4), 1)
    regions.allowed = torch.stack([torch.ones(8, dtype=torch.bool), inside, ~inside], dim=1)
    width = layer.to_v.weight.shape[1]
    place, fox, owl = torch.eye(width)[:3]
    words = torch.stack([place, fox, owl]).unsqueeze(0)
    seen = torch.randn(1, 8, layer.to_q.weight.shape[1])

    def attended() -> torch.Tensor:
        mask = torch.zeros(1, 1, 3) if family == "ltx" else None
        with torch.no_grad():
            output: torch.Tensor = layer(seen, words, mask, None)
        return output[0, :, :3]

    everywhere = attended()
    torch.testing.assert_close(everywhere, torch.full((8, 3), 1 / 3))
    regions.attach()
    expected = torch.tensor([[0.5, 0.5, 0.0] if here else [0.5, 0.0, 0.5] for here in inside])
    torch.testing.assert_close(attended(), expected)
    regions.active = False
    torch.testing.assert_close(attended(), everywhere, rtol=0, atol=0)
    regions.active = True
    regions.detach()
    torch.testing.assert_close(attended(), everywhere, rtol=0, atol=0)


def test_attaching_and_detaching_leaves_the_processors() -> None:
    transformer = tiny_video.FAMILIES["wan"]().transformer
    before = dict(transformer.attn_processors) if hasattr(transformer, "attn_processors") else None
    processors = [block.attn2.processor for block in transformer.blocks]
    regions = Regions(transformer)
    regions.attach()
    regions.attach()
    assert all(block.attn2.processor is not old for block, old in zip(transformer.blocks, processors, strict=True))
    regions.detach()
    assert [block.attn2.processor for block in transformer.blocks] == processors
    assert before is None or dict(transformer.attn_processors) == before


def test_both_experts_are_masked() -> None:
    early, late = (tiny_video.FAMILIES["wan"]().transformer for _ in range(2))
    layers = [block.attn2 for network in (early, late) for block in network.blocks]
    before = [layer.processor for layer in layers]
    regions = Regions(early, late)
    regions.attach()
    assert not {id(layer.processor) for layer in layers} & {id(processor) for processor in before}
    regions.detach()
    assert [layer.processor for layer in layers] == before


def test_unconditional_words_are_let_alone() -> None:
    regions = Regions(torch.nn.Module())
    regions.allowed = torch.tensor([[True, False]])
    like = torch.zeros(1)
    assert regions.bias(1, 3, like) is None, "Wan: another number of tokens"
    both = regions.bias(2, 2, like)
    assert both is not None
    assert both[0].tolist() == [[0.0, 0.0]], "LTX: the first half of the batch"
    assert both[1, 0, 1] < -1000


@pytest.mark.parametrize("family", ["wan", "ltx"])
def test_words_are_encoded_piece_by_piece(family: str, tmp_path: Path) -> None:
    folder = tiny_video.save(family, tmp_path / family)
    pipeline = diffusers.DiffusionPipeline.from_pretrained(folder)
    entities = [Entity(id="f", name="fox", layout=[LEFT]), Entity(id="o", name="owl", layout=[RIGHT])]
    scene = Scene(id="s", description="They meet.", background="forest", entities=entities)
    arguments, allowed = encode_regions(
        pipeline, scene, {"f": "fox", "o": "owl"}, frames=9, size=(64, 32), negative_prompt="blurred"
    )
    grid, _ = find_grid(pipeline, frames=9, size=(64, 32))
    visual, text = allowed.shape
    assert visual == int(np.prod(grid))
    assert arguments["prompt_embeds"].shape[1] == text
    ends = allowed.long().diff(dim=1).ne(0).any(dim=0).nonzero().flatten() + 1  # where a token's reach changes
    _, owl = allowed[:, ends[-2]], allowed[:, ends[-1]]
    torch.testing.assert_close(owl, cover_cells([RIGHT] * 9, grid, 4 if family == "wan" else 8))
    assert (arguments["negative_prompt_embeds"].shape[1] == text) == (family == "ltx")
