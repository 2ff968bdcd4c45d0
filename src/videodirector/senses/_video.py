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
from videodirector.senses._decode import DAMAGED_NOTE, decode_piece, probe
from videodirector.senses.image import open_image, to_rgb
from videodirector.senses.loaded_input import LoadedInput, as_array, build_unreadable_error, check_file, spread_starts

__all__ = ["CLIP_FRAMES", "CLIP_SECONDS", "load_video"]

CLIP_SECONDS = 2.0
"""Of one clip."""

CLIP_FRAMES = 5
"""Of one clip, the first and last at its ends."""

_SIDE = 512
_MAX_FRAMES = 2000  # frames of a GIF that are looked at


def load_video(given: VideoInput) -> LoadedInput:
    """Load a video as clips of two seconds, five frames each, without sound.

    Raises:
        UsageError: no such file, no video in it.
    """
    notes = []
    if not isinstance(given.source, Path):
        clips = _load_array(given.source, given.rate)
    else:
        path = check_file(given.source, "video")
        with open_regular(path) as file:
            head = file.read(16)
        is_animation = head.startswith((b"GIF8", b"\x89PNG", b"\xff\xd8\xff")) or head[8:12] == b"WEBP"
        clips, damaged = (_load_animation(path), False) if is_animation else _load_file(path)
        if damaged:
            notes.append(DAMAGED_NOTE.format(path))
    if len(clips[0]) == 1:
        notes.append("One frame is no motion: the video was looked at as a picture.")
    return LoadedInput(modality="video", clips=tuple(clips), name=given.name, notes=tuple(notes))


def _load_file(path: Path) -> tuple[list[NDArray[np.uint8]], bool]:
    found = probe(path, "a video")
    if not found.has_video:
        raise UsageError(f"{path} holds no pictures{', only sound' if found.has_audio else ''}", hint="try --audio")
    duration = found.duration or CLIP_SECONDS
    length = min(CLIP_SECONDS, duration)
    scale = f"scale='min({_SIDE},iw)':'min({_SIDE},ih)':force_original_aspect_ratio=decrease"
    options = ["-map", "0:v:0", "-an", "-vf", scale, "-pix_fmt", "rgb24", "-f", "image2pipe", "-c:v", "ppm"]
    clips, damaged = [], False
    for start in spread_starts(duration, CLIP_SECONDS):
        data, broken = decode_piece(path, options, start=start, seconds=length, what="a video")
        damaged = damaged or broken
        if frames := _parse_pixmaps(data):
            clips.append(_sample_evenly(frames))
    if not clips:
        raise build_unreadable_error(path, "a video", "not one frame of it can be decoded")
    return clips, damaged


def _load_animation(path: Path) -> list[NDArray[np.uint8]]:
    """Load GIF, animated WebP and PNG, JPEG, which Pillow reads; each frame has its own duration."""
    with open_image(path, "a video") as image:
        try:
            count = min(getattr(image, "n_frames", 1), _MAX_FRAMES)
            lengths = []
            for number in range(count):
                image.seek(number)
                lengths.append(max(float(image.info.get("duration") or 100), 10) / 1000)
            begins = np.concatenate([[0.0], np.cumsum(lengths)])
            clips = []
            for start in spread_starts(float(begins[-1]), CLIP_SECONDS):
                last = min(start + CLIP_SECONDS, float(begins[-1])) - 1e-6
                numbers = np.searchsorted(begins, np.linspace(start, last, CLIP_FRAMES), side="right") - 1
                clips.append(np.stack([_read_frame(image, int(number)) for number in _drop_repeats(numbers.tolist())]))
        except (OSError, ValueError, SyntaxError, EOFError, IndexError) as error:  # Pillow, of damaged frames
            raise build_unreadable_error(path, "a video", str(error)) from None
    return clips


def _load_array(source: Any, rate: float | None) -> list[NDArray[np.uint8]]:
    array = as_array(source, "the video")
    if array.ndim != 4 or array.shape[3] != 3 or array.dtype != np.uint8:
        raise UsageError(f"a video is an array (frames, height, width, 3) of uint8, not {array.shape} of {array.dtype}")
    rate = rate or 8.0
    clips = []
    for start in spread_starts(len(array) / rate, CLIP_SECONDS):
        first = round(start * rate)
        frames = array[first : max(first + 1, round((start + CLIP_SECONDS) * rate))]
        clips.append(_sample_evenly([_shrink(frame) for frame in frames[_spread_indices(len(frames))]]))
    return clips


def _sample_evenly(frames: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.stack([frames[place] for place in _spread_indices(len(frames))])


def _spread_indices(count: int) -> list[int]:
    return [0] if count == 1 else np.linspace(0, count - 1, min(count, CLIP_FRAMES)).round().astype(int).tolist()


def _drop_repeats(numbers: list[int]) -> list[int]:
    return numbers[:1] if len(set(numbers)) == 1 else numbers


def _read_frame(image: Image.Image, number: int) -> NDArray[np.uint8]:
    image.seek(number)
    return _shrink(to_rgb(image.copy()))


def _shrink(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = Image.fromarray(pixels)
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(image)


def _parse_pixmaps(data: bytes) -> list[NDArray[np.uint8]]:
    """Parse frames of consecutive binary PPM: "P6 width height 255", then bytes."""
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
