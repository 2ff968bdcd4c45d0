from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import UNet3DConditionModel
from diffusers.models.embeddings import get_fourier_embeds_from_boundingbox

from tiny import open_gates, some_entities, tiny_grounding, tiny_unet
from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.nn.grounding import Grounding, PositionNet, fourier, harmonic


def call(unet: UNet3DConditionModel, frames: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(1, 4, frames, 8, 8, generator=generator)
    words = torch.randn(1, 6, 384, generator=generator)
    with torch.no_grad():
        sample: torch.Tensor = unet(x, 500, encoder_hidden_states=words).sample
    return sample


def test_fourier_features_are_gligens() -> None:
    boxes = torch.rand(2, 3, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fourier(boxes), get_fourier_embeds_from_boundingbox(8, boxes))


def test_attached_with_closed_gates_the_network_is_the_frozen_one_bit_for_bit() -> None:
    unet = tiny_unet()
    before = call(unet)
    grounding = tiny_grounding(unet)
    grounding.attach(unet)
    with grounding.use(grounding.position_net(some_entities()), size=(8, 8)):
        assert torch.equal(call(unet), before)


def test_open_gates_change_the_output_and_detaching_restores_it() -> None:
    unet = tiny_unet()
    before, names = call(unet), [name for name, _ in unet.named_modules()]
    keys = set(unet.state_dict())
    grounding = tiny_grounding(unet)
    open_gates(grounding)
    grounding.attach(unet)
    assert set(unet.state_dict()) == keys  # the fusers belong to the adapter
    with grounding.use(grounding.position_net(some_entities()), size=(8, 8)):
        assert not torch.allclose(call(unet), before)
    assert torch.equal(call(unet), before)  # outside `use` the fusers are skipped
    grounding.detach()
    assert torch.equal(call(unet), before)
    assert [name for name, _ in unet.named_modules()] == names


def test_it_attaches_once_and_only_where_it_fits() -> None:
    unet = tiny_unet()
    grounding = tiny_grounding(unet)
    grounding.attach(unet)
    with pytest.raises(ValueError, match="attached already"):
        grounding.attach(unet)
    other = UNet3DConditionModel(
        block_out_channels=(16,),
        down_block_types=("CrossAttnDownBlock3D",),
        up_block_types=("CrossAttnUpBlock3D",),
        layers_per_block=1,
        cross_attention_dim=8,
        attention_head_dim=8,
        norm_num_groups=8,
    )
    with pytest.raises(ValueError, match="fits a UNet with the spatial blocks"):
        tiny_grounding(tiny_unet()).attach(other)


def test_saved_and_loaded_it_gives_the_same_tokens(tmp_path: Path) -> None:
    grounding = tiny_grounding(tiny_unet())
    grounding.save_pretrained(tmp_path)
    loaded = Grounding.from_pretrained(tmp_path)
    assert [path.suffix for path in tmp_path.iterdir() if path.suffix != ".json"] == [".safetensors"]
    torch.testing.assert_close(
        loaded.position_net(some_entities()).features, grounding.position_net(some_entities()).features
    )


def test_grid_tokens_carry_their_cell_of_the_picture() -> None:
    net = PositionNet(text_width=384, picture_shape=(4, 8, 8), token_width=8, grid=4, masked=True)
    entities = some_entities()
    before = net(entities)
    changed = entities.picture.clone().reshape(1, 2, 4, 8, 8)
    changed[0, 0, :, 0:2, 2:4] += 1  # cell (0, 1) of the first entity
    after = net(type(entities)(**{**entities.__dict__, "picture": changed.reshape(1, 2, 1, -1)}))
    differs = (before.features != after.features).any(-1)
    assert differs[:, 1].all()
    assert differs.sum() == 2  # in both frames, and nowhere else


def test_regions_tile_the_box_and_vanish_with_the_entity() -> None:
    net = PositionNet(text_width=384, picture_shape=(4, 8, 8), token_width=8, grid=4, masked=True)
    regions = net(some_entities()).regions
    assert regions is not None
    torch.testing.assert_close(regions[0, 0], torch.tensor([0.0, 0.0, 0.125, 0.125]))
    torch.testing.assert_close(regions[0, 15], torch.tensor([0.375, 0.375, 0.5, 0.5]))
    assert not regions[0, 16:].any()  # absent from frame 0
    assert regions[1, 16:].any()


def test_the_plain_form_gives_one_unmasked_token_an_entity() -> None:
    tokens = tiny_grounding(tiny_unet(), grid=1, masked=False).position_net(some_entities())
    assert tokens.features.shape == (2, 2, 32)
    assert tokens.regions is None


def test_a_withheld_embedding_has_no_influence() -> None:
    net = PositionNet(text_width=384, picture_shape=(4, 8, 8), token_width=8, grid=4, masked=True)
    entities = some_entities()
    unknown = {**entities.__dict__, "text_known": torch.zeros(1, 2, dtype=torch.bool)}
    one = net(type(entities)(**unknown))
    other = net(type(entities)(**{**unknown, "text": entities.text + 1}))
    assert torch.equal(one.features, other.features)


def posed(entities: Entities, poses: int = 3) -> Entities:
    """With other pictures behind the first, of which the frames show one after the other."""
    more = torch.randn(1, 2, poses, entities.picture.shape[-1], generator=torch.Generator().manual_seed(8))
    pose = torch.arange(entities.boxes.shape[1])[None, :, None].expand(1, -1, 2)
    return replace(entities, picture=torch.cat([entities.picture, more[:, :, 1:]], dim=2), pose=pose)


@torch.no_grad()
def test_a_frame_is_told_of_the_picture_of_its_pose() -> None:
    net = PositionNet(text_width=384, picture_shape=(4, 8, 8), token_width=8, grid=4, masked=True)
    moving = posed(some_entities())
    found = net(moving).features
    for frame in range(2):
        still = replace(moving, picture=moving.picture[:, :, frame : frame + 1], pose=None)
        torch.testing.assert_close(found[frame], net(still).features[frame])
    assert not torch.allclose(found[1, :16], net(some_entities()).features[1, :16])


@torch.no_grad()
def test_phases_and_positions_change_no_bit_until_they_have_learned_and_then_they_do() -> None:
    unet, plain = tiny_unet(), tiny_grounding(tiny_unet())
    told = tiny_grounding(unet, harmonics=4, positions=True)
    told.load_state_dict(plain.state_dict(), strict=False)
    open_gates(told)
    open_gates(plain)
    entities = replace(some_entities(), phase=torch.tensor([[[0.0, 0.25], [0.5, 0.75]]]))
    x = torch.randn(1, 4, 2, 8, 8, generator=torch.Generator().manual_seed(5))
    words = torch.randn(1, 6, 384, generator=torch.Generator().manual_seed(6))

    def put_out(grounding: Grounding) -> torch.Tensor:
        grounding.attach(unet)
        with grounding.use(grounding.tokens(entities, size=(8, 8)), size=(8, 8)):
            out: torch.Tensor = unet(x, 500, encoder_hidden_states=words).sample
        grounding.detach()
        return out

    before = put_out(plain)
    assert torch.equal(put_out(told), before)
    assert told.position_net.phase_projection is not None
    assert isinstance(told.position_net.phase_projection, torch.nn.Linear)
    torch.nn.init.normal_(told.position_net.phase_projection.weight)
    phased = put_out(told)
    assert not torch.allclose(phased, before)
    assert told.frame_positions is not None
    torch.nn.init.normal_(told.frame_positions.project.weight)
    assert not torch.allclose(put_out(told), phased)


def test_what_a_cycle_ends_with_it_began_with() -> None:
    torch.testing.assert_close(harmonic(torch.tensor(0.0), 8), harmonic(torch.tensor(1.0), 8), atol=1e-5, rtol=0)
    assert harmonic(torch.rand(2, 3), 8).shape == (2, 3, 16)
