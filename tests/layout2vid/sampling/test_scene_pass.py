from __future__ import annotations

import pytest
import torch
from diffusers import UNet3DConditionModel
from torch import nn

from tiny import open_gates, some_entities, tiny_grounding, tiny_unet
from videodirector.layout2vid.nn.unet import spatial_blocks
from videodirector.layout2vid.sampling.guidance import add_unconditional
from videodirector.layout2vid.sampling.scene_pass import ScenePass, passable

FRAMES = 3


def moving_unet() -> UNet3DConditionModel:
    """With temporal convolutions that do something."""
    unet = tiny_unet()
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            if ".conv4." in name:
                parameter.normal_(std=0.1)
    return unet


def full_shape_unet() -> UNet3DConditionModel:
    """ModelScopeT2V's blocks, narrow."""
    torch.manual_seed(0)
    return UNet3DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16, 16, 16),
        cross_attention_dim=384,
        attention_head_dim=8,
        norm_num_groups=4,
    ).eval()


def sample(size: tuple[int, int], halves: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(1, 4, FRAMES, *size, generator=generator), torch.randn(halves, 6, 384, generator=generator)


def by_the_unet(unet: UNet3DConditionModel, x: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        out: torch.Tensor = unet(x.repeat(len(words), 1, 1, 1, 1), 500, encoder_hidden_states=words).sample
    return out


@pytest.mark.parametrize("halves", [1, 2])
@pytest.mark.parametrize("size", [(8, 8), (10, 6), (9, 7)])
@pytest.mark.parametrize("make", [moving_unet, full_shape_unet])
def test_it_computes_what_the_unet_computes(make: object, size: tuple[int, int], halves: int) -> None:
    unet = make()  # type: ignore[operator]
    x, words = sample(size, halves)
    assert passable(unet)
    ours = ScenePass(unet, words, None, frames=FRAMES, size=size)(x, torch.tensor(500))
    torch.testing.assert_close(ours, by_the_unet(unet, x, words), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("canvas", [False, True])
@pytest.mark.parametrize("halves", [1, 2])
def test_with_grounding_it_computes_what_the_grounded_unet_computes(halves: int, canvas: bool) -> None:
    unet = moving_unet()
    grounding = tiny_grounding(unet, canvas=canvas, retouched=canvas)
    if canvas:
        nn.init.normal_(grounding.get_parameter("canvas.project.weight"))
        nn.init.normal_(grounding.get_parameter("retouch.add.weight"))
    open_gates(grounding)
    grounding.attach(unet)
    x, words = sample((8, 8), halves)
    entities = some_entities(FRAMES)
    with torch.no_grad():
        tokens = grounding.tokens(add_unconditional(entities) if halves == 2 else entities, size=(8, 8))
    scene = ScenePass(unet, words, tokens, frames=FRAMES, size=(8, 8))
    with grounding.use(tokens, size=(8, 8)):
        expected = by_the_unet(unet, x, words)
        for _ in range(2):  # what is kept from the first step serves the second
            torch.testing.assert_close(scene(x, torch.tensor(500), grounded=True), expected, rtol=1e-4, atol=1e-4)
    plain = scene(x, torch.tensor(500), grounded=False)
    torch.testing.assert_close(plain, by_the_unet(unet, x, words), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(plain, expected)


def test_the_captions_keys_are_computed_once_for_all_frames_and_steps() -> None:
    unet = moving_unet()
    x, words = sample((8, 8), 2)
    rows: list[int] = []
    blocks = spatial_blocks(unet).values()
    for block in blocks:
        block.attn2.to_k.register_forward_hook(lambda _module, given, _output: rows.append(len(given[0])))
    scene = ScenePass(unet, words, None, frames=FRAMES, size=(8, 8))
    for _ in range(3):
        scene(x, torch.tensor(500))
    assert rows == [2] * len(blocks)


def test_until_words_part_them_the_halves_are_one() -> None:
    unet = moving_unet()
    x, words = sample((8, 8), 2)
    rows: list[int] = []
    unet.conv_in.register_forward_hook(lambda _module, given, _output: rows.append(len(given[0])))
    unet.down_blocks[0].resnets[0].register_forward_hook(lambda _module, given, _output: rows.append(len(given[0])))
    unet.conv_out.register_forward_hook(lambda _module, given, _output: rows.append(len(given[0])))
    ScenePass(unet, words, None, frames=FRAMES, size=(8, 8))(x, torch.tensor(500))
    assert rows == [FRAMES, FRAMES, 2 * FRAMES]


def test_a_unet_that_was_changed_is_not_passed_by() -> None:
    unet = tiny_unet()
    unet.enable_freeu(0.9, 0.2, 1.2, 1.4)
    assert not passable(unet)
    unet.disable_freeu()
    assert passable(unet)
    unet.fuse_qkv_projections()
    assert not passable(unet)


def test_a_unet_takes_one_grounding_at_a_time() -> None:
    unet = tiny_unet()
    second = tiny_grounding(unet)
    tiny_grounding(unet).attach(unet)
    with pytest.raises(ValueError, match="carries other grounding"):
        second.attach(unet)
