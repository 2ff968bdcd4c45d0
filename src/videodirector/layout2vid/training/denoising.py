"""The denoising loss, and what learns in which stage.

The published order: a text-to-image network, its temporal layers on clips, both from captions alone; then everything
frozen but the grounding, which learns from single pictures with boxes. ``attention`` is what the paper compares that
with: the spatial attention around the grounding learns as well. ``joint`` learns pictures, words and boxes at once,
for small budgets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from diffusers import UNet3DConditionModel
from jaxtyping import Float
from torch import Tensor, nn

from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.nn.gated_attention import visible_tokens
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.nn.unet import temporal_layers
from videodirector.layout2vid.sampling.sampler import shared_noise
from videodirector.layout2vid.training.references import References, altered

__all__ = ["STAGES", "Batch", "Dropout", "Stage", "denoising_loss", "parameter_groups"]

Part = Literal["spatial", "temporal", "attention", "grounding"]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of training: which parts learn, whether from clips or pictures, whether boxes are shown."""

    learns: frozenset[Part]
    clips: bool
    boxes: bool


STAGES = {
    "backbone": Stage(learns=frozenset({"spatial"}), clips=False, boxes=False),
    "motion": Stage(learns=frozenset({"temporal"}), clips=True, boxes=False),
    "grounding": Stage(learns=frozenset({"grounding"}), clips=False, boxes=True),
    "attention": Stage(learns=frozenset({"attention", "grounding"}), clips=False, boxes=True),
    "joint": Stage(learns=frozenset({"spatial", "grounding"}), clips=False, boxes=True),
}


@dataclass(frozen=True, kw_only=True)
class Dropout:
    """How often a condition is withheld, so that guidance, and each embedding alone, stay possible (GLIGEN)."""

    caption: float = 0.1
    grounding: float = 0.1
    text: float = 0.1
    picture: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Clean latents with what they show. ``words`` are the encoded captions, after the empty one in row 0."""

    latents: Float[Tensor, "batch channels frames height width"]
    words: Float[Tensor, "batch+1 words context"]
    entities: Entities | None


def parameter_groups(
    stage: Stage, unet: UNet3DConditionModel, grounding: Grounding, *, rate: float, gate_rate: float = 1e-2
) -> list[dict[str, Any]]:
    """AdamW groups of what learns; all else is frozen. Gates learn fast and undecayed: they start at 0."""
    unet.requires_grad_(False)
    grounding.requires_grad_(False)
    temporal = {id(parameter) for layer in temporal_layers(unet) for parameter in layer.parameters()}
    slow: list[nn.Parameter] = []
    if "spatial" in stage.learns:
        slow += [parameter for parameter in unet.parameters() if id(parameter) not in temporal]
    if "attention" in stage.learns:
        blocks = [unet.get_submodule(f"{name}.transformer_blocks") for name in grounding.config.blocks]
        slow += [parameter for block in blocks for parameter in block.parameters()]
    if "temporal" in stage.learns:
        slow += [parameter for parameter in unet.parameters() if id(parameter) in temporal]
    gates: list[nn.Parameter] = []
    if "grounding" in stage.learns:
        named = list(grounding.named_parameters())
        gates = [parameter for name, parameter in named if ".alpha_" in name]
        slow += [parameter for name, parameter in named if ".alpha_" not in name]
    for parameter in (*slow, *gates):
        parameter.requires_grad_(True)
    groups: list[dict[str, Any]] = [{"params": slow, "lr": rate}]
    if gates:
        groups.append({"params": gates, "lr": gate_rate, "weight_decay": 0.0})
    return groups


def denoising_loss(
    unet: nn.Module,
    grounding: Grounding,
    batch: Batch,
    *,
    alphas_cumprod: Float[Tensor, " train"],
    generator: torch.Generator,
    dropout: Dropout,
    noise_sharing: float,
    box_weight: float = 1.0,
    boxes_shown: bool = True,
    references: References | None = None,
) -> Float[Tensor, ""]:
    """Mean squared error of the predicted velocity (arXiv 2202.00512), boxes counting ``1 + box_weight`` times.

    They count so whether the network sees them (``boxes_shown``) or has to do with the caption: things are a small
    part of a picture. ``references`` says how often the pictures of things are not the target's own. All randomness
    comes from ``generator``.
    """
    x0 = batch.latents
    count, channels, frames, height, width = x0.shape
    device = x0.device
    timesteps = torch.randint(len(alphas_cumprod), (count,), generator=generator)
    cumprod = alphas_cumprod[timesteps].to(device).reshape(-1, 1, 1, 1, 1)
    alpha, sigma = cumprod.sqrt(), (1 - cumprod).sqrt()
    noise = shared_noise((count, channels, frames, height, width), sharing=noise_sharing, generator=generator).to(
        device
    )
    noisy, velocity = alpha * x0 + sigma * noise, alpha * noise - sigma * x0
    keep_words = torch.rand(count, generator=generator).to(device) >= dropout.caption
    words = torch.where(keep_words.reshape(-1, 1, 1), batch.words[1:], batch.words[:1])
    tokens = None
    if batch.entities is not None and boxes_shown:
        shown = withheld(batch.entities, dropout, generator)
        if references is not None and not references.true:
            shape = tuple(grounding.config.picture_shape)
            shown = altered(shown, references, generator, picture_shape=shape if len(shape) == 3 else None)
        tokens = grounding.tokens(shown, size=(height, width))
    with grounding.use(tokens, size=(height, width)):
        output = unet(noisy, timesteps.to(device), encoder_hidden_states=words).sample.float()
    error = (output - velocity).square()
    if batch.entities is None or box_weight == 0:
        return error.mean()
    boxes = batch.entities.boxes.reshape(count * frames, -1, 4)
    inside = visible_tokens(boxes, height, width).any(-1).reshape(count, 1, frames, height, width)
    weight = 1 + box_weight * inside
    return (weight * error).mean() / weight.float().mean()


def withheld(entities: Entities, dropout: Dropout, generator: torch.Generator) -> Entities:
    """Entities as training shows them: at times none of a scene, or one without its words or without its picture."""
    count, _, number, _ = entities.boxes.shape
    device = entities.boxes.device

    def kept(shape: tuple[int, ...], rate: float) -> Tensor:
        return torch.rand(shape, generator=generator).to(device) >= rate

    scene = kept((count, 1), dropout.grounding)
    return replace(
        entities,
        present=entities.present & scene.unsqueeze(-1),
        text_known=entities.text_known & scene & kept((count, number), dropout.text),
        picture_known=entities.picture_known & scene & kept((count, number), dropout.picture),
    )
