"""Gated self-attention over visual and grounding tokens (GLIGEN, arXiv 2301.07093, eq. 8), per frame.

Two settings of one module. *Plain* is the published form: every visual token attends to every grounding token.
*Masked* lets a visual token attend to a grounding token only inside that token's region of the picture; that is what
makes boxes learnable within a CPU's budget. The mask comes with the tokens; the parameters are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from diffusers.models.attention import FeedForward
from jaxtyping import Bool, Float
from torch import Tensor, nn

from videodirector.layout2vid.nn.feed_forward import feed_forward

__all__ = ["GatedSelfAttention", "GroundingTokens"]


@dataclass(frozen=True, kw_only=True)
class GroundingTokens:
    """What the fusers attend to, one set a frame.

    ``features``: tokens as the position net made them. ``regions``: the part of the picture, x0, y0, x1, y1 in
    [0, 1], in which a token may be seen; None lets it be seen everywhere. Absent tokens have an empty region.
    ``canvas``: features for the UNet's first convolution, where the grounding has a canvas, and as many behind them
    for its last where it retouches. ``positions``: what is added to the time embedding, where the grounding knows the
    frames' positions in the scene.
    """

    features: Float[Tensor, "frames tokens width"]
    regions: Float[Tensor, "frames tokens 4"] | None = None
    canvas: Float[Tensor, "frames channels high wide"] | None = None
    positions: Float[Tensor, "frames embedding"] | None = None
    _biases: dict[tuple[int, int, torch.dtype], Tensor] = field(default_factory=dict, repr=False, compare=False)
    _told: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict, repr=False, compare=False)

    def of(self, frames: Sequence[int], *, count: int) -> GroundingTokens:
        """The tokens of some of a scene's ``count`` frames, of every half; without those that none of them shows."""
        chosen = [half + frame for half in range(0, len(self.features), count) for frame in frames]
        features, regions = self.features[chosen], self.regions
        if regions is not None:
            regions = regions[chosen]
            shown = ((regions[..., 2] > regions[..., 0]) & (regions[..., 3] > regions[..., 1])).any(0)
            features, regions = features[:, shown], regions[:, shown]
        canvas = None if self.canvas is None else self.canvas[chosen]
        positions = None if self.positions is None else self.positions[chosen]
        return GroundingTokens(features=features, regions=regions, canvas=canvas, positions=positions)

    def bias(self, height: int, width: int, dtype: torch.dtype) -> Float[Tensor, "frames visual tokens"] | None:
        """Additive attention bias for visual tokens on a height x width raster: 0 where seen, a large minus elsewhere.

        Computed once per raster: the same for all blocks of a level and all steps of a sampling run.
        """
        if self.regions is None or not self.regions.shape[1]:
            return None
        if (height, width, dtype) not in self._biases:
            seen = visible_tokens(self.regions, height, width)
            bias = torch.zeros(seen.shape, dtype=dtype, device=seen.device)
            self._biases[height, width, dtype] = bias.masked_fill_(~seen, -1e4)
        return self._biases[height, width, dtype]


def visible_tokens(
    regions: Float[Tensor, "frames tokens 4"], height: int, width: int
) -> Bool[Tensor, "frames visual tokens"]:
    """Whether the centre of a visual token lies in a region widened by half a visual token.

    Without that half, thin regions would fall between the centres of coarse rasters and be seen by nobody.
    """
    y, x = torch.meshgrid(
        (torch.arange(height, device=regions.device) + 0.5) / height,
        (torch.arange(width, device=regions.device) + 0.5) / width,
        indexing="ij",
    )
    x, y = x.reshape(1, -1, 1), y.reshape(1, -1, 1)
    x0, y0, x1, y1 = (side.unsqueeze(1) for side in regions.float().unbind(-1))
    inside = (x >= x0 - 0.5 / width) & (x <= x1 + 0.5 / width) & (y >= y0 - 0.5 / height) & (y <= y1 + 0.5 / height)
    return inside & (x1 > x0) & (y1 > y0)


class _Attention(nn.Module):
    """Multi-head attention under diffusers' parameter names."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(width, width, bias=False)
        self.to_v = nn.Linear(width, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(
        self,
        queries: Float[Tensor, "frames visual width"],
        keys: Float[Tensor, "frames all width"],
        values: Float[Tensor, "frames all width"],
        bias: Float[Tensor, "frames visual tokens"] | None,
    ) -> Float[Tensor, "frames visual width"]:
        frames, visual, width = queries.shape
        q, k, v = (
            source.unflatten(-1, (self.heads, -1)).transpose(1, 2) for source in (self.to_q(queries), keys, values)
        )
        if self.training and not q.is_cuda:
            # On a CPU the backward pass through fused attention takes longer than explicit products do.
            scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))
            if bias is not None:
                scores[..., visual:] += bias.unsqueeze(1).to(scores.dtype)
            attended = torch.matmul(scores.softmax(-1).to(v.dtype), v)
        else:
            if bias is not None:
                bias = torch.cat([bias.new_zeros(frames, visual, visual), bias], dim=-1).unsqueeze(1).to(q.dtype)
            attended = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        out: Tensor = self.to_out[0](attended.transpose(1, 2).reshape(frames, visual, width))
        return out


class GatedSelfAttention(nn.Module):
    """The fuser that stands between self-attention and cross-attention of a spatial transformer block.

    With both gates at 0, where they start, it gives back its input bit for bit.

    Args:
        width: of the visual tokens.
        context: width of the grounding tokens.
        heads: of the attention.
    """

    def __init__(self, *, width: int, context: int, heads: int) -> None:
        super().__init__()
        self.linear = nn.Linear(context, width)
        self.attn = _Attention(width, heads)
        self.ff = FeedForward(width, activation_fn="geglu")
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.alpha_attn = nn.Parameter(torch.tensor(0.0))
        self.alpha_dense = nn.Parameter(torch.tensor(0.0))

    def forward(
        self, visual: Float[Tensor, "frames visual width"], tokens: GroundingTokens, raster: tuple[int, int]
    ) -> Float[Tensor, "frames visual width"]:
        """Add what the grounding tokens say. ``raster`` is (height, width) of the visual tokens."""
        queries = self.norm1(visual)
        keys, values = self._told(tokens, visual.dtype)
        keys = torch.cat([self.attn.to_k(queries), keys], dim=1)
        values = torch.cat([self.attn.to_v(queries), values], dim=1)
        # GLIGEN eq. 8: v + tanh(gamma) * TS(SelfAttn([v, h])); only visual queries are kept, so only they are asked.
        attended = self.attn(queries, keys, values, tokens.bias(*raster, dtype=visual.dtype))
        visual = visual + self.alpha_attn.tanh() * attended
        out: Tensor = visual + self.alpha_dense.tanh() * feed_forward(self.ff, self.norm2(visual))
        return out

    def _told(self, tokens: GroundingTokens, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Keys and values of the grounding tokens; while nothing is learned, computed once for all steps."""
        if id(self) in tokens._told and not torch.is_grad_enabled():
            return tokens._told[id(self)]
        told = self.norm1(self.linear(tokens.features).to(dtype))
        both = self.attn.to_k(told), self.attn.to_v(told)
        if not torch.is_grad_enabled():
            tokens._told[id(self)] = both
        return both
