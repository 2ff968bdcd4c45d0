"""unCLIP's prior (arXiv 2204.06125, section 2.2): from words to the embedding of a picture.

In Karlo's format the embedding is CLIP's, one vector. Where the embedding is a picture's own latent, it is a row of
patches, each with a token of its own, as in Shap-E (arXiv 2305.02463), and the words are one vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from diffusers import PriorTransformer, UnCLIPScheduler
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from videodirector.layout2vid.appearance.clip import tokenised

__all__ = ["PATCH", "imagine", "imagine_latents", "patches"]

PATCH = 4  # latents along each side that make one token of a prior


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
    """CLIP's picture embeddings of phrases, one drawn for each.

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
    return _drawn(
        prior,
        scheduler,
        (len(phrases), int(prior.config.embedding_dim)),
        generator=generator,
        device=device,
        steps=steps,
        guidance_scale=guidance_scale,
        proj_embedding=said.text_embeds.to(prior.dtype),
        encoder_hidden_states=said.last_hidden_state.to(prior.dtype),
        attention_mask=tokens["attention_mask"].bool(),
    )


@torch.no_grad()
def imagine_latents(
    prior: PriorTransformer,
    scheduler: UnCLIPScheduler,
    text: Float[Tensor, "things text"],
    *,
    generator: torch.Generator,
    steps: int = 25,
    guidance_scale: float = 2.0,
) -> Float[Tensor, "things channels height width"]:
    """Latents of pictures of things alone, square, one drawn for each embedding of its words.

    Args:
        prior: predicts the clean patches; of no words it has learned from zeros.
        scheduler, generator, steps, guidance_scale: as in ``imagine``.
        text: embeddings of the words.
    """
    count, width = int(prior.config.num_embeddings), int(prior.config.embedding_dim)
    text = text.to(prior.dtype)
    row = _drawn(
        prior,
        scheduler,
        (len(text), count, width),
        generator=generator,
        device=text.device,
        steps=steps,
        guidance_scale=guidance_scale,
        proj_embedding=text if guidance_scale == 1 else torch.cat([torch.zeros_like(text), text]),
    )
    side = round(count**0.5)
    return pixel_shuffle(row.transpose(1, 2).unflatten(2, (side, side)), PATCH)


def patches(latents: Float[Tensor, "things channels height width"]) -> Float[Tensor, "things patches values"]:
    """Latents as the row of patches that a prior predicts."""
    return pixel_unshuffle(latents, PATCH).flatten(2).transpose(1, 2)


def _drawn(
    prior: PriorTransformer,
    scheduler: UnCLIPScheduler,
    shape: tuple[int, ...],
    *,
    generator: torch.Generator,
    device: torch.device,
    steps: int,
    guidance_scale: float,
    **conditions: Tensor,
) -> Tensor:
    """What the prior makes of noise, step by step; with guidance the conditions' first half is that of no words."""
    scheduler.set_timesteps(steps, device=device)
    points = [*scheduler.timesteps, None]
    latents = torch.randn(shape, generator=generator).to(device, prior.dtype) * scheduler.init_noise_sigma
    halves = 1 if guidance_scale == 1 else 2
    for now, after in pairwise(points):
        batch = latents.repeat(halves, *[1] * (len(shape) - 1))
        predicted = prior(batch, timestep=now, **conditions).predicted_image_embedding
        if halves == 2:
            without, conditioned = predicted.chunk(2)
            predicted = without + guidance_scale * (conditioned - without)
        latents = scheduler.step(
            predicted, timestep=now, sample=latents, generator=generator, prev_timestep=after
        ).prev_sample
    embeddings: Tensor = prior.post_process_latents(latents)
    return embeddings
