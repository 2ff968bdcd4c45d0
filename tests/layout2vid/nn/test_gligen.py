from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from diffusers import UNet3DConditionModel
from diffusers.models.attention import GatedSelfAttentionDense
from diffusers.models.embeddings import GLIGENTextBoundingboxProjection

from tiny import open_gates, tiny_unet
from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.nn.gated_attention import GatedSelfAttention, GroundingTokens
from videodirector.layout2vid.nn.gligen import SLOTS, PublishedPositionNet
from videodirector.layout2vid.nn.grounding import Grounding


def entities(*, frames: int = 2, count: int = 3, width: int = 16) -> Entities:
    generator = torch.Generator().manual_seed(0)
    present = torch.rand(1, frames, count, generator=generator) > 0.4
    present[0, 0, 0] = True
    return Entities(
        boxes=torch.rand(1, frames, count, 4, generator=generator),
        present=present,
        text=torch.randn(1, count, width, generator=generator),
        picture=torch.randn(1, count, width, generator=generator).unsqueeze(2),
        text_known=torch.ones(1, count, dtype=torch.bool),
        picture_known=torch.arange(count).remainder(2).eq(0).unsqueeze(0),
    )


def random_net(*, pictures: bool) -> PublishedPositionNet:
    torch.manual_seed(1)
    net = PublishedPositionNet(width=16, token_width=8, pictures=pictures)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.startswith("null_"):
                parameter.normal_()
    return net


def padded(scene: Entities, frame: int) -> tuple[torch.Tensor, ...]:
    """One frame the way that diffusers' pipelines prepare it: what is there first, zeros behind."""
    there = scene.present[0, frame].nonzero().flatten()
    boxes, masks = torch.zeros(1, SLOTS, 4), torch.zeros(1, SLOTS)
    text, picture, pictured = torch.zeros(1, SLOTS, 16), torch.zeros(1, SLOTS, 16), torch.zeros(1, SLOTS)
    boxes[0, : len(there)] = scene.boxes[0, frame, there]
    masks[0, : len(there)] = 1
    text[0, : len(there)] = scene.text[0, there]
    picture[0, : len(there)] = scene.picture[0, there, 0]
    pictured[0, : len(there)] = scene.picture_known[0, there].float()
    return boxes, masks, text, picture, pictured


@pytest.mark.parametrize("pictures", [False, True])
def test_the_position_net_is_gligens(pictures: bool) -> None:
    net = random_net(pictures=pictures)
    reference = GLIGENTextBoundingboxProjection(16, 8, feature_type="text-image" if pictures else "text-only")
    reference.load_state_dict(net.state_dict())
    scene = entities()
    tokens = net(scene)
    assert tokens.regions is None
    for frame in range(2):
        boxes, masks, text, picture, pictured = padded(scene, frame)
        expected = (
            reference(
                boxes,
                masks,
                phrases_masks=masks,
                image_masks=pictured,
                phrases_embeddings=text,
                image_embeddings=picture,
            )
            if pictures
            else reference(boxes, masks, positive_embeddings=text)
        )
        torch.testing.assert_close(tokens.features[frame], expected[0])


def test_more_entities_than_slots_leave_no_trace_of_the_last() -> None:
    net = random_net(pictures=False)
    scene = replace(entities(count=40), present=torch.ones(1, 2, 40, dtype=torch.bool))
    changed = replace(scene, text=torch.cat([scene.text[:, :SLOTS], scene.text[:, SLOTS:] + 1], dim=1))
    assert net(scene).features.shape == (2, SLOTS, 8)
    assert torch.equal(net(scene).features, net(changed).features)


def test_the_fuser_is_gligens() -> None:
    torch.manual_seed(0)
    ours = GatedSelfAttention(width=16, context=8, heads=2).eval()
    with torch.no_grad():
        ours.alpha_attn.fill_(0.4)
        ours.alpha_dense.fill_(-0.6)
    theirs = GatedSelfAttentionDense(16, 8, 2, 8).eval()
    theirs.load_state_dict(ours.state_dict())
    visual, tokens = torch.randn(2, 16, 16), torch.randn(2, 5, 8)
    torch.testing.assert_close(ours(visual, GroundingTokens(features=tokens), (4, 4)), theirs(visual, tokens))


def test_full_size_has_the_published_counts() -> None:
    with torch.device("meta"):
        unet = UNet3DConditionModel(sample_size=32)  # ModelScopeT2V's shape is the class's default
        grounding = Grounding.for_unet(
            unet, text_width=768, picture_shape=(768,), token_width=int(unet.config.cross_attention_dim)
        )
    base = sum(parameter.numel() for parameter in unet.parameters())
    fusers = sum(parameter.numel() for parameter in grounding.fusers.parameters())
    assert base == 1_411_233_860
    assert fusers == 211_213_152
    assert len(grounding.fusers) == 16
    assert [name.split("_")[0] for name in grounding.fusers].count("down") == 6
    assert [name.split("_")[0] for name in grounding.fusers].count("up") == 9
    assert fusers / (base + fusers) == pytest.approx(0.1302, abs=5e-5)


def test_in_a_unet_null_tokens_still_speak_and_closed_gates_do_not() -> None:
    unet = tiny_unet()
    grounding = Grounding.for_unet(unet, text_width=16, picture_shape=(0,), token_width=32, form="text").eval()
    x, words = torch.randn(1, 4, 2, 8, 8), torch.randn(1, 6, 384)
    nobody = replace(entities(), present=torch.zeros(1, 2, 3, dtype=torch.bool))
    with torch.no_grad():
        before = unet(x, 500, encoder_hidden_states=words).sample
        grounding.attach(unet)
        with grounding.use(grounding.position_net(nobody), size=(8, 8)):
            assert torch.equal(unet(x, 500, encoder_hidden_states=words).sample, before)
            open_gates(grounding)
            assert not torch.allclose(unet(x, 500, encoder_hidden_states=words).sample, before)
