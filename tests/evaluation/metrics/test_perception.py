"""Measures of perception, on cases whose answer is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from videodirector.evaluation.metrics.perception import (
    compute_calibration_error,
    compute_effective_rank,
    compute_pairwise_cosine,
    compute_recall,
    measure_perception,
)


def test_recall_counts_what_is_nearer_than_the_true_one() -> None:
    keys = np.eye(4, dtype=np.float32)
    assert compute_recall(keys, keys, 1) == 1
    queries = keys[[1, 0, 2, 3]]  # two are mistaken for each other
    assert compute_recall(queries, keys, 1) == 0.5
    assert compute_recall(queries, keys, 2) == 1


def test_calibration() -> None:
    assert compute_calibration_error([0.75] * 4, [True, True, True, False]) == pytest.approx(0)
    assert compute_calibration_error([1.0] * 4, [True, True, False, False]) == pytest.approx(0.5)
    assert compute_calibration_error([0.05, 0.95], [False, True]) == pytest.approx(0.05)


def test_collapse_shows() -> None:
    rng = np.random.default_rng(0)
    spread, one = rng.normal(size=(64, 16)), np.ones((64, 16))
    assert abs(compute_pairwise_cosine(spread)) < 0.1
    assert compute_pairwise_cosine(one + 0.01 * spread) > 0.99
    assert compute_effective_rank(spread) > 14
    line = one * rng.normal(size=(64, 1))
    assert compute_effective_rank(line) == pytest.approx(1, abs=1e-3)


@dataclass
class Known:
    thing: str | None
    place: str | None = "forest"
    motion: str = "left"
    style: str = ""

    def clip(self, modality: str) -> np.ndarray:
        return np.array([0.0 if self.style else 1.0 + "ab".index(self.thing or "a")])

    def caption(self, *, moving: bool) -> str:
        return self.thing or ""


class Oracle:
    """Knows the thing from the clip, takes everything for a forest, and is unsure of strangers."""

    def embed(self, modality: str, clips: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack([np.eye(3, dtype=np.float32)[int(clip[0])] for clip in clips])

    def embed_text(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([np.eye(3, dtype=np.float32)[1 + "ab".index(text) if text else 0] for text in texts])

    def predict_probabilities(self, vector: np.ndarray, modality: str, aspect: str) -> Mapping[str | None, float]:
        if aspect != "thing":
            return {{"place": "forest", "motion": "right"}[aspect]: 1.0}
        if vector[0]:
            return {None: 0.9, "a": 0.1}
        return {"a": 1.0, "b": 0.0} if vector[1] else {"b": 1.0, "a": 0.0}


def test_a_report() -> None:
    shown = [Known("a"), Known("b"), Known(None, place=None, style="noise"), Known("a", place="sea"), Known("b")]
    report = measure_perception(Oracle(), shown, candidates=2)
    scores = {(score.modality, score.aspect): score for score in report.captions}
    assert (scores["audio", "thing"].right, scores["audio", "thing"].clips) == (4, 4)
    assert (scores["audio", "thing"].doubted, scores["audio", "thing"].strangers) == (1, 1)
    assert scores["image", "place"].right == 3
    assert scores["imu", "motion"].right == 0
    assert ("image", "motion") not in scores
    assert report.recalls["audio", "text"] == (1.0, 1.0)
    assert "| *100 / 100* |" in report.markdown()
    assert report.as_dict()["candidates"] == 2
