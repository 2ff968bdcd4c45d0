"""The entities' picture embeddings, laid into their boxes: a condition map beside the grounding tokens.

A raster of latents can say more than what a thing is: it can be put where the thing shall be. GLIGEN (arXiv
2301.07093) hands conditions that are aligned with the picture to the network's first convolution too; here the
condition is a picture of the layout, made from the boxes. Things stand in front of those named before them.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pixel_unshuffle

from videodirector.layout2vid.entities import Entities

__all__ = ["Canvas", "covered", "resampling"]


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


class Canvas(nn.Module):
    """Lays pictures into boxes, one over the other, and turns the result into features for the first convolution.

    What of a picture is thing and what is ground, a small matte network learns with the rest. The features start at 0.

    Args:
        picture_shape: (channels, side, side) of a picture embedding.
        patch_size: how many latents along each side make one place of the network's raster.
        width: of the features.
    """

    def __init__(self, *, picture_shape: tuple[int, int, int], patch_size: int, width: int) -> None:
        super().__init__()
        self.picture_shape, self.patch_size = picture_shape, patch_size
        channels = picture_shape[0]
        self.matte = nn.Sequential(
            nn.Conv2d(channels, 16, 3, padding=1), nn.SiLU(), nn.Conv2d(16, 1, 3, padding=1), nn.Sigmoid()
        )
        self.project = nn.Conv2d((channels + 1) * patch_size**2, width, 3, padding=1)
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)  # type: ignore[arg-type]  # there is one

    def forward(self, entities: Entities, size: tuple[int, int]) -> Float[Tensor, "frames features height width"]:
        """Features on a raster of ``size`` = (height, width), for all frames of the batch."""
        laid = self.lay(entities, (size[0] * self.patch_size, size[1] * self.patch_size))
        features: Tensor = self.project(pixel_unshuffle(laid, self.patch_size).to(self.project.weight.dtype))
        return features

    def lay(self, entities: Entities, size: tuple[int, int]) -> Float[Tensor, "frames laid height width"]:
        """The pictures in their boxes, and in the last channel how much of each place they cover."""
        batch, frames, count, _ = entities.boxes.shape
        channels, side, _ = self.picture_shape
        picture = entities.picture.reshape(batch * count, channels, side, side)
        matte = self.matte(picture.to(self.project.weight.dtype)).to(torch.float32)
        layers = torch.cat([picture.to(torch.float32), torch.ones_like(matte)], dim=1) * matte
        layers = torch.cat([layers, matte], dim=1).reshape(batch, count, channels + 2, side, side)
        x0, y0, x1, y1 = entities.boxes.float().unbind(-1)
        down = resampling(y0, y1, cells=side, places=size[0])
        across = resampling(x0, x1, cells=side, places=size[1])
        # Premultiplied with the matte, so that the ground does not bleed into what is interpolated.
        placed = torch.einsum("bfehi,becij,bfewj->bfechw", down, layers, across)
        seen = (entities.present & entities.picture_known.unsqueeze(1)).float()
        inside = torch.einsum("bfeh,bfew,bfe->bfehw", covered(y0, y1, size[0]), covered(x0, x1, size[1]), seen)
        laid = placed.new_zeros(batch, frames, channels + 1, *size)
        for entity in range(count):  # each over those before it
            cover = inside[:, :, entity].unsqueeze(2)
            laid = laid * (1 - cover * placed[:, :, entity, -1:]) + cover * placed[:, :, entity, :-1]
        return laid.flatten(0, 1)
