from __future__ import annotations

import pytest
import torch
from diffusers.models.attention import FeedForward
from torch import nn

from videodirector.layout2vid.nn import feed_forward as module
from videodirector.layout2vid.nn.feed_forward import feed_forward


def layer(activation: str = "geglu") -> FeedForward:
    torch.manual_seed(0)
    return FeedForward(24, activation_fn=activation).eval()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("piece", [1, 96 * 7, 10**9])
def test_in_pieces_the_sums_are_the_same(monkeypatch: pytest.MonkeyPatch, piece: int, dtype: torch.dtype) -> None:
    monkeypatch.setattr(module, "PIECE", piece)
    network, tokens = layer().to(dtype), torch.randn(3, 10, 24).to(dtype)
    with torch.no_grad():
        torch.testing.assert_close(feed_forward(network, tokens), network(tokens))


def test_in_pieces_it_is_unless_something_stands_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    whole: list[nn.Module] = []

    def forward(network: nn.Module, tokens: torch.Tensor) -> torch.Tensor:
        whole.append(network)
        return tokens

    monkeypatch.setattr(FeedForward, "forward", forward)
    tokens = torch.randn(2, 4, 24)
    with torch.no_grad():
        plain = layer()
        feed_forward(plain, tokens)
        assert not whole
        hooked = layer()
        hooked.net[0].proj.register_forward_hook(lambda *_: None)
        adapted = layer()
        adapted.net[0].proj = nn.Sequential(adapted.net[0].proj)
        for other in (hooked, adapted, layer("gelu")):
            feed_forward(other, tokens)
            assert whole[-1] is other
    feed_forward(plain, tokens)
    assert whole[-1] is plain  # while something is learned
