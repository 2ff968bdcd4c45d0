"""Fréchet video distance: between the sets of rendered and true clips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from videodirector.errors import UsageError
from videodirector.evaluation.metrics.feature_networks import Features, Frames, VideoNetwork
from videodirector.evaluation.metrics.statistics import Estimate

__all__ = [
    "compute_frechet_distance",
    "compute_inception_score",
    "measure_frechet_video_distance",
    "measure_inception_score",
]


def compute_frechet_distance(a: Features, b: Features) -> float:
    """Compute the distance between the Gaussians fitted to two sets of vectors (arXiv 1706.08500, eq. 6).

    ``|mean_a - mean_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))``. Few vectors make it larger than it is: compare only
    figures from equally many.

    Raises:
        UsageError: fewer than two vectors on a side, or of different width.
    """
    if min(len(a), len(b)) < 2 or a.shape[1] != b.shape[1]:
        raise UsageError(
            f"a Fréchet distance needs two clips or more on each side, found {len(a)} and {len(b)}, of equal width"
        )
    spread_a, spread_b = _compute_covariance(a), _compute_covariance(b)
    # The eigenvalues of S_a S_b are those of the symmetric S_a^(1/2) S_b S_a^(1/2), which never turn complex.
    values, vectors = np.linalg.eigh(spread_a)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ spread_b @ root), 0)).sum()
    apart = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
    return float(max(apart + np.trace(spread_a) + np.trace(spread_b) - 2 * shared, 0.0))


def _compute_covariance(vectors: Features) -> Features:
    centred = vectors - vectors.mean(axis=0)
    return np.asarray(centred.T @ centred / (len(vectors) - 1))


def measure_frechet_video_distance(network: VideoNetwork, drawn: Sequence[Frames], true: Sequence[Frames]) -> Estimate:
    """Measure the distance of rendered clips from as many true ones (arXiv 1812.01717), through any network."""
    a, b = network.features(drawn), network.features(true)
    count = min(len(a), len(b))
    return Estimate.jackknife(lambda kept: compute_frechet_distance(a[list(kept)], b[list(kept)]), count, least=2)


def compute_inception_score(probabilities: Features) -> float:
    """Compute ``exp(E_x KL(p(y|x) || p(y)))`` (arXiv 1606.03498): 1 at worst, the number of classes at best."""
    known = np.maximum(probabilities, 1e-12)
    overall = known.mean(axis=0)
    return float(np.exp((known * np.log(known / overall)).sum(axis=1).mean()))


def measure_inception_score(network: VideoNetwork, clips: Sequence[Frames]) -> Estimate:
    """Measure the inception score of rendered clips with any network that classifies clips."""
    probabilities = network.probabilities(clips)
    return Estimate.jackknife(lambda kept: compute_inception_score(probabilities[list(kept)]), len(probabilities))
