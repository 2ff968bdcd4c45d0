"""Pictures, sounds, videos, depth, heat and motion to captions; one file a modality."""

from __future__ import annotations

from collections.abc import Callable

from videodirector.schemas import Caption, Inputs, Modality
from videodirector.senses._audio import load_audio
from videodirector.senses._imu import load_imu
from videodirector.senses._maps import load_depth, load_thermal
from videodirector.senses._video import load_video
from videodirector.senses.captioner import SURE, Captioner, read_captions
from videodirector.senses.combine import Story, combined, told, with_references
from videodirector.senses.embedder import Embedder, Writer
from videodirector.senses.image import load_image
from videodirector.senses.sensed import Sensed

__all__ = [
    "SURE",
    "Captioner",
    "Embedder",
    "Sensed",
    "Story",
    "Writer",
    "combined",
    "load_audio",
    "load_depth",
    "load_image",
    "load_imu",
    "load_thermal",
    "load_video",
    "perceive",
    "read",
    "read_captions",
    "told",
    "with_references",
]

_LOADERS: dict[Modality, Callable[..., Sensed]] = {
    "image": load_image,
    "audio": load_audio,
    "video": load_video,
    "depth": load_depth,
    "thermal": load_thermal,
    "imu": load_imu,
}


def read(inputs: Inputs) -> dict[Modality, list[Sensed]]:
    """All inputs, read: every file is looked at before any model is loaded.

    Raises:
        UsageError: one of them cannot be read, or is not what it was given as.
    """
    return {modality: [_LOADERS[modality](one) for one in given] for modality, given in inputs}


def perceive(inputs: Inputs, captioner: Callable[[Modality], Captioner]) -> list[Caption]:
    """A caption of each modality that is given.

    Raises:
        UsageError: as ``read``, or the captioner has no sense for a modality.
        ModelError, MissingDependencyError: the captioner's model is missing.
    """
    sensed = read(inputs)
    return [captioner(modality).caption(given) for modality, given in sensed.items()]
