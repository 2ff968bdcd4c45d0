"""Enlarges decoded frames, with the pictures of the things in sight.

Show-1 (arXiv 2309.15818) draws small and enlarges with further diffusion; on a CPU neither that nor an autoencoder of
four times the pixels is affordable. A few convolutions are: where a picture of a thing is laid out (see ``canvas``),
its detail is at hand and only has to be fitted to what was drawn, as reference-based super-resolution does
(arXiv 1904.03064); elsewhere edges are drawn anew. In training the pictures are at times of another pose, or none, so
that the frames are believed where the two disagree.
"""

from __future__ import annotations

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, pixel_shuffle, pixel_unshuffle, silu

__all__ = ["Enlarger"]


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]  # there is one

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.second(silu(self.first(silu(x))))
        return out


class Enlarger(ModelMixin, ConfigMixin):
    """Frames of twice the width and height, or ``scale`` times; before training it interpolates.

    Args:
        scale: how many times.
        width: of the features on the raster of the given frames.
        coarse_width: of those on a raster half as fine, which see further.
        blocks: residual blocks on either raster.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(self, *, scale: int = 2, width: int = 48, coarse_width: int = 96, blocks: int = 2) -> None:
        super().__init__()
        self.scale = scale
        self.read = nn.Conv2d(3 + 4 * scale**2, width, 3, padding=1)
        self.down = nn.Conv2d(width, coarse_width, 2, stride=2)
        self.coarse = nn.Sequential(*(_Residual(coarse_width) for _ in range(blocks)))
        self.up = nn.Conv2d(coarse_width, width * 4, 1)
        self.fine = nn.Sequential(*(_Residual(width) for _ in range(blocks)))
        self.write = nn.Conv2d(width, 4 * scale**2, 3, padding=1)
        nn.init.zeros_(self.write.weight)
        nn.init.zeros_(self.write.bias)  # type: ignore[arg-type]  # there is one

    def forward(
        self,
        frames: Float[Tensor, "frames 3 height width"],
        laid: Float[Tensor, "frames 4 high wide"] | None = None,
    ) -> Float[Tensor, "frames 3 high wide"]:
        """Larger frames, in [-1, 1] as the given ones.

        Args:
            frames: as the autoencoder decodes them; height and width are even.
            laid: the pictures in their boxes on a raster ``scale`` times as fine, as ``canvas.lay`` gives them; None
                where no boxes were imposed.
        """
        smooth = interpolate(frames, scale_factor=self.scale, mode="bilinear", align_corners=False)
        laid = torch.zeros_like(smooth[:, :1]).expand(-1, 4, -1, -1) if laid is None else laid.to(frames.dtype)
        hidden = self.read(torch.cat([frames, pixel_unshuffle(laid, self.scale)], dim=1))
        seen = self.coarse(self.down(silu(hidden)))
        hidden = self.fine(hidden + pixel_shuffle(self.up(silu(seen)), 2))
        written = pixel_shuffle(self.write(silu(hidden)), self.scale)
        # How far the laid pictures are believed, pixel by pixel, and what to add to the result.
        belief = written[:, 3:].sigmoid()
        cover = laid[:, 3:]
        blended = smooth + belief * (laid[:, :3] - cover * smooth)
        return blended + written[:, :3]
