"""Reads a downloaded video back into frames, and notices when a part of it is missing."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np

from videodirector.errors import RenderError
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.generator.backends.frames import Frames

__all__ = ["DamagedVideoError", "decode"]

_HEADER = re.compile(rb"P6\s(\d+)\s(\d+)\s255\s")


class DamagedVideoError(Exception):
    """This file is no video, or not all of one."""


def decode(path: Path) -> Frames:
    """All frames of a video.

    Raises:
        DamagedVideoError: it cannot be read to its end.
        MissingDependencyError: there is no ffmpeg.
        RenderError: ffmpeg cannot be run.
    """
    command = [find_ffmpeg(), "-nostdin", "-hide_banner", "-loglevel", "error", "-xerror", "-err_detect", "explode"]
    # Portable pixmaps say their size, so nothing has to be known of the video beforehand.
    command += ["-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "ppm", "-"]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise RenderError(f"cannot run {command[0]}: {error.strerror}", hint="is it a working ffmpeg?") from error
    header = _HEADER.match(done.stdout)
    if done.returncode != 0 or header is None:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["it holds no frames"]
        raise DamagedVideoError(words[-1].replace(str(path), "the video"))
    width, height = int(header[1]), int(header[2])
    start, size = header.end(), height * width * 3
    stride = start + size
    if len(done.stdout) % stride:
        raise DamagedVideoError("its frames are not of one size")
    pictures = np.frombuffer(done.stdout, dtype=np.uint8).reshape(-1, stride)[:, start:]
    frames: Frames = pictures.reshape(-1, height, width, 3)
    return frames
