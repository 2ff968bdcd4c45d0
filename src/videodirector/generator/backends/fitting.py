"""What lengths, sizes and rates a model can render, and how a scene is fitted to them and back; pure functions.

A model of 16 frames a second that renders 4n+1 frames, and a scene of 16 frames at 8 a second: the scene lasts 15/8
seconds from its first frame to its last, which is 31 of the model's frames; it renders 33, spread over that time, and
the 16 of them nearest to the plan's are taken. The first frame and the last one are always the model's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from videodirector.generator.backends.frames import Frames

__all__ = ["ANY_LENGTH", "ANY_SIZE", "Lengths", "Sizes", "fit_length", "resample", "resample_indices", "resize"]


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The numbers of frames that a model can render at once: ``step * n + offset``, from ``least`` to ``most``.

    ``Lengths()`` is any number; ``Lengths(step=4, offset=1)`` is 1, 5, 9, ...; ``Lengths(least=16, most=16)`` is 16.
    """

    step: int = 1
    offset: int = 0
    least: int = 1
    most: int | None = None

    def fit(self, frames: int) -> int:
        """The least permitted length that is not below ``frames``; the greatest one where all are below."""
        steps = -((self.offset - max(frames, self.least)) // self.step)
        fitted = self.step * steps + self.offset
        if self.most is None or fitted <= self.most:
            return fitted
        return (self.most - self.offset) // self.step * self.step + self.offset

    def __contains__(self, frames: int) -> bool:
        return self.fit(frames) == frames

    def __str__(self) -> str:
        if self.most is not None and self.fit(1) == self.fit(self.most):
            return f"{self.most}"
        form = "any" if self.step == 1 else f"{self.step}n" + (f"+{self.offset}" if self.offset else "")
        return form if self.most is None else f"{form} up to {self.most}"


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The sizes that a model can render: sides that are multiples of a number of pixels, or one size only.

    Attributes:
        multiple: of which both sides are multiples.
        only: (width, height) of a model with one size; None where any multiples do.
    """

    multiple: int = 1
    only: tuple[int, int] | None = None

    def fit(self, size: tuple[int, int]) -> tuple[int, int]:
        """The permitted (width, height) nearest to ``size``, not below it where that is possible."""
        if self.only is not None:
            return self.only
        width, height = (max(1, -(-side // self.multiple)) * self.multiple for side in size)
        return width, height

    def __str__(self) -> str:
        if self.only is not None:
            return f"{self.only[0]}x{self.only[1]}"
        return "any" if self.multiple == 1 else f"multiples of {self.multiple}"


ANY_LENGTH = Lengths()
ANY_SIZE = Sizes()


def fit_length(frames: int, rate: Fraction, *, lengths: Lengths, model_rate: Fraction | None) -> int:
    """Choose how many frames a model renders for a scene, so that things move at their natural pace.

    Args:
        frames: of the scene.
        rate: frames a second of the plan.
        lengths: what the model can render.
        model_rate: frames a second of the model's training; None where it has no rate of its own, and renders the
            plan's frames.
    """
    wanted = frames if model_rate is None else round((frames - 1) * model_rate / rate) + 1
    return lengths.fit(wanted)


def resample_indices(there: int, count: int) -> list[int]:
    """List which of ``there`` frames to take for ``count`` evenly spread ones; the first and the last are kept."""
    if count == 1:
        return [0]
    # In whole numbers, halves rounded up: the same on every machine.
    return [(2 * index * (there - 1) + count - 1) // (2 * (count - 1)) for index in range(count)]


def resample(frames: Frames, count: int) -> Frames:
    """``count`` of the frames (some twice where there are fewer), evenly spread; the first and the last are kept.

    As many frames as there are come back as they are, without a copy.
    """
    return frames if len(frames) == count else frames[resample_indices(len(frames), count)]


def resize(frames: Frames, size: tuple[int, int]) -> Frames:
    """The frames scaled (Lanczos) to (width, height); of that size already, they come back without a copy."""
    width, height = size
    if frames.shape[1:3] == (height, width):
        return frames
    import numpy as np
    from PIL import Image

    scaled: Frames = np.empty((len(frames), height, width, 3), dtype=np.uint8)
    for number, frame in enumerate(frames):
        scaled[number] = np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS))
    return scaled
