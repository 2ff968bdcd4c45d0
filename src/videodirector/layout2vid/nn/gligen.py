"""The position nets of public checkpoints: GLIGEN's, with its parameter names, one token an entity, padded to 30.

They differ from ours in what absence means (words and picture become null as well as the position), in that every
frame has the same number of tokens, null where there is no entity, and in that the picture, where there is one, has a
token of its own beside that of the words.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.nn.gated_attention import GroundingTokens

__all__ = ["FREQUENCIES", "SLOTS", "PublishedPositionNet", "fourier"]

SLOTS = 30
"""Entities a frame that the public checkpoints were trained with."""

FREQUENCIES = 8
HIDDEN = 512


def fourier(boxes: Float[Tensor, "*shape 4"], *, frequencies: int = FREQUENCIES) -> Float[Tensor, "*shape features"]:
    """Fourier features of boxes, 8 per frequency: sin and cos of x0, y0, x1, y1 at 100^(i / frequencies) radians."""
    scale = 100 ** (torch.arange(frequencies, device=boxes.device, dtype=torch.float32) / frequencies)
    angle = boxes.float().unsqueeze(-2) * scale.unsqueeze(-1)
    return torch.stack([angle.sin(), angle.cos()], dim=-2).flatten(-3).to(boxes.dtype)


class PublishedPositionNet(nn.Module):
    """``h = MLP(f(e), Fourier(box))``, with words alone or with words and picture (GLIGEN, arXiv 2301.07093, eq. 5).

    Args:
        width: of the embeddings; words and picture have the same.
        token_width: of the grounding tokens.
        pictures: whether a picture gives a second token, behind those of the words.
    """

    def __init__(self, *, width: int, token_width: int, pictures: bool) -> None:
        super().__init__()
        self.pictures = pictures
        position = 8 * FREQUENCIES
        if pictures:
            self.linears_text = _mlp(width + position, token_width)
            self.linears_image = _mlp(width + position, token_width)
            self.null_text_feature = nn.Parameter(torch.zeros(width))
            self.null_image_feature = nn.Parameter(torch.zeros(width))
        else:
            self.linears = _mlp(width + position, token_width)
            self.null_positive_feature = nn.Parameter(torch.zeros(width))
        self.null_position_feature = nn.Parameter(torch.zeros(position))

    def forward(self, entities: Entities) -> GroundingTokens:
        """Tokens of all frames, (batch * frames, 30 or 60, width): entities that are there first, then null ones."""
        order, present = _slots(entities.present)
        filled = present.unsqueeze(-1)
        null = self.null_position_feature
        position = torch.where(filled, fourier(_take(entities.boxes, order)).to(null.dtype), null)

        def tokens(mlp: nn.Module, feature: Tensor, known: Tensor, nothing: Tensor) -> Tensor:
            content = torch.where(known.unsqueeze(-1), feature, nothing).unsqueeze(1)
            chosen = _take(content.expand(-1, position.shape[1], -1, -1), order)
            out: Tensor = mlp(torch.cat([torch.where(filled, chosen, nothing), position], dim=-1))
            return out

        if not self.pictures:
            both = tokens(self.linears, entities.text, entities.text_known, self.null_positive_feature)
        else:
            words = tokens(self.linears_text, entities.text, entities.text_known, self.null_text_feature)
            looks = tokens(
                self.linears_image, entities.picture[:, :, 0], entities.picture_known, self.null_image_feature
            )
            both = torch.cat([words, looks], dim=2)
        return GroundingTokens(features=both.flatten(0, 1))


def _mlp(inner: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inner, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, out)
    )


def _slots(
    present: Bool[Tensor, "batch frames entities"],
) -> tuple[Int[Tensor, "batch frames slots"], Bool[Tensor, "batch frames slots"]]:
    """For every frame the entities that fill its slots, those that are there first, and which slots are filled."""
    missing = max(SLOTS - present.shape[-1], 0)
    padded = F.pad(present, (0, missing))
    order = padded.int().argsort(dim=-1, descending=True, stable=True)[..., :SLOTS]
    return order, padded.gather(-1, order)


def _take(
    values: Float[Tensor, "batch frames entities width"], order: Int[Tensor, "batch frames slots"]
) -> Float[Tensor, "batch frames slots width"]:
    missing = max(SLOTS - values.shape[2], 0)
    return F.pad(values, (0, 0, 0, missing)).gather(2, order.unsqueeze(-1).expand(-1, -1, -1, values.shape[-1]))
