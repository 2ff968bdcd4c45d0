"""CLIP-Text: whether frames show what the words say."""

from __future__ import annotations

from collections.abc import Sequence

from videodirector.evaluation.features import Frames, PictureTextNetwork
from videodirector.evaluation.statistics import Estimate

__all__ = ["text_similarity"]


def text_similarity(network: PictureTextNetwork, clips: Sequence[Frames], texts: Sequence[str]) -> Estimate:
    """Mean cosine of every frame with the text of its clip, in [-1, 1]."""
    words = network.texts(texts) if texts else ()
    return Estimate.mean(
        (network.pictures(list(clip)) @ word).tolist() for clip, word in zip(clips, words, strict=True)
    )
