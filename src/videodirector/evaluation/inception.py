"""Inception score: whether each clip shows something definite, and all of them different things."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from videodirector.evaluation.features import Features, Frames, VideoNetwork
from videodirector.evaluation.statistics import Estimate

__all__ = ["inception_score", "score_of"]


def score_of(probabilities: Features) -> float:
    """``exp(E_x KL(p(y|x) || p(y)))`` (arXiv 1606.03498): 1 at worst, the number of classes at best."""
    known = np.maximum(probabilities, 1e-12)
    overall = known.mean(axis=0)
    return float(np.exp((known * np.log(known / overall)).sum(axis=1).mean()))


def inception_score(network: VideoNetwork, clips: Sequence[Frames]) -> Estimate:
    """Of drawn clips, through any network that tells classes of clips apart."""
    probabilities = network.probabilities(clips)
    return Estimate.jackknife(lambda kept: score_of(probabilities[list(kept)]), len(probabilities))
