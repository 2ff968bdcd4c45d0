"""Decodes a downloaded video a frame at a time, and checks that it is complete and what was requested.

The file is not trusted: its header is read first, by ffmpeg with bounds on pixels and allocations, and only as
one of the containers that videos come in (no playlist, which would name other files).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from videodirector.files.ffmpeg import run_ffmpeg, start_ffmpeg
from videodirector.files.transport import make_printable
from videodirector.generator.backends.frames import Frame

__all__ = ["DamagedVideoError", "UnwantedVideoError", "VideoInfo", "VideoLimits", "check_video", "read_frames"]

_CONTAINERS = "mov,matroska"  # and those that the same readers read: mp4, webm
_PATIENCE = 300.0  # seconds for one pass of ffmpeg
_LARGEST_ALLOCATION = 400_000_000  # bytes; a header may claim any number of samples

_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_PICTURES = re.compile(r"^  Stream #0:\d+.*?: Video: .*$", re.MULTILINE)
_SIZE = re.compile(r", ([1-9]\d{0,8})x([1-9]\d{0,8})\b")
_RATE = re.compile(r", ([\d.]+)(k?) fps\b")


class DamagedVideoError(Exception):
    """The file is not a video, or incomplete."""


class UnwantedVideoError(Exception):
    """A video that is larger, longer or faster than requested."""


@dataclass(frozen=True, kw_only=True)
class VideoLimits:
    """What was requested, and how much more is accepted: servers round sizes, lengths and rates.

    Attributes:
        size: requested (width, height) in pixels; up to twice each side is accepted.
        seconds: requested duration; up to twice as long, and a second, is accepted.
        rate: requested frames a second; up to 60, or twice as many, are accepted.
    """

    size: tuple[int, int]
    seconds: float
    rate: float

    @property
    def longest(self) -> float:
        """Seconds."""
        return 2 * self.seconds + 1

    @property
    def fastest(self) -> float:
        """Frames a second."""
        return max(60.0, 2 * self.rate)

    @property
    def pixels(self) -> int:
        """Of one frame."""
        return 4 * self.size[0] * self.size[1]

    @property
    def frames(self) -> int:
        """Of the whole video."""
        return int(self.longest * self.fastest) + 1

    @property
    def bytes(self) -> int:
        """Of the file: half a byte for every requested pixel, ten times what good videos need."""
        wanted = self.size[0] * self.size[1] * self.seconds * max(self.rate, 30.0) / 2
        return int(min(max(wanted, 32e6), 1e9))

    def __str__(self) -> str:
        return f"{self.size[0]}x{self.size[1]} pixels, {self.seconds:g} seconds at {self.rate:g} frames a second"


@dataclass(frozen=True)
class VideoInfo:
    """Number and size of the frames of a video."""

    frames: int
    width: int
    height: int


def check_video(path: Path, limits: VideoLimits) -> VideoInfo:
    """Read the header of a video, and then all of it, keeping nothing.

    Raises:
        UnwantedVideoError: it is far beyond the request; nothing was decoded if its header shows that.
        DamagedVideoError: it cannot be read to its end.
        MissingDependencyError: there is no ffmpeg.
        EncodeError: ffmpeg cannot be run.
    """
    _check_header(path, limits)
    count, width, height = 0, 0, 0
    with _decode(path, limits, ["-f", "framecrc"]) as lines:  # a line for every frame
        for line in lines:
            if line.startswith(b"#dimensions 0:"):
                width, height = (int(side) for side in line.split(b":")[1].split(b"x"))
                _check_size(width, height, limits)
            count += not line.startswith(b"#")
            if count > limits.frames:
                raise UnwantedVideoError(f"it has more than {limits.frames} frames")
    if not count or not width or not height:
        raise DamagedVideoError("it holds no frames")
    return VideoInfo(count, width, height)


def read_frames(path: Path, found: VideoInfo, limits: VideoLimits) -> Iterator[Frame]:
    """Decode the frames of a checked video, each of shape (height, width, 3), uint8.

    Raises:
        As ``check_video``.
    """
    size = found.width * found.height * 3
    with _decode(path, limits, ["-f", "rawvideo", "-pix_fmt", "rgb24"]) as pixels:
        for _ in range(found.frames):
            data = pixels.read(size)
            if len(data) < size:
                raise DamagedVideoError("it ends early")
            yield np.frombuffer(data, dtype=np.uint8).reshape(found.height, found.width, 3)


def _check_header(path: Path, limits: VideoLimits) -> None:
    # Without an output ffmpeg always fails; what it reports of the input is what is needed.
    done = run_ffmpeg(_build_arguments(limits), files={"VIDEO": path}, level="info", timeout=_PATIENCE)
    if done.status < 0:
        raise DamagedVideoError(f"ffmpeg had not read its header after {_PATIENCE:g} seconds")
    words = done.log
    pictures = _PICTURES.search(words)
    line = pictures[0] if pictures else ""
    size, rate, duration = _SIZE.search(line), _RATE.search(line), _DURATION.search(words)
    if size is None:
        raise DamagedVideoError(_explain_log(words, path))
    width, height = int(size[1]), int(size[2])
    _check_size(width, height, limits)
    if duration is not None:
        seconds = 3600 * int(duration[1]) + 60 * int(duration[2]) + float(duration[3])
        if seconds > limits.longest:
            raise UnwantedVideoError(f"it is {seconds:g} seconds long")
    if rate is not None:
        fps = float(rate[1]) * (1000 if rate[2] else 1)
        if fps > limits.fastest * 1.01:
            raise UnwantedVideoError(f"it has {fps:g} frames a second")


def _check_size(width: int, height: int, limits: VideoLimits) -> None:
    if width > 2 * limits.size[0] or height > 2 * limits.size[1]:
        raise UnwantedVideoError(f"it is {width}x{height} pixels large")


def _build_arguments(limits: VideoLimits) -> list[str]:
    safely = ["-max_alloc", str(_LARGEST_ALLOCATION), "-xerror", "-protocol_whitelist", "file"]
    safely += ["-format_whitelist", _CONTAINERS, "-max_pixels", str(limits.pixels), "-err_detect", "explode"]
    return [*safely, "-i", "VIDEO"]


@contextmanager
def _decode(path: Path, limits: VideoLimits, output: list[str]) -> Iterator[IO[bytes]]:
    """Read the pictures of a video through ffmpeg, in the given output format; the block reads them to their end.

    Raises:
        DamagedVideoError: ffmpeg reports an error, or takes too long.
        EncodeError: it cannot be run.
    """
    arguments = [*_build_arguments(limits), "-map", "0:v:0", "-fps_mode", "passthrough", *output, "pipe:1"]
    with start_ffmpeg(arguments, pipe="stdout", files={"VIDEO": path}, timeout=_PATIENCE) as running:
        try:
            yield running.stdout
            extra = running.stdout.read(1)
        except DamagedVideoError:
            running.kill()
            extra = b""
        if running.wait() != 0 or extra:
            raise DamagedVideoError(_explain_log(running.read_log(), path))


def _explain_log(words: str, path: Path) -> str:
    lines = [line for line in words.strip().splitlines() if "At least one output file" not in line]
    last = lines[-1] if lines else "it cannot be read to its end"
    return make_printable(last.replace(f"file:{path.absolute()}", "the video").replace(str(path), "the video"), 200)
