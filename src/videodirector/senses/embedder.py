"""The protocols of embedders (storyworld-bind, ImageBind and others) and of caption writers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from numpy import float32, float64
from numpy.typing import NDArray

from videodirector.schemas import Modality

__all__ = ["Aspect", "CaptionWriter", "Embedder", "Vectors"]

Vectors = NDArray[float32]
Aspect = Literal["thing", "place", "motion"]


class Embedder(Protocol):
    """Embeds several modalities and text in one space.

    ``name`` is for messages; ``modalities`` are those it supports, as in ``schemas.Modality``.
    """

    @property
    def name(self) -> str: ...

    @property
    def modalities(self) -> frozenset[str]: ...

    def embed(self, modality: Modality, clips: Sequence[NDArray[Any]]) -> Vectors:
        """Unit vectors (clips, width) of clips as ``LoadedInput`` describes them.

        The mean of the modality has been subtracted, where it is known: vectors of different modalities lie apart
        (the modality gap), and are to be compared with those of text.

        Raises:
            ModelError, MissingDependencyError: the weights or a package are missing.
        """
        ...

    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, width)."""
        ...

    def scale(self, modality: Modality, aspect: Aspect) -> float | None:
        """Return the factor from cosines to calibrated logits; None if not calibrated."""
        ...


class CaptionWriter(Protocol):
    """Writes captions of an embedder's vectors, word by word."""

    def write(self, vector: Vectors) -> tuple[str, float]:
        """Return the most probable caption of a vector (width,), and its probability."""
        ...

    def log_prefix_probabilities(self, vector: Vectors, texts: Sequence[str]) -> NDArray[float64]:
        """Return log probabilities (texts,) that its caption begins with these texts.

        Raises:
            KeyError: a text has an unknown word.
        """
        ...
