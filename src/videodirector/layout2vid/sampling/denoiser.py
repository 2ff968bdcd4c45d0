"""Build the denoiser that samplers call: from a noisy sample to an estimate of the clean one, grounded and guided."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import torch
from diffusers import UNet3DConditionModel
from torch import Tensor

from videodirector.layout2vid.appearance.latents import unique_frames
from videodirector.layout2vid.nn.gated_attention import GroundingTokens
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.nn.unet import mixes_frames, without_temporal_layers
from videodirector.layout2vid.sampling.guidance import apply_guidance
from videodirector.layout2vid.sampling.sampler import Denoiser, NoiseSchedule, Prediction, to_sample
from videodirector.layout2vid.sampling.scene_pass import ScenePass, passable
from videodirector.layout2vid.sampling.static_regions import average_static

__all__ = ["build_denoiser", "frames_independent"]


def frames_independent(unet: UNet3DConditionModel, *, grounded: bool, temporal_grounding: bool) -> bool:
    """Whether frames are denoised independently: no temporal layers, or none that takes part in steps with boxes."""
    return not mixes_frames(unet) or (grounded and not temporal_grounding)


def build_denoiser(
    unet: UNet3DConditionModel,
    grounding: Grounding,
    schedule: NoiseSchedule,
    *,
    rounds: Sequence[tuple[Tensor, GroundingTokens | None]],
    layout: Sequence[Tensor],
    prediction: Prediction,
    guidance_scale: float,
    grounded_steps: int,
    temporal_grounding: bool = True,
    static: Tensor | None = None,
) -> Denoiser:
    """Build the denoiser of one scene.

    Where temporal layers take no part, frames are independent, and those that are equal are computed once.

    Args:
        unet: with the grounding attached.
        grounding: what was attached.
        schedule: of the sampler that will call it.
        rounds: caption states and grounding tokens of every run of the network: both halves of guidance in one round,
            or a round for each; the unconditional half comes first.
        layout: what of the conditions differs from frame to frame, a row for each frame.
        prediction: what the network predicts.
        guidance_scale: see ``apply_guidance``.
        grounded_steps: the first steps, in which the fusers see the tokens; after them they are skipped.
        temporal_grounding: whether temporal layers take part in these steps.
        static: where frames show the same, see ``static_mask``; None leaves frames as they are.
    """
    passes: dict[tuple[int, ...], ScenePass] = {}
    fast, mixing = passable(unet), mixes_frames(unet)
    independent = {
        grounded: frames_independent(unet, grounded=grounded, temporal_grounding=temporal_grounding)
        for grounded in (True, False)
    }

    def frames_of(x: Tensor, number: int, *, grounded: bool) -> tuple[list[int], list[int]]:
        if not independent[grounded]:
            every = list(range(x.shape[2]))
            return every, every
        rows = layout if grounded and number == len(rounds) - 1 else ()
        return unique_frames(x[0].transpose(0, 1), *rows)

    def denoise(x: Tensor, index: int) -> Tensor:
        size = (x.shape[-2], x.shape[-1])
        timestep, grounded = schedule.timesteps[index], index < grounded_steps
        outputs = []
        for number, (words, tokens) in enumerate(rounds):
            frames, inverse = frames_of(x, number, grounded=grounded)
            key = (number, *frames)
            if key not in passes:
                shown = tokens if tokens is None or not independent[grounded] else tokens.of(frames, count=x.shape[2])
                passes[key] = ScenePass(unet, words, shown, frames=len(frames), size=size)
            one, given = passes[key], x[:, :, frames].to(unet.dtype)
            skipping = without_temporal_layers(unet) if independent[grounded] and mixing else nullcontext()
            with skipping, grounding.use(one.tokens if grounded else None, size=size):
                if fast:
                    output = one(given, timestep, grounded=grounded)
                else:
                    output = unet(given.repeat(len(words), 1, 1, 1, 1), timestep, encoder_hidden_states=words).sample
            outputs.append(output.float()[:, :, inverse])
        output = torch.cat(outputs) if len(outputs) > 1 else outputs[0]
        x0 = apply_guidance(
            to_sample(output, x, schedule.alpha[index], schedule.sigma[index], prediction), guidance_scale
        )
        return x0 if static is None else average_static(x0, static)

    return denoise
