"""Classifier-free guidance (arXiv 2207.12598) over a batch whose first half is unconditional."""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.nn.gated_attention import GroundingTokens

__all__ = ["add_unconditional", "apply_guidance", "split_halves"]


def add_unconditional(entities: Entities) -> Entities:
    """Put an unconditional copy, without entities, before one scene: a batch of two."""

    def twice(tensor: Tensor) -> Tensor:
        return torch.cat([tensor, tensor])

    present: Bool[Tensor, "2 frames entities"] = torch.cat([torch.zeros_like(entities.present), entities.present])
    return replace(
        entities,
        boxes=twice(entities.boxes),
        present=present,
        text=twice(entities.text),
        picture=twice(entities.picture),
        text_known=torch.cat([torch.zeros_like(entities.text_known), entities.text_known]),
        picture_known=torch.cat([torch.zeros_like(entities.picture_known), entities.picture_known]),
        views=None if entities.views is None else twice(entities.views),
    )


def split_halves(
    words: Float[Tensor, "halves words context"], tokens: GroundingTokens | None
) -> list[tuple[Tensor, GroundingTokens | None]]:
    """Split caption states and tokens into their halves, to be run one after the other."""
    halves = len(words)
    if tokens is None:
        return [(half, None) for half in words.split(1)]

    def part(tensor: Tensor | None, number: int) -> Tensor | None:
        return None if tensor is None else tensor.chunk(halves)[number]

    return [
        (
            half,
            replace(
                tokens,
                features=tokens.features.chunk(halves)[number],
                regions=part(tokens.regions, number),
                canvas=part(tokens.canvas, number),
                _biases={},
                _told={},
            ),
        )
        for number, half in enumerate(words.split(1))
    ]


def apply_guidance(estimates: Float[Tensor, halves * shape], scale: float) -> Float[Tensor, 1 * shape]:
    """Combine the estimates of both halves; a single one is returned as it is."""
    if len(estimates) == 1:
        return estimates
    unconditional, conditional = estimates.chunk(2)
    # arXiv 2207.12598, eq. 6, on x_0: x0(nothing) + w (x0(c) - x0(nothing))
    return unconditional + scale * (conditional - unconditional)
