"""Feature networks, for metrics such as the Fréchet video distance.

Metrics depend only on these two protocols. Any network from pictures or clips to vectors can be used: an I3D of yours,
CLIP (``load_clip_network``), or, inside the storyworld, storyworld-bind (``benchmark.networks``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from videodirector.errors import MissingDependencyError, ModelNotFoundError

__all__ = ["Features", "Frames", "ImageTextNetwork", "VideoNetwork", "load_clip_network"]

Features = NDArray[np.float64]
"""One vector a row."""

Frames = NDArray[np.uint8]
"""RGB, shape (frames, height, width, 3)."""


class VideoNetwork(Protocol):
    """Sees clips: for the Fréchet video distance and the inception score."""

    @property
    def name(self) -> str:
        """What it is, for reports: distances through different networks cannot be compared."""
        ...

    def features(self, clips: Sequence[Frames]) -> Features:
        """Return a vector for each clip, (clips, width)."""
        ...

    def probabilities(self, clips: Sequence[Frames]) -> Features:
        """Return what each clip shows, as probabilities of classes, (clips, classes)."""
        ...


class ImageTextNetwork(Protocol):
    """Sees pictures and reads words, in one space: for CLIP-Text, CLIP-Image and the likeness of crops."""

    @property
    def name(self) -> str:
        """What it is, for reports."""
        ...

    def pictures(self, frames: Sequence[NDArray[np.uint8]]) -> Features:
        """Return a vector of length 1 for each picture, (pictures, width); pictures may differ in size."""
        ...

    def texts(self, texts: Sequence[str]) -> Features:
        """Return a vector of length 1 for each text, (texts, width)."""
        ...


def load_clip_network(model: str) -> ImageTextNetwork:
    """Load a CLIP model of the transformers library.

    Args:
        model: a folder, or an id on the hub such as ``openai/clip-vit-base-patch32``.

    Raises:
        MissingDependencyError: transformers is not installed.
        ModelNotFoundError: the model is missing.
    """
    return _ClipNetwork(model)


class _ClipNetwork:
    def __init__(self, model: str) -> None:
        try:
            from transformers import CLIPModel, CLIPProcessor
        except ImportError as error:
            raise MissingDependencyError(
                f"CLIP needs the package transformers: {error}", hint="pip install transformers"
            ) from error
        try:
            self._model = CLIPModel.from_pretrained(model).eval()
            self._processor = CLIPProcessor.from_pretrained(model)
        except (OSError, ValueError) as error:
            raise ModelNotFoundError(
                f"{model!r} is not a CLIP model: {error}",
                hint="give a folder in transformers' format, or the id of a model on the hub",
            ) from error
        self.name = f"CLIP {model}"

    def pictures(self, frames: Sequence[NDArray[np.uint8]]) -> Features:
        import torch

        with torch.no_grad():
            inputs = self._processor(images=list(frames), return_tensors="pt")
            vectors = self._model.vision_model(pixel_values=inputs["pixel_values"]).pooler_output
            return _normalise(self._model.visual_projection(vectors).double().numpy())

    def texts(self, texts: Sequence[str]) -> Features:
        import torch

        with torch.no_grad():
            inputs = self._processor(text=list(texts), return_tensors="pt", padding=True, truncation=True)
            vectors = self._model.text_model(**inputs).pooler_output
            return _normalise(self._model.text_projection(vectors).double().numpy())


def _normalise(vectors: Features) -> Features:
    length: Features = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12))
