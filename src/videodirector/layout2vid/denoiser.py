"""The network as samplers see it: from a noisy sample to an estimate of the clean one, grounded and guided."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from diffusers import UNet3DConditionModel
from torch import Tensor

from videodirector.layout2vid.gated_attention import GroundingTokens
from videodirector.layout2vid.grounding import Grounding
from videodirector.layout2vid.guidance import guided
from videodirector.layout2vid.sampler import Denoiser, NoiseSchedule, Prediction, to_sample
from videodirector.layout2vid.scene_pass import ScenePass, passable

__all__ = ["denoiser"]


def denoiser(
    unet: UNet3DConditionModel,
    grounding: Grounding,
    schedule: NoiseSchedule,
    *,
    rounds: Sequence[tuple[Tensor, GroundingTokens | None]],
    prediction: Prediction,
    guidance_scale: float,
    grounded_steps: int,
) -> Denoiser:
    """A denoiser for one scene.

    Args:
        unet: with the grounding attached.
        grounding: what was attached.
        schedule: of the sampler that will ask.
        rounds: words and grounding tokens of what the network is run on together: both halves of guidance in one
            round, or a round for each; the half without conditions comes first.
        prediction: what the network predicts.
        guidance_scale: see ``guided``.
        grounded_steps: the tokens are shown on the first so many steps, after which the fusers are skipped.
    """
    passes: list[ScenePass] = []
    short_cut = passable(unet)

    def denoise(x: Tensor, index: int) -> Tensor:
        size = (x.shape[-2], x.shape[-1])
        if not passes:
            passes.extend(ScenePass(unet, *given, frames=x.shape[2], size=size) for given in rounds)
        timestep, grounded = schedule.timesteps[index], index < grounded_steps
        outputs = []
        for one in passes:
            with grounding.use(one.tokens if grounded else None, size=size):
                if short_cut:
                    outputs.append(one(x.to(unet.dtype), timestep, grounded=grounded).float())
                else:
                    batch = x.to(unet.dtype).repeat(len(one.words), 1, 1, 1, 1)
                    outputs.append(unet(batch, timestep, encoder_hidden_states=one.words).sample.float())
        output = torch.cat(outputs) if len(outputs) > 1 else outputs[0]
        return guided(to_sample(output, x, schedule.alpha[index], schedule.sigma[index], prediction), guidance_scale)

    return denoise
