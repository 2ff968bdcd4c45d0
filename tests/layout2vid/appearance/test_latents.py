from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw

from tiny import tiny_vae
from videodirector.layout2vid.appearance.latents import decode, encode, entity_picture, without_ground


@torch.no_grad()
def test_patches_are_packed_into_channels_and_unpacked_again() -> None:
    vae = tiny_vae()
    pictures = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    plain, packed = encode(vae, pictures), encode(vae, pictures, patch_size=2)
    assert plain.shape == (2, 4, 8, 8)
    assert packed.shape == (2, 16, 4, 4)
    torch.testing.assert_close(packed[:, :4, 1, 2], plain[:, 0, 2:4, 4:6].flatten(1))
    torch.testing.assert_close(decode(vae, packed, patch_size=2), decode(vae, plain))


def test_a_thing_is_cut_out_of_its_ground_and_keeps_what_is_grey_inside() -> None:
    thing = Image.new("RGBA", (40, 40))
    ImageDraw.Draw(thing).ellipse((6, 6, 33, 33), fill=(200, 30, 30))
    ImageDraw.Draw(thing).rectangle((16, 16, 23, 23), fill=(128, 128, 128))
    noise = np.random.default_rng(0).integers(-9, 10, (40, 40, 3))
    seen = (entity_picture(thing, 40) + noise).clip(0, 255).astype(np.uint8)
    cover = np.array(without_ground(seen))[..., 3] > 127
    assert (cover == (np.array(thing)[..., 3] > 127)).mean() > 0.99
    assert cover[18:22, 18:22].all()
    assert not cover[0].any()
