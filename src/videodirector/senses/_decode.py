"""Sounds and videos through ffmpeg: what a file holds, and pieces of it. Never more than a piece in memory."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from videodirector.errors import UsageError
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.files.formats import ffmpeg_input
from videodirector.senses.sensed import unreadable

__all__ = ["DAMAGED", "Recording", "piece", "probe"]

DAMAGED = "{} is damaged or cut off: what can be read of it was taken."
"""A note on a file that could be decoded in part only."""

_PATIENCE = 120  # seconds
_COMPLAINT = re.compile(
    "ended prematurely|corrupt|damaged|decoding error|error while decoding|filesize and duration", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What ffmpeg says of a file; ``duration`` in seconds is None where the file does not tell it."""

    duration: float | None
    has_audio: bool
    has_video: bool


def probe(path: Path, what: str) -> Recording:
    """Look into a file.

    Raises:
        UsageError: ffmpeg knows no such format.
        MissingDependencyError: there is no ffmpeg.
    """
    # Without an output ffmpeg tells what it found, and ends with a complaint.
    _, told = _run([*_reading(path)], path)
    if "Input #0" not in told:
        raise unreadable(path, what, _reason(told, path))
    found = re.search(r"Duration: (\d+):(\d+):(\d+(?:\.\d+)?)", told)
    duration = None
    if found:
        hours, minutes, seconds = found.groups()
        duration = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return Recording(
        duration=duration or None,
        has_audio=bool(re.search(r"Stream #0:\d+.*: Audio:", told)),
        has_video=bool(re.search(r"Stream #0:\d+.*: Video:", told)),
    )


def piece(path: Path, options: list[str], *, start: float, seconds: float, what: str) -> tuple[bytes, bool]:
    """What ffmpeg makes of some seconds of a file, empty where nothing is left to read; and whether it is damaged.

    Raises:
        UsageError: the file cannot be decoded.
    """
    arguments = ["-ss", f"{start:.3f}", "-t", f"{seconds:.3f}", *_reading(path), *options, "pipe:1"]
    data, told = _run(arguments, path)
    if not data and re.search(r"invalid data|error while decoding|could not find|matches no streams", told.lower()):
        raise unreadable(path, what, _reason(told, path))
    return data, bool(_COMPLAINT.search(told))


def _reading(path: Path) -> list[str]:
    try:
        return ffmpeg_input(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="check the path") from None


def _run(arguments: list[str], path: Path) -> tuple[bytes, str]:
    command = [find_ffmpeg(), "-hide_banner", "-nostdin", "-loglevel", "info", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"{path}: ffmpeg had not read it after {_PATIENCE} seconds", hint="give a shorter piece of it"
        ) from None
    return done.stdout, done.stderr.decode(errors="replace")


def _reason(told: str, path: Path) -> str:
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    words = lines[-1] if lines else ""
    return words.replace(f"file:{path.absolute()}", "it").removeprefix("Error opening input files: ")[-200:]
