from __future__ import annotations

from dataclasses import replace

import torch

from videodirector.layout2vid.appearance.appearance import Appearance
from videodirector.layout2vid.conditioning import SceneCondition
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.sampling.static_regions import average_static, static_mask

BOXES = torch.tensor([[[0.0, 0.0, 0.25, 0.5]], [[0.5, 0.0, 0.75, 0.5]], [[0.5, 0.0, 0.75, 0.5]]])
PRESENT = torch.tensor([[True], [True], [False]])


def test_frames_are_alike_where_the_same_boxes_reach_and_have_not_moved() -> None:
    other = torch.tensor([0.0, 0.75, 0.25, 1.0]).expand(3, 1, 4)
    boxes, present = torch.cat([BOXES, other], dim=1), torch.cat([PRESENT, torch.ones(3, 1, dtype=torch.bool)], dim=1)
    same = static_mask(boxes, present, (8, 8))
    assert same.shape == (3, 3, 8, 8)
    assert same[:, :, 0, 7].all(), "no box reaches there"
    assert same[:, :, 7, 0].all(), "what stands there stands there on all frames"
    assert same[:, :, 0, 0].tolist() == [[True, False, False], [False, True, True], [False, True, True]]
    assert same[:, :, 0, 5].tolist() == [[True, False, True], [False, True, False], [True, False, True]]


def test_a_box_that_moves_within_a_place_makes_a_difference() -> None:
    boxes = torch.tensor([[[0.0, 0.0, 0.5, 0.5]], [[0.01, 0.0, 0.51, 0.5]]])
    same = static_mask(boxes, torch.ones(2, 1, dtype=torch.bool), (4, 4))
    assert not same[0, 1, 0, 0]
    assert same[0, 1, 3, 3]


def test_frames_settle_on_what_those_that_are_alike_see() -> None:
    x0 = torch.tensor([0.0, 1.0, 5.0]).reshape(1, 1, 3, 1, 1).expand(1, 2, 3, 1, 2).clone()
    same = torch.eye(3, dtype=torch.bool).reshape(3, 3, 1, 1).expand(3, 3, 1, 2).clone()
    same[:2, :2, 0, 0] = True
    settled = average_static(x0, same)
    assert settled[0, 0, :, 0, 0].tolist() == [0.5, 0.5, 5.0]
    assert torch.equal(settled[..., 1], x0[..., 1])


def test_a_scene_stands_still_around_what_moves(pipeline: Layout2VidPipeline) -> None:
    pipeline.register_to_config(noise_sharing=1.0)
    condition = SceneCondition(caption="a dog", boxes=BOXES, present=PRESENT, sides=(None,))

    def latents(*, still: bool, scene: SceneCondition = condition, strength: float = 1.0) -> torch.Tensor:
        pipeline.register_to_config(still_camera=still)
        looks = [pipeline.represent(Appearance(name="dog"))]
        generator = torch.Generator().manual_seed(0)
        *_, last = pipeline.steps(scene, looks, generator=generator, layout_strength=strength)
        return last.x[0]

    free = static_mask(BOXES, PRESENT, (8, 8)).all(0).all(0)
    before, after = latents(still=False), latents(still=True)
    assert not torch.allclose(before[:, 0, free], before[:, 1, free])
    torch.testing.assert_close(after[:, 0, free], after[:, 1, free])
    torch.testing.assert_close(after[:, 0, free], after[:, 2, free])
    assert not torch.allclose(after[:, 0, ~free], after[:, 1, ~free])
    bare = replace(condition, present=torch.zeros_like(PRESENT))
    empty = latents(still=True, scene=bare)
    torch.testing.assert_close(empty[:, 0], empty[:, 1])
    assert torch.equal(latents(still=True, strength=0.0), latents(still=False, strength=0.0))
