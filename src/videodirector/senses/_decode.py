"""Probe and decode sounds and videos with ffmpeg, one piece at a time."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from videodirector.errors import UsageError
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.files.formats import ffmpeg_input
from videodirector.senses.loaded_input import build_unreadable_error

__all__ = ["DAMAGED_NOTE", "Recording", "decode_piece", "probe"]

DAMAGED_NOTE = "{} is damaged or cut off: what can be read of it was taken."
"""A note on a file that could be decoded in part only."""

_TIMEOUT = 120  # seconds
_DAMAGE_MESSAGE = re.compile(
    "ended prematurely|corrupt|damaged|decoding error|error while decoding|filesize and duration", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Recording:
    """The streams of a file; ``duration`` in seconds is None if unknown."""

    duration: float | None
    has_audio: bool
    has_video: bool


def probe(path: Path, what: str) -> Recording:
    """Probe a file.

    Raises:
        UsageError: ffmpeg does not know the format.
        MissingDependencyError: there is no ffmpeg.
    """
    # Without an output ffmpeg reports the streams, and exits with an error.
    _, log = _run_ffmpeg([*_build_input_arguments(path)], path)
    if "Input #0" not in log:
        raise build_unreadable_error(path, what, _extract_reason(log, path))
    found = re.search(r"Duration: (\d+):(\d+):(\d+(?:\.\d+)?)", log)
    duration = None
    if found:
        hours, minutes, seconds = found.groups()
        duration = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return Recording(
        duration=duration or None,
        has_audio=bool(re.search(r"Stream #0:\d+.*: Audio:", log)),
        has_video=bool(re.search(r"Stream #0:\d+.*: Video:", log)),
    )


def decode_piece(path: Path, options: list[str], *, start: float, seconds: float, what: str) -> tuple[bytes, bool]:
    """Decode some seconds of a file to bytes, empty at its end, and return whether it is damaged.

    Raises:
        UsageError: the file cannot be decoded.
    """
    arguments = ["-ss", f"{start:.3f}", "-t", f"{seconds:.3f}", *_build_input_arguments(path), *options, "pipe:1"]
    data, log = _run_ffmpeg(arguments, path)
    if not data and re.search(r"invalid data|error while decoding|could not find|matches no streams", log.lower()):
        raise build_unreadable_error(path, what, _extract_reason(log, path))
    return data, bool(_DAMAGE_MESSAGE.search(log))


def _build_input_arguments(path: Path) -> list[str]:
    try:
        return ffmpeg_input(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="check the path") from None


def _run_ffmpeg(arguments: list[str], path: Path) -> tuple[bytes, str]:
    command = [find_ffmpeg(), "-hide_banner", "-nostdin", "-loglevel", "info", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"{path}: ffmpeg had not read it after {_TIMEOUT} seconds", hint="give a shorter piece of it"
        ) from None
    return done.stdout, done.stderr.decode(errors="replace")


def _extract_reason(log: str, path: Path) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    words = lines[-1] if lines else ""
    return words.replace(f"file:{path.absolute()}", "it").removeprefix("Error opening input files: ")[-200:]
