"""unCLIP's prior (arXiv 2204.06125, section 2.2) in Karlo's format: from words to the embedding of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from diffusers import PriorTransformer, UnCLIPScheduler
from jaxtyping import Float
from torch import Tensor

from videodirector.layout2vid.clip import tokenised

__all__ = ["imagine"]


@torch.no_grad()
def imagine(
    prior: PriorTransformer,
    scheduler: UnCLIPScheduler,
    encoder: Any,
    tokenizer: Any,
    phrases: Sequence[str],
    *,
    generator: torch.Generator,
    device: torch.device,
    steps: int = 25,
    guidance_scale: float = 4.0,
) -> Float[Tensor, "phrases width"]:
    """Picture embeddings of phrases, one drawn for each.

    Args:
        prior: predicts the clean embedding.
        scheduler: its noise schedule.
        encoder: CLIP's text tower with its projection.
        tokenizer: of the encoder.
        phrases: what to imagine.
        generator: on the CPU, so that a seed means the same on every device.
        device: where to compute.
        steps: ancestral steps; Karlo's number.
        guidance_scale: of classifier-free guidance; 1 is none.
    """
    texts = list(phrases) if guidance_scale == 1 else [""] * len(phrases) + list(phrases)
    tokens = tokenised(encoder, tokenizer, texts, device=device)
    said = encoder(tokens["input_ids"])
    mask = tokens["attention_mask"].bool()
    scheduler.set_timesteps(steps, device=device)
    points = [*scheduler.timesteps, None]
    shape = (len(phrases), int(prior.config.embedding_dim))
    latents = torch.randn(shape, generator=generator).to(device, prior.dtype) * scheduler.init_noise_sigma
    for now, after in pairwise(points):
        batch = latents.repeat(len(texts) // len(phrases), 1)
        predicted = prior(
            batch,
            timestep=now,
            proj_embedding=said.text_embeds.to(prior.dtype),
            encoder_hidden_states=said.last_hidden_state.to(prior.dtype),
            attention_mask=mask,
        ).predicted_image_embedding
        if guidance_scale != 1:
            without, conditioned = predicted.chunk(2)
            predicted = without + guidance_scale * (conditioned - without)
        latents = scheduler.step(
            predicted, timestep=now, sample=latents, generator=generator, prev_timestep=after
        ).prev_sample
    embeddings: Tensor = prior.post_process_latents(latents)
    return embeddings
