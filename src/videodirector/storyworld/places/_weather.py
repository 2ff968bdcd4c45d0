"""Rain and snow before everything else, at any time."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

__all__ = ["Weather", "fall"]

Weather = Literal["clear", "rain", "snow"]

_DROPS = {"rain": 90, "snow": 110}


def fall(pixels: NDArray[np.uint8], weather: Weather, *, time: float, seed: int) -> NDArray[np.uint8]:
    """A frame with rain or snow falling in it.

    Args:
        pixels: (height, width, 3); stays as it is.
        weather: what falls; as it is where nothing does.
        time: in seconds.
        seed: of where the drops are.
    """
    if weather == "clear":
        return pixels
    height, width = pixels.shape[:2]
    places = _places(seed, _DROPS[weather])
    fine = 2
    veil = Image.new("L", (fine * width, fine * height))
    draw = ImageDraw.Draw(veil)
    for x, y, near, turn in places.tolist():
        if weather == "rain":
            speed, lean = 1.5 + 0.8 * near, 0.12
            down = (y + speed * time) % 1.2 - 0.1
            across = (x + lean * speed * time) % 1.2 - 0.1
            long = 0.03 + 0.035 * near
            start, end = (across, down), (across + lean * long, down + long)
            line = [(px * fine * width, py * fine * height) for px, py in (start, end)]
            draw.line(line, fill=round(70 + 90 * near), width=max(1, round(fine * height * (0.0025 + 0.003 * near))))
        else:
            down = (y + (0.12 + 0.16 * near) * time) % 1.1 - 0.05
            across = (x + 0.025 * np.sin(6.3 * (0.35 * time + turn))) % 1.05 - 0.025
            r = (0.004 + 0.009 * near) * fine * height
            px, py = across * fine * width, down * fine * height
            draw.ellipse((px - r, py - r, px + r, py + r), fill=round(150 + 100 * near))
    alpha = np.asarray(veil.reduce(fine), dtype=np.float32)[..., None] / 255
    colour = np.array((206, 226, 246) if weather == "rain" else (255, 255, 255), dtype=np.float32)
    mood = 0.86 if weather == "rain" else 0.97
    return (pixels * mood * (1 - alpha) + colour * alpha + 0.5).astype(np.uint8)


@lru_cache(maxsize=64)
def _places(seed: int, count: int) -> NDArray[np.float64]:
    places = np.random.default_rng((seed, 7)).random((count, 4)) * (1.2, 1.2, 1.0, 1.0)
    return places[np.argsort(places[:, 2])]
