"""CLIP's towers (arXiv 2103.00020), as transformers has them: captions, phrases and pictures to embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor

__all__ = ["caption_states", "is_clip", "phrase_states", "picture_embeddings", "projected_back", "tokenised"]

LENGTH = 28.7
"""Norm that GLIGEN gives to a picture's embedding among those of words."""


def is_clip(model: Any) -> bool:
    """Whether a text encoder is CLIP's."""
    return str(getattr(model.config, "model_type", "")).startswith("clip")


def tokenised(model: Any, tokenizer: Any, texts: Sequence[str], *, device: torch.device) -> Any:
    """Tokens of texts, all of the model's full length; what is longer is cut."""
    length = min(int(tokenizer.model_max_length), int(model.config.max_position_embeddings))
    tokens = tokenizer(list(texts), padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    return tokens.to(device)


def caption_states(
    model: Any, tokenizer: Any, captions: Sequence[str], *, device: torch.device
) -> Float[Tensor, "captions words width"]:
    """Last hidden states, without a mask, as the public text-to-video networks were trained."""
    tokens = tokenised(model, tokenizer, captions, device=device)
    with torch.no_grad():
        states: Tensor = model(tokens["input_ids"]).last_hidden_state
    return states


def phrase_states(
    model: Any, tokenizer: Any, phrases: Sequence[str], *, device: torch.device
) -> Float[Tensor, "phrases width"]:
    """What the end of each phrase knows of it, before the projection: the feature that GLIGEN grounds."""
    if not phrases:
        return torch.zeros(0, int(model.config.hidden_size), device=device, dtype=model.dtype)
    tokens = tokenised(model, tokenizer, phrases, device=device)
    # Read off on its way to the projection: the network is run as a whole, for so offloaded weights are brought.
    seen: list[Tensor] = []
    tower = getattr(model, "text_model", model)
    reading = tower.register_forward_hook(lambda _module, _given, output: seen.append(output.pooler_output))
    try:
        with torch.no_grad():
            model(tokens["input_ids"])
    finally:
        reading.remove()
    return seen[0]


def picture_embeddings(
    model: Any, processor: Any, pictures: Sequence[Image.Image], *, device: torch.device
) -> Float[Tensor, "pictures width"]:
    """Embeddings of pictures in the space that words and pictures share."""
    pixels = processor(images=[picture.convert("RGB") for picture in pictures], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        embeddings: Tensor = model(pixels.to(device, model.dtype)).image_embeds
    return embeddings


def projected_back(model: Any, embeddings: Float[Tensor, "pictures width"]) -> Float[Tensor, "pictures states"]:
    """Picture embeddings among the phrases' states, where GLIGEN's text-image checkpoints want them."""
    from accelerate.utils import align_module_device  # type: ignore[import-untyped]

    with align_module_device(model.text_projection):  # brings them, should they be offloaded
        weight = model.text_projection.weight.to(embeddings)
    return LENGTH * F.normalize(embeddings @ weight, dim=-1)
