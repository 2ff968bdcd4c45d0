"""Classifier-free guidance (arXiv 2207.12598): a scene without its conditions and with them, at once or in turn."""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.nn.gated_attention import GroundingTokens

__all__ = ["guided", "in_turn", "without_and_with"]


def without_and_with(entities: Entities) -> Entities:
    """A batch of two: the scene without its entities, for guidance, and the scene as it is."""

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
        pose=None if entities.pose is None else twice(entities.pose),
        phase=None if entities.phase is None else twice(entities.phase),
    )


def in_turn(
    words: Float[Tensor, "halves words context"], tokens: GroundingTokens | None
) -> list[tuple[Tensor, GroundingTokens | None]]:
    """Words and tokens of each half by itself."""
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
                positions=part(tokens.positions, number),
                _biases={},
                _told={},
            ),
        )
        for number, half in enumerate(words.split(1))
    ]


def guided(estimates: Float[Tensor, halves * shape], scale: float) -> Float[Tensor, 1 * shape]:
    """``x0(nothing) + w (x0(conditions) - x0(nothing))``; a single estimate stands as it is."""
    if len(estimates) == 1:
        return estimates
    without, conditioned = estimates.chunk(2)
    return without + scale * (conditioned - without)
