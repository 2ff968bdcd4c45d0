from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from diffusers import UNet3DConditionModel
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import interpolate

from tiny import some_entities, tiny_grounding, tiny_unet
from videodirector.layout2vid.nn.canvas import Canvas, covered, lay, resampling
from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.nn.grounding import Grounding


def whole(places: int, cells: int) -> torch.Tensor:
    return resampling(torch.tensor(0.0), torch.tensor(1.0), cells=cells, places=places)


@pytest.mark.parametrize(("cells", "places"), [(4, 8), (8, 8), (5, 12)])
def test_a_stretched_row_is_torchs_linear_interpolation(cells: int, places: int) -> None:
    row = torch.randn(1, 1, cells, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        row[0] @ whole(places, cells).T, interpolate(row, size=places, mode="linear", align_corners=False)[0]
    )


def test_a_squeezed_row_is_torchs_antialiased_interpolation_but_for_the_rims() -> None:
    row = torch.randn(1, 1, 1, 24, generator=torch.Generator().manual_seed(0))
    expected = interpolate(row, size=(1, 8), mode="bilinear", align_corners=False, antialias=True)
    torch.testing.assert_close((row[0, 0] @ whole(8, 24).T)[:, 1:-1], expected[0, 0, :, 1:-1])


@given(st.floats(0, 0.9), st.floats(0.01, 1), st.integers(1, 20), st.integers(1, 20))
def test_weights_are_a_mean_and_shares_add_up_to_the_length(low: float, length: float, cells: int, places: int) -> None:
    high = min(1.0, low + length)
    share = covered(torch.tensor(low), torch.tensor(high), places)
    weight = resampling(torch.tensor(low), torch.tensor(high), cells=cells, places=places)
    torch.testing.assert_close(share.sum() / places, torch.tensor(high - low), atol=1e-5, rtol=1e-4)
    assert weight.shape == (places, cells)
    assert (weight >= 0).all()
    torch.testing.assert_close(weight[share > 0].sum(-1), torch.ones(int((share > 0).sum())))


def canvas(patch_size: int = 1) -> Canvas:
    torch.manual_seed(0)
    made = Canvas(channels=4, latent_scale=2, patch_size=patch_size, width=16)
    torch.nn.init.normal_(made.project.weight, std=0.1)
    return made.eval()


def seen(entities: Entities, *, opaque: bool = True) -> Entities:
    """With views of 8x8 pixels."""
    count = entities.boxes.shape[2]
    views = torch.rand(1, count, 1, 4, 8, 8, generator=torch.Generator().manual_seed(7))
    if opaque:
        views[..., 3, :, :] = 1
    return replace(entities, views=views)


def colours(entities: Entities, number: int) -> torch.Tensor:
    assert entities.views is not None
    return 2 * entities.views[0, number, 0, :3] - 1


def test_pictures_lie_in_their_boxes_and_nowhere_else() -> None:
    entities = seen(some_entities())
    laid = lay(entities, (16, 16))
    torch.testing.assert_close(laid[0, :3, :8, :8], colours(entities, 0))  # 8x8 pixels in a box of 8x8 places
    torch.testing.assert_close(laid[0, 3, :8, :8], torch.ones(8, 8))
    assert not laid[0, :, 8:].any()  # the second entity is absent from the first frame
    torch.testing.assert_close(laid[1, :3, 8:, 8:], colours(entities, 1))


def test_a_later_entity_stands_in_front() -> None:
    entities = seen(some_entities())
    same = entities.boxes[..., :1, :].expand_as(entities.boxes)
    laid = lay(replace(entities, boxes=same), (16, 16))
    torch.testing.assert_close(laid[1, :3, :8, :8], colours(entities, 1))
    torch.testing.assert_close(laid[0, :3, :8, :8], colours(entities, 0))


def test_what_covers_half_lets_half_shine_through() -> None:
    entities = seen(some_entities())
    assert entities.views is not None
    entities.views[:, 1, 0, 3] = 0.5
    same = entities.boxes[..., :1, :].expand_as(entities.boxes)
    laid = lay(replace(entities, boxes=same), (16, 16))
    torch.testing.assert_close(laid[1, :3, :8, :8], (colours(entities, 0) + colours(entities, 1)) / 2)


@torch.no_grad()
def test_without_a_picture_there_is_nothing_to_lay() -> None:
    entities = seen(some_entities())
    laid = lay(replace(entities, picture_known=~entities.picture_known), (16, 16))
    assert not laid.any()
    assert not canvas().latents(laid)[0].any()


@torch.no_grad()
def test_patches_hold_finer_pictures_on_the_same_raster() -> None:
    assert canvas(2)(seen(some_entities(), opaque=False), size=(8, 8)).shape == (2, 16, 8, 8)


def retouching() -> tuple[UNet3DConditionModel, Grounding]:
    unet = tiny_unet()
    return unet, tiny_grounding(unet, canvas=True, retouched=True, latent_scale=2)


def put_out(unet: UNet3DConditionModel) -> torch.Tensor:
    x = torch.randn(1, 4, 2, 8, 8, generator=torch.Generator().manual_seed(5))
    words = torch.randn(1, 6, 384, generator=torch.Generator().manual_seed(6))
    out: torch.Tensor = unet(x, 500, encoder_hidden_states=words).sample
    return out


def grounded(unet: UNet3DConditionModel, grounding: Grounding, entities: Entities) -> torch.Tensor:
    with grounding.use(grounding.tokens(entities, size=(8, 8)), size=(8, 8)):
        return put_out(unet)


@torch.no_grad()
@pytest.mark.parametrize("gate", ["canvas.project", "retouch.add"])
def test_a_closed_canvas_changes_no_bit_an_open_one_does_and_detaching_restores(gate: str) -> None:
    unet, grounding = retouching()
    entities, alone = seen(some_entities()), put_out(unet)
    grounding.attach(unet)
    closed = grounding.closed
    assert closed
    assert torch.equal(grounded(unet, grounding, entities), alone)
    torch.nn.init.normal_(grounding.get_parameter(f"{gate}.weight"), std=0.1)
    closed = grounding.closed
    assert not closed
    assert not torch.allclose(grounded(unet, grounding, entities), alone)
    grounding.detach()
    assert torch.equal(put_out(unet), alone)


@torch.no_grad()
def test_retouching_sees_the_canvas_though_the_first_convolution_does_not() -> None:
    unet, grounding = retouching()
    grounding.attach(unet)
    for gate in ("canvas.project", "retouch.add"):
        torch.nn.init.normal_(grounding.get_parameter(f"{gate}.weight"), std=0.1)
    grounding.get_parameter("canvas.project.weight")[: unet.conv_in.out_channels] = 0
    entities = seen(some_entities())
    assert entities.views is not None
    mirrored = replace(entities, views=entities.views.flip(-1))
    assert not torch.allclose(grounded(unet, grounding, entities), grounded(unet, grounding, mirrored))


def test_every_frame_shows_the_pose_of_its_moment() -> None:
    entities = seen(some_entities())
    assert entities.views is not None
    other = torch.rand(1, 2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(9))
    other[..., 3, :, :] = 1
    picture = entities.picture.expand(-1, -1, 2, -1)
    moving = replace(
        entities,
        picture=picture,
        views=torch.cat([entities.views, other], dim=2),
        pose=torch.tensor([[[0, 0], [1, 0]]]),
    )
    laid = lay(moving, (16, 16))
    torch.testing.assert_close(laid[0, :3, :8, :8], colours(entities, 0))
    torch.testing.assert_close(laid[1, :3, :8, :8], 2 * other[0, 0, 0, :3] - 1)
    torch.testing.assert_close(laid[1, :3, 8:, 8:], colours(entities, 1))
