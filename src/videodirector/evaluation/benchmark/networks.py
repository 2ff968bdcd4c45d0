"""Feature networks for the metrics of the papers: storyworld-bind, or a network of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from videodirector import lexicon
from videodirector.evaluation import ImageTextNetwork, VideoNetwork, load_clip_network
from videodirector.evaluation.metrics.feature_networks import Features, Frames
from videodirector.senses import Captioner

__all__ = ["FeatureNetworks", "WorldNetwork", "load_feature_networks"]


@dataclass(frozen=True, kw_only=True)
class FeatureNetworks:
    """Feature networks; None leaves out the metrics that need it."""

    videos: VideoNetwork | None
    pictures: ImageTextNetwork | None


def load_feature_networks(name: str) -> FeatureNetworks:
    """Load feature networks by name: ``world``, ``none``, or a CLIP model's folder or hub id.

    Raises:
        ModelNotFoundError, MissingDependencyError: the network is missing.
    """
    if name == "none":
        return FeatureNetworks(videos=None, pictures=None)
    world = WorldNetwork()
    return FeatureNetworks(videos=world, pictures=world if name == "world" else load_clip_network(name))


class WorldNetwork:
    """storyworld-bind as a ``VideoNetwork`` and a ``ImageTextNetwork``: it was trained on this world and its captions.

    Its classes are the things of the world, its features the vectors of clips, of length 1: Fréchet distances lie
    between 0 and 4.
    """

    name = "storyworld-bind"

    def __init__(self) -> None:
        from videodirector.layout2vid.weights.packaged_encoder import sentence_encoder
        from videodirector.senses.embedders.storyworld import StoryworldBind

        self._bind = StoryworldBind.load(sentences=sentence_encoder())
        self._captioner = Captioner(self._bind)

    def features(self, clips: Sequence[Frames]) -> Features:
        """See ``VideoNetwork``."""
        return np.asarray(self._bind.embed("video", clips), dtype=np.float64)

    def probabilities(self, clips: Sequence[Frames]) -> Features:
        """See ``VideoNetwork``; the probability of no thing is spread over all of them."""
        predictions = [
            self._captioner.predict_probabilities(vector, "video", "thing")
            for vector in self._bind.embed("video", clips)
        ]
        things = tuple(lexicon.trained_things())
        known = np.array([[chances.get(thing, 0.0) for thing in things] for chances in predictions])
        return np.asarray(known + (1 - known.sum(axis=1, keepdims=True)) / len(things))

    def pictures(self, frames: Sequence[NDArray[np.uint8]]) -> Features:
        """See ``ImageTextNetwork``."""
        return np.asarray(self._bind.embed("image", frames), dtype=np.float64)

    def texts(self, texts: Sequence[str]) -> Features:
        """See ``ImageTextNetwork``."""
        return np.asarray(self._bind.embed_text(texts), dtype=np.float64)
