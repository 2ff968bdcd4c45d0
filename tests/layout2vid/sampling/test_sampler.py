from __future__ import annotations

import pytest
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, PNDMScheduler

from videodirector.layout2vid.sampling.sampler import (
    SAMPLERS,
    NoiseSchedule,
    Prediction,
    SamplerName,
    Spacing,
    ddim,
    dpm_solver,
    plms,
    shared_noise,
    spaced,
    to_sample,
)

MODELSCOPE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def scheduler(prediction: Prediction) -> DDIMScheduler:
    return DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type=prediction,
        rescale_betas_zero_snr=prediction == "v_prediction",
        timestep_spacing="trailing",
        clip_sample=False,
    )


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("steps", [1, 8, 20])
def test_ddim_is_diffusers_ddim(prediction: Prediction, steps: int) -> None:
    """The same network output at every step, the same noise: the same sample to 1e-5.

    Steps divide 1000, because diffusers takes the next timestep for t - 1000 // steps whatever it visits next.
    """
    reference = scheduler(prediction)
    reference.set_timesteps(steps)
    schedule = spaced(reference.alphas_cumprod, steps)
    assert schedule.timesteps.tolist() == reference.timesteps.tolist()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 4, 4, generator=generator)
    weight = torch.randn(4, 4, generator=generator) * 0.3

    def network(sample: torch.Tensor) -> torch.Tensor:
        return torch.tanh(sample @ weight)

    expected = x
    for timestep in reference.timesteps:
        expected = reference.step(network(expected), timestep, expected).prev_sample

    def denoise(sample: torch.Tensor, index: int) -> torch.Tensor:
        alpha, sigma = schedule.alpha[index], schedule.sigma[index]
        return to_sample(network(sample), sample, alpha, sigma, prediction)

    *_, last = ddim(denoise, x, schedule)
    torch.testing.assert_close(last.x, expected, rtol=1e-5, atol=1e-5)


def test_it_converges_to_the_exact_solution_for_gaussian_data() -> None:
    """For data N(0, s^2) the best denoiser is linear, and the flow maps noise z to s z."""
    spread = 0.5
    alphas_cumprod = scheduler("v_prediction").alphas_cumprod
    noise = torch.randn(64, generator=torch.Generator().manual_seed(1))
    errors = []
    for steps in (25, 50, 100):
        schedule = spaced(alphas_cumprod, steps)

        def denoise(x: torch.Tensor, index: int, points: object = schedule) -> torch.Tensor:
            alpha, sigma = schedule.alpha[index], schedule.sigma[index]  # noqa: B023  used within this round
            return x * alpha * spread**2 / (alpha**2 * spread**2 + sigma**2)

        *_, last = ddim(denoise, noise, schedule)
        errors.append(float((last.x - spread * noise).abs().max()))
    assert errors[2] < 0.03
    assert errors[0] / errors[1] > 1.7  # first order: twice the steps, half the error
    assert errors[1] / errors[2] > 1.7


def test_eta_draws_fresh_noise_from_the_generator() -> None:
    schedule = spaced(scheduler("epsilon").alphas_cumprod, 5)
    x = torch.randn(8, generator=torch.Generator().manual_seed(0))

    def run(seed: int) -> torch.Tensor:
        *_, last = ddim(
            lambda sample, index: sample * 0.5,
            x,
            schedule,
            eta=1.0,
            generator=torch.Generator().manual_seed(seed),
        )
        return last.x0

    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))


@pytest.mark.parametrize("steps", [0, -1, 1001])
def test_impossible_numbers_of_steps_are_refused(steps: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 1000"):
        spaced(scheduler("epsilon").alphas_cumprod, steps)


def test_shared_noise_has_unit_variance_and_the_asked_correlation() -> None:
    noise = shared_noise((1, 4, 16, 64, 64), sharing=0.8, generator=torch.Generator().manual_seed(0))
    assert noise.var().item() == pytest.approx(1, abs=0.02)
    first, second = noise[0, :, 0].flatten(), noise[0, :, 9].flatten()
    assert torch.corrcoef(torch.stack([first, second]))[0, 1].item() == pytest.approx(0.8, abs=0.02)


def test_scenes_of_one_place_share_that_part_of_the_noise() -> None:
    def draw(own: int, place: int) -> torch.Tensor:
        generators = torch.Generator().manual_seed(own), torch.Generator().manual_seed(place)
        return shared_noise((1, 4, 2, 8, 8), sharing=1.0, generator=generators[0], common=generators[1])

    assert torch.equal(draw(1, 7), draw(2, 7))
    assert not torch.equal(draw(1, 7), draw(1, 8))


def network(x: torch.Tensor) -> torch.Tensor:
    weight = torch.randn(4, 4, generator=torch.Generator().manual_seed(0)) * 0.3
    return torch.tanh(x @ weight)


def noise() -> torch.Tensor:
    return torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(1))


def by_diffusers(scheduler: object, steps: int) -> torch.Tensor:
    scheduler.set_timesteps(steps)  # type: ignore[attr-defined]
    x = noise()
    for timestep in scheduler.timesteps:  # type: ignore[attr-defined]
        x = scheduler.step(network(x), timestep, x).prev_sample  # type: ignore[attr-defined]
    return x


@pytest.mark.parametrize("steps", [1, 2, 10, 50])
def test_plms_is_diffusers_plms(steps: int) -> None:
    """For noise prediction: with velocities diffusers extrapolates the velocity, and the paper the noise."""
    reference = PNDMScheduler(**MODELSCOPE, skip_prk_steps=True, set_alpha_to_one=False, steps_offset=1)
    schedule = spaced(
        reference.alphas_cumprod,
        steps,
        spacing="leading",
        offset=1,
        final_alpha_cumprod=float(reference.alphas_cumprod[0]),
    )

    def denoise(x: torch.Tensor, index: int) -> torch.Tensor:
        return to_sample(network(x), x, schedule.alpha[index], schedule.sigma[index], "epsilon")

    *_, last = plms(denoise, noise(), schedule)
    torch.testing.assert_close(last.x, by_diffusers(reference, steps), rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of diffusers' scheduler
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("spacing", ["trailing", "leading", "linspace"])
@pytest.mark.parametrize("steps", [1, 4, 10, 20, 25])
def test_dpm_solver_is_diffusers_dpm_solver(prediction: Prediction, spacing: Spacing, steps: int) -> None:
    reference = DPMSolverMultistepScheduler(**MODELSCOPE, prediction_type=prediction, timestep_spacing=spacing)
    schedule = spaced(reference.alphas_cumprod, steps, spacing=spacing, short_of_the_last=True)

    def denoise(x: torch.Tensor, index: int) -> torch.Tensor:
        return to_sample(network(x), x, schedule.alpha[index], schedule.sigma[index], prediction)

    *_, last = dpm_solver(denoise, noise(), schedule)
    expected = by_diffusers(reference, steps)
    assert reference.timesteps.tolist() == schedule.timesteps.tolist()
    torch.testing.assert_close(last.x, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("spacing", ["trailing", "leading", "linspace"])
@pytest.mark.parametrize("steps", [1, 2, 7, 25, 30, 50])
def test_points_are_diffusers_points(spacing: Spacing, steps: int) -> None:
    reference = DDIMScheduler(timestep_spacing=spacing, steps_offset=1)
    reference.set_timesteps(steps)
    assert spaced(reference.alphas_cumprod, steps, spacing=spacing, offset=1).timesteps.tolist() == (
        reference.timesteps.tolist()
    )


@pytest.mark.parametrize(("name", "order"), [("ddim", 1), ("dpm-solver++", 2), ("plms", 2)])
def test_samplers_converge_at_their_order(name: SamplerName, order: int) -> None:
    """For data N(0, s^2) the flow is known: x_t stays in proportion to the spread of what it is drawn from.

    Points evenly spaced in angle, off both ends, where every solver is of first order.
    """
    spread, errors = 0.5, []
    for steps in (20, 40, 80):
        angle = torch.linspace(1.4, 0.3, steps + 1, dtype=torch.float64)
        schedule = NoiseSchedule(timesteps=torch.arange(steps), alpha=angle.cos(), sigma=angle.sin())
        wide = ((schedule.alpha * spread) ** 2 + schedule.sigma**2).sqrt()
        *_, last = SAMPLERS[name](
            lambda x, index: x * schedule.alpha[index] * spread**2 / wide[index] ** 2,  # noqa: B023  used at once
            noise().double(),
            schedule,
        )
        errors.append(float((last.x - noise().double() * wide[-1] / wide[0]).abs().max()))
    assert errors[0] / errors[1] > 2**order * 0.8
    assert errors[1] / errors[2] > 2**order * 0.8


@pytest.mark.parametrize("name", ["ddim", "plms", "dpm-solver++"])
def test_zero_terminal_snr_is_sampled_from_pure_noise(name: SamplerName) -> None:
    """All of the noise, none of the sample: every sampler ends at the flow's end all the same."""
    spread, start = 0.5, noise()
    schedule = spaced(scheduler("v_prediction").alphas_cumprod, 100)
    assert schedule.alpha[0] == 0

    def denoise(x: torch.Tensor, index: int) -> torch.Tensor:
        alpha, sigma = schedule.alpha[index], schedule.sigma[index]
        return x * alpha * spread**2 / (alpha**2 * spread**2 + sigma**2)

    *_, last = SAMPLERS[name](denoise, start, schedule)
    torch.testing.assert_close(last.x, spread * start, rtol=0.05, atol=0.02)


def test_noise_prediction_cannot_start_from_pure_noise() -> None:
    with pytest.raises(ValueError, match="zero terminal SNR needs v"):
        to_sample(noise(), noise(), torch.tensor(0.0), torch.tensor(1.0), "epsilon")


def test_without_sharing_the_noise_is_what_diffusers_draws() -> None:
    shape = (1, 4, 3, 8, 8)
    drawn = shared_noise(shape, sharing=0.0, generator=torch.Generator().manual_seed(5))
    assert torch.equal(drawn, torch.randn(shape, generator=torch.Generator().manual_seed(5)))
