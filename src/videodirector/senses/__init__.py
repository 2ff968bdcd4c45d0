"""Pictures, sounds, videos, depth, heat and motion to captions; one file a modality."""

from __future__ import annotations

from collections.abc import Callable

from videodirector.schemas import Caption, Inputs, Modality
from videodirector.senses._audio import load_audio
from videodirector.senses._imu import load_imu
from videodirector.senses._maps import load_depth, load_thermal
from videodirector.senses._video import load_video
from videodirector.senses.captioner import CONFIDENCE_THRESHOLD, Captioner, read_captions
from videodirector.senses.combine import CombinedStory, add_references, combine_inputs, describe_caption
from videodirector.senses.embedder import CaptionWriter, Embedder
from videodirector.senses.image import load_image
from videodirector.senses.loaded_input import LoadedInput

__all__ = [
    "CONFIDENCE_THRESHOLD",
    "CaptionWriter",
    "Captioner",
    "CombinedStory",
    "Embedder",
    "LoadedInput",
    "add_references",
    "caption_inputs",
    "combine_inputs",
    "describe_caption",
    "load_audio",
    "load_depth",
    "load_image",
    "load_imu",
    "load_inputs",
    "load_thermal",
    "load_video",
    "read_captions",
]

_LOADERS: dict[Modality, Callable[..., LoadedInput]] = {
    "image": load_image,
    "audio": load_audio,
    "video": load_video,
    "depth": load_depth,
    "thermal": load_thermal,
    "imu": load_imu,
}


def load_inputs(inputs: Inputs) -> dict[Modality, list[LoadedInput]]:
    """Load all inputs, before any model is loaded.

    Raises:
        UsageError: an input cannot be read, or is of another modality than given.
    """
    return {modality: [_LOADERS[modality](one) for one in given] for modality, given in inputs}


def caption_inputs(inputs: Inputs, captioner: Callable[[Modality], Captioner]) -> list[Caption]:
    """Caption each given modality.

    Raises:
        UsageError: as ``load_inputs``, or the captioner does not support a modality.
        ModelError, MissingDependencyError: the captioner's model is missing.
    """
    sensed = load_inputs(inputs)
    return [captioner(modality).caption(given) for modality, given in sensed.items()]
