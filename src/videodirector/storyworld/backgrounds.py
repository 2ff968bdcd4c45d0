"""Painted backgrounds: twenty places, each different every time, from a seed.

Painting happens at any size in the unit square, twice as large as asked and then halved, so that edges are smooth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from videodirector import lexicon

Colour = tuple[int, int, int]
Point = tuple[float, float]

__all__ = ["find", "paint"]


def find(text: str) -> str | None:
    """The background that a text speaks of, by name or synonym as whole words; the longest match wins."""
    best: tuple[int, str] | None = None
    for phrase, name in _phrases():
        if (best is None or len(phrase) > best[0]) and re.search(rf"\b{re.escape(phrase)}\b", text.lower()):
            best = (len(phrase), name)
    return best[1] if best else None


@lru_cache(maxsize=1)
def _phrases() -> tuple[tuple[str, str], ...]:
    places = lexicon.trained_backgrounds().values()
    return tuple((phrase, place.name) for place in places for phrase in (place.name, *place.synonyms))


def paint(name: str, *, size: int | tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """Paint a background.

    Args:
        name: one of ``videodirector.lexicon.trained_backgrounds()``.
        size: side length, or (width, height), in pixels.
        seed: decides its details: where the trees stand, the hour of the day.

    Returns:
        Pixels of shape (height, width, 3).

    Raises:
        KeyError: no such background.
    """
    ground = lexicon.trained_backgrounds()[name].ground
    width, height = (size, size) if isinstance(size, int) else size
    canvas = _Canvas(width, height, np.random.default_rng(seed))
    _PAINTERS[name](canvas, ground + canvas.jitter(0.02))
    return canvas.pixels()


class _Canvas:
    """Draws in the unit square; x to the right, y down."""

    def __init__(self, width: int, height: int, rng: np.random.Generator) -> None:
        self.width, self.height = width, height
        self.rng = rng
        self.image = Image.new("RGB", (2 * width, 2 * height))
        self.draw = ImageDraw.Draw(self.image)
        self.tone = float(rng.uniform(0.93, 1.05))

    def jitter(self, amount: float) -> float:
        return float(self.rng.uniform(-amount, amount))

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def spread(self, count: int) -> list[float]:
        """Positions over the width, evenly spaced and then shaken."""
        return [(i + 0.5 + self.jitter(0.35)) / count for i in range(count)]

    def gradient(self, top: Colour, bottom: Colour, *, y0: float = 0.0, y1: float = 1.0) -> None:
        rows = max(1, round((y1 - y0) * 2 * self.height) + 1)
        ramp = np.linspace(self.shade(top), self.shade(bottom), rows).astype(np.uint8)[:, None]
        band = Image.fromarray(np.ascontiguousarray(ramp)).resize((2 * self.width, rows))
        self.image.paste(band, (0, round(y0 * 2 * self.height)))

    def shade(self, colour: Colour) -> Colour:
        red, green, blue = (min(255, round(channel * self.tone)) for channel in colour)
        return red, green, blue

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        self.draw.polygon([(2 * x * self.width, 2 * y * self.height) for x, y in points], fill=self.shade(colour))

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour, *, flat: float = 1.0) -> None:
        w, h, r = 2 * self.width, 2 * self.height, radius
        box = ((x - r) * w, (y - r * flat) * h, (x + r) * w, (y + r * flat) * h)
        self.draw.ellipse(box, fill=self.shade(colour))

    def ridge(self, y: float, colour: Colour, *, height: float, waves: float) -> None:
        """A rolling silhouette, filled down to the lower edge."""
        phase, second = self.uniform(0, 6.3), self.uniform(0, 6.3)
        xs = np.linspace(0, 1, 25)
        ys = y - height * (0.6 * np.sin(waves * xs + phase) + 0.4 * np.sin(2.3 * waves * xs + second))
        self.polygon([(0, 1), *zip(xs.tolist(), ys.tolist(), strict=True), (1, 1)], colour)

    def pixels(self) -> NDArray[np.uint8]:
        return np.asarray(self.image.reduce(2))


def _clouds(c: _Canvas, count: int, *, low: float, colour: Colour = (250, 252, 255)) -> None:
    for x in c.spread(count):
        y, r = c.uniform(0.08, low), c.uniform(0.05, 0.08)
        for dx, size in ((-1.1, 0.7), (0.0, 1.0), (1.1, 0.75)):
            c.disc(x + dx * r, y, r * size, colour, flat=0.7)


def _stars(c: _Canvas, count: int, *, low: float) -> None:
    for x, y in zip(c.rng.random(count).tolist(), (c.rng.random(count) * low).tolist(), strict=True):
        c.disc(x, y, c.uniform(0.006, 0.014), (255, 250, 220))


def _forest(c: _Canvas, ground: float) -> None:
    c.gradient((150, 205, 190), (190, 225, 180))
    for depth, (trunk, crown) in enumerate((((92, 84, 60), (72, 140, 84)), ((84, 58, 38), (38, 104, 56)))):
        for x in c.spread(5 - depth):
            base, width = ground + 0.03 * depth, 0.014 + 0.01 * depth
            top = base - c.uniform(0.38, 0.5) - 0.05 * depth
            c.rectangle(x - width, top, x + width, base + 0.02, trunk)
            c.disc(x, top + 0.02, 0.11 + 0.02 * depth, crown, flat=1.5)
    c.ridge(ground, (66, 122, 52), height=0.015, waves=7)
    c.gradient((58, 112, 46), (40, 84, 36), y0=ground + 0.04)


def _meadow(c: _Canvas, ground: float) -> None:
    c.gradient((105, 185, 245), (205, 235, 250), y1=ground + 0.05)
    _clouds(c, 2, low=0.25)
    c.ridge(ground - 0.04, (130, 200, 110), height=0.05, waves=4)
    c.ridge(ground + 0.06, (104, 184, 76), height=0.04, waves=5)
    c.gradient((98, 178, 70), (76, 152, 54), y0=ground + 0.12)


def _beach(c: _Canvas, ground: float) -> None:
    sea = ground - 0.22
    c.gradient((120, 200, 248), (215, 240, 250), y1=sea)
    c.gradient((40, 140, 200), (90, 190, 215), y0=sea, y1=ground + 0.06)
    c.ridge(ground, (250, 245, 225), height=0.012, waves=9)
    c.ridge(ground + 0.03, (240, 216, 150), height=0.012, waves=9)
    c.gradient((238, 212, 146), (222, 188, 116), y0=ground + 0.06)


def _sea(c: _Canvas, ground: float) -> None:
    c.gradient((150, 210, 245), (225, 242, 250), y1=ground + 0.02)
    c.gradient((44, 118, 192), (16, 66, 140), y0=ground)
    for row in range(4):
        y = ground + 0.06 + 0.12 * row
        for x in c.spread(3 + row % 2):
            c.disc(x, y + c.jitter(0.02), 0.07, (96, 164, 216), flat=0.14)


def _underwater(c: _Canvas, ground: float) -> None:
    c.gradient((70, 180, 215), (10, 62, 128))
    for x in c.spread(3):
        c.polygon([(x, 0), (x + 0.06, 0), (x + 0.02, 0.5), (x - 0.1, 0.5)], (92, 192, 220))
    c.ridge(ground, (168, 150, 108), height=0.02, waves=6)
    for x in c.spread(4):
        lean = c.jitter(0.03)
        tip = ground - c.uniform(0.1, 0.24)
        c.polygon([(x - 0.025, ground + 0.04), (x + lean, tip), (x + 0.025, ground + 0.04)], (30, 128, 92))


def _desert(c: _Canvas, ground: float) -> None:
    c.gradient((250, 190, 110), (255, 232, 178), y1=ground + 0.05)
    c.ridge(ground - 0.04, (228, 168, 92), height=0.05, waves=4)
    c.ridge(ground + 0.08, (216, 150, 74), height=0.05, waves=3)
    c.ridge(ground + 0.22, (202, 134, 60), height=0.03, waves=4)


def _mountains(c: _Canvas, ground: float) -> None:
    c.gradient((140, 190, 235), (222, 235, 246))
    for x in c.spread(3):
        top, half = c.uniform(0.1, 0.26), c.uniform(0.26, 0.34)
        slope = (ground - top) / half
        c.polygon([(x - half, ground), (x, top), (x + half, ground)], (112, 122, 140))
        cap = 0.13
        left, right = (x - cap / slope, top + cap), (x + cap / slope, top + cap)
        c.polygon([left, (x, top), right, (x + 0.02, top + cap * 0.7), (x - 0.02, top + cap)], (246, 249, 252))
    c.ridge(ground, (88, 128, 84), height=0.02, waves=5)


def _snow(c: _Canvas, ground: float) -> None:
    c.gradient((176, 200, 226), (228, 236, 246))
    for x in c.spread(4):
        base = ground + c.uniform(-0.02, 0.03)
        for level in range(2):
            y, half = base - 0.12 * level, 0.07 - 0.015 * level
            c.polygon([(x - half, y), (x, y - 0.2), (x + half, y)], (98, 134, 132))
    c.ridge(ground, (242, 246, 252), height=0.025, waves=5)
    c.gradient((244, 248, 254), (214, 226, 242), y0=ground + 0.05)


def _city(c: _Canvas, ground: float) -> None:
    c.gradient((170, 200, 226), (226, 232, 236))
    palette: tuple[Colour, ...] = ((150, 112, 104), (116, 126, 146), (168, 152, 124), (98, 108, 128))
    for number, x in enumerate(c.spread(6)):
        top, half = c.uniform(0.14, 0.42), c.uniform(0.075, 0.1)
        c.rectangle(x - half, top, x + half, ground, palette[(number + int(c.rng.integers(4))) % 4])
        for row in range(int((ground - top - 0.06) / 0.09)):
            for column in (-0.45, 0.45):
                left, y = x + column * half - 0.015, top + 0.04 + 0.09 * row
                c.rectangle(left, y, left + 0.035, y + 0.045, (250, 234, 160))
    c.rectangle(0, ground, 1, ground + 0.05, (188, 188, 186))
    c.gradient((92, 94, 100), (76, 78, 84), y0=ground + 0.05)


def _road(c: _Canvas, ground: float) -> None:
    c.gradient((130, 196, 240), (220, 236, 244), y1=ground)
    c.ridge(ground - 0.2, (150, 180, 130), height=0.04, waves=4)
    c.ridge(ground - 0.06, (172, 186, 92), height=0.015, waves=6)
    c.gradient((104, 106, 112), (86, 88, 94), y0=ground + 0.03)
    shift, y = c.uniform(0, 0.25), ground + 0.16
    for number in range(-1, 4):
        c.rectangle(shift + 0.3 * number, y, shift + 0.3 * number + 0.16, y + 0.03, (244, 240, 214))


def _night(c: _Canvas, ground: float) -> None:
    c.gradient((10, 14, 44), (40, 50, 96))
    _stars(c, 26, low=ground - 0.1)
    c.ridge(ground, (24, 44, 52), height=0.04, waves=4)
    c.ridge(ground + 0.1, (16, 32, 38), height=0.03, waves=5)


def _sunset(c: _Canvas, ground: float) -> None:
    c.gradient((126, 66, 128), (255, 158, 78), y1=ground)
    c.disc(c.uniform(0.25, 0.75), ground - 0.04, c.uniform(0.1, 0.13), (255, 226, 130))
    c.ridge(ground, (110, 58, 72), height=0.03, waves=4)
    c.ridge(ground + 0.1, (74, 38, 56), height=0.02, waves=5)


def _space(c: _Canvas, ground: float) -> None:
    c.gradient((8, 6, 22), (24, 12, 48), y1=max(ground, 1.0))
    _stars(c, 32, low=1.0)
    x, y, r = c.uniform(0.1, 0.9), c.uniform(0.1, 0.9), c.uniform(0.08, 0.13)
    c.disc(x, y, r, (150, 96, 80))
    c.disc(x - 0.3 * r, y - 0.3 * r, 0.5 * r, (186, 128, 100))


def _lake(c: _Canvas, ground: float) -> None:
    c.gradient((150, 205, 240), (222, 240, 246), y1=ground)
    c.ridge(ground - 0.2, (92, 150, 96), height=0.05, waves=5)
    c.gradient((92, 170, 204), (64, 140, 186), y0=ground - 0.14, y1=0.88)
    for y in (ground, ground + 0.1):
        for x in c.spread(2):
            c.disc(x, y + c.jitter(0.03), 0.1, (140, 200, 222), flat=0.1)
    c.ridge(0.88, (108, 164, 78), height=0.02, waves=6)


def _farm(c: _Canvas, ground: float) -> None:
    c.gradient((140, 200, 245), (226, 240, 246), y1=ground)
    c.ridge(ground - 0.04, (158, 192, 104), height=0.03, waves=4)
    x, half, roof = c.uniform(0.2, 0.8), 0.17, ground - 0.3
    c.rectangle(x - half, roof, x + half, ground + 0.03, (176, 52, 44))
    c.polygon([(x - half - 0.03, roof), (x, roof - 0.16), (x + half + 0.03, roof)], (112, 74, 66))
    c.rectangle(x - 0.06, ground - 0.14, x + 0.06, ground + 0.03, (240, 232, 220))
    c.gradient((196, 176, 96), (170, 146, 76), y0=ground + 0.03)
    c.rectangle(0, ground + 0.0, 1, ground + 0.02, (224, 206, 172))
    for post in c.spread(7):
        c.rectangle(post - 0.01, ground - 0.06, post + 0.01, ground + 0.06, (224, 206, 172))


def _garden(c: _Canvas, ground: float) -> None:
    c.gradient((170, 220, 246), (232, 244, 244), y1=ground)
    for x in c.spread(5):
        c.disc(x, ground - 0.05, 0.13, (72, 146, 72))
    c.gradient((126, 194, 92), (98, 170, 70), y0=ground)
    palette: tuple[Colour, ...] = ((236, 80, 110), (250, 206, 70), (180, 110, 220), (250, 250, 250))
    for row in range(3):
        for x in c.spread(5):
            c.disc(x, ground + 0.04 + 0.12 * row + c.jitter(0.03), 0.025, palette[int(c.rng.integers(4))])


def _kitchen(c: _Canvas, ground: float) -> None:
    c.gradient((238, 226, 204), (228, 212, 186))
    for line in range(1, 7):
        c.rectangle(0, 0.12 * line, 1, 0.12 * line + 0.012, (210, 194, 170))
        c.rectangle(line / 6.5, 0, line / 6.5 + 0.01, ground, (210, 194, 170))
    x = c.uniform(0.05, 0.55)
    c.rectangle(x, 0.08, x + 0.38, 0.28, (150, 96, 62))
    c.rectangle(x + 0.185, 0.08, x + 0.195, 0.28, (110, 68, 44))
    c.rectangle(0, ground - 0.14, 1, ground - 0.1, (96, 100, 108))
    c.gradient((168, 112, 74), (150, 96, 62), y0=ground - 0.1, y1=ground + 0.1)
    c.gradient((120, 128, 136), (104, 110, 118), y0=ground + 0.1)


def _room(c: _Canvas, ground: float) -> None:
    c.gradient((196, 206, 190), (184, 194, 178))
    x = c.uniform(0.12, 0.6)
    c.rectangle(x - 0.02, 0.1, x + 0.3, 0.44, (248, 246, 240))
    c.rectangle(x, 0.12, x + 0.28, 0.42, (142, 202, 240))
    c.rectangle(x + 0.13, 0.12, x + 0.15, 0.42, (248, 246, 240))
    c.rectangle(0, ground - 0.03, 1, ground, (240, 236, 226))
    c.gradient((178, 120, 74), (150, 96, 56), y0=ground)
    for line in range(1, 4):
        c.rectangle(0, ground + 0.07 * line, 1, ground + 0.07 * line + 0.01, (132, 84, 50))


def _cave(c: _Canvas, ground: float) -> None:
    c.gradient((54, 46, 52), (82, 70, 72))
    c.disc(c.uniform(0.35, 0.65), 0.5, 0.3, (112, 98, 96), flat=1.1)
    for x in c.spread(5):
        c.polygon([(x - 0.08, 0), (x + c.jitter(0.02), c.uniform(0.15, 0.32)), (x + 0.08, 0)], (46, 38, 44))
    c.ridge(ground, (62, 52, 54), height=0.04, waves=6)
    c.gradient((58, 48, 50), (38, 32, 36), y0=ground + 0.06)


def _sky(c: _Canvas, ground: float) -> None:
    c.gradient((72, 152, 236), (186, 224, 250), y1=max(ground, 1.0))
    _clouds(c, 3, low=0.9)


_PAINTERS: dict[str, Callable[[_Canvas, float], None]] = {
    "forest": _forest,
    "meadow": _meadow,
    "beach": _beach,
    "sea": _sea,
    "underwater": _underwater,
    "desert": _desert,
    "mountains": _mountains,
    "snow": _snow,
    "city": _city,
    "road": _road,
    "night": _night,
    "sunset": _sunset,
    "space": _space,
    "lake": _lake,
    "farm": _farm,
    "garden": _garden,
    "kitchen": _kitchen,
    "room": _room,
    "cave": _cave,
    "sky": _sky,
}
