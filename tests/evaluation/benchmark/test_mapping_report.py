"""Measuring the mapping network: the weights that ship, and an embedder that hears what there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from videodirector.cli import main
from videodirector.errors import UsageError
from videodirector.evaluation.benchmark import mapping_report
from videodirector.evaluation.metrics.perception import compute_pairwise_cosine
from videodirector.lexicon import trained_backgrounds, trained_things
from videodirector.schemas import MODALITIES
from videodirector.senses.embedder import Vectors
from videodirector.senses.embedders.mapping import WEIGHTS, MappingNetwork, get_packaged_folder
from videodirector.senses.embedders.storyworld import StoryworldBind
from videodirector.storyworld.moments import Moment, MomentSampler


class Oracle:
    """Takes the clips, whatever they are, for what these captions say."""

    name, modalities = "oracle", frozenset(MODALITIES)

    def __init__(self, told: Sequence[str] = ()) -> None:
        self._bind, self._told = StoryworldBind.load(), told

    def embed(self, modality: str, clips: Sequence[Any]) -> Vectors:
        return self.embed_text(self._told)

    def embed_text(self, texts: Sequence[str]) -> Vectors:
        return self._bind.embed_text(texts)

    def scale(self, modality: str, aspect: str) -> float | None:
        return None


@pytest.fixture(scope="module")
def moments() -> list[Moment]:
    source = MomentSampler(seed=77)
    return [source[number] for number in range(8)]


def test_what_is_heard_rightly_is_told_rightly(moments: list[Moment]) -> None:
    oracle = Oracle(
        [
            f"{mapping_report.format_caption(mapping_report.name_moment(moment), None)} in the {moment.place}"
            for moment in moments
        ]
    )
    report = mapping_report.measure_mapping(
        oracle, MappingNetwork.from_pretrained(), moments, batch=8, senses=("audio",)
    )
    (score,) = report.scores
    assert score.recall == 1
    assert score.cosine < 0.5
    assert score.things.total == 0
    assert report.target_cosine < 0.5
    assert report.as_dict()["batch"] == 8
    assert "| audio | 1.00 |" in report.markdown()


def test_what_cannot_be_measured(moments: list[Moment]) -> None:
    empty = MomentSampler(seed=77, empty=1.0)[0]
    with pytest.raises(UsageError, match="no thing"):
        mapping_report.measure_mapping(Oracle(), MappingNetwork.from_pretrained(), [empty], batch=1)
    with pytest.raises(UsageError, match="less than a batch of 64"):
        mapping_report.measure_mapping(Oracle(), MappingNetwork.from_pretrained(), moments)
    assert main(["evaluate", "perception", "--clips", "10"]) == 2


def test_what_ships_is_small_and_does_not_collapse() -> None:
    """Sixty-four captions through storyworld-bind and the network: each comes out next to its own states."""
    assert (get_packaged_folder() / WEIGHTS).stat().st_size < 3.2e6
    named = [
        (thing, place) for thing, place in zip(list(trained_things())[:64], [*trained_backgrounds()] * 4, strict=False)
    ]
    bind, network = StoryworldBind.load(), MappingNetwork.from_pretrained()
    vectors = bind.embed_text(
        [f"{mapping_report.format_caption(thing, None)} in the {place}" for thing, place in named]
    )
    words, phrase = network(torch.from_numpy(vectors))
    hits, cosine, rank = mapping_report.compute_mapping_metrics(
        words.numpy(),
        mapping_report.encode_texts([mapping_report.format_caption(thing, place) for thing, place in named]).numpy(),
    )
    assert hits >= 0.9
    assert cosine <= 0.5
    assert rank > 20
    assert compute_pairwise_cosine(phrase.numpy()) < 0.5


def test_collapse_is_told() -> None:
    rng = np.random.default_rng(0)
    targets = rng.standard_normal((64, 3, 8))
    hits, cosine, _ = mapping_report.compute_mapping_metrics(
        targets.mean(0) + 0.01 * rng.standard_normal((64, 3, 8)), targets
    )
    assert hits < 0.2
    assert cosine > 0.95
    hits, cosine, _ = mapping_report.compute_mapping_metrics(targets, targets)
    assert hits == 1
    assert abs(cosine) < 0.05
