"""The sprite atlas: what each thing of the lexicon looks like, in each of its colours, from either side."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videodirector import lexicon
from videodirector.lexicon import Thing

__all__ = ["MARGIN", "Atlas", "Sprite", "load"]

# Clear pixels around every sprite, so that a resize may start and end between two pixels of the target.
MARGIN = 40

_HUES = {"red": 0, "orange": 26, "yellow": 50, "green": 125, "blue": 212, "purple": 275, "pink": 325}


@dataclass(frozen=True, kw_only=True)
class Sprite:
    """One thing in one colour, looking to one side.

    ``colour`` is None where the thing has only the colour of its kind; ``own_colour`` says that it is the one it has
    when none is asked for. ``image`` is RGBA, cropped to what is visible.
    """

    thing: Thing
    colour: str | None
    own_colour: bool = True
    image: Image.Image = field(repr=False, compare=False)
    mirrored: bool = False

    @property
    def name(self) -> str:
        """What a caption calls it: "red car", "fox"."""
        return f"{self.colour} {self.thing.name}" if self.colour else self.thing.name

    @property
    def phrases(self) -> tuple[str, ...]:
        """All that it may be called, its name first: "red car", "red automobile"; in its own colour also "car"."""
        words = (self.thing.name, *self.thing.synonyms)
        if self.colour is None:
            return words
        coloured = tuple(f"{self.colour} {word}" for word in words)
        return (*coloured, *words) if self.own_colour else coloured

    def facing(self, side: Literal["left", "right"]) -> Sprite:
        """The same thing looking to that side; things drawn from the front stay as they are."""
        if self.thing.faces == "front" or (side != self.thing.faces) == self.mirrored:
            return self
        return replace(self, image=self.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), mirrored=not self.mirrored)

    @cached_property
    def padded(self) -> Image.Image:
        """The picture with premultiplied alpha and a clear margin, made for resizing."""
        padded = Image.new("RGBA", (self.image.width + 2 * MARGIN, self.image.height + 2 * MARGIN))
        padded.paste(self.image, (MARGIN, MARGIN))
        return padded.convert("RGBa")


class Atlas:
    """All sprites. Iterating gives every thing in every colour, seen as it was drawn."""

    def __init__(self, sprites: dict[str, tuple[Sprite, ...]]) -> None:
        self._sprites = sprites
        phrases = {
            phrase: thing.name
            for thing in lexicon.trained_things().values()
            for phrase in (*thing.synonyms, thing.name)
        }
        self._phrases = {phrase: phrases[phrase] for phrase in sorted(phrases, key=len, reverse=True)}
        self._pattern = re.compile(rf"\b({'|'.join(map(re.escape, self._phrases))})(?:e?s)?\b")

    def __iter__(self) -> Iterator[Sprite]:
        return (sprite for variants in self._sprites.values() for sprite in variants)

    def __len__(self) -> int:
        return sum(len(variants) for variants in self._sprites.values())

    def variants(self, thing: str) -> tuple[Sprite, ...]:
        """A thing in all its colours, its own colour first.

        Raises:
            KeyError: no such thing.
        """
        return self._sprites[thing]

    def find(self, name: str, description: str = "") -> Sprite | None:
        """The sprite for an entity, or None for a thing that the atlas does not hold.

        The thing is looked up in the name by the words of the lexicon, the longest first ("hot air balloon" before
        "air"; of several, the last, which in English is the noun). Its colour may stand in the name or in the
        description. Only what the words say: nearness in meaning is the text encoder's matter.
        """
        found = self._pattern.findall(name.lower())
        if not found:
            return None
        variants = self._sprites[self._phrases[found[-1]]]
        words = set(re.findall(r"[a-z]+", f"{name} {description}".lower()))
        return next((sprite for sprite in variants if sprite.colour in words), variants[0])


@lru_cache(maxsize=1)
def load() -> Atlas:
    """Read the atlas that ships with the package."""
    folder = files(__package__)
    index: dict[str, list[int]] = json.loads(folder.joinpath("sprites.json").read_text(encoding="utf-8"))
    with folder.joinpath("sprites.png").open("rb") as file:
        sheet = Image.open(file).convert("RGBA")
    sprites = {}
    for thing in lexicon.trained_things().values():
        left, top, right, bottom = index[thing.name]
        sprites[thing.name] = tuple(_variants(thing, sheet.crop((left, top, right, bottom))))
    return Atlas(sprites)


def _variants(thing: Thing, image: Image.Image) -> Iterator[Sprite]:
    own = _dominant_hue(image)
    own_colour = min(_HUES, key=lambda name: _distance(own, _HUES[name])) if thing.colours else None
    yield Sprite(thing=thing, colour=own_colour, image=image)
    for colour in thing.colours:
        if colour != own_colour:
            yield Sprite(thing=thing, colour=colour, own_colour=False, image=_recolour(image, own, _HUES[colour]))


def _distance(a: float, b: float) -> float:
    return abs((a - b + 180) % 360 - 180)


def _hsv(image: Image.Image) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Hue in degrees, saturation and value in [0, 1]."""
    hsv = np.asarray(image.convert("RGB").convert("HSV"), dtype=np.float64) / 255
    return hsv[..., 0] * 360, hsv[..., 1], hsv[..., 2]


def _dominant_hue(image: Image.Image) -> float:
    hue, saturation, value = _hsv(image)
    weight = saturation * value * (np.asarray(image.getchannel("A")) > 128)
    counts, edges = np.histogram(hue, bins=36, range=(0, 360), weights=weight)
    smooth = counts + np.roll(counts, 1) + np.roll(counts, -1)
    return float(edges[int(smooth.argmax())] + 5)


def _recolour(image: Image.Image, own: float, target: float) -> Image.Image:
    """Turn the dominant hue into another one; leaves of a flower or the wheels of a car keep theirs."""
    hue, saturation, value = _hsv(image)
    offset = (hue - own + 180) % 360 - 180
    near = (np.abs(offset) < 42) & (saturation > 0.25)
    turned = offset * 0.4 + target
    hsv = np.stack([np.where(near, turned % 360, hue) / 360, saturation, value], axis=-1)
    # Yellow reads as yellow only when it is bright, and its own shadows would turn it olive.
    if target == _HUES["yellow"]:
        hsv[..., 2] = np.where(near, np.minimum(1, 0.35 + 0.75 * hsv[..., 2]), hsv[..., 2])
    rgb = Image.fromarray((hsv * 255).round().astype(np.uint8), "HSV").convert("RGB")
    rgb.putalpha(image.getchannel("A"))
    return rgb
