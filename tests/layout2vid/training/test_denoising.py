from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from diffusers import DDIMScheduler

from tiny import open_gates, some_entities, tiny_grounding, tiny_unet
from videodirector.layout2vid.nn.unet import temporal_layers
from videodirector.layout2vid.training.denoising import (
    STAGES,
    Batch,
    Dropout,
    denoising_loss,
    parameter_groups,
    withheld,
)

ALPHAS = DDIMScheduler(beta_schedule="squaredcos_cap_v2", rescale_betas_zero_snr=True).alphas_cumprod


def batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    return Batch(
        latents=torch.randn(1, 4, 2, 8, 8, generator=generator),
        words=torch.randn(2, 6, 384, generator=generator),
        entities=some_entities(),
    )


@pytest.mark.parametrize("name", sorted(STAGES))
def test_a_stage_moves_its_own_parameters_and_no_others(name: str) -> None:
    unet = tiny_unet()
    grounding = tiny_grounding(unet)
    open_gates(grounding, 0.5)
    grounding.attach(unet)
    stage = STAGES[name]
    groups = parameter_groups(stage, unet, grounding, rate=1e-2)
    before = {key: value.clone() for key, value in (unet.state_dict() | grounding.state_dict()).items()}
    optimiser = torch.optim.SGD(groups)
    value = denoising_loss(
        unet,
        grounding,
        batch(),
        alphas_cumprod=ALPHAS,
        generator=torch.Generator().manual_seed(1),
        dropout=Dropout(caption=0.0, grounding=0.0, text=0.0, picture=0.0),
        noise_sharing=0.5,
    )
    value.backward()
    optimiser.step()
    after = unet.state_dict() | grounding.state_dict()
    moved = {key for key in before if not torch.equal(before[key], after[key])}
    temporal = {id(parameter) for layer in temporal_layers(unet) for parameter in layer.parameters()}
    names = {name: id(parameter) for name, parameter in unet.named_parameters()}
    allowed = set()
    if "spatial" in stage.learns:
        allowed |= {key for key, where in names.items() if where not in temporal}
    if "temporal" in stage.learns:
        allowed |= {key for key, where in names.items() if where in temporal}
    if "attention" in stage.learns:
        guided = tuple(f"{block}.transformer_blocks." for block in grounding.config.blocks)
        allowed |= {key for key in names if key.startswith(guided)}
        assert any("attn2" in key for key in moved)
    if "grounding" in stage.learns:
        allowed |= set(grounding.state_dict())
    assert moved
    assert moved <= allowed


def test_a_perfect_prediction_costs_nothing_and_the_loss_is_that_of_the_velocity() -> None:
    class Perfect(torch.nn.Module):
        def forward(self, noisy: torch.Tensor, timesteps: torch.Tensor, **_: torch.Tensor) -> object:
            cumprod = ALPHAS[timesteps].reshape(-1, 1, 1, 1, 1)
            noise = (noisy - cumprod.sqrt() * batch().latents) / (1 - cumprod).sqrt()
            velocity = cumprod.sqrt() * noise - (1 - cumprod).sqrt() * batch().latents
            return type("Output", (), {"sample": velocity})

    value = denoising_loss(
        Perfect(),
        tiny_grounding(tiny_unet()),
        batch(),
        alphas_cumprod=ALPHAS,
        generator=torch.Generator().manual_seed(3),
        dropout=Dropout(),
        noise_sharing=0.0,
    )
    assert value.item() == pytest.approx(0, abs=1e-9)


def test_conditions_are_withheld_as_often_as_asked() -> None:
    entities = some_entities()
    generator = torch.Generator().manual_seed(0)
    rates = Dropout(grounding=0.2, text=0.3, picture=0.0)
    drawn = [withheld(entities, rates, generator) for _ in range(400)]
    nothing = sum(not entry.present.any() for entry in drawn) / 400
    assert nothing == pytest.approx(0.2, abs=0.06)
    shown = [entry for entry in drawn if entry.present.any()]
    assert all(entry.picture_known.all() for entry in shown)
    words = sum(int((~entry.text_known).sum()) for entry in shown) / (2 * len(shown))
    assert words == pytest.approx(0.3, abs=0.06)
    always = withheld(entities, Dropout(grounding=1.0), generator)
    assert not always.present.any()
    assert not always.text_known.any()
    assert not always.picture_known.any()


def test_boxes_count_more_whether_they_are_shown_or_not() -> None:
    class Blind(torch.nn.Module):
        def forward(self, noisy: torch.Tensor, *_: torch.Tensor, **__: torch.Tensor) -> object:
            return type("Output", (), {"sample": torch.zeros_like(noisy)})

    def loss(box_weight: float, *, boxes_shown: bool) -> float:
        item = batch()
        item.latents[..., :4, :4] *= 3  # the first thing's box; the second one's is elsewhere
        return float(
            denoising_loss(
                Blind(),
                tiny_grounding(tiny_unet()),
                item,
                alphas_cumprod=ALPHAS,
                generator=torch.Generator().manual_seed(1),
                dropout=Dropout(),
                noise_sharing=0.0,
                box_weight=box_weight,
                boxes_shown=boxes_shown,
            )
        )

    assert loss(3.0, boxes_shown=False) == loss(3.0, boxes_shown=True) > 1.05 * loss(0.0, boxes_shown=False)


@torch.no_grad()
def test_boxes_that_are_not_shown_are_not_seen() -> None:
    unet = tiny_unet()
    grounding = tiny_grounding(unet)
    open_gates(grounding)
    grounding.attach(unet)

    def loss(item: Batch, *, boxes_shown: bool) -> float:
        return float(
            denoising_loss(
                unet,
                grounding,
                item,
                alphas_cumprod=ALPHAS,
                generator=torch.Generator().manual_seed(1),
                dropout=Dropout(grounding=0.0),
                noise_sharing=0.5,
                box_weight=0.0,
                boxes_shown=boxes_shown,
            )
        )

    shown, entities = batch(), some_entities()
    moved = replace(shown, entities=replace(entities, boxes=entities.boxes / 2))
    assert loss(shown, boxes_shown=True) != loss(moved, boxes_shown=True)
    assert loss(shown, boxes_shown=False) == loss(moved, boxes_shown=False)
