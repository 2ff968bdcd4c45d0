"""Videos: some frames of some seconds, evenly spread."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videodirector.errors import UsageError
from videodirector.files.reading import open_regular
from videodirector.schemas import VideoInput
from videodirector.senses._decode import DAMAGED, piece, probe
from videodirector.senses.image import opened, to_rgb
from videodirector.senses.sensed import Sensed, as_array, existing, spread, unreadable

__all__ = ["FRAMES", "SECONDS", "load_video"]

SECONDS = 2.0
"""Of one clip."""

FRAMES = 5
"""Of one clip, the first and last at its ends."""

_SIDE = 512
_LONGEST_STRIP = 2000  # frames of a GIF that are looked at


def load_video(given: VideoInput) -> Sensed:
    """A video as clips of two seconds, five frames each; what it sounds like is not listened to.

    Raises:
        UsageError: no such file, no video in it.
    """
    notes = []
    if not isinstance(given.source, Path):
        clips = _of_array(given.source, given.rate)
    else:
        path = existing(given.source, "video")
        with open_regular(path) as file:
            head = file.read(16)
        strip = head.startswith((b"GIF8", b"\x89PNG", b"\xff\xd8\xff")) or head[8:12] == b"WEBP"
        clips, damaged = (_of_strip(path), False) if strip else _of_file(path)
        if damaged:
            notes.append(DAMAGED.format(path))
    if len(clips[0]) == 1:
        notes.append("One frame is no motion: the video was looked at as a picture.")
    return Sensed(modality="video", clips=tuple(clips), name=given.name, notes=tuple(notes))


def _of_file(path: Path) -> tuple[list[NDArray[np.uint8]], bool]:
    found = probe(path, "a video")
    if not found.has_video:
        raise UsageError(f"{path} holds no pictures{', only sound' if found.has_audio else ''}", hint="try --audio")
    duration = found.duration or SECONDS
    length = min(SECONDS, duration)
    scale = f"scale='min({_SIDE},iw)':'min({_SIDE},ih)':force_original_aspect_ratio=decrease"
    options = ["-map", "0:v:0", "-an", "-vf", scale, "-pix_fmt", "rgb24", "-f", "image2pipe", "-c:v", "ppm"]
    clips, damaged = [], False
    for start in spread(duration, SECONDS):
        data, broken = piece(path, options, start=start, seconds=length, what="a video")
        damaged = damaged or broken
        if frames := _pixmaps(data):
            clips.append(_evenly(frames))
    if not clips:
        raise unreadable(path, "a video", "not one frame of it can be decoded")
    return clips, damaged


def _of_strip(path: Path) -> list[NDArray[np.uint8]]:
    """GIF, animated WebP and PNG, JPEG, which Pillow reads; each frame has a duration of its own."""
    with opened(path, "a video") as image:
        try:
            count = min(getattr(image, "n_frames", 1), _LONGEST_STRIP)
            lengths = []
            for number in range(count):
                image.seek(number)
                lengths.append(max(float(image.info.get("duration") or 100), 10) / 1000)
            begins = np.concatenate([[0.0], np.cumsum(lengths)])
            clips = []
            for start in spread(float(begins[-1]), SECONDS):
                last = min(start + SECONDS, float(begins[-1])) - 1e-6
                numbers = np.searchsorted(begins, np.linspace(start, last, FRAMES), side="right") - 1
                clips.append(np.stack([_frame(image, int(number)) for number in _single(numbers.tolist())]))
        except (OSError, ValueError, SyntaxError, EOFError, IndexError) as error:  # Pillow, of damaged frames
            raise unreadable(path, "a video", str(error)) from None
    return clips


def _of_array(source: Any, rate: float | None) -> list[NDArray[np.uint8]]:
    array = as_array(source, "the video")
    if array.ndim != 4 or array.shape[3] != 3 or array.dtype != np.uint8:
        raise UsageError(f"a video is an array (frames, height, width, 3) of uint8, not {array.shape} of {array.dtype}")
    rate = rate or 8.0
    clips = []
    for start in spread(len(array) / rate, SECONDS):
        first = round(start * rate)
        frames = array[first : max(first + 1, round((start + SECONDS) * rate))]
        clips.append(_evenly([_small(frame) for frame in frames[_places(len(frames))]]))
    return clips


def _evenly(frames: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.stack([frames[place] for place in _places(len(frames))])


def _places(count: int) -> list[int]:
    return [0] if count == 1 else np.linspace(0, count - 1, min(count, FRAMES)).round().astype(int).tolist()


def _single(numbers: list[int]) -> list[int]:
    return numbers[:1] if len(set(numbers)) == 1 else numbers


def _frame(image: Image.Image, number: int) -> NDArray[np.uint8]:
    image.seek(number)
    return _small(to_rgb(image.copy()))


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = Image.fromarray(pixels)
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(image)


def _pixmaps(data: bytes) -> list[NDArray[np.uint8]]:
    """Frames written one after the other as binary PPM: "P6 width height 255", then bytes."""
    frames, at = [], 0
    while head := re.compile(rb"P6\s+(\d+)\s+(\d+)\s+255\s").match(data, at):
        width, height = int(head[1]), int(head[2])
        size = width * height * 3
        if head.end() + size > len(data):
            break
        pixels = np.frombuffer(data, dtype=np.uint8, count=size, offset=head.end())
        frames.append(pixels.reshape(height, width, 3))
        at = head.end() + size
    return frames
