"""The mapping network: its form, its file, and the weights that ship."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from videodirector.bind.mapping import CONFIG, VARIANTS, WEIGHTS, MappingNetwork, Variant, packaged
from videodirector.bind.storyworld import StoryworldBind
from videodirector.errors import ModelFormatError, ModelNotFoundError
from videodirector.evaluation.perception import pairwise_cosine
from videodirector.lexicon import backgrounds, things
from videodirector.trials.mapping import encoded, figures, spoken


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
    with pytest.raises(ModelFormatError, match="holds no mapping network"):
        MappingNetwork.from_pretrained(tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(ModelFormatError):
        MappingNetwork.from_pretrained(tmp_path)


def test_what_ships_is_small_and_does_not_collapse() -> None:
    """Sixty-four captions through storyworld-bind and the network: each comes out next to its own states."""
    assert (packaged() / WEIGHTS).stat().st_size < 3.2e6
    named = [(thing, place) for thing, place in zip(list(things())[:64], [*backgrounds()] * 4, strict=False)]
    bind, network = StoryworldBind.load(), MappingNetwork.from_pretrained()
    vectors = bind.embed_text([f"{spoken(thing, None)} in the {place}" for thing, place in named])
    words, phrase = network(torch.from_numpy(vectors))
    hits, cosine, rank = figures(words.numpy(), encoded([spoken(thing, place) for thing, place in named]).numpy())
    assert hits >= 0.9
    assert cosine <= 0.5
    assert rank > 20
    assert pairwise_cosine(phrase.numpy()) < 0.5


def test_collapse_is_told() -> None:
    rng = np.random.default_rng(0)
    targets = rng.standard_normal((64, 3, 8))
    hits, cosine, _ = figures(targets.mean(0) + 0.01 * rng.standard_normal((64, 3, 8)), targets)
    assert hits < 0.2
    assert cosine > 0.95
    hits, cosine, _ = figures(targets, targets)
    assert hits == 1
    assert abs(cosine) < 0.05
