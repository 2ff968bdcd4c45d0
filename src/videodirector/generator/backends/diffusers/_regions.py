"""Regional cross-attention: the words of an entity act only where its box is. It needs no weights and no training.

The prompt becomes several pieces that are encoded one by one and laid end to end: the place, which is seen everywhere;
what happens, which is seen where any entity is; and each entity's own words, which are seen inside of its box. The
processors of the transformer's cross-attention are wrapped to mask the rest; ``detach`` puts the old ones back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from videodirector.schemas import Box, Scene

__all__ = ["Grid", "Regions", "cover_cells", "encode_regions", "find_grid", "split_latent_frames"]

Grid = tuple[int, int, int]
"""Frames, height and width of the visual tokens."""

_HIDDEN = -10_000.0  # as diffusers hides tokens: the exponent of it is zero in every precision
_ENTITY_TOKENS = 64


class Regions:
    """What each text token may act on, and the processors that see to it.

    Args:
        transformers: of Wan's or LTX's kind, whose blocks have their cross-attention under ``attn2``; Wan 2.2 has two,
            one for the early steps and one for the late ones.

    Attributes:
        allowed: whether a visual token may look at a text token; None lets all.
        active: whether the mask is imposed.
    """

    def __init__(self, *transformers: nn.Module) -> None:
        self.allowed: Bool[Tensor, "visual text"] | None = None
        self.active = True
        self._layers: list[Any] = []
        for transformer in transformers:
            blocks: Any = getattr(transformer, "blocks", None) or getattr(transformer, "transformer_blocks", ())
            self._layers += [block.attn2 for block in blocks]
        self._before: list[Any] = []

    def attach(self) -> None:
        """Wrap the processors of all cross-attention layers."""
        if not self._before:
            self._before = [layer.processor for layer in self._layers]
            for layer in self._layers:
                layer.set_processor(_MaskedProcessor(layer.processor, self))

    def detach(self) -> None:
        """Put the processors back that were there before."""
        for layer, processor in zip(self._layers, self._before, strict=False):
            layer.set_processor(processor)
        self._before = []

    def bias(self, batch: int, tokens: int, like: Tensor) -> Float[Tensor, "batch visual text"] | None:
        """What to add to the logits of a call; None where this call is not concerned.

        Unconditional words have another number of tokens (Wan) or are in the first half of the batch (LTX).
        """
        if not self.active or self.allowed is None or tokens != self.allowed.shape[1]:
            return None
        hidden = torch.zeros(self.allowed.shape, dtype=like.dtype, device=like.device)
        hidden.masked_fill_(~self.allowed.to(like.device), _HIDDEN)
        without = torch.zeros_like(hidden)
        return torch.stack([without] * (batch // 2) + [hidden] * (batch - batch // 2))


class _MaskedProcessor:
    """A processor that masks, and leaves the rest to the one it wraps."""

    def __init__(self, wrapped: Any, regions: Regions) -> None:
        self._wrapped, self._regions = wrapped, regions

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        *rest: Any,
        **named: Any,
    ) -> Tensor:
        if encoder_hidden_states is not None:
            batch, tokens = encoder_hidden_states.shape[:2]
            bias = self._regions.bias(batch, tokens, hidden_states)
            if bias is not None:
                attention_mask = bias.unsqueeze(1) if attention_mask is None else attention_mask + bias
        output: Tensor = self._wrapped(attn, hidden_states, encoder_hidden_states, attention_mask, *rest, **named)
        return output


def split_latent_frames(frames: int, compression: int) -> list[range]:
    """List the frames of the clip that each latent frame encodes: the first encodes the first alone."""
    return [range(1)] + [range(start, min(start + compression, frames)) for start in range(1, frames, compression)]


def cover_cells(track: Sequence[Box | None], grid: Grid, compression: int) -> Bool[Tensor, " visual"]:
    """Mark the visual tokens that the box of a thing covers in part, on any frame that they encode."""
    _, height, width = grid
    inside = torch.zeros(grid, dtype=torch.bool)
    for latent, frames in enumerate(split_latent_frames(len(track), compression)):
        for box in filter(None, (track[frame] for frame in frames)):
            rows, columns = _cover(box.y0, box.y1, height), _cover(box.x0, box.x1, width)
            inside[latent, rows, columns] = True
    return inside.flatten()


def _cover(start: float, end: float, cells_: int) -> slice:
    # A box that ends on the edge of a cell to a billionth does not reach into the next one.
    first = min(int(start * cells_ + 1e-9), cells_ - 1)
    return slice(first, max(first + 1, -int(-(end * cells_ - 1e-9) // 1)))


def find_grid(pipeline: Any, *, frames: int, size: tuple[int, int]) -> tuple[Grid, int]:
    """Find the grid of visual tokens of a clip, and how many frames one of them encodes."""
    time = getattr(pipeline, "vae_scale_factor_temporal", None) or pipeline.vae_temporal_compression_ratio
    space = getattr(pipeline, "vae_scale_factor_spatial", None) or pipeline.vae_spatial_compression_ratio
    network = pipeline.transformer or pipeline.transformer_2  # of Wan 2.2 one may be left out
    patch = network.config.patch_size
    side = space * (patch if isinstance(patch, int) else patch[-1])
    return ((frames - 1) // time + 1, size[1] // side, size[0] // side), int(time)


@torch.no_grad()
def encode_regions(
    pipeline: Any, scene: Scene, looks: Mapping[str, str], *, frames: int, size: tuple[int, int], negative_prompt: str
) -> tuple[dict[str, Any], Bool[Tensor, "visual text"]]:
    """The words of a scene as a pipeline takes them encoded, and where each of them acts.

    Args:
        pipeline: Wan's or LTX's.
        scene: the scene.
        looks: entity id -> its words.
        frames, size: of the clip.
        negative_prompt: what to avoid, everywhere.

    Returns:
        Arguments for the call in place of the prompt; the mask for ``Regions.allowed``.
    """
    grid, compression = find_grid(pipeline, frames=frames, size=size)
    inside = [cover_cells(entity.boxes(frames), grid, compression) for entity in scene.entities]
    everywhere = torch.ones(grid, dtype=torch.bool).flatten()
    anywhere = torch.stack([*inside, ~everywhere]).any(dim=0)
    base = scene.background or scene.description
    pieces = [(scene.description, anywhere)] if scene.background and scene.description else []
    pieces += [(looks[entity.id], where) for entity, where in zip(scene.entities, inside, strict=True)]

    embeds, mask = _encode_text(pipeline, base)
    negative, negative_mask = _encode_text(pipeline, negative_prompt)
    parts, columns = [embeds], [everywhere.unsqueeze(1).expand(-1, embeds.shape[1])]
    for words, where in pieces:
        piece = _trim(*_encode_text(pipeline, words, length=_ENTITY_TOKENS))
        parts.append(piece)
        columns.append(where.unsqueeze(1).expand(-1, piece.shape[1]))
    together = torch.cat(parts, dim=1)
    arguments: dict[str, Any] = {"prompt_embeds": together, "negative_prompt_embeds": negative}
    if mask is not None and negative_mask is not None:
        added = together.shape[1] - embeds.shape[1]
        nothing = negative.new_zeros(1, added, negative.shape[2])
        arguments["negative_prompt_embeds"] = torch.cat([negative, nothing], dim=1)
        arguments["prompt_attention_mask"] = torch.cat([mask, mask.new_ones(1, added)], dim=1)
        arguments["negative_prompt_attention_mask"] = torch.cat([negative_mask, mask.new_zeros(1, added)], dim=1)
    return arguments, torch.cat(columns, dim=1)


def _encode_text(pipeline: Any, words: str, *, length: int | None = None) -> tuple[Tensor, Tensor | None]:
    """(embeddings, mask) of some words; the mask is None where the pipeline has none."""
    settings: Mapping[str, int] = {} if length is None else {"max_sequence_length": length}
    embeds, *rest = pipeline.encode_prompt(prompt=words, do_classifier_free_guidance=False, **settings)
    mask = rest[0] if len(rest) == 3 else None  # (embeds, mask, negative, negative mask), or (embeds, negative)
    return embeds, mask


def _trim(embeds: Tensor, mask: Tensor | None) -> Tensor:
    """Without the padding."""
    kept = (embeds[0] != 0).any(dim=-1) if mask is None else mask[0].bool()
    return embeds[:, : max(1, int(kept.sum()))]
