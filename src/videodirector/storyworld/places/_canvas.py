"""A canvas for painting layers: shaded shapes in the unit square, larger than the frame so that a camera may move."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]
Shade = tuple[Colour, Colour]

__all__ = ["MARGIN_X", "MARGIN_Y", "Canvas", "Colour", "Point", "Shade", "mix", "shade"]

MARGIN_X = 0.3
"""How far a layer reaches over the frame on either side, in widths of the frame."""

MARGIN_Y = 0.2
"""How far a layer reaches over and under the frame, in heights of the frame."""


def mix(one: Colour, other: Colour, part: float) -> Colour:
    """Between two colours: 0 is the one, 1 the other."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


def shade(colour: Colour, contrast: float = 0.16) -> Shade:
    """A lighter and a darker version, for the top and the bottom of a shape."""
    return mix(colour, (255, 255, 240), contrast), mix(colour, (30, 20, 70), contrast)


class Canvas:
    """One layer. x runs to the right and y down; the frame is the unit square, radii are in heights of the frame.

    Shapes are filled with a vertical gradient from ``top`` to ``bottom``. Painting is several times as large as the
    frame, so that edges are smooth.
    """

    def __init__(self, width: int, height: int, rng: np.random.Generator) -> None:
        self.rng = rng
        self.tall = height / width  # a height of the frame in widths of it
        self.fine = 3 if max(width, height) <= 160 else 2
        self._width, self._height = width * self.fine, height * self.fine
        self.frame = (width, height)
        size = (round(self._width * (1 + 2 * MARGIN_X)), round(self._height * (1 + 2 * MARGIN_Y)))
        self.image = Image.new("RGBA", size)

    # --- chance

    def uniform(self, low: float, high: float) -> float:
        """A number between two others."""
        return float(self.rng.uniform(low, high))

    def spread(
        self, count: int, *, low: float = -MARGIN_X, high: float = 1 + MARGIN_X, shake: float = 0.35
    ) -> list[float]:
        """Positions over the width of the layer, evenly spaced and then shaken."""
        step = (high - low) / count
        return [low + (number + 0.5 + self.uniform(-shake, shake)) * step for number in range(count)]

    def pick(self, colours: Sequence[Colour]) -> Colour:
        """One of these colours."""
        return colours[int(self.rng.integers(len(colours)))]

    def vary(self, colour: Colour, amount: float = 0.08) -> Colour:
        """Nearly this colour, a little lighter or darker."""
        part = self.uniform(-amount, amount)
        return mix(colour, (255, 250, 230) if part > 0 else (20, 20, 60), abs(part))

    # --- shapes

    def fill(self, *stops: tuple[float, Colour]) -> None:
        """Everything, with a gradient through stops (y, colour)."""
        rows = np.linspace(-MARGIN_Y, 1 + MARGIN_Y, self.image.height)
        heights = [y for y, _ in stops]
        ramp = np.stack([np.interp(rows, heights, [colour[i] for _, colour in stops]) for i in range(3)], axis=-1)
        ramp = np.concatenate([ramp, np.full((len(rows), 1), 255.0)], axis=-1)
        column = Image.fromarray(np.uint8(ramp + 0.5)[:, None])
        self.image.paste(column.resize((self.image.width, len(rows))))

    def polygon(self, points: Sequence[Point], top: Colour, bottom: Colour | None = None, *, alpha: int = 255) -> None:
        """A filled polygon."""
        pixels = [self._pixel(x, y) for x, y in points]
        self._shape(pixels, lambda draw, inner: draw.polygon(inner, fill=alpha), top, bottom)

    def ellipse(
        self, x: float, y: float, radius: float, top: Colour, bottom: Colour | None = None,
        *, flat: float = 1.0, alpha: int = 255,
    ) -> None:  # fmt: skip
        """An ellipse; ``flat`` is its height over its width."""
        across = radius * self.tall
        corners = [self._pixel(x - across, y - radius * flat), self._pixel(x + across, y + radius * flat)]
        self._shape(corners, lambda draw, inner: draw.ellipse((*inner[0], *inner[1]), fill=alpha), top, bottom)

    def block(
        self, x0: float, y0: float, x1: float, y1: float, top: Colour, bottom: Colour | None = None,
        *, round_: float = 0.0, alpha: int = 255,
    ) -> None:  # fmt: skip
        """A rectangle, with round corners of this radius."""
        radius = round_ * self._height
        corners = [self._pixel(x0, y0), self._pixel(x1, y1)]
        self._shape(
            corners,
            lambda draw, inner: draw.rounded_rectangle((*inner[0], *inner[1]), radius=radius, fill=alpha),
            top,
            bottom,
        )

    def line(self, points: Sequence[Point], width: float, colour: Colour, *, alpha: int = 255) -> None:
        """A line of this width, in heights of the frame, with round ends."""
        pixels = [self._pixel(x, y) for x, y in points]
        wide = max(1, round(width * self._height))

        def draw_line(draw: ImageDraw.ImageDraw, inner: list[Point]) -> None:
            draw.line(inner, fill=alpha, width=wide, joint="curve")
            for x, y in (inner[0], inner[-1]):
                draw.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=alpha)

        self._shape(pixels, draw_line, colour, None, grow=wide)

    def blob(
        self, x: float, y: float, radius: float, colour: Colour, *, flat: float = 1.0, light: float = 0.22
    ) -> None:
        """A round thing lit from the upper left: crowns, bushes, stones."""
        self.ellipse(
            x, y, radius, mix(colour, (255, 250, 220), light * 0.6), mix(colour, (20, 25, 80), light), flat=flat
        )
        self.ellipse(
            x - 0.28 * radius * self.tall, y - 0.3 * radius * flat, radius * 0.55,
            mix(colour, (255, 252, 225), light * 1.1), mix(colour, (255, 250, 220), light * 0.3), flat=flat, alpha=150,
        )  # fmt: skip

    def ridge(
        self,
        y: float,
        top: Colour,
        bottom: Colour,
        *,
        height: float,
        waves: float,
        peaks: bool = False,
        low: float = 1 + MARGIN_Y,
    ) -> list[float]:
        """A rolling silhouette, filled down to ``low``; the heights of its crest at 64 places over the layer."""
        xs = np.linspace(-MARGIN_X, 1 + MARGIN_X, 97)
        phase, second, third = (self.uniform(0, 6.3) for _ in range(3))
        if peaks:
            saw = np.abs(((xs * waves / 3.1 + phase) % 2) - 1) + 0.45 * np.abs(((xs * waves / 1.3 + second) % 2) - 1)
            ys = y + height * (0.7 - saw)
        else:
            wave = 0.6 * np.sin(waves * xs + phase) + 0.3 * np.sin(2.3 * waves * xs + second)
            ys = y - height * (wave + 0.1 * np.sin(5.1 * waves * xs + third))
        crest = list(zip(xs.tolist(), ys.tolist(), strict=True))
        self.polygon([(-MARGIN_X, low), *crest, (1 + MARGIN_X, low)], top, bottom)
        return [float(height) for height in ys]

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Light around a place, fading out to this radius, on what is already painted."""
        cx, cy = self._pixel(x, y)
        r = radius * self._height
        x0, y0, x1, y1 = (
            max(0, math.floor(cx - r)), max(0, math.floor(cy - r)),
            min(self.image.width, math.ceil(cx + r)), min(self.image.height, math.ceil(cy + r)),
        )  # fmt: skip
        if x0 >= x1 or y0 >= y1:
            return
        rows, columns = np.mgrid[y0:y1, x0:x1]
        fade = np.clip(1 - np.hypot(columns - cx, rows - cy) / r, 0, 1) ** 1.7 * strength
        mask = Image.fromarray(np.uint8(fade * 255))
        alpha = self.image.getchannel("A").crop((x0, y0, x1, y1))
        lit = self.image.crop((x0, y0, x1, y1))
        lit.paste((*colour, 255), (0, 0), mask)
        lit.putalpha(
            Image.fromarray(np.maximum(np.asarray(alpha), np.asarray(mask) if alpha.getextrema() == (0, 0) else 0))
        )
        self.image.paste(lit, (x0, y0))

    def pixels(self) -> Image.Image:
        """The layer at the frame's scale, premultiplied ("RGBa")."""
        return self.image.convert("RGBa").reduce(self.fine)

    def _pixel(self, x: float, y: float) -> Point:
        return (x + MARGIN_X) * self._width, (y + MARGIN_Y) * self._height

    def _shape(self, pixels, draw_inside, top, bottom, *, grow=0) -> None:  # type: ignore[no-untyped-def]
        xs, ys = [x for x, _ in pixels], [y for _, y in pixels]
        x0, y0 = max(0, math.floor(min(xs)) - grow), max(0, math.floor(min(ys)) - grow)
        x1 = min(self.image.width, math.ceil(max(xs)) + 1 + grow)
        y1 = min(self.image.height, math.ceil(max(ys)) + 1 + grow)
        if x0 >= x1 or y0 >= y1:
            return
        mask = Image.new("L", (x1 - x0, y1 - y0))
        draw_inside(ImageDraw.Draw(mask), [(x - x0, y - y0) for x, y in pixels])
        if bottom is None:
            colour = Image.new("RGBA", mask.size, (*top, 255))
        else:
            whole = np.linspace(0, 1, max(2, math.ceil(max(ys) - min(ys))))[:, None]
            ramp = np.asarray(top) + (np.asarray(bottom) - np.asarray(top)) * whole
            skip = max(0, round(y0 - min(ys)))
            ramp = ramp[skip : skip + mask.height]
            ramp = (
                np.concatenate([ramp, np.repeat(ramp[-1:], mask.height - len(ramp), axis=0)])
                if len(ramp)
                else np.asarray([bottom] * mask.height)
            )
            ramp = np.concatenate([ramp, np.full((mask.height, 1), 255.0)], axis=-1)
            colour = Image.fromarray(np.uint8(ramp + 0.5)[:, None]).resize(mask.size)
        below = self.image.crop((x0, y0, x1, y1))
        if mask.getextrema()[1] == 255:
            below.paste(colour, (0, 0), mask)
        else:
            colour.putalpha(mask)
            below.alpha_composite(colour)
        self.image.paste(below, (x0, y0))
