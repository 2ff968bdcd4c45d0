"""The entities' pictures, laid into their boxes: a condition map beside the grounding tokens.

A token says what a thing is and where its box lies; how it looks in detail, at the size of its box, a picture says
better. AnyDoor (arXiv 2307.09481) lays the picture of a thing into its box and gives the result to the network beside
its embedding; GLIGEN (arXiv 2301.07093) hands conditions that are aligned with the picture to the first convolution.
This does both. Things stand in front of those named before them.

A frozen UNet, which has never seen them, draws small things with many parts only roughly, whatever its first
convolution is told; so what it is about to put out can be retouched with the same pictures in sight.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_unshuffle, silu

from videodirector.layout2vid.nn.entities import Entities, by_frame

__all__ = ["Canvas", "Retouch", "covered", "covers", "lay", "resampling"]


def covered(
    low: Float[Tensor, "*boxes"], high: Float[Tensor, "*boxes"], places: int
) -> Float[Tensor, "*boxes {places}"]:
    """The share of each of so many equal places between 0 and 1 that lies between ``low`` and ``high``."""
    edges = torch.arange(places + 1, device=low.device, dtype=low.dtype) / places
    overlap = torch.minimum(high.unsqueeze(-1), edges[1:]) - torch.maximum(low.unsqueeze(-1), edges[:-1])
    return overlap.clamp(min=0) * places


def resampling(
    low: Float[Tensor, "*boxes"], high: Float[Tensor, "*boxes"], *, cells: int, places: int
) -> Float[Tensor, "*boxes {places} {cells}"]:
    """Weights that stretch a row of cells from ``low`` to ``high`` and read it at so many equal places.

    A triangle as wide as the wider of cell and place: linear interpolation when the row is stretched, an
    antialiased mean when it is squeezed. Each place's weights add up to 1, or are all 0 far from the box.
    """
    cell = ((high - low) / cells).unsqueeze(-1)
    at = (torch.arange(places, device=low.device, dtype=low.dtype) + 0.5) / places
    middle = low.unsqueeze(-1) + cell * (torch.arange(cells, device=low.device, dtype=low.dtype) + 0.5)
    # At a box's rim a place may lie beyond the last cell's middle: it reads that cell.
    at = at.clamp(middle[..., :1], middle[..., -1:]).unsqueeze(-1)
    width = cell.unsqueeze(-1).clamp(min=1 / places)
    weight = (1 - (at - middle.unsqueeze(-2)).abs() / width).clamp(min=0)
    return weight / weight.sum(-1, keepdim=True).clamp(min=1e-6)


def lay(entities: Entities, size: tuple[int, int]) -> Float[Tensor, "frames 4 height width"]:
    """The pictures in their boxes, one over the other, on a raster of ``size`` = (height, width).

    Colours are in [-1, 1] with grey where nothing lies, and already weighed by the last channel, which says how much of
    each place is covered.
    """
    assert entities.views is not None
    batch, frames, count, _ = entities.boxes.shape
    side = entities.views.shape[-1]
    cover = entities.views[..., 3:, :, :].float()
    layers = torch.cat([(2 * entities.views[..., :3, :, :].float() - 1) * cover, cover], dim=3)
    x0, y0, x1, y1 = entities.boxes.float().unbind(-1)
    down = resampling(y0, y1, cells=side, places=size[0])
    across = resampling(x0, x1, cells=side, places=size[1])
    seen = (entities.present & entities.picture_known.unsqueeze(1)).float()
    inside = torch.einsum("bfeh,bfew,bfe->bfehw", covered(y0, y1, size[0]), covered(x0, x1, size[1]), seen)
    laid = layers.new_zeros(batch, frames, 4, *size)
    for entity in range(count):  # each over those before it
        shown = layers[:, entity : entity + 1]
        if layers.shape[2] == 1:
            placed = torch.einsum("bfhi,bcij,bfwj->bfchw", down[:, :, entity], shown[:, 0, 0], across[:, :, entity])
        else:
            pose = None if entities.pose is None else entities.pose[..., entity : entity + 1]
            posed = by_frame(shown, pose, frames=frames)[:, :, 0]
            placed = torch.einsum("bfhi,bfcij,bfwj->bfchw", down[:, :, entity], posed, across[:, :, entity])
        placed = placed * inside[:, :, entity].unsqueeze(2)
        laid = laid * (1 - placed[:, :, 3:]) + placed
    return laid.flatten(0, 1)


def covers(entities: Entities, size: tuple[int, int]) -> Bool[Tensor, "frames places entities"]:
    """Whether the picture of an entity covers any of a place, on a raster of ``size`` = (height, width).

    Of one scene, by itself for each entity, whoever stands in front. What has no picture covers its whole box.
    """
    assert entities.views is not None
    x0, y0, x1, y1 = entities.boxes[0].float().unbind(-1)
    seen = (entities.views[:, :, :, 3:] > 0).float()
    shown = by_frame(seen, entities.pose, frames=x0.shape[0])[0, :, :, 0]
    shown = torch.where(entities.picture_known[0, :, None, None], shown, 1.0)
    down = _touched(y0, y1, cells=shown.shape[-2], places=size[0])
    across = _touched(x0, x1, cells=shown.shape[-1], places=size[1])
    found = torch.einsum("fehi,feij,fewj->fehw", down, shown, across) > 0
    return found.flatten(2).transpose(1, 2)


def _touched(
    low: Float[Tensor, "*boxes"], high: Float[Tensor, "*boxes"], *, cells: int, places: int
) -> Float[Tensor, "*boxes {places} {cells}"]:
    """Which of a row of cells between ``low`` and ``high`` reach into which place, or end within half a place of it."""
    cell = ((high - low) / cells).unsqueeze(-1)
    start = low.unsqueeze(-1) + cell * torch.arange(cells, device=low.device, dtype=low.dtype)
    edges = torch.arange(places + 1, device=low.device, dtype=low.dtype) / places
    half = 0.5 / places
    before = start.unsqueeze(-2) < edges[1:].unsqueeze(-1) + half
    behind = (start + cell).unsqueeze(-2) > edges[:-1].unsqueeze(-1) - half
    return (before & behind).float()


class Canvas(nn.Module):
    """Turns the laid pictures into features for the UNet's first convolution, and for retouching; they start at 0.

    A few convolutions read the pictures as latents. The autoencoder itself would read them otherwise on grey than on
    the background to come, for its normalisation looks at the whole picture.

    Args:
        channels: of a latent.
        latent_scale: pixels along a latent's side.
        patch_size: how many latents along each side make one place of the UNet's raster.
        width: of the features.
    """

    def __init__(self, *, channels: int, latent_scale: int, patch_size: int, width: int) -> None:
        super().__init__()
        self.scale, self.patch_size, inner = latent_scale * patch_size, patch_size, 96
        self.read = nn.Sequential(
            nn.PixelUnshuffle(latent_scale),
            nn.Conv2d(4 * latent_scale**2, inner, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(inner, inner, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(inner, channels, 3, padding=1),
        )
        self.project = nn.Conv2d((channels + 1) * patch_size**2, width, 3, padding=1)
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)  # type: ignore[arg-type]  # there is one

    def forward(self, entities: Entities, *, size: tuple[int, int]) -> Float[Tensor, "frames features height width"]:
        """Features for all frames of the batch, on a raster of ``size`` = (height, width)."""
        # In full precision whatever holds around it, so that slow things glide.
        with torch.no_grad(), torch.autocast(entities.boxes.device.type, enabled=False):
            laid = lay(entities, (size[0] * self.scale, size[1] * self.scale))
        latents, cover = self.latents(laid)
        condition = pixel_unshuffle(torch.cat([latents, cover], dim=1), self.patch_size)
        features: Tensor = self.project(condition)
        return features

    def latents(
        self, laid: Float[Tensor, "frames 4 height width"]
    ) -> tuple[Float[Tensor, "frames channels high wide"], Float[Tensor, "frames 1 high wide"]]:
        """What was laid, read as latents; nothing where nothing lies. And how much of each latent it covers."""
        given = laid.to(self.project.weight.dtype)
        latents = self.read(given)
        cover = interpolate(given[:, 3:], size=latents.shape[-2:], mode="area")
        return latents * (cover > 0), cover


class Retouch(nn.Module):
    """A residual block behind the UNet's last one; it sees the canvas as others see the time, and adds 0 at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(math.gcd(32, width), width)
        self.look = nn.Conv2d(width, width, 3, padding=1)
        self.add = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.add.weight)
        nn.init.zeros_(self.add.bias)  # type: ignore[arg-type]  # there is one

    def forward(
        self, hidden: Float[Tensor, "frames width height wide"], shown: Float[Tensor, "frames width height wide"]
    ) -> Float[Tensor, "frames width height wide"]:
        """What the UNet is about to put out, given what the canvas shows."""
        out: Tensor = hidden + self.add(silu(self.look(silu(self.norm(hidden))) + shown.to(hidden.dtype)))
        return out
