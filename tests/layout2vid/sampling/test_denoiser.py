from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from tiny import open_gates, some_entities, tiny_grounding, tiny_unet
from videodirector.layout2vid.appearance.latents import unique_frames
from videodirector.layout2vid.nn.gated_attention import GroundingTokens
from videodirector.layout2vid.nn.unet import (
    close_temporal_layers,
    last_temporal_convolutions,
    mixes_frames,
    skip_closed_temporal_layers,
)
from videodirector.layout2vid.sampling.denoiser import build_denoiser
from videodirector.layout2vid.sampling.guidance import add_unconditional, split_halves
from videodirector.layout2vid.sampling.sampler import spaced

FRAMES = 4
SIZE = (8, 8)


class Scene:
    """Four frames; in the first one an entity is missing, the others have the same boxes."""

    def __init__(self, *, skipped: bool) -> None:
        self.unet = tiny_unet()
        close_temporal_layers(self.unet)
        if skipped:
            skip_closed_temporal_layers(self.unet)
        self.grounding = tiny_grounding(self.unet, canvas=True)
        assert self.grounding.canvas is not None
        nn.init.normal_(self.grounding.canvas.project.weight)
        open_gates(self.grounding)
        self.grounding.attach(self.unet)
        self.entities = some_entities(FRAMES)
        with torch.no_grad():
            self.tokens = self.grounding.tokens(add_unconditional(self.entities), size=SIZE)
        self.words = torch.randn(2, 6, 384, generator=torch.Generator().manual_seed(1))
        self.computed: list[int] = []
        self.unet.conv_out.register_forward_hook(lambda _module, given, _out: self.computed.append(len(given[0])))

    def denoised(
        self,
        x: Tensor,
        rounds: Sequence[tuple[Tensor, GroundingTokens | None]],
        *,
        grounded: bool = True,
        temporal_grounding: bool = True,
    ) -> Tensor:
        schedule = spaced(torch.linspace(0.99, 0.01, 100), 2)
        denoise = build_denoiser(
            self.unet,
            self.grounding,
            schedule,
            rounds=rounds,
            layout=(self.entities.boxes[0], self.entities.present[0]),
            prediction="epsilon",
            guidance_scale=3.0,
            grounded_steps=int(grounded),
            temporal_grounding=temporal_grounding,
        )
        self.computed.clear()
        with torch.no_grad():
            return denoise(x, 0)


def noise(*, frames: int) -> Tensor:
    """So many different frames, then the last one again."""
    x = torch.randn(1, 4, FRAMES, *SIZE, generator=torch.Generator().manual_seed(5))
    x[:, :, frames:] = x[:, :, frames - 1 : frames]
    return x


@pytest.mark.parametrize("turns", [True, False])
@pytest.mark.parametrize(
    ("frames", "grounded", "apart", "together"),
    [(1, True, [1, 2], [4]), (1, False, [1, 1], [2]), (3, True, [3, 3], [6]), (4, True, [4, 4], [8])],
)
def test_without_temporal_layers_frames_that_are_the_same_are_computed_once(
    frames: int, grounded: bool, apart: list[int], together: list[int], turns: bool
) -> None:
    scene, reference = Scene(skipped=True), Scene(skipped=False)
    assert mixes_frames(reference.unet)
    assert not mixes_frames(scene.unet)
    x = noise(frames=frames)
    expected = reference.denoised(x, [(reference.words, reference.tokens)], grounded=grounded)
    assert reference.computed == [2 * FRAMES]
    rounds = split_halves(scene.words, scene.tokens) if turns else [(scene.words, scene.tokens)]
    torch.testing.assert_close(scene.denoised(x, rounds, grounded=grounded), expected, rtol=1e-4, atol=1e-4)
    assert scene.computed == (apart if turns else together)


@pytest.mark.parametrize("short_cut", [True, False])
def test_temporal_layers_may_leave_the_steps_with_boxes_alone(short_cut: bool) -> None:
    """Grounded they are as good as taken out; without boxes they mix the frames."""
    scene, without = Scene(skipped=False), Scene(skipped=True)
    for layer in last_temporal_convolutions(scene.unet):
        torch.manual_seed(3)
        nn.init.normal_(layer.get_parameter("conv4.3.weight"))
    if not short_cut:
        scene.unet.fuse_qkv_projections()
    x, rounds = noise(frames=FRAMES), split_halves(scene.words, scene.tokens)
    parted = split_halves(without.words, without.tokens)
    quiet = scene.denoised(x, rounds, temporal_grounding=False)
    torch.testing.assert_close(quiet, without.denoised(x, parted), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(scene.denoised(x, rounds), quiet, rtol=1e-3, atol=1e-3)
    free = scene.denoised(x, rounds, grounded=False, temporal_grounding=False)
    assert not torch.allclose(free, without.denoised(x, parted, grounded=False), rtol=1e-3, atol=1e-3)


def test_tokens_that_no_frame_shows_are_left_out() -> None:
    tokens = Scene(skipped=True).tokens
    count = tokens.features.shape[1]
    nothing = tokens.of([0, 1], count=2 * FRAMES)
    assert nothing.features.shape[:2] == (2, 0)
    assert nothing.bias(4, 4, torch.float32) is None
    conditioned = split_halves(torch.zeros(2, 1, 1), tokens)[1][1]
    assert conditioned is not None
    assert conditioned.of([0], count=FRAMES).features.shape[:2] == (1, count // 2)
    assert conditioned.of([0, 1], count=FRAMES).features.shape[:2] == (2, count)


def test_frames_are_told_apart_by_all_that_is_given() -> None:
    frames = torch.tensor([[0.0], [1.0], [0.0], [0.0]])
    assert unique_frames(frames) == ([0, 1], [0, 1, 0, 0])
    assert unique_frames(frames, torch.tensor([True, True, True, False])[:, None]) == ([0, 1, 3], [0, 1, 0, 2])
    assert unique_frames(frames.bfloat16(), torch.zeros(4, 0)) == ([0, 1], [0, 1, 0, 0])
