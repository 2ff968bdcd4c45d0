"""The storyworld as a depth camera and a heat camera see it: from the scene's geometry, not from its colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter

from videodirector import lexicon
from videodirector.lexicon import Thing
from videodirector.storyworld.atlas import Sprite
from videodirector.storyworld.scene import Box, compose

Field = NDArray[np.float32]

__all__ = ["heat", "nearness", "temperature"]

_WALLS = {"room": 0.25, "kitchen": 0.3, "cave": 0.35, "forest": 0.12, "city": 0.1, "garden": 0.12, "underwater": 0.05}
_OPEN = {"sky", "space"}
_AMBIENT = {
    "forest": 14, "meadow": 18, "beach": 26, "sea": 16, "underwater": 9, "desert": 38, "mountains": 3, "snow": -6,
    "city": 20, "road": 24, "night": 7, "sunset": 19, "space": -60, "lake": 15, "farm": 17, "garden": 19,
    "kitchen": 23, "room": 21, "cave": 10, "sky": 2,
}  # fmt: skip
_COLD_BLOODED = ["fish", "goldfish", "frog", "turtle", "snake", "shark", "octopus", "crab", "snail", "butterfly", "bee"]
_OWN = {
    "fire": 260, "candle": 120, "lamp": 85, "sun": 180, "rocket": 220, "dragon": 70, "robot": 42, "ghost": 4,
    "snowman": -5, "moon": -25, "star": 90, "cloud": -12, "pizza": 62, "hamburger": 56, "bread": 45, "egg": 38,
    "alien": 29, "baby": 37, "train": 90, "tractor": 65, "airplane": 75, "helicopter": 70, "bicycle": 24,
}  # fmt: skip
_KINDS = {"person": 34, "animal": 37, "vehicle": 52, "food": 21}


def nearness(place: str | None, placements: Sequence[tuple[Sprite, Box]], *, size: int) -> Field:
    """Inverse depth of a scene: 0 is far away, 1 is right before the camera.

    The ground is a plane that rises to the horizon; a thing stands upright where its feet are, and is as thick as its
    silhouette is wide.

    Returns:
        (size, size).
    """
    rows = np.broadcast_to((np.arange(size, dtype=np.float32)[:, None] + 0.5) / size, (size, size))
    field = _ground(place, rows).astype(np.float32)
    for sprite, box in placements:
        mask, relief, _ = _drawn(sprite, box, size)
        height = box[3] - box[1]
        base = max(float(_ground(place, np.array(min(box[3], 1.0)))), 0.2 + 0.45 * height)
        field = field * (1 - mask) + base * mask + 0.3 * relief
    return np.clip(field, 0, 1)


def heat(place: str | None, placements: Sequence[tuple[Sprite, Box]], *, size: int) -> Field:
    """Temperatures of a scene in degrees Celsius; (size, size)."""
    around = temperature(None, place)
    ground = lexicon.trained_backgrounds()[place].ground if place else 0.5
    rows = np.broadcast_to((np.arange(size, dtype=np.float32)[:, None] + 0.5) / size, (size, size))
    field = around + np.where(rows < ground, -4.0, 1.0).astype(np.float32)
    for sprite, box in placements:
        mask, _, warm = _drawn(sprite, box, size)
        field = field * (1 - mask) + around * mask + (temperature(sprite.thing, place) - around) * warm
    return field.astype(np.float32)


def temperature(thing: Thing | None, place: str | None) -> float:
    """Of a thing in a place, or of the place itself, in degrees Celsius; never quite the same as its surroundings."""
    around = float(_AMBIENT[place]) if place else 20.0
    if thing is None:
        return around
    if thing.name in _OWN:
        own = float(_OWN[thing.name])
    elif thing.name in _COLD_BLOODED:
        own = around + 5
    elif thing.kind in _KINDS:
        own = float(_KINDS[thing.kind])
    else:
        own = around + {"plant": -5.0, "building": 8.0}.get(thing.kind, 4.0)
    return own if abs(own - around) >= 4 else around + 4


def _ground(place: str | None, rows: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Nearness of the empty place at these heights of the picture."""
    if place is None:
        return np.full(rows.shape, 0.1)
    if place in _OPEN:
        return np.zeros(rows.shape)
    ground = lexicon.trained_backgrounds()[place].ground
    far = _WALLS.get(place, 0.0)
    return np.where(rows < ground, far, far + (0.85 - far) * (rows - ground) / (1 - ground))


def _drawn(sprite: Sprite, box: Box, size: int) -> tuple[Field, Field, Field]:
    """A thing alone: how much of it covers each pixel, its relief and its warmth there."""
    black = np.zeros((size, size, 3), dtype=np.uint8)
    drawn = compose(black, [(_fields(sprite), box)]).astype(np.float32) / np.float32(255)
    return drawn[..., 2], drawn[..., 0], drawn[..., 1]


@lru_cache(maxsize=512)
def _fields(sprite: Sprite) -> Sprite:
    """The sprite with relief, warmth and cover where it had red, green and blue."""
    alpha = np.asarray(sprite.image.getchannel("A"), dtype=np.float32) / 255
    padded = np.pad(alpha > 0.5, 1)
    depth = distance_transform_edt(padded)[1:-1, 1:-1]
    round_ = np.sqrt(depth / max(float(depth.max()), 1.0))
    light = np.asarray(sprite.image.convert("L"), dtype=np.float32) / 255
    light = gaussian_filter(light * alpha, 1.5) / (gaussian_filter(alpha, 1.5) + 1e-3)
    relief = np.clip(0.75 * round_ + 0.25 * light, 0, 1)
    warm = 0.45 + 0.25 * round_ + 0.3 * (1 - light)  # dark paint takes up more warmth
    if sprite.thing.kind == "vehicle":  # engines and wheels lie low
        warm = warm * (0.6 + 0.4 * np.linspace(0, 1, alpha.shape[0])[:, None])
    planes = [relief, np.clip(warm, 0, 1), np.ones_like(alpha), alpha]
    image = Image.fromarray((255 * np.stack(planes, axis=-1)).round().astype(np.uint8), "RGBA")
    return replace(sprite, image=image)
