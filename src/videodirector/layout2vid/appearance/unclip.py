"""Sample picture embeddings from words with an unCLIP prior (arXiv 2204.06125, section 2.2).

In Karlo's format the embedding is CLIP's, one vector. Where the embedding is a picture's own latent, it is a sequence
of patches, each a token of its own, as in Shap-E (arXiv 2305.02463), and the words are one vector.
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

from videodirector.layout2vid.appearance.clip import tokenize

__all__ = ["PATCH", "imagine", "imagine_latents", "to_patches"]

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
    """Sample CLIP's picture embedding of each phrase.

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
    tokens = tokenize(encoder, tokenizer, texts, device=device)
    encoded = encoder(tokens["input_ids"])
    return _sample(
        prior,
        scheduler,
        (len(phrases), int(prior.config.embedding_dim)),
        generator=generator,
        device=device,
        steps=steps,
        guidance_scale=guidance_scale,
        proj_embedding=encoded.text_embeds.to(prior.dtype),
        encoder_hidden_states=encoded.last_hidden_state.to(prior.dtype),
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
    """Sample the square latent of a picture of each thing alone, from the embedding of its words.

    Args:
        prior: predicts the clean patches; of no words it has learned from zeros.
        scheduler, generator, steps, guidance_scale: as in ``imagine``.
        text: embeddings of the words.
    """
    count, width = int(prior.config.num_embeddings), int(prior.config.embedding_dim)
    text = text.to(prior.dtype)
    row = _sample(
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


def to_patches(latents: Float[Tensor, "things channels height width"]) -> Float[Tensor, "things patches values"]:
    """Rearrange latents as the sequence of patches that a prior predicts."""
    return pixel_unshuffle(latents, PATCH).flatten(2).transpose(1, 2)


def _sample(
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
    """Denoise with the prior; with guidance the first half of the conditions is unconditional."""
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
