"""Perception metrics: captions, calibration and retrieval of pictures, sounds, videos, depth, heat and motion.

They see vectors and probabilities, never the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from videodirector.schemas import MODALITIES, Modality

__all__ = [
    "CaptionModel",
    "CaptionScore",
    "LabelledMoment",
    "PerceptionReport",
    "compute_calibration_error",
    "compute_effective_rank",
    "compute_pairwise_cosine",
    "compute_recall",
    "measure_perception",
]

Vectors = NDArray[np.float32]
ASPECTS = ("thing", "place", "motion")
TRAINED = frozenset({"image", "video"})  # pairs with one of these were learned; all others are emergent


class LabelledMoment(Protocol):
    """A labelled moment; those from outside the world have a ``style``."""

    @property
    def thing(self) -> str | None: ...
    @property
    def place(self) -> str | None: ...
    @property
    def motion(self) -> str: ...
    @property
    def style(self) -> str: ...
    def clip(self, modality: str) -> NDArray[Any]: ...
    def caption(self, *, moving: bool) -> str: ...


class CaptionModel(Protocol):
    """The measured model: vectors of clips and texts, and probabilities of a vector's content."""

    def embed(self, modality: Modality, clips: Sequence[NDArray[Any]]) -> Vectors: ...
    def embed_text(self, texts: Sequence[str]) -> Vectors: ...
    def predict_probabilities(self, vector: Vectors, modality: Modality, aspect: Any) -> Mapping[str | None, float]: ...


@dataclass(frozen=True, kw_only=True)
class CaptionScore:
    """The score of one modality and one part of its captions.

    Attributes:
        right, clips: how often the likeliest was true, of how many.
        calibration: expected calibration error of the confidence in it.
        doubted: of clips from outside the world, how many had a confidence below 0.5; and how many there were.
    """

    modality: str
    aspect: str
    right: int
    clips: int
    calibration: float
    doubted: int
    strangers: int


@dataclass(frozen=True, kw_only=True)
class PerceptionReport:
    """The result of ``measure_perception``; ``recalls`` maps (from, to) to (R@1, R@5) over ``candidates``."""

    captions: tuple[CaptionScore, ...]
    recalls: Mapping[tuple[str, str], tuple[float, float]]
    candidates: int

    def as_dict(self) -> dict[str, object]:
        """Return a dictionary for JSON."""
        return {
            "captions": [vars(score) for score in self.captions],
            "candidates": self.candidates,
            "recall": [
                {"from": a, "to": b, "r1": r1, "r5": r5, "emergent": is_emergent(a, b)}
                for (a, b), (r1, r5) in self.recalls.items()
            ],
        }

    def markdown(self) -> str:
        """Return two Markdown tables."""
        lines = ["| captions | | right | calibration error | strangers doubted |", "|---|---|---|---|---|"]
        for score in self.captions:
            share = score.right / max(score.clips, 1)
            lines.append(
                f"| {score.modality} | {score.aspect} | {share:.1%} ({score.right} of {score.clips}) "
                f"| {score.calibration:.3f} | {score.doubted} of {score.strangers} |"
            )
        names = list(dict.fromkeys(a for a, _ in self.recalls))
        lines += ["", f"R@1 / R@5 in % over {self.candidates} candidates, rows look for columns; *emergent*:", ""]
        lines += ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        for a in names:
            cells = []
            for b in names:
                if (a, b) not in self.recalls:
                    cells.append("")
                    continue
                text = " / ".join(f"{100 * value:.0f}" for value in self.recalls[a, b])
                cells.append(f"*{text}*" if is_emergent(a, b) else text)
            lines.append(f"| {a} | " + " | ".join(cells) + " |")
        return "\n".join(lines)


def is_emergent(one: str, other: str) -> bool:
    """Return whether no pair of these two modalities was in the training data."""
    return not TRAINED & {one, other}


def measure_perception(
    perceiver: CaptionModel, moments: Iterable[LabelledMoment], *, candidates: int = 100
) -> PerceptionReport:
    """Measure captions, calibration and retrieval over moments of the world and some from outside it.

    Retrieval is averaged over groups of ``candidates`` moments of the world; a partner with the same (thing,
    place and motion) as the true one would count as wrong.
    """
    shown = list(moments)
    world = [number for number, moment in enumerate(shown) if not moment.style]
    vectors: dict[str, Vectors] = {
        modality: perceiver.embed(modality, [moment.clip(modality) for moment in shown]) for modality in MODALITIES
    }
    scores = [
        _score_captions(perceiver, vectors[modality], shown, modality, aspect)
        for modality in MODALITIES
        for aspect in ASPECTS
        if (aspect == "motion") == (modality == "imu") or (aspect, modality) == ("motion", "video")
    ]
    vectors["text"] = perceiver.embed_text([moment.caption(moving=True) for moment in shown])
    groups = [world[start : start + candidates] for start in range(0, len(world) - candidates + 1, candidates)]
    recalls = {
        (a, b): (
            float(np.mean([compute_recall(vectors[a][group], vectors[b][group], 1) for group in groups])),
            float(np.mean([compute_recall(vectors[a][group], vectors[b][group], 5) for group in groups])),
        )
        for a, b in permutations(vectors, 2)
        if groups
    }
    return PerceptionReport(captions=tuple(scores), recalls=recalls, candidates=candidates)


def compute_recall(queries: Vectors, keys: Vectors, among: int) -> float:
    """Return the share of queries whose own key is among the nearest; row i belongs to row i."""
    cosines = queries @ keys.T
    own = np.diag(cosines)[:, None]
    return float(((cosines > own).sum(1) < among).mean())


def compute_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Compute the expected calibration error: the mean distance of confidence and accuracy over bins of equal width."""
    confidence, hit = np.asarray(confidences, dtype=np.float64), np.asarray(right, dtype=np.float64)
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    total = 0.0
    for number in range(bins):
        inside = place == number
        if inside.any():
            total += inside.mean() * abs(confidence[inside].mean() - hit[inside].mean())
    return float(total)


def compute_pairwise_cosine(vectors: NDArray[Any]) -> float:
    """Compute the mean cosine of different rows: near 1 where every input gives the same output."""
    flat = vectors.reshape(len(vectors), -1).astype(np.float64)
    unit = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    count = len(unit)
    return float((np.square(unit.sum(0)).sum() - count) / (count * (count - 1)))


def compute_effective_rank(vectors: NDArray[Any]) -> float:
    """Compute exp of the entropy of the normalised singular values of the centred rows: the directions in use."""
    flat = vectors.reshape(len(vectors), -1).astype(np.float64)
    values = np.linalg.svd(flat - flat.mean(0), compute_uv=False)
    share = values / max(values.sum(), 1e-12)
    share = share[share > 1e-12]
    return float(np.exp(-(share * np.log(share)).sum()))


def _score_captions(
    perceiver: CaptionModel, vectors: Vectors, shown: Sequence[LabelledMoment], modality: Modality, aspect: str
) -> CaptionScore:
    """Score the most probable label against the truth, where there is one."""
    right, confidences, strangers = [], [], []
    for vector, moment in zip(vectors, shown, strict=True):
        chances = perceiver.predict_probabilities(vector, modality, aspect)
        best, chance = next((name, chance) for name, chance in chances.items() if name is not None)
        if moment.style:
            strangers.append(chance)
        elif (truth := getattr(moment, aspect)) is not None:
            right.append(best == truth)
            confidences.append(chance)
    return CaptionScore(
        modality=modality,
        aspect=aspect,
        right=sum(right),
        clips=len(right),
        calibration=compute_calibration_error([*confidences, *strangers], [*right, *[False] * len(strangers)]),
        doubted=sum(chance < 0.5 for chance in strangers),
        strangers=len(strangers),
    )
