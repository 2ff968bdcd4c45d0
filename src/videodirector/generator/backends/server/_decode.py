"""Reads a downloaded video back, a frame at a time; notices when a part is missing, or when it is not what was asked.

The file comes from a stranger: its header is read first, by ffmpeg with bounds on pixels and allocations, and only as
one of the containers that videos come in (no playlist, which would name other files).
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from videodirector.errors import RenderError
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.files.transport import make_printable
from videodirector.generator.backends.frames import Frame
from videodirector.interrupts import at_forced_end

__all__ = ["DamagedVideoError", "UnwantedVideoError", "VideoInfo", "VideoLimits", "check_video", "read_frames"]

_CONTAINERS = "mov,matroska"  # and those that the same readers read: mp4, webm
_PATIENCE = 300.0  # seconds for one pass of ffmpeg
_LARGEST_ALLOCATION = 400_000_000  # bytes; a header may claim any number of samples

_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_PICTURES = re.compile(r"^  Stream #0:\d+.*?: Video: .*$", re.MULTILINE)
_SIZE = re.compile(r", ([1-9]\d{0,8})x([1-9]\d{0,8})\b")
_RATE = re.compile(r", ([\d.]+)(k?) fps\b")


class DamagedVideoError(Exception):
    """This file is no video, or not all of one."""


class UnwantedVideoError(Exception):
    """A video that is larger, longer or faster than what was asked for."""


@dataclass(frozen=True, kw_only=True)
class VideoLimits:
    """What was asked for, and with it how much more is taken: servers round sizes, lengths and rates as they like.

    Attributes:
        size: (width, height) that was asked for, in pixels; up to twice each side is taken.
        seconds: likewise; up to twice as long, and a second, is taken.
        rate: frames a second, likewise; up to 60, or twice as many, are taken.
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
        """Of the file: half a byte for every pixel that was asked for, which is ten times what good videos take."""
        wanted = self.size[0] * self.size[1] * self.seconds * max(self.rate, 30.0) / 2
        return int(min(max(wanted, 32e6), 1e9))

    def __str__(self) -> str:
        return f"{self.size[0]}x{self.size[1]} pixels, {self.seconds:g} seconds at {self.rate:g} frames a second"


@dataclass(frozen=True)
class VideoInfo:
    """What a video holds."""

    frames: int
    width: int
    height: int


def check_video(path: Path, limits: VideoLimits) -> VideoInfo:
    """Read the header of a video, and then all of it, keeping nothing.

    Raises:
        UnwantedVideoError: it is far beyond what was asked for; nothing was decoded if its header says so.
        DamagedVideoError: it cannot be read to its end.
        MissingDependencyError: there is no ffmpeg.
        RenderError: ffmpeg cannot be run.
    """
    _check_header(path, limits)
    count, width, height = 0, 0, 0
    with _run_ffmpeg(path, limits, ["-f", "framecrc"]) as lines:  # a line for every frame
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
    """The frames of a video that was checked, one after the other, each of shape (height, width, 3), uint8.

    Raises:
        As ``check_video``.
    """
    size = found.width * found.height * 3
    with _run_ffmpeg(path, limits, ["-f", "rawvideo", "-pix_fmt", "rgb24"]) as pixels:
        for _ in range(found.frames):
            data = pixels.read(size)
            if len(data) < size:
                raise DamagedVideoError("it ends early")
            yield np.frombuffer(data, dtype=np.uint8).reshape(found.height, found.width, 3)


def _check_header(path: Path, limits: VideoLimits) -> None:
    command = _build_command(path, limits, "info")
    with tempfile.TemporaryFile() as log:
        try:
            # Without an output ffmpeg always fails; what it says of the input is what is wanted.
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=log, timeout=_PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise DamagedVideoError(f"ffmpeg had not read its header after {_PATIENCE:g} seconds") from None
        except OSError as error:
            raise _cannot_run(command[0], error) from error
        log.seek(0)
        words = log.read(1 << 20).decode(errors="replace")
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


def _build_command(path: Path, limits: VideoLimits, level: str) -> list[str]:
    safely = ["-max_alloc", str(_LARGEST_ALLOCATION), "-xerror", "-protocol_whitelist", "file"]
    safely += ["-format_whitelist", _CONTAINERS, "-max_pixels", str(limits.pixels), "-err_detect", "explode"]
    return [find_ffmpeg(), "-nostdin", "-hide_banner", "-loglevel", level, *safely, "-i", f"file:{path.absolute()}"]


@contextmanager
def _run_ffmpeg(path: Path, limits: VideoLimits, output: list[str]) -> Iterator[IO[bytes]]:
    """What ffmpeg writes of the pictures of a video; it must have come to its end when the block does.

    Raises:
        DamagedVideoError: ffmpeg complains, or takes too long.
        RenderError: it cannot be run.
    """
    command = [*_build_command(path, limits, "error"), "-map", "0:v:0", "-fps_mode", "passthrough", *output, "pipe:1"]
    with tempfile.TemporaryFile() as log:
        try:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        except OSError as error:
            raise _cannot_run(command[0], error) from error
        timer = threading.Timer(_PATIENCE, process.kill)
        timer.daemon = True
        timer.start()
        with process, at_forced_end(process.kill):
            assert process.stdout is not None, "asked for above"
            try:
                yield process.stdout
                extra = process.stdout.read(1)
            except BaseException as error:
                process.kill()
                if not isinstance(error, DamagedVideoError):
                    raise
                extra = b""
            finally:
                timer.cancel()
            status = process.wait()
        if status != 0 or extra:
            log.seek(0)
            raise DamagedVideoError(_explain_log(log.read(1 << 20).decode(errors="replace"), path))


def _cannot_run(program: str, error: OSError) -> RenderError:
    return RenderError(f"cannot run {program}: {error.strerror}", hint="is it a working ffmpeg?")


def _explain_log(words: str, path: Path) -> str:
    lines = [line for line in words.strip().splitlines() if "At least one output file" not in line]
    last = lines[-1] if lines else "it cannot be read to its end"
    return make_printable(last.replace(f"file:{path.absolute()}", "the video").replace(str(path), "the video"), 200)
