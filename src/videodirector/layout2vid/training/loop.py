"""The training loop: one generator for every stage.

A stage brings its parameters and its loss; the loop brings the schedule, the average of the weights and the file from
which an interrupted run goes on. Batches are numbered and drawn from that number alone, so a resumed run sees what an
undisturbed one would have seen.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from videodirector.layout2vid.weights.memory import keep_memory
from videodirector.layout2vid.weights.precision import mixed

__all__ = ["Average", "Progress", "Schedule", "fit"]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast to learn.

    ``pictures`` and ``minutes`` both bound the run; whichever is nearer to its end drives the cosine decay of the
    learning rate, so that a run cut to a time budget still ends annealed. ``warmup`` is in steps.
    """

    pictures: int
    batch: int
    minutes: float = math.inf
    warmup: int = 100
    floor: float = 0.02
    clip: float = 1.0
    average: float = 0.999
    save_seconds: float = 120.0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What one step did. ``fraction`` is the share of the schedule that lies behind."""

    step: int
    pictures: int
    loss: float
    fraction: float
    seconds: float


class Average:
    """Exponential moving average of parameters; young averages forget faster, so that no start-up bias stays."""

    def __init__(self, parameters: list[nn.Parameter], decay: float) -> None:
        self.parameters = parameters
        self.decay = decay
        self.values = [parameter.detach().clone() for parameter in parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the present parameters."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.values, [p.detach() for p in self.parameters], 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the parameters with their average; a second call undoes it."""
        for value, parameter in zip(self.values, self.parameters, strict=True):
            kept = parameter.detach().clone()
            parameter.copy_(value)
            value.copy_(kept)


def fit(
    *,
    groups: list[dict[str, Any]],
    loss: Callable[[Any, torch.Generator], Tensor],
    batches: Callable[[int], Iterator[Any]],
    schedule: Schedule,
    state: Path,
    device: torch.device,
    average: Average | None = None,
) -> Iterator[Progress]:
    """Minimise a loss, yielding after every step; goes on from ``state`` where that file exists.

    Args:
        groups: AdamW parameter groups, each with its own ``lr`` and, where wanted, ``weight_decay``.
        loss: called with a batch and a generator seeded by the step.
        batches: given the first step, yields the batches from there on.
        schedule: length, batch size, learning-rate shape.
        state: written every ``save_seconds`` and at the end: parameters, optimiser, average, step.
        device: where the loss is computed, in bfloat16 where it is fast in that.
        average: of the weights, updated after every step.

    Raises:
        ValueError: the state file belongs to other parameters.
    """
    keep_memory()
    for group in groups:
        group["peak"] = group["lr"]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    step, spent = _restore(state, parameters, optimiser, average)
    start = saved = time.monotonic()
    total = -(-schedule.pictures // schedule.batch)
    for batch in batches(step):
        seconds = spent + time.monotonic() - start
        fraction = max(step / total, seconds / 60 / schedule.minutes)
        if fraction >= 1:
            break
        ramp = min(1.0, (step + 1) / schedule.warmup)
        cosine = schedule.floor + (1 - schedule.floor) * 0.5 * (1 + math.cos(math.pi * fraction))
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * ramp * cosine
        generator = torch.Generator().manual_seed(step)
        with mixed(device):
            value = loss(batch, generator)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(value)
        nn.utils.clip_grad_norm_(parameters, schedule.clip)
        optimiser.step()
        if average:
            average.update(step)
        step += 1
        yield Progress(step=step, pictures=step * schedule.batch, loss=value.item(), fraction=fraction, seconds=seconds)
        if time.monotonic() - saved > schedule.save_seconds:
            _save(state, parameters, optimiser, average, step=step, seconds=spent + time.monotonic() - start)
            saved = time.monotonic()
    _save(state, parameters, optimiser, average, step=step, seconds=spent + time.monotonic() - start)


def _save(
    path: Path,
    parameters: list[nn.Parameter],
    optimiser: torch.optim.Optimizer,
    average: Average | None,
    *,
    step: int,
    seconds: float,
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "parameters": [parameter.detach() for parameter in parameters],
        "optimiser": optimiser.state_dict(),
        "average": average.values if average else None,
        "step": step,
        "seconds": seconds,
    }
    unfinished = path.with_name(path.name + ".part")
    torch.save(content, unfinished)
    os.replace(unfinished, path)


@torch.no_grad()
def _restore(
    path: Path, parameters: list[nn.Parameter], optimiser: torch.optim.Optimizer, average: Average | None
) -> tuple[int, float]:
    if not path.exists():
        return 0, 0.0
    content = torch.load(path, weights_only=True)
    stored = content["parameters"]
    if [tuple(value.shape) for value in stored] != [tuple(parameter.shape) for parameter in parameters]:
        raise ValueError(f"{path} holds the state of another model: delete it, or name another --state")
    for parameter, value in zip(parameters, stored, strict=True):
        parameter.copy_(value)
    optimiser.load_state_dict(content["optimiser"])
    if average and content["average"]:
        average.values = content["average"]
    return int(content["step"]), float(content["seconds"])
