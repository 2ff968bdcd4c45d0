"""The network that the world's metrics look through: on unseen true clips, beside what it must not know."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from videodirector import lexicon
from videodirector.evaluation.benchmark.networks import FeatureNetworks, WorldNetwork, load_feature_networks
from videodirector.evaluation.metrics.frechet import compute_frechet_distance
from videodirector.storyworld.scene import Clip, SceneSampler


@pytest.fixture(scope="module")
def network() -> WorldNetwork:
    return WorldNetwork()


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    scenes = SceneSampler(size=128, frames=4, seed=77, entities=(1, 1))
    return list(islice((clip for clip in scenes if clip.actors and clip.actors[0].track[0]), 48))


def test_it_knows_what_clips_show_and_what_is_said_of_them(network: WorldNetwork, clips: list[Clip]) -> None:
    things = tuple(lexicon.trained_things())
    chances = network.probabilities([clip.frames for clip in clips])
    assert chances.sum(axis=1) == pytest.approx(np.ones(len(clips)))
    seen = [things[best] for best in chances.argmax(axis=1)]
    assert np.mean([one == clip.actors[0].sprite.thing.name for one, clip in zip(seen, clips, strict=True)]) > 0.6
    alike = network.pictures([clip.frames[0] for clip in clips]) @ network.texts([clip.caption for clip in clips]).T
    assert np.mean(alike.argmax(axis=1) == np.arange(len(clips))) > 0.8


def test_noise_is_farther_away_than_other_scenes(network: WorldNetwork, clips: list[Clip]) -> None:
    noise = [np.random.default_rng(0).integers(0, 256, clip.frames.shape).astype(np.uint8) for clip in clips[:24]]
    true, others, odd = (network.features(part) for part in (_frames(clips[:24]), _frames(clips[24:]), noise))
    assert compute_frechet_distance(true, others) < 0.6 * compute_frechet_distance(odd, others)


def test_none_looks_through_nothing() -> None:
    assert load_feature_networks("none") == FeatureNetworks(videos=None, pictures=None)


def _frames(clips: list[Clip]) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    return [clip.frames for clip in clips]
