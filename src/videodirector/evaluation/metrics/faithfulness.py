"""CLIP-Text: whether frames show what the words say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from videodirector.evaluation.metrics.features import Frames, PictureTextNetwork
from videodirector.evaluation.metrics.statistics import Estimate

__all__ = ["frame_similarity", "pixel_change", "text_similarity"]


def text_similarity(network: PictureTextNetwork, clips: Sequence[Frames], texts: Sequence[str]) -> Estimate:
    """Mean cosine of every frame with the text of its clip, in [-1, 1]."""
    words = network.texts(texts) if texts else ()
    return Estimate.mean(
        (network.pictures(list(clip)) @ word).tolist() for clip, word in zip(clips, words, strict=True)
    )


def frame_similarity(network: PictureTextNetwork, clips: Sequence[Frames]) -> Estimate:
    """CLIP-Image: mean cosine of neighbouring frames, in [-1, 1]; clips of one frame have none."""
    groups: list[list[float]] = []
    for clip in clips:
        seen = network.pictures(list(clip))
        groups.append((seen[1:] * seen[:-1]).sum(axis=1).tolist())
    return Estimate.mean(groups)


def pixel_change(clips: Sequence[Frames]) -> Estimate:
    """Pixel-MSE: mean squared difference of neighbouring frames, in squared levels of 255."""
    return Estimate.mean(
        (np.diff(clip.astype(np.float64), axis=0) ** 2).mean(axis=(1, 2, 3)).tolist() for clip in clips
    )
