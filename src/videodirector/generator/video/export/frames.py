"""A video as a folder of numbered pictures."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from videodirector.files.atomic import build_output_error
from videodirector.generator.backends.frames import Frame

__all__ = ["FRAME_NAME", "FrameFolder", "frame_name"]

FRAME_NAME = re.compile(r"[0-9]{6,}\.png")


def frame_name(number: int) -> str:
    """The file of a frame, counted from 0."""
    return f"{number:06}.png"


class FrameFolder:
    """Writes every frame as a PNG of its own, pixel for pixel.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frames = 0

    def write(self, frame: Frame) -> None:
        """Add a frame of shape (height, width, 3), uint8.

        Raises:
            OutputError: the disk is full, or the place has gone.
        """
        path = self._folder / frame_name(self._frames)
        try:
            Image.fromarray(frame).save(path, format="PNG")
        except OSError as error:
            raise build_output_error(path, error) from error
        self._frames += 1
