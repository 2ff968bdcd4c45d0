"""Convert pictures to latents and back."""

from __future__ import annotations

import numpy as np
import torch
from diffusers import AutoencoderKL
from jaxtyping import Float, Shaped, UInt8
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

__all__ = ["VIEW_SIDE", "decode", "encode", "entity_picture", "rgba", "to_tensor", "unique_frames", "without_ground"]

GROUND = (128, 128, 128)
VIEW_SIDE = 64  # pixels along each side of the pictures that are laid on a canvas


def entity_picture(image: Image.Image, size: int) -> NDArray[np.uint8]:
    """Stretch the picture of a thing over a square on grey, as grounding tokens expect it.

    Args:
        image: RGBA or RGB, any size.
        size: side of the result in pixels.

    Returns:
        (size, size, 3).
    """
    image = image.convert("RGBA").resize((size, size), Image.Resampling.LANCZOS)
    ground = Image.new("RGBA", image.size, (*GROUND, 255))
    ground.alpha_composite(image)
    return np.array(ground.convert("RGB"))


def without_ground(pixels: UInt8[np.ndarray, "height width 3"], *, tolerance: int = 20) -> Image.Image:
    """Cut the thing out of a picture that ``entity_picture`` could have made.

    Args:
        pixels: the picture.
        tolerance: levels by which the ground may differ from grey; grey inside of the thing stays.
    """
    away = np.abs(pixels.astype(np.int16) - np.array(GROUND)).max(-1)
    ground = Image.fromarray(
        np.pad((away <= tolerance).astype(np.uint8), 1, constant_values=1)
    ).copy()  # floodfill writes
    ImageDraw.floodfill(ground, (0, 0), 2)
    cover = np.where(np.array(ground)[1:-1, 1:-1] == 2, 0, 255).astype(np.uint8)
    return Image.fromarray(np.dstack([pixels, cover]), "RGBA")


def rgba(image: Image.Image, side: int) -> UInt8[Tensor, "4 {side} {side}"]:
    """Stretch a picture over a square, as bytes of red, green, blue and alpha."""
    pixels = image.convert("RGBA").resize((side, side), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)


def to_tensor(pixels: NDArray[np.uint8] | Tensor) -> Float[Tensor, "pictures 3 height width"]:
    """Convert pictures of bytes, (pictures, height, width, 3), to [-1, 1], stored channels last."""
    return torch.as_tensor(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1


def _normalisation(vae: AutoencoderKL, like: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and spread of the latents per channel, (1, channels, 1, 1)."""
    channels = int(vae.config.latent_channels)
    mean = vae.config.latents_mean or [0.0] * channels
    spread = vae.config.latents_std or [1 / float(vae.config.scaling_factor)] * channels
    return (
        torch.tensor(mean, device=like.device, dtype=like.dtype).reshape(1, -1, 1, 1),
        torch.tensor(spread, device=like.device, dtype=like.dtype).reshape(1, -1, 1, 1),
    )


def encode(
    vae: AutoencoderKL, pictures: Float[Tensor, "pictures 3 height width"], *, patch_size: int = 1
) -> Float[Tensor, "pictures channels latent_height latent_width"]:
    """Encode pictures in [-1, 1] as latents of mean 0 and deviation 1 per channel.

    ``patch_size`` p packs p x p latents into the channels of one, so that the network's grid is p times coarser (the
    patches of DiT, arXiv 2212.09748).
    """
    latents = vae.encode(pictures).latent_dist.mode()
    mean, spread = _normalisation(vae, latents)
    return pixel_unshuffle((latents - mean) / spread, patch_size)


def decode(
    vae: AutoencoderKL, latents: Float[Tensor, "pictures channels latent_height latent_width"], *, patch_size: int = 1
) -> Float[Tensor, "pictures 3 height width"]:
    """Decode normalised latents, packed as ``encode`` packs them, to pictures in [-1, 1]."""
    latents = pixel_shuffle(latents, patch_size)
    mean, spread = _normalisation(vae, latents)
    decoded: Tensor = vae.decode(latents * spread + mean).sample
    return decoded.float().clamp(-1, 1)  # before it is bytes: half precision has too few steps near 255


def unique_frames(*parts: Shaped[Tensor, "frames ..."]) -> tuple[list[int], list[int]]:
    """Find the frames that differ in any of ``parts``, to the bit, as ``numpy.unique`` does.

    Returns:
        The first frame of each kind, and for every frame the position of its kind.
    """
    rows = [part.detach().cpu().contiguous().flatten(1).view(torch.uint8).numpy() for part in parts]
    kinds: dict[bytes, int] = {}
    first: list[int] = []
    inverse: list[int] = []
    for frame in range(len(rows[0])):
        key = b"".join(row[frame].tobytes() for row in rows)
        if key not in kinds:
            kinds[key] = len(first)
            first.append(frame)
        inverse.append(kinds[key])
    return first, inverse
