"""Join scenes into one run of frames: cuts and crossfades, with a bounded number of frames in memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from videodirector.generator.backend import Frame, Frames
from videodirector.schemas import Transition

__all__ = ["CROSSFADE_FRAMES", "Stitcher"]

CROSSFADE_FRAMES = 4
"""Frames over which one scene gives way to the next: half a second at eight frames a second."""


class Stitcher:
    """Passes the frames of scene after scene on, crossfading where asked.

    A crossfade overlaps the end of one scene with the beginning of the next, so it shortens the video by its length; no
    frame is repeated or frozen. It takes at most half of either scene, so that two of them in one scene never meet; a
    scene of a single frame is cut. Only the last frames of one scene are held back.

    Args:
        write: takes the frames, one by one.
        crossfade: length of a crossfade, in frames.
    """

    def __init__(self, write: Callable[[Frame], None], *, crossfade: int = CROSSFADE_FRAMES) -> None:
        self._write = write
        self._crossfade = crossfade
        self._held: list[Frame] = []

    def add(self, frames: Frames, transition: Transition = "cut") -> None:
        """Add a scene; ``transition`` is how it will pass into the next one, and means nothing for the last."""
        reach = min(self._crossfade, len(frames) // 2)
        overlap = min(len(self._held), reach)
        for frame in self._held[: len(self._held) - overlap]:
            self._write(frame)
        for i, frame in enumerate(self._held[len(self._held) - overlap :]):
            self._write(_blend(frame, frames[i], i + 1, overlap + 1))
        kept = len(frames) - (reach if transition == "crossfade" else 0)
        for frame in frames[overlap:kept]:
            self._write(frame)
        self._held = [frame.copy() for frame in frames[kept:]]  # copied, so that the rest of the scene can go

    def close(self) -> None:
        """Pass on what is held back; the video is complete."""
        for frame in self._held:
            self._write(frame)
        self._held = []


def _blend(before: Frame, after: Frame, part: int, parts: int) -> Frame:
    # In integers, so that every machine gives the same bytes.
    mixed = (parts - part) * before.astype(np.uint32) + part * after.astype(np.uint32) + parts // 2
    return (mixed // parts).astype(np.uint8)
