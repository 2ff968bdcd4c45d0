from __future__ import annotations

import pytest
import torch
from diffusers import DDIMScheduler

from videodirector.layout2vid.sampler import Prediction, ddim, linspaced, shared_noise, to_sample


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
    schedule = linspaced(reference.alphas_cumprod, steps)
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
        schedule = linspaced(alphas_cumprod, steps)

        def denoise(x: torch.Tensor, index: int, points: object = schedule) -> torch.Tensor:
            alpha, sigma = schedule.alpha[index], schedule.sigma[index]  # noqa: B023  used within this round
            return x * alpha * spread**2 / (alpha**2 * spread**2 + sigma**2)

        *_, last = ddim(denoise, noise, schedule)
        errors.append(float((last.x - spread * noise).abs().max()))
    assert errors[2] < 0.03
    assert errors[0] / errors[1] > 1.7  # first order: twice the steps, half the error
    assert errors[1] / errors[2] > 1.7


def test_eta_draws_fresh_noise_from_the_generator() -> None:
    schedule = linspaced(scheduler("epsilon").alphas_cumprod, 5)
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
        linspaced(scheduler("epsilon").alphas_cumprod, steps)


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
