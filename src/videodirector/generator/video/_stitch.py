"""Join scenes into one run of frames, with a bounded number of frames in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from videodirector.generator.backends.frames import Frame, Frames
from videodirector.generator.video.timeline import Shot

__all__ = ["Stitcher"]


class Stitcher:
    """Passes the frames of scene after scene on, as the timeline has them: blended, darkened, held or as they are.

    Only those last frames of a scene that are blended with the next are held back.

    Args:
        write: takes the frames, one by one, in the order of the video.
        shots: see ``timeline``.
    """

    def __init__(self, write: Callable[[Frame], None], shots: Sequence[Shot]) -> None:
        self._write = write
        self._shots = shots
        self._added = 0
        self._held: list[Frame] = []

    def add(self, frames: Frames) -> None:
        """Add the rendered frames of the next scene."""
        shot = self._shots[self._added]
        self._added += 1
        assert len(frames) == shot.drawn, "a rendered scene has the planned number of frames"

        def seen(number: int) -> Frame:
            return _dim(frames[shot.source(number)], shot.light(number))

        for number, before in enumerate(self._held):
            self._write(_blend(before, seen(number), number + 1, shot.overlap + 1))
        total = shot.length + shot.hold
        kept = total - (self._shots[self._added].overlap if self._added < len(self._shots) else 0)
        for number in range(shot.overlap, kept):
            self._write(seen(number))
        self._held = [seen(number).copy() for number in range(kept, total)]  # so that the rest of the scene can go


def _blend(before: Frame, after: Frame, part: int, parts: int) -> Frame:
    # In integers, so that every machine gives the same bytes.
    mixed = (parts - part) * before.astype(np.uint32) + part * after.astype(np.uint32) + parts // 2
    return (mixed // parts).astype(np.uint8)


def _dim(frame: Frame, light: Fraction) -> Frame:
    if light == 1:
        return frame
    part, parts = light.numerator, light.denominator
    return ((part * frame.astype(np.uint32) + parts // 2) // parts).astype(np.uint8)
