"""Drawing poses into boxes, to a fraction of a pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videodirector.storyworld.art._sprites import MARGIN

__all__ = ["Drawable", "compose"]

Box = tuple[float, float, float, float]
Pixels = NDArray[np.uint8]


class Drawable(Protocol):
    """A picture with transparency, and the same premultiplied within a clear margin of ``MARGIN`` pixels."""

    @property
    def image(self) -> Image.Image:
        """RGBA."""

    @property
    def padded(self) -> Image.Image:
        """RGBa."""


def compose(background: Pixels, placements: Sequence[tuple[Drawable, Box]]) -> Pixels:
    """Draw pictures into boxes, the first one rearmost. A picture fills its box exactly, to a fraction of a pixel.

    Args:
        background: (height, width, 3); stays as it is.
        placements: pictures with boxes x0, y0, x1, y1 in [0, 1].

    Returns:
        A new picture of the same shape.
    """
    canvas = background.astype(np.float32)
    height, width = background.shape[:2]
    for picture, (x0, y0, x1, y1) in placements:
        left, top, right, bottom = x0 * width, y0 * height, x1 * width, y1 * height
        columns = max(0, math.floor(left)), min(width, math.ceil(right))
        rows = max(0, math.floor(top)), min(height, math.ceil(bottom))
        if columns[0] >= columns[1] or rows[0] >= rows[1]:
            continue
        # The source rectangle that falls on these whole pixels reaches a little into the picture's clear margin.
        across = picture.image.width / (right - left)
        down = picture.image.height / (bottom - top)
        source = (
            max(0.0, MARGIN + (columns[0] - left) * across),
            max(0.0, MARGIN + (rows[0] - top) * down),
            min(float(picture.padded.width), MARGIN + (columns[1] - left) * across),
            min(float(picture.padded.height), MARGIN + (rows[1] - top) * down),
        )
        size = (columns[1] - columns[0], rows[1] - rows[0])
        patch = picture.padded.resize(size, Image.Resampling.BILINEAR, box=source, reducing_gap=2.0)
        pixels = np.asarray(patch, dtype=np.float32)
        region = canvas[rows[0] : rows[1], columns[0] : columns[1]]
        region *= 1 - pixels[..., 3:] / 255
        region += pixels[..., :3]
    return (canvas + 0.5).astype(np.uint8)
