"""Samplers as pure functions of a denoiser, noise and a schedule.

A denoiser maps a noisy sample to an estimate of the clean one. What the network itself predicts (noise, velocity, the
sample) is unwrapped by :func:`to_sample`, so that a sampler never sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ["Denoiser", "NoiseSchedule", "Prediction", "Step", "ddim", "linspaced", "shared_noise", "to_sample"]

Prediction = Literal["epsilon", "v_prediction", "sample"]


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


Denoiser = Callable[[Tensor, int], Tensor]
"""(x_t, index into the schedule) -> estimate of x_0, of the same shape."""


def linspaced(
    alphas_cumprod: Float[Tensor, " train"], steps: int, *, final_alpha_cumprod: float = 1.0
) -> NoiseSchedule:
    """Trailing spacing (arXiv 2305.08891, table 2): the first step is the noisiest of training.

    Args:
        alphas_cumprod: of the training schedule, cleanest first.
        steps: how many to take.
        final_alpha_cumprod: of the point behind the last step.

    Raises:
        ValueError: ``steps`` is not between 1 and the training schedule's length.
    """
    train = len(alphas_cumprod)
    if not 1 <= steps <= train:
        raise ValueError(f"steps must lie between 1 and {train}, not {steps}")
    spaced = torch.arange(steps, dtype=torch.float64)
    timesteps = (train - spaced * (train / steps)).round().long() - 1
    cumprod = torch.cat([alphas_cumprod.double()[timesteps], torch.tensor([final_alpha_cumprod], dtype=torch.float64)])
    return NoiseSchedule(timesteps=timesteps, alpha=cumprod.sqrt().float(), sigma=(1 - cumprod).sqrt().float())


def to_sample(output: Tensor, x: Tensor, alpha: Tensor, sigma: Tensor, prediction: Prediction) -> Tensor:
    """The clean sample that a network's output stands for."""
    if prediction == "sample":
        return output
    if prediction == "v_prediction":  # arXiv 2202.00512, appendix D: v = alpha eps - sigma x_0
        return alpha * x - sigma * output
    return (x - sigma * output) / alpha


def ddim(
    denoise: Denoiser,
    x: Tensor,
    schedule: NoiseSchedule,
    *,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Iterator[Step]:
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
        yield Step(index=index, x=x, x0=x0)


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
    same = torch.randn((batch, channels, 1, height, width), generator=common or generator)
    own = torch.randn((batch, channels, frames, height, width), generator=generator)
    return sharing**0.5 * same + (1 - sharing) ** 0.5 * own
