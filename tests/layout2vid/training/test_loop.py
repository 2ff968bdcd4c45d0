from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from videodirector.layout2vid.training.loop import Average, Progress, Schedule, fit


def regress(state: Path, *, pictures: int, stop: int | None = None, width: int = 3) -> tuple[nn.Linear, list[Progress]]:
    """Fit a line; ``stop`` ends the run early, as an interruption would, right after a checkpoint."""
    torch.manual_seed(0)
    model = nn.Linear(width, 1)
    parameters = list(model.parameters())
    average = Average(parameters, 0.9)
    steps: list[Progress] = []

    def loss(batch: Tensor, generator: torch.Generator) -> Tensor:
        noise = 0.01 * torch.randn(len(batch), generator=generator)
        return (model(batch).squeeze(-1) - batch.sum(-1) - noise).square().mean()

    def batches(step: int) -> Iterator[Tensor]:
        for number in count(step):
            yield torch.randn(4, width, generator=torch.Generator().manual_seed(number))

    run = fit(
        groups=[{"params": parameters, "lr": 0.05}],
        loss=loss,
        batches=batches,
        schedule=Schedule(pictures=pictures, batch=4, warmup=5, save_seconds=0.0),
        state=state,
        device=torch.device("cpu"),
        average=average,
    )
    for progress in run:
        steps.append(progress)
        if progress.step == stop:
            next(run)  # the checkpoint of a step is written before the next one begins
            break
    average.swap()
    return model, steps


def test_it_learns(tmp_path: Path) -> None:
    model, steps = regress(tmp_path / "state.pt", pictures=1200)
    assert [progress.step for progress in steps] == list(range(1, 301))
    assert steps[-1].pictures == 1200
    torch.testing.assert_close(model.weight, torch.ones(1, 3), rtol=0, atol=0.05)


def test_an_interrupted_run_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    whole, _ = regress(tmp_path / "whole.pt", pictures=160)
    regress(tmp_path / "parts.pt", pictures=160, stop=17)
    resumed, steps = regress(tmp_path / "parts.pt", pictures=160)
    assert steps[0].step > 17
    assert steps[-1].step == 40
    assert torch.equal(resumed.weight, whole.weight)


def test_a_finished_run_does_nothing_more(tmp_path: Path) -> None:
    regress(tmp_path / "state.pt", pictures=40)
    _, steps = regress(tmp_path / "state.pt", pictures=40)
    assert steps == []


def test_another_models_state_is_refused(tmp_path: Path) -> None:
    regress(tmp_path / "state.pt", pictures=40)
    with pytest.raises(ValueError, match="another model"):
        regress(tmp_path / "state.pt", pictures=80, width=5)


def test_swapping_twice_changes_nothing() -> None:
    parameter = nn.Parameter(torch.ones(3))
    average = Average([parameter], 0.5)
    with torch.no_grad():
        parameter.fill_(3.0)
    average.update(100)
    average.swap()
    torch.testing.assert_close(parameter.data, torch.full((3,), 2.0))
    average.swap()
    torch.testing.assert_close(parameter.data, torch.full((3,), 3.0))
