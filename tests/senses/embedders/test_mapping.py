"""The mapping network: its form and its file; tests/trials has the weights that ship."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from videodirector.errors import ModelFormatError, ModelNotFoundError
from videodirector.senses.embedders.mapping import CONFIG, VARIANTS, WEIGHTS, MappingNetwork, Variant


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_writes_states_and_a_phrase(variant: Variant) -> None:
    torch.manual_seed(0)
    network = MappingNetwork(variant=variant, width=8, tokens=3, text=12, words=7)
    words, phrase = network(torch.randn(5, 8))
    assert words.shape == (5, 7, 12)
    assert phrase.shape == (5, 12)
    assert not words[:, 3:].any()
    # Each input has its own output, and every state and the phrase depend on it.
    for part in (*words[:, :3].unbind(1), phrase):
        assert torch.pdist(part).min() > 1e-4


def test_saved_and_loaded(tmp_path: Path) -> None:
    network = MappingNetwork(variant="transformer", width=8, tokens=3, text=12, words=7).eval()
    network.save_pretrained(tmp_path)
    again = MappingNetwork.from_pretrained(tmp_path)
    some = torch.randn(2, 8)
    torch.testing.assert_close(again(some).words, network(some).words.detach(), rtol=2e-2, atol=2e-3)  # half precision


def test_folders_that_are_no_network(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"recipes/mapping\.py"):
        MappingNetwork.from_pretrained(tmp_path)
    MappingNetwork(variant="linear", width=8, tokens=3, text=12).save_pretrained(tmp_path)
    (tmp_path / CONFIG).write_text(json.dumps({"variant": "linear", "width": 9}))
    with pytest.raises(ModelFormatError, match="is not a mapping network"):
        MappingNetwork.from_pretrained(tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(ModelFormatError):
        MappingNetwork.from_pretrained(tmp_path)
