"""Samplers as pure functions of a denoiser, noise and a schedule.

A denoiser maps a noisy sample to an estimate of the clean one. What the network itself predicts (noise, velocity, the
sample) is unwrapped by ``to_sample``, so that a sampler never sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = [
    "SAMPLERS",
    "Denoiser",
    "NoiseSchedule",
    "Prediction",
    "Sampler",
    "SamplerName",
    "Spacing",
    "Step",
    "Steps",
    "ddim",
    "dpm_solver",
    "plms",
    "schedule_of",
    "shared_noise",
    "spaced",
    "to_sample",
]

Prediction = Literal["epsilon", "v_prediction", "sample"]
Spacing = Literal["trailing", "leading", "linspace"]


@dataclass(frozen=True, kw_only=True)
class NoiseSchedule:
    """The points that a sampler visits, noisiest first: ``x_t = alpha_t x_0 + sigma_t eps``.

    ``alpha`` and ``sigma`` have one more entry than ``timesteps``: the last is the clean sample, (1, 0).
    """

    timesteps: Int[Tensor, " steps"]
    alpha: Float[Tensor, " points"]
    sigma: Float[Tensor, " points"]

    def __len__(self) -> int:
        return len(self.timesteps)


@dataclass(frozen=True, kw_only=True)
class Step:
    """State after step ``index``: the sample ``x`` and the estimate ``x0`` of the clean one that led to it."""

    index: int
    x: Tensor
    x0: Tensor


Steps = Generator[Step, Tensor | None, None]
"""A step for every point of a schedule; a tensor that is sent in answer to one takes the place of its sample.

A multistep sampler's history knows nothing of the change: change samples of DDIM, or change them little.
"""

Sampler = Callable[..., Steps]
"""(denoise, x, schedule) -> steps."""

Denoiser = Callable[[Tensor, int], Tensor]
"""(x_t, index into the schedule) -> estimate of x_0, of the same shape."""


def spaced(
    alphas_cumprod: Float[Tensor, " train"],
    steps: int,
    *,
    spacing: Spacing = "trailing",
    offset: int = 0,
    short_of_the_last: bool = False,
    final_alpha_cumprod: float = 1.0,
) -> NoiseSchedule:
    """The points that a number of steps visits (arXiv 2305.08891, table 2).

    Args:
        alphas_cumprod: of the training schedule, cleanest first.
        steps: how many to take.
        spacing: ``trailing`` begins at the noisiest point of training, ``leading`` ends at its cleanest, ``linspace``
            does both.
        offset: added to the timesteps of ``leading`` spacing.
        short_of_the_last: space one point more and leave the cleanest out, as DPM-Solver's authors do; not with
            ``trailing``.
        final_alpha_cumprod: of the point behind the last step.

    Raises:
        ValueError: ``steps`` is not between 1 and the training schedule's length.
    """
    train = len(alphas_cumprod)
    if not 1 <= steps <= train:
        raise ValueError(f"steps must lie between 1 and {train}, not {steps}")
    points = steps + short_of_the_last
    if spacing == "trailing":
        timesteps = (train - torch.arange(steps, dtype=torch.float64) * (train / steps)).round().long() - 1
    elif spacing == "leading":
        timesteps = (torch.arange(points) * (train // points)).flip(0)[:steps] + offset
    else:
        timesteps = torch.linspace(0, train - 1, points, dtype=torch.float64).round().long().flip(0)[:steps]
    timesteps = timesteps.clamp(0, train - 1)
    cumprod = torch.cat([alphas_cumprod.double()[timesteps], torch.tensor([final_alpha_cumprod], dtype=torch.float64)])
    return NoiseSchedule(timesteps=timesteps, alpha=cumprod.sqrt().float(), sigma=(1 - cumprod).sqrt().float())


def schedule_of(scheduler: Any, steps: int, sampler: SamplerName) -> NoiseSchedule:
    """The points that sampling with this many steps visits, as a scheduler's configuration spaces them."""
    config, cumprod = scheduler.config, scheduler.alphas_cumprod
    multistep = sampler == "dpm-solver++"
    final = float(getattr(scheduler, "final_alpha_cumprod", 1.0))
    if multistep:
        final = float(cumprod[0]) if config.get("final_sigmas_type") == "sigma_min" else 1.0
    return spaced(
        cumprod,
        steps,
        spacing=config.get("timestep_spacing", "leading"),
        offset=int(config.get("steps_offset", 0)),
        short_of_the_last=multistep,
        final_alpha_cumprod=final,
    )


def to_sample(output: Tensor, x: Tensor, alpha: Tensor, sigma: Tensor, prediction: Prediction) -> Tensor:
    """The clean sample that a network's output stands for.

    Raises:
        ValueError: the network predicts noise, and there is nothing but noise at this point (zero terminal SNR).
    """
    if prediction == "sample":
        return output
    if prediction == "v_prediction":  # arXiv 2202.00512, appendix D: v = alpha eps - sigma x_0
        return alpha * x - sigma * output
    if float(alpha) == 0:
        raise ValueError("a network that predicts noise cannot start from pure noise: zero terminal SNR needs v")
    return (x - sigma * output) / alpha


def ddim(
    denoise: Denoiser,
    x: Tensor,
    schedule: NoiseSchedule,
    *,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Steps:
    """DDIM (arXiv 2010.02502, eq. 12), yielding after every step.

    Args:
        denoise: estimate of the clean sample.
        x: noise of unit variance, scaled by the schedule's first sigma where that is 1.
        schedule: points to visit.
        eta: 0 is deterministic, 1 is ancestral sampling.
        generator: of the fresh noise that eta > 0 asks for.
    """
    for index in range(len(schedule)):
        alpha, sigma = schedule.alpha[index], schedule.sigma[index]
        next_alpha, next_sigma = schedule.alpha[index + 1], schedule.sigma[index + 1]
        x0 = denoise(x, index)
        noise = (x - alpha * x0) / sigma
        # eq. 16: eta sqrt((1-a')/(1-a)) sqrt(1 - a/a') with a the cumulative products, alpha^2
        fresh = eta * (next_sigma / sigma) * (1 - (alpha / next_alpha) ** 2).clamp(min=0).sqrt()
        x = next_alpha * x0 + (next_sigma**2 - fresh**2).clamp(min=0).sqrt() * noise
        if eta > 0:
            x = x + fresh * torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)
        changed = yield Step(index=index, x=x, x0=x0)
        x = x if changed is None else changed


def plms(denoise: Denoiser, x: Tensor, schedule: NoiseSchedule) -> Steps:
    """Pseudo linear multistep (arXiv 2202.09778, eq. 12), yielding after every step.

    The noise that a step follows is extrapolated from the last four. The first step has none before it and asks the
    denoiser a second time, at its end (pseudo improved Euler).
    """
    alpha, sigma = schedule.alpha, schedule.sigma
    known: list[Tensor] = []  # noise at the points passed, the latest first

    def moved(noise: Tensor, index: int) -> Tensor:
        # eq. 11, which is DDIM's step for whatever noise it is given
        return (alpha[index + 1] / alpha[index]) * (x - sigma[index] * noise) + sigma[index + 1] * noise

    for index in range(len(schedule)):
        x0 = denoise(x, index)
        if float(alpha[index]) == 0:  # pure noise: eq. 11 would divide by 0, DDIM's form does not
            known = []
            x = alpha[index + 1] * x0 + sigma[index + 1] * x
            changed = yield Step(index=index, x=x, x0=x0)
            x = x if changed is None else changed
            continue
        known = [(x - alpha[index] * x0) / sigma[index], *known][:4]
        if len(known) == 1 and index + 1 < len(schedule):
            ahead = moved(known[0], index)
            there = (ahead - alpha[index + 1] * denoise(ahead, index + 1)) / sigma[index + 1]
            noise = (known[0] + there) / 2
        else:
            weights = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))
            noise = sum(  # Adams-Bashforth
                (weight * one for weight, one in zip(weights[len(known) - 1], known, strict=True)), torch.zeros_like(x)
            )
        x = moved(noise, index)
        changed = yield Step(index=index, x=x, x0=x0)
        x = x if changed is None else changed


def dpm_solver(denoise: Denoiser, x: Tensor, schedule: NoiseSchedule) -> Steps:
    """DPM-Solver++ (2M) (arXiv 2211.01095, algorithm 2), yielding after every step.

    The last step is of first order when it ends at the clean sample or when there are fewer than 15 (section 5).
    """
    steps = len(schedule)
    lambdas = (schedule.alpha.double() / schedule.sigma.double()).log()
    before: Tensor | None = None
    for index in range(steps):
        alpha, sigma = schedule.alpha[index + 1], schedule.sigma[index + 1]
        x0 = denoise(x, index)
        h = lambdas[index + 1] - lambdas[index]
        slope = x0
        final = index + 1 == steps and (float(sigma) == 0 or steps < 15)
        if before is not None and not final:
            ratio = (h / (lambdas[index] - lambdas[index - 1])).to(x.dtype)  # 1 / r; 0 after a step from pure noise
            slope = x0 + 0.5 * ratio * (x0 - before)
        x = (sigma / schedule.sigma[index]) * x - alpha * torch.expm1(-h).to(x.dtype) * slope
        before = x0
        changed = yield Step(index=index, x=x, x0=x0)
        x = x if changed is None else changed


SamplerName = Literal["ddim", "plms", "dpm-solver++"]

SAMPLERS: dict[SamplerName, Sampler] = {"ddim": ddim, "plms": plms, "dpm-solver++": dpm_solver}


def shared_noise(
    shape: tuple[int, int, int, int, int],
    *,
    sharing: float,
    generator: torch.Generator | None = None,
    common: torch.Generator | None = None,
) -> Float[Tensor, "batch channels frames height width"]:
    """Gaussian noise of unit variance whose frames share ``sharing`` of it (mixed noise, arXiv 2305.10474, eq. 2).

    With 0 the frames are independent, with 1 they are the same. ``sharing`` is alpha^2 / (1 + alpha^2) there. The
    shared part is drawn from ``common``, where that is given.
    """
    batch, channels, frames, height, width = shape
    if sharing == 0:  # the very noise that diffusers' pipelines draw
        return torch.randn(shape, generator=generator)
    same = torch.randn((batch, channels, 1, height, width), generator=common or generator)
    own = torch.randn((batch, channels, frames, height, width), generator=generator)
    return sharing**0.5 * same + (1 - sharing) ** 0.5 * own
