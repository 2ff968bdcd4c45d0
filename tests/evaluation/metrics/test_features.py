"""Metrics that look through networks: against closed forms, and with networks whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import sqrtm

from videodirector.errors import ModelNotFoundError, UsageError
from videodirector.evaluation import load_clip_network
from videodirector.evaluation.metrics.coherence import (
    Appearance,
    crop_box,
    measure_consistency,
    measure_frame_similarity,
    measure_pixel_change,
    measure_text_similarity,
)
from videodirector.evaluation.metrics.feature_networks import Features, Frames
from videodirector.evaluation.metrics.frechet import (
    compute_frechet_distance,
    compute_inception_score,
    measure_frechet_video_distance,
    measure_inception_score,
)
from videodirector.schemas import Box


class Colours:
    """Sees the mean colour of pictures and reads colour words; classes are red, green and blue."""

    name = "colours"

    def features(self, clips: Sequence[Frames]) -> Features:
        return np.array([clip.mean(axis=(0, 1, 2)) for clip in clips])

    def probabilities(self, clips: Sequence[Frames]) -> Features:
        mean = self.features(clips)
        return np.asarray(mean / mean.sum(axis=1, keepdims=True))

    def pictures(self, frames: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]) -> Features:
        mean = np.array([frame.mean(axis=(0, 1)) for frame in frames])
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True))

    def texts(self, texts: Sequence[str]) -> Features:
        return np.array([np.eye(3)[("red", "green", "blue").index(text)] for text in texts])


def flat(*colour: int, frames: int = 3) -> Frames:
    return np.broadcast_to(np.array(colour, dtype=np.uint8), (frames, 8, 8, 3)).copy()


def test_the_frechet_distance_of_known_gaussians() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5000, 3)), rng.normal(size=(5000, 3)) * (1, 2, 3) + (4, 0, 0)
    assert compute_frechet_distance(a, b) == pytest.approx(4**2 + 0 + 1 + 4, rel=0.05)  # sum of (sigma_a - sigma_b)^2
    assert compute_frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_the_frechet_distance_is_that_of_the_matrix_square_root() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(40, 6)) @ rng.normal(size=(6, 6)), rng.normal(size=(30, 6)) @ rng.normal(size=(6, 6)) + 1
    spread_a, spread_b = np.cov(a.T), np.cov(b.T)
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum()
    expected += np.trace(spread_a + spread_b - 2 * np.real(sqrtm(spread_a @ spread_b)))
    assert compute_frechet_distance(a, b) == pytest.approx(float(expected))
    assert compute_frechet_distance(a, b) == pytest.approx(compute_frechet_distance(b, a))
    with pytest.raises(UsageError, match="two clips or more"):
        compute_frechet_distance(a[:1], b)


def test_the_video_distance_has_an_interval() -> None:
    rng = np.random.default_rng(2)
    drawn, true = (
        [rng.integers(low, low + 40, size=(2, 4, 4, 3)).astype(np.uint8) for _ in range(30)] for low in (0, 100)
    )
    found = measure_frechet_video_distance(Colours(), drawn, true)
    assert found.value == pytest.approx(3 * 100**2, rel=0.05)
    assert found.low < found.value < found.high
    assert found.total == 30


def test_the_inception_score_lies_between_one_and_the_number_of_classes() -> None:
    assert compute_inception_score(np.eye(4)) == pytest.approx(4)
    assert compute_inception_score(np.full((10, 4), 0.25)) == pytest.approx(1)
    assert compute_inception_score(np.tile(np.eye(4)[:1], (10, 1))) == pytest.approx(1), "always the same thing"
    clips = [flat(255, 0, 0), flat(0, 255, 0), flat(0, 0, 255)] * 4
    assert measure_inception_score(Colours(), clips).value == pytest.approx(3, rel=1e-6)


def test_faithfulness_and_coherence() -> None:
    network = Colours()
    assert measure_text_similarity(network, [flat(9, 0, 0), flat(0, 0, 9)], ["red", "blue"]).value == pytest.approx(1)
    assert measure_text_similarity(network, [flat(9, 0, 0)], ["green"]).value == pytest.approx(0)
    turning = np.concatenate([flat(9, 0, 0, frames=1), flat(0, 9, 0, frames=1), flat(0, 9, 0, frames=1)])
    assert measure_frame_similarity(network, [turning]).value == pytest.approx(0.5)
    assert measure_pixel_change([turning]).value == pytest.approx((2 * 81 / 3 + 0) / 2)
    assert measure_pixel_change([flat(3, 3, 3, frames=1)]).total == 0


def test_consistency_compares_adjacent_and_all_pairs() -> None:
    box = Box(0.25, 0.25, 0.75, 0.75)
    red, blue = flat(9, 0, 0)[0], flat(0, 0, 9)[0]

    def shows(variant: str | None, pixels: Frames) -> tuple[Appearance, Frames]:
        return Appearance(scene="s", frame=0, variant=variant, box=box if variant else None), pixels

    found = measure_consistency([[shows("red car", red), shows("red car", red), shows("blue car", blue)]], Colours())
    assert found.adjacent.value == pytest.approx(1 / 2)
    assert found.all_pairs.value == pytest.approx(1 / 3)
    assert found.crops_adjacent.value == pytest.approx(1 / 2)
    assert found.crops_all.value == pytest.approx(1 / 3)
    lost = measure_consistency([[shows("red car", red), shows(None, red), shows("red car", red)]], Colours())
    assert [lost.adjacent.value, lost.all_pairs.value] == pytest.approx([0, 1 / 3])
    assert lost.crops_adjacent.total == 0
    assert lost.crops_all.value == pytest.approx(1)
    assert lost.seen.value == pytest.approx(2 / 3)


def test_crops_are_never_empty() -> None:
    frame = np.zeros((10, 20, 3), np.uint8)
    assert crop_box(frame, Box(0.25, 0.2, 0.75, 0.8)).shape == (6, 10, 3)
    assert crop_box(frame, Box(0.99, 0.99, 1.0, 1.0)).shape == (2, 2, 3)


def test_networks_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="is not a CLIP model"):
        load_clip_network(str(tmp_path / "nowhere"))


def test_clip_from_a_folder(tmp_path: Path) -> None:
    """A CLIP of random weights with a vocabulary of letters: the real classes, a few thousand numbers."""
    from tiny_clip import tiny_clip

    network = load_clip_network(str(tiny_clip(tmp_path / "clip")))
    pictures = network.pictures([flat(255, 0, 0)[0], np.zeros((30, 20, 3), np.uint8)])
    assert np.linalg.norm(pictures, axis=1) == pytest.approx([1, 1])
    texts = network.texts(["a fox", "an owl"])
    assert texts.shape == pictures.shape
    assert abs(float(texts[0] @ texts[1])) < 1
