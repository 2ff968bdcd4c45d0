from __future__ import annotations

from dataclasses import fields, replace

import torch

from tiny import some_entities, tiny_grounding, tiny_unet
from videodirector.layout2vid.sampling.guidance import add_unconditional


def test_the_second_half_is_the_scene_itself_and_nothing_of_it_is_lost() -> None:
    entities = replace(some_entities(), views=torch.rand(1, 2, 4, 8, 8))
    both = add_unconditional(entities)
    for field in fields(entities):
        given, found = getattr(entities, field.name), getattr(both, field.name)
        assert torch.equal(found[1:], given), field.name
    assert not both.present[0].any()


@torch.no_grad()
def test_half_without_conditions_has_an_empty_canvas_and_the_other_half_its_own() -> None:
    unet = tiny_unet()
    grounding = tiny_grounding(unet, canvas=True, latent_scale=2)
    assert grounding.canvas is not None
    torch.nn.init.normal_(grounding.canvas.project.weight)
    entities = replace(some_entities(), views=torch.ones(1, 2, 4, 8, 8))
    alone = grounding.tokens(entities, size=(8, 8)).canvas
    both = grounding.tokens(add_unconditional(entities), size=(8, 8)).canvas
    assert alone is not None
    assert both is not None
    without, conditioned = both.chunk(2)
    assert not without.any()
    torch.testing.assert_close(conditioned, alone)
