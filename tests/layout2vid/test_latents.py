from __future__ import annotations

import torch

from tiny import tiny_vae
from videodirector.layout2vid.latents import decode, encode


@torch.no_grad()
def test_patches_are_packed_into_channels_and_unpacked_again() -> None:
    vae = tiny_vae()
    pictures = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    plain, packed = encode(vae, pictures), encode(vae, pictures, patch_size=2)
    assert plain.shape == (2, 4, 8, 8)
    assert packed.shape == (2, 16, 4, 4)
    torch.testing.assert_close(packed[:, :4, 1, 2], plain[:, 0, 2:4, 4:6].flatten(1))
    torch.testing.assert_close(decode(vae, packed, patch_size=2), decode(vae, plain))
