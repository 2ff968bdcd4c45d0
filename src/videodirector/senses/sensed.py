"""What loaders make of files and arrays: arrays of one form a modality, however they came."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videodirector.errors import UsageError
from videodirector.files.formats import name_unsupported
from videodirector.files.reading import open_regular
from videodirector.schemas import Modality

__all__ = [
    "AUDIO_RATE",
    "CLIPS",
    "IMU_RATE",
    "LONGEST",
    "SIDE",
    "Sensed",
    "as_array",
    "existing",
    "spread",
    "unreadable",
]

SIDE = 1024
"""The longer side of pictures and maps, in pixels, at most."""

AUDIO_RATE = 48_000
IMU_RATE = 200

LONGEST = 10.0
"""Seconds of one clip of sound or motion, at most."""

CLIPS = 6
"""Clips of one recording at most; of longer ones they are spread evenly, so that two hours cost what a minute costs."""


@dataclass(frozen=True, kw_only=True)
class Sensed:
    """A modality's input, read.

    Attributes:
        modality: says what ``clips`` are.
        clips: image: one (height, width, 3) uint8. video: (frames, height, width, 3) uint8, the frames evenly spaced
            over about two seconds. audio: (samples,) float32 at ``AUDIO_RATE``. depth: one (height, width) float32,
            larger is nearer. thermal: the same, larger is hotter. imu: (6, samples) float32 at ``IMU_RATE``,
            acceleration in m/s² with gravity along y, turning rate in rad/s.
        name: of the file, for messages.
        notes: what had to be done to read it, in whole sentences.
    """

    modality: Modality
    clips: tuple[NDArray[Any], ...]
    name: str
    notes: tuple[str, ...] = ()

    def noting(self, *notes: str) -> Sensed:
        """With more notes."""
        return replace(self, notes=(*self.notes, *(note for note in notes if note)))


def spread(duration: float, length: float = LONGEST, most: int = CLIPS) -> list[float]:
    """Where clips of ``length`` seconds begin so that they cover a recording, or are spread evenly over a long one."""
    count = min(most, math.ceil(duration / length - 0.25))  # a little more than a clip is still one
    return [float(start) for start in np.linspace(0, duration - length, count)] if count > 1 else [0.0]


def existing(path: Path, what: str) -> Path:
    """The path, if there is a file with something in it.

    Raises:
        UsageError: there is none, or it is empty, a folder or not to be read.
    """
    if not path.exists():
        raise UsageError(f"{path}: there is no such file", hint=f"check the path of the {what}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file", hint=f"name the {what} in it")
    if not os.access(path, os.R_OK):
        raise UsageError(f"{path} may not be read", hint="change its permissions")
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise UsageError(f"{path} {error.strerror}", hint=f"name the file of the {what}") from None
    if size == 0:
        raise UsageError(f"{path} is empty", hint=f"save or copy the {what} again")
    return path


def as_array(source: Any, name: str) -> NDArray[Any]:
    """An array of numbers.

    Raises:
        UsageError: it holds something else, or nothing.
    """
    array = np.asarray(source)
    if array.dtype.kind not in "buif":
        raise UsageError(f"{name} holds {array.dtype}, not numbers", hint="give an array of integers or floats")
    if array.size == 0:
        raise UsageError(f"{name} is empty: its shape is {array.shape}")
    return array


_MAGIC: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x89PNG", "a PNG picture", "image"),
    (0, b"\xff\xd8\xff", "a JPEG picture", "image"),
    (8, b"WEBP", "a WebP picture", "image"),
    (0, b"GIF8", "a GIF", "video"),
    (8, b"WAVE", "a WAVE sound", "audio"),
    (0, b"fLaC", "a FLAC sound", "audio"),
    (0, b"OggS", "an Ogg sound", "audio"),
    (0, b"ID3", "an MP3 sound", "audio"),
    (4, b"ftyp", "an MP4 video", "video"),
    (0, b"\x1a\x45\xdf\xa3", "a WebM or Matroska video", "video"),
    (0, b"\x93NUMPY", "a numpy array", ""),
)


_MEANT = {
    "picture": {"image", "video"},  # the first frame of a GIF
    "sound": {"audio", "video"},
    "video": {"video"},
    "map": {"depth"},
    "image": {"thermal"},
    "trace": {"imu"},
}
"""What a file may be that is given as a picture, a sound ...: the last word of what messages call it."""


def unreadable(path: Path, what: str, reason: str = "") -> UsageError:
    """The error for a file that is not what it was given as; says what it seems to be."""
    with open_regular(path) as file:
        head = file.read(4096)
    if found := name_unsupported(head):
        return UsageError(f"{path}: {found[0]}", hint=found[1])
    seems, modality = next(
        ((told, kind) for at, magic, told, kind in _MAGIC if head[at : at + len(magic)] == magic), ("", "")
    )
    message = f"{path} cannot be read as {what}"
    if seems:
        message += f"; it begins like {seems}"
    if reason:
        message += f": {reason}"
    if modality and modality not in _MEANT[what.rsplit(maxsplit=1)[-1]]:
        return UsageError(message, hint=f"is it meant as --{modality}?")
    return UsageError(message, hint="the file may be damaged or cut off: save or copy it again")
