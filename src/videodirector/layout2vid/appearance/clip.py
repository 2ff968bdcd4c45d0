"""Embed captions, phrases and pictures with CLIP's towers (arXiv 2103.00020), as transformers has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor

__all__ = ["caption_states", "is_clip", "phrase_states", "picture_embeddings", "projected_back", "tokenize"]

LENGTH = 28.7
"""Norm that GLIGEN gives to a picture's embedding among those of words."""


def is_clip(model: Any) -> bool:
    """Whether a text encoder is CLIP's."""
    return str(getattr(model.config, "model_type", "")).startswith("clip")


def tokenize(model: Any, tokenizer: Any, texts: Sequence[str], *, device: torch.device) -> Any:
    """Tokenize texts, padded and cut to the model's full length."""
    length = min(int(tokenizer.model_max_length), int(model.config.max_position_embeddings))
    tokens = tokenizer(list(texts), padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    return tokens.to(device)


def caption_states(
    model: Any, tokenizer: Any, captions: Sequence[str], *, device: torch.device
) -> Float[Tensor, "captions words width"]:
    """Encode captions as last hidden states without a mask, as the public text-to-video networks were trained."""
    tokens = tokenize(model, tokenizer, captions, device=device)
    with torch.no_grad():
        states: Tensor = model(tokens["input_ids"]).last_hidden_state
    return states


def phrase_states(
    model: Any, tokenizer: Any, phrases: Sequence[str], *, device: torch.device
) -> Float[Tensor, "phrases width"]:
    """Embed phrases as the state of their last token before the projection: the feature that GLIGEN grounds."""
    if not phrases:
        return torch.zeros(0, int(model.config.hidden_size), device=device, dtype=model.dtype)
    tokens = tokenize(model, tokenizer, phrases, device=device)
    # Read by a hook: the network has to run as a whole, or offloaded weights are not loaded.
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
    """Embed pictures in the space that words and pictures share."""
    pixels = processor(images=[picture.convert("RGB") for picture in pictures], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        embeddings: Tensor = model(pixels.to(device, model.dtype)).image_embeds
    return embeddings


def projected_back(model: Any, embeddings: Float[Tensor, "pictures width"]) -> Float[Tensor, "pictures states"]:
    """Map picture embeddings back to the space of phrase states, where GLIGEN's text-image checkpoints expect them."""
    from accelerate.utils import align_module_device  # type: ignore[import-untyped]

    with align_module_device(model.text_projection):  # loads weights that are offloaded
        weight = model.text_projection.weight.to(embeddings)
    return LENGTH * F.normalize(embeddings @ weight, dim=-1)
