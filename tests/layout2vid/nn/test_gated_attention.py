from __future__ import annotations

import pytest
import torch

from videodirector.layout2vid.nn.gated_attention import GatedSelfAttention, GroundingTokens, visible_tokens


def fuser() -> GatedSelfAttention:
    torch.manual_seed(0)
    return GatedSelfAttention(width=16, context=8, heads=2).eval()


def visual(frames: int = 2) -> torch.Tensor:
    return torch.randn(frames, 16, 16, generator=torch.Generator().manual_seed(1))


def tokens(regions: torch.Tensor | None, *, scale: float = 1.0) -> GroundingTokens:
    features = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(2)) * scale
    return GroundingTokens(features=features, regions=regions)


def test_closed_gates_change_no_bit() -> None:
    assert torch.equal(fuser()(visual(), tokens(None), (4, 4)), visual())


@pytest.mark.parametrize("training", [False, True])
def test_a_masked_token_acts_only_inside_its_region(training: bool) -> None:
    module = fuser().train(training)
    with torch.no_grad():
        module.alpha_attn.fill_(1.0)
    top_left = torch.tensor([[0.0, 0.0, 0.25, 0.25]]).expand(2, 3, 4)
    change = (module(visual(), tokens(top_left), (4, 4)) - module(visual(), tokens(top_left, scale=5.0), (4, 4))).abs()
    changed = change.sum(-1) > 1e-6
    # The region covers the first visual token and, widened by half a token, touches no other token's centre ...
    assert changed[:, 0].all()
    # ... but those whose centres lie exactly half a token away from its edge.
    rows, columns = torch.arange(16) // 4, torch.arange(16) % 4
    assert not changed[:, (rows > 1) | (columns > 1)].any()


def test_explicit_and_fused_attention_agree() -> None:
    module = fuser()
    with torch.no_grad():
        module.alpha_attn.fill_(0.7)
        module.alpha_dense.fill_(0.3)
    regions = torch.tensor([[0.0, 0.0, 0.5, 1.0], [0.3, 0.3, 0.9, 0.6], [0.0, 0.0, 0.0, 0.0]]).expand(2, 3, 4)
    fused = module.eval()(visual(), tokens(regions), (4, 4))
    explicit = module.train()(visual(), tokens(regions), (4, 4))
    torch.testing.assert_close(fused, explicit, rtol=1e-5, atol=1e-6)


def test_thin_regions_are_seen_on_coarse_rasters() -> None:
    sliver = torch.tensor([[[0.501, 0.1, 0.52, 0.9]]])
    assert visible_tokens(sliver, 2, 2).any()
    assert visible_tokens(sliver, 16, 16).any()


def test_an_empty_region_is_seen_nowhere() -> None:
    assert not visible_tokens(torch.zeros(1, 1, 4), 8, 8).any()
