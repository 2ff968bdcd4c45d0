"""The network as samplers see it: from a noisy sample to an estimate of the clean one, grounded and guided."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import torch
from diffusers import UNet3DConditionModel
from torch import Tensor

from videodirector.layout2vid.appearance.latents import distinct
from videodirector.layout2vid.nn.gated_attention import GroundingTokens
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.nn.unet import mixes_frames, without_temporal_layers
from videodirector.layout2vid.sampling.guidance import guided
from videodirector.layout2vid.sampling.sampler import Denoiser, NoiseSchedule, Prediction, to_sample
from videodirector.layout2vid.sampling.scene_pass import ScenePass, passable
from videodirector.layout2vid.sampling.static_regions import steady

__all__ = ["denoiser", "frames_alone"]


def frames_alone(unet: UNet3DConditionModel, *, grounded: bool, temporal_grounding: bool) -> bool:
    """Whether no frame knows of another: there are no temporal layers, or none takes part in steps with boxes."""
    return not mixes_frames(unet) or (grounded and not temporal_grounding)


def denoiser(
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
    same: Tensor | None = None,
) -> Denoiser:
    """A denoiser for one scene.

    Where temporal layers take no part, no frame knows of another, and frames that are the same are computed once.

    Args:
        unet: with the grounding attached.
        grounding: what was attached.
        schedule: of the sampler that will ask.
        rounds: words and grounding tokens of what the network is run on together: both halves of guidance in one
            round, or a round for each; the half without conditions comes first.
        layout: what of the conditions differs from frame to frame, a row for each.
        prediction: what the network predicts.
        guidance_scale: see ``guided``.
        grounded_steps: the tokens are shown on the first so many steps, after which the fusers are skipped.
        temporal_grounding: whether temporal layers take part in these steps.
        same: where frames show the same, see ``still_camera.alike``; None leaves them as they are drawn.
    """
    passes: dict[tuple[int, ...], ScenePass] = {}
    short_cut, mixing = passable(unet), mixes_frames(unet)
    apart = {
        shown: frames_alone(unet, grounded=shown, temporal_grounding=temporal_grounding) for shown in (True, False)
    }

    def frames_of(x: Tensor, number: int, *, grounded: bool) -> tuple[list[int], list[int]]:
        if not apart[grounded]:
            every = list(range(x.shape[2]))
            return every, every
        told = layout if grounded and number == len(rounds) - 1 else ()
        return distinct(x[0].transpose(0, 1), *told)

    def denoise(x: Tensor, index: int) -> Tensor:
        size = (x.shape[-2], x.shape[-1])
        timestep, grounded = schedule.timesteps[index], index < grounded_steps
        outputs = []
        for number, (words, tokens) in enumerate(rounds):
            frames, places = frames_of(x, number, grounded=grounded)
            key = (number, *frames)
            if key not in passes:
                shown = tokens if tokens is None or not apart[grounded] else tokens.of(frames, count=x.shape[2])
                passes[key] = ScenePass(unet, words, shown, frames=len(frames), size=size)
            one, given = passes[key], x[:, :, frames].to(unet.dtype)
            left_out = without_temporal_layers(unet) if apart[grounded] and mixing else nullcontext()
            with left_out, grounding.use(one.tokens if grounded else None, size=size):
                if short_cut:
                    output = one(given, timestep, grounded=grounded)
                else:
                    output = unet(given.repeat(len(words), 1, 1, 1, 1), timestep, encoder_hidden_states=words).sample
            outputs.append(output.float()[:, :, places])
        output = torch.cat(outputs) if len(outputs) > 1 else outputs[0]
        x0 = guided(to_sample(output, x, schedule.alpha[index], schedule.sigma[index], prediction), guidance_scale)
        return x0 if same is None else steady(x0, same)

    return denoise
