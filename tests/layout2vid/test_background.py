from __future__ import annotations

from dataclasses import replace

import torch

from videodirector.layout2vid.appearance import Appearance
from videodirector.layout2vid.background import covered, steady
from videodirector.layout2vid.conditioning import SceneCondition
from videodirector.layout2vid.pipeline import Layout2VidPipeline

BOXES = torch.tensor([[[0.0, 0.0, 0.25, 0.5]], [[0.5, 0.0, 0.75, 0.5]], [[0.5, 0.0, 0.75, 0.5]]])
PRESENT = torch.tensor([[True], [True], [False]])


def test_a_box_covers_what_it_reaches_into_where_it_is_there() -> None:
    hidden = covered(BOXES, PRESENT, (8, 8))
    assert hidden.shape == (3, 8, 8)
    assert hidden[0, :4, :2].all()
    assert not hidden[0, 5:].any()
    assert not hidden[0, :, 3:].any()
    assert hidden[1, :4, 4:6].all()
    assert not hidden[2].any()


def test_frames_settle_on_what_those_that_see_a_place_see_there() -> None:
    x0 = torch.arange(3.0).reshape(1, 1, 3, 1, 1).expand(1, 2, 3, 1, 2).clone()
    hidden = torch.tensor([[[False, True]], [[False, True]], [[True, True]]])
    settled = steady(x0, hidden)
    assert settled[0, 0, :, 0, 0].tolist() == [0.5, 0.5, 2.0], "the last frame does not see the place"
    assert torch.equal(settled[..., 1], x0[..., 1]), "nobody sees this one"
    assert torch.equal(steady(x0, torch.zeros_like(hidden)), x0.mean(2, keepdim=True).expand_as(x0))


def test_a_scene_stands_still_around_what_moves(pipeline: Layout2VidPipeline) -> None:
    pipeline.register_to_config(noise_sharing=1.0)
    condition = SceneCondition(caption="a dog", boxes=BOXES, present=PRESENT, sides=(None,))

    def latents(*, still: bool, scene: SceneCondition = condition, strength: float = 1.0) -> torch.Tensor:
        pipeline.register_to_config(steady_background=still)
        looks = [pipeline.represent(Appearance(name="dog"))]
        generator = torch.Generator().manual_seed(0)
        *_, last = pipeline.steps(scene, looks, generator=generator, layout_strength=strength)
        return last.x[0]

    free = ~covered(BOXES, PRESENT, (8, 8)).any(0)
    before, after = latents(still=False), latents(still=True)
    assert not torch.allclose(before[:, 0, free], before[:, 1, free])
    torch.testing.assert_close(after[:, 0, free], after[:, 1, free])
    torch.testing.assert_close(after[:, 0, free], after[:, 2, free])
    assert not torch.allclose(after[:, 0, ~free], after[:, 1, ~free])
    bare = replace(condition, present=torch.zeros_like(PRESENT))
    alike = latents(still=True, scene=bare)
    torch.testing.assert_close(alike[:, 0], alike[:, 1])
    assert torch.equal(latents(still=True, strength=0.0), latents(still=False, strength=0.0))
