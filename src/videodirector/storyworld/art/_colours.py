"""Turning the colour of a thing into another one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["HUES", "dominant_hue", "nearest_colour", "recolour"]

HUES = {"red": 0, "orange": 26, "yellow": 50, "green": 125, "blue": 212, "purple": 275, "pink": 325}
"""Hues in degrees of the colours that a thing may have."""

Pixels = NDArray[np.uint8]


def dominant_hue(pixels: Pixels) -> float:
    """The hue, in degrees, that most of an RGBA picture has."""
    hue, saturation, value = _hsv(pixels)
    weight = saturation * value * (pixels[..., 3] > 128)
    counts, edges = np.histogram(hue, bins=36, range=(0, 360), weights=weight)
    smooth = counts + np.roll(counts, 1) + np.roll(counts, -1)
    return float(edges[int(smooth.argmax())] + 5)


def nearest_colour(hue: float) -> str:
    """The name of the colour nearest to a hue."""
    return min(HUES, key=lambda name: abs((hue - HUES[name] + 180) % 360 - 180))


def recolour(pixels: Pixels, own: float, target: float) -> Pixels:
    """Turn the dominant hue into another one; leaves of a flower or the wheels of a car keep theirs."""
    hue, saturation, value = _hsv(pixels)
    offset = (hue - own + 180) % 360 - 180
    near = (np.abs(offset) < 42) & (saturation > 0.25)
    turned = offset * 0.4 + target
    hsv = np.stack([np.where(near, turned % 360, hue) / 360, saturation, value], axis=-1)
    # Yellow reads as yellow only when it is bright, and its own shadows would turn it olive.
    if target == HUES["yellow"]:
        hsv[..., 2] = np.where(near, np.minimum(1, 0.35 + 0.75 * hsv[..., 2]), hsv[..., 2])
    rgb = Image.fromarray((hsv * 255).round().astype(np.uint8), "HSV").convert("RGB")
    return np.concatenate([np.asarray(rgb), pixels[..., 3:]], axis=-1)


def _hsv(pixels: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    hsv = np.asarray(Image.fromarray(pixels[..., :3]).convert("HSV"), dtype=np.float64) / 255
    return hsv[..., 0] * 360, hsv[..., 1], hsv[..., 2]
