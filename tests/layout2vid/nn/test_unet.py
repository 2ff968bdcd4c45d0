from __future__ import annotations

import pytest
import torch
from diffusers import UNet3DConditionModel

from tiny import tiny_unet
from videodirector.layout2vid.nn.unet import (
    blank_closed_temporal_layers,
    close_temporal_layers,
    last_temporal_convolutions,
    raster,
    revive_blank_temporal_layers,
    skip_closed_temporal_layers,
    spatial_blocks,
    temporal_layers,
    without_temporal_layers,
)


def call(frames: torch.Tensor, unet: UNet3DConditionModel | None = None) -> torch.Tensor:
    words = torch.randn(1, 6, 384, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        sample: torch.Tensor = (unet or UNET)(frames, 300, encoder_hidden_states=words).sample
    return sample


UNET = tiny_unet()


def test_without_temporal_layers_no_frame_knows_of_another_and_after_that_all_is_as_before() -> None:
    x = torch.randn(1, 4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[:, :, 2] += 1
    before, keys = call(x), list(UNET.state_dict())
    assert not torch.allclose(call(other)[:, :, 0], before[:, :, 0])
    with without_temporal_layers(UNET):
        torch.testing.assert_close(call(other)[:, :, 0], call(x)[:, :, 0])
    assert torch.equal(call(x), before)
    assert list(UNET.state_dict()) == keys


def test_without_all_temporal_layers_but_some_these_still_mix_frames() -> None:
    x = torch.randn(1, 4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[:, :, 2] += 1
    unet = tiny_unet()
    last = last_temporal_convolutions(unet)
    for layer in last:  # convolutions start closed
        torch.nn.init.normal_(layer.get_parameter("conv4.3.weight"))
    before = call(x, unet)
    with without_temporal_layers(unet, but=last):
        left = [parameter for layer in temporal_layers(unet) for parameter in layer.parameters()]
        assert {id(one) for one in left} == {id(one) for layer in last for one in layer.parameters()}
        assert not torch.allclose(call(other, unet)[:, :, 0], call(x, unet)[:, :, 0])
    assert torch.equal(call(x, unet), before)


def test_temporal_and_spatial_layers_are_told_apart() -> None:
    temporal = {id(parameter) for layer in temporal_layers(UNET) for parameter in layer.parameters()}
    spatial = {id(parameter) for block in spatial_blocks(UNET).values() for parameter in block.parameters()}
    assert temporal
    assert spatial
    assert not temporal & spatial
    named = {name for name, parameter in UNET.named_parameters() if id(parameter) in temporal}
    assert all("temp_" in name or name.startswith("transformer_in") for name in named)


@pytest.mark.parametrize(
    ("count", "size", "expected"), [(64, (8, 8), (8, 8)), (16, (8, 8), (4, 4)), (15, (10, 5), (5, 3))]
)
def test_the_raster_of_a_level_follows_from_the_number_of_tokens(
    count: int, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert raster(count, size) == expected


def test_a_number_of_tokens_that_is_no_level_is_refused() -> None:
    with pytest.raises(ValueError, match="no level of a 8x8"):
        raster(17, (8, 8))


def test_closed_temporal_layers_are_the_identity_and_may_be_skipped() -> None:
    unet = tiny_unet()
    x = torch.randn(1, 4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert skip_closed_temporal_layers(unet) < len(temporal_layers(unet))  # convolutions start closed, attention not
    unet = tiny_unet()
    close_temporal_layers(unet)
    with without_temporal_layers(unet):
        alone = call(x, unet)
    torch.testing.assert_close(call(x, unet), alone)
    assert skip_closed_temporal_layers(unet) == len(temporal_layers(tiny_unet()))
    assert torch.equal(call(x, unet), alone)


def test_closed_temporal_layers_are_blanked_for_packing_and_can_learn_again() -> None:
    x = torch.randn(1, 4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    unet = tiny_unet()
    close_temporal_layers(unet)
    before = call(x, unet)
    blank_closed_temporal_layers(unet)
    assert torch.equal(call(x, unet), before)
    assert not any(parameter.any() for layer in temporal_layers(unet) for parameter in layer.parameters())
    revive_blank_temporal_layers(unet)
    assert torch.equal(call(x, unet), before)
    unet(x, 300, encoder_hidden_states=torch.zeros(1, 6, 384)).sample.square().sum().backward()
    assert any(
        parameter.grad is not None and bool(parameter.grad.any())
        for layer in temporal_layers(unet)
        for parameter in layer.parameters()
    )


def test_open_temporal_layers_are_left_as_they_are() -> None:
    unet = tiny_unet()
    for layer in temporal_layers(unet):
        for parameter in layer.parameters():
            torch.nn.init.normal_(parameter)
    before = {name: value.clone() for name, value in unet.state_dict().items()}
    blank_closed_temporal_layers(unet)
    revive_blank_temporal_layers(unet)
    assert all(torch.equal(value, before[name]) for name, value in unet.state_dict().items())
