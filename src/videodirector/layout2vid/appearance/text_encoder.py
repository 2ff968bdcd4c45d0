"""The frozen text encoder: captions to token sequences, phrases to single embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from videodirector.layout2vid.appearance.clip import caption_states, is_clip, phrase_states

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["WORDS", "encode_captions", "encode_phrases", "encode_prompt"]


WORDS = 48
"""Length of a caption's token sequence (a sentence encoder's): longer ones are cut, shorter ones end in zeros."""


def _last_hidden(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], device: torch.device
) -> tuple[Float[Tensor, "texts words width"], Float[Tensor, "texts words 1"]]:
    tokens = tokenizer(list(texts), padding=True, truncation=True, max_length=WORDS, return_tensors="pt")
    tokens = tokens.to(device)
    with torch.no_grad():
        hidden = model(**tokens).last_hidden_state
    return hidden, tokens["attention_mask"].unsqueeze(-1).to(hidden.dtype)


def encode_captions(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    captions: Sequence[str],
    *,
    device: torch.device | None = None,
) -> Float[Tensor, "captions words width"]:
    """Encode captions as last hidden states; the empty caption is the unconditional one.

    A sentence encoder's are zero behind the end of a caption; CLIP's are as CLIP gives them. None for ``device`` is
    the model's own.
    """
    device = device or model.device
    if is_clip(model):
        return caption_states(model, tokenizer, captions, device=device)
    hidden, mask = _last_hidden(model, tokenizer, captions, device)
    return F.pad(hidden * mask, (0, 0, 0, WORDS - hidden.shape[1]))


def encode_prompt(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    caption: str,
    negative_prompt: str | None,
    *,
    known: Float[Tensor, "known words width"] | None,
    device: torch.device,
) -> Float[Tensor, "halves words width"]:
    """Encode a negative prompt, if there is guidance, and the caption behind it.

    ``known`` states are taken instead of encoding: the caption's, or both.
    """
    captions = [] if negative_prompt is None or (known is not None and len(known) == 2) else [negative_prompt]
    captions += [caption] if known is None else []
    parts = [] if known is None else [known.to(device)]
    if captions:
        parts.insert(0, encode_captions(model, tokenizer, captions, device=device))
    return torch.cat([part.to(parts[0].dtype) for part in parts])


def encode_phrases(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    phrases: Sequence[str],
    *,
    device: torch.device | None = None,
) -> Float[Tensor, "phrases width"]:
    """Embed phrases: of a sentence encoder the mean over the words, scaled to a variance of 1 in each dimension."""
    device = device or model.device
    if is_clip(model):
        return phrase_states(model, tokenizer, phrases, device=device)
    if not phrases:
        return torch.zeros(0, model.config.hidden_size, device=device, dtype=model.dtype)
    hidden, mask = _last_hidden(model, tokenizer, phrases, device)
    pooled = F.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
    return pooled * pooled.shape[-1] ** 0.5
