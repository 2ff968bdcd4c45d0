"""Layers of a place, and the frames that a camera sees of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videodirector.storyworld.places._canvas import MARGIN_X, MARGIN_Y, Canvas, Colour

__all__ = [
    "FAR", "MIDDLE", "NEAR", "SKY", "STILL", "Camera", "Hour", "Layer", "Painter", "Painting", "Scenery",
]  # fmt: skip

SKY, FAR, MIDDLE, NEAR = 0.06, 0.3, 0.6, 1.0
"""How much of the camera's motion a layer shares; things stand on the near one."""

Hour = Literal["day", "dusk", "night"]
Box = tuple[float, float, float, float]

_SKIES: dict[Hour, tuple[tuple[float, Colour], ...]] = {
    "dusk": ((-0.2, (92, 72, 158)), (0.3, (226, 116, 142)), (0.55, (255, 172, 116)), (0.8, (255, 222, 150))),
    "night": ((-0.2, (16, 20, 66)), (0.5, (42, 54, 122)), (0.85, (92, 92, 162))),
}
_TINTS: dict[Hour, tuple[float, float, float]] = {"dusk": (1.0, 0.8, 0.78), "night": (0.42, 0.48, 0.72)}


@dataclass(frozen=True, kw_only=True)
class Camera:
    """Where the camera looks: the centre of its view in frames, (0, 0) as painted, and how near it is.

    At ``zoom`` 2 things are twice as large. The layers reach far enough for shifts of 0.25 to either side at zoom 1.
    """

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0

    def seen(self, box: Box, depth: float = NEAR) -> Box:
        """Where a box of the world is on the frame."""
        x, y, zoom = self.at(depth)
        x0, y0, x1, y1 = box
        return (
            (x0 - 0.5 - x) * zoom + 0.5,
            (y0 - 0.5 - y) * zoom + 0.5,
            (x1 - 0.5 - x) * zoom + 0.5,
            (y1 - 0.5 - y) * zoom + 0.5,
        )

    def at(self, depth: float) -> tuple[float, float, float]:
        """Shift and zoom of the layer at this depth."""
        return self.x * depth, self.y * depth, self.zoom ** (0.35 + 0.65 * depth)


STILL = Camera()


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Premultiplied pixels, larger than the frame; ``drift`` in frame widths a second moves it by itself."""

    pixels: Image.Image
    depth: float
    drift: float = 0.0

    def seen(self, camera: Camera, time: float, frame: tuple[int, int]) -> NDArray[np.float32]:
        """What the camera sees of it, (height, width, 4), premultiplied, 0 to 255."""
        width, height = frame
        x, y, zoom = camera.at(self.depth)
        x += self.drift * time
        left = (MARGIN_X + 0.5 + x - 0.5 / zoom) * width
        top = (MARGIN_Y + 0.5 + y - 0.5 / zoom) * height
        across, down = width / zoom, height / zoom
        left = min(max(left, 0.0), self.pixels.width - across)
        top = min(max(top, 0.0), self.pixels.height - down)
        if zoom == 1 and left == int(left) and top == int(top):
            part = self.pixels.crop((int(left), int(top), int(left) + width, int(top) + height))
        else:
            box = (left, top, min(left + across, self.pixels.width), min(top + down, self.pixels.height))
            part = self.pixels.resize(frame, Image.Resampling.BILINEAR, box=box)
        return np.asarray(part, dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Scenery:
    """A painted place. ``layers`` begin with the farthest, ``ground`` is the height of its ground line."""

    name: str
    hour: Hour
    ground: float
    frame_size: tuple[int, int]
    layers: tuple[Layer, ...]

    def frame(self, camera: Camera = STILL, time: float = 0.0) -> NDArray[np.uint8]:
        """The place without things, (height, width, 3), at a time in seconds."""
        if camera == STILL and (time == 0 or not self.drifts):
            return self._at_rest
        canvas = np.zeros((self.frame_size[1], self.frame_size[0], 3), dtype=np.float32)
        for layer in self._merged if camera == STILL else self.layers:
            seen = layer.seen(camera, time, self.frame_size)
            canvas *= 1 - seen[..., 3:] / 255
            canvas += seen[..., :3]
        return (canvas + 0.5).astype(np.uint8)

    @cached_property
    def drifts(self) -> bool:
        """Whether it changes by itself."""
        return any(layer.drift for layer in self.layers)

    @cached_property
    def _at_rest(self) -> NDArray[np.uint8]:
        canvas = np.zeros((self.frame_size[1], self.frame_size[0], 3), dtype=np.float32)
        for layer in self.layers:
            seen = layer.seen(STILL, 0.0, self.frame_size)
            canvas *= 1 - seen[..., 3:] / 255
            canvas += seen[..., :3]
        pixels = (canvas + 0.5).astype(np.uint8)
        pixels.setflags(write=False)
        return pixels

    @cached_property
    def _merged(self) -> tuple[Layer, ...]:
        """Neighbouring layers that rest, as one: while the camera rests, they look the same."""
        merged: list[Layer] = []
        for layer in self.layers:
            if merged and not layer.drift and not merged[-1].drift:
                below = np.asarray(merged[-1].pixels, dtype=np.float32)
                above = np.asarray(layer.pixels, dtype=np.float32)
                pixels = np.uint8(above + below * (1 - above[..., 3:] / 255) + 0.5)
                merged[-1] = Layer(
                    pixels=Image.frombytes("RGBa", layer.pixels.size, pixels.tobytes()), depth=layer.depth
                )
            else:
                merged.append(layer)
        return tuple(merged)

    def depths(self, camera: Camera = STILL, time: float = 0.0) -> NDArray[np.float32]:
        """Depth of the nearest layer at every pixel, (height, width): 1 near, towards 0 far."""
        found = np.zeros((self.frame_size[1], self.frame_size[0]), dtype=np.float32)
        for layer in self.layers:
            found[layer.seen(camera, time, self.frame_size)[..., 3] > 127] = layer.depth
        return found

    def flow(self, before: Camera, after: Camera, *, time: float, step: float) -> NDArray[np.float32]:
        """Optical flow of the place from one frame to the next, (height, width, 2), in pixels to the right and down."""
        width, height = self.frame_size
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        flow = np.zeros((height, width, 2), dtype=np.float32)
        for layer in self.layers:
            x0, y0, z0 = before.at(layer.depth)
            x1, y1, z1 = after.at(layer.depth)
            across = ((columns + 0.5) / width - 0.5) / z0 + x0 - x1 - layer.drift * step
            down = ((rows + 0.5) / height - 0.5) / z0 + y0 - y1
            moved = np.stack(
                [(across * z1 + 0.5) * width - columns - 0.5, (down * z1 + 0.5) * height - rows - 0.5], axis=-1
            )
            seen = layer.seen(before, time, self.frame_size)[..., 3] > 127
            flow[seen] = moved[seen]
        return flow


class Painting:
    """A place while it is painted. ``ground`` is the height of its ground line; ``indoors`` there is no sky."""

    def __init__(self, frame: tuple[int, int], ground: float, seed: int, hour: Hour, *, indoors: bool = False) -> None:
        self.ground, self.hour, self.indoors = ground, hour, indoors
        self._frame, self._rng = frame, np.random.default_rng(seed)
        self._canvases: list[tuple[Canvas, float, float]] = []

    def sky(self, *stops: tuple[float, Colour]) -> None:
        """The farthest layer, a gradient; under the open sky another one by dusk and by night."""
        canvas = self.layer(SKY)
        canvas.fill(*(stops if self.indoors else _SKIES.get(self.hour, stops)))
        if self.hour == "night" and not self.indoors:
            from videodirector.storyworld.places._parts import stars

            stars(canvas, 60, low=0.7)

    def layer(self, depth: float, *, drift: float = 0.0) -> Canvas:
        """A new layer before all others."""
        canvas = Canvas(*self._frame, self._rng)
        self._canvases.append((canvas, depth, drift))
        return canvas

    def pick(self, colours: Sequence[Colour]) -> Colour:
        """One of these colours."""
        return colours[int(self._rng.integers(len(colours)))]

    def layers(self) -> tuple[Layer, ...]:
        """What was painted, in the light of the hour."""
        return tuple(
            Layer(pixels=self._lit(canvas.pixels(), sky=number == 0 and not self.indoors), depth=depth, drift=drift)
            for number, (canvas, depth, drift) in enumerate(self._canvases)
        )

    def _lit(self, pixels: Image.Image, *, sky: bool) -> Image.Image:
        if self.hour == "day" or sky:
            return pixels
        tint = np.array([*_TINTS[self.hour], 1.0], dtype=np.float32)
        lit = np.uint8(np.asarray(pixels, dtype=np.float32) * tint + 0.5)
        return Image.frombytes("RGBa", pixels.size, lit.tobytes())


Painter = Callable[[Painting], None]
