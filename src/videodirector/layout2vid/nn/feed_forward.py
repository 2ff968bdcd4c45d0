"""The feed-forward layers of transformer blocks, computed piece by piece where the processor's cache is small."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from diffusers.models.activations import GEGLU
from diffusers.models.attention import FeedForward
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["feed_forward"]

PIECE = 640 * 1024
"""Numbers of the widest layer held at a time: some megabytes with all that is read and written, near to the cores."""


def feed_forward(layer: FeedForward, tokens: Float[Tensor, "_ visual width"]) -> Float[Tensor, "_ visual width"]:
    """``layer(tokens)``, in inference.

    On a CPU the inner layer, eight times as wide as the tokens, would leave the cache before it is read again: it is
    computed for some tokens at a time, and its values and its gates (GEGLU, arXiv 2002.05202) by products of their own,
    so that neither is copied. The sums are the same.
    """
    gated, last = layer.net[0], layer.net[-1]
    if tokens.device.type != "cpu" or torch.is_grad_enabled() or not _plain(layer):
        out: Tensor = layer(tokens)
        return out
    weights, biases = gated.proj.weight.chunk(2), gated.proj.bias.chunk(2)
    flat = tokens.reshape(-1, tokens.shape[-1])
    rows = max(PIECE // len(weights[0]), 1)
    done = [
        last(F.linear(piece, weights[0], biases[0]).mul_(F.gelu(F.linear(piece, weights[1], biases[1]))))
        for piece in flat.split(rows)
    ]
    return torch.cat(done).reshape(tokens.shape)


def _plain(layer: FeedForward) -> bool:
    """Whether it is as diffusers builds it: not compiled, no adapter around its products, its weights in place."""
    gated = layer.net[0]
    parts = (layer, gated, getattr(gated, "proj", gated))
    return (
        type(gated) is GEGLU
        and type(gated.proj) is nn.Linear
        and gated.proj.bias is not None
        and len(layer.net) == 3
        and not any(part._compiled_call_impl or part._forward_hooks or part._forward_pre_hooks for part in parts)
        and not any(hasattr(part, "_hf_hook") or hasattr(part, "_diffusers_hook") for part in parts)
    )
