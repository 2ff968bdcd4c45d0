"""Painted places of the storyworld: layers at several depths, each different every time, from a seed.

from videodirector.storyworld import places

scenery = places.paint("forest", size=256, seed=3, hour="dusk")
scenery.frame()                                          # (256, 256, 3)
scenery.frame(places.Camera(x=0.1, zoom=1.2), time=0.5)  # near layers move more than far ones, clouds drift
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from videodirector import lexicon
from videodirector.storyworld.places._indoors import INDOORS
from videodirector.storyworld.places._outdoors import OUTDOORS
from videodirector.storyworld.places._scenery import (
    FAR,
    MIDDLE,
    NEAR,
    SKY,
    STILL,
    Camera,
    Hour,
    Painter,
    Painting,
    Scenery,
)
from videodirector.storyworld.places._weather import Weather, fall

__all__ = [
    "FAR", "MIDDLE", "NEAR", "SKY", "STILL", "Camera", "Hour", "Scenery", "Weather", "fall", "find", "hour_of",
    "is_indoors", "paint", "weather_of",
]  # fmt: skip

_PAINTERS: dict[str, Painter] = OUTDOORS | INDOORS
_HOURS = frozenset(["night", "sunset"])  # places that are nothing but a time of day
_TIMELESS = frozenset(["night", "sunset", "space", "lunar surface", "underwater", "cave", "volcanic land"])


def find(text: str) -> str | None:
    """The background that a text speaks of, by name or synonym as whole words; the longest match wins.

    A place goes before an hour: "a beach at sunset" is a beach, see ``hour_of``.
    """
    words = text.lower()
    found = [(phrase, name) for phrase, name in _phrases() if re.search(rf"\b{re.escape(phrase)}\b", words)]
    return max(found, key=lambda match: (match[1] not in _HOURS, len(match[0])))[1] if found else None


@lru_cache(maxsize=1)
def _phrases() -> tuple[tuple[str, str], ...]:
    named = lexicon.backgrounds().values()
    return tuple((phrase, place.name) for place in named for phrase in (place.name, *place.synonyms))


def hour_of(text: str) -> Hour:
    """The time of day that a text tells."""
    words = text.lower()
    if re.search(r"\b(at night|by night|night|midnight|moonlit|moonlight|nighttime|starry)\b", words):
        return "night"
    if re.search(r"\b(sunset|sunrise|dusk|dawn|twilight|evening|golden hour)\b", words):
        return "dusk"
    return "day"


def weather_of(text: str) -> Weather:
    """What falls in a text: rain, snow or nothing."""
    words = text.lower()
    if re.search(r"\b(rain|rains|raining|rainy|rainstorm|storm|stormy|downpour|drizzle)\b", words):
        return "rain"
    return (
        "snow"
        if re.search(r"\b(snowing|snows|snowfall|snowstorm|blizzard|snowflakes|falling snow)\b", words)
        else "clear"
    )


def is_indoors(name: str) -> bool:
    """Whether it is a room, where nothing falls and the sky is not to be seen."""
    return name in INDOORS and name not in ("city", "harbour")


def paint(name: str, *, size: int | tuple[int, int], seed: int, hour: Hour = "day") -> Scenery:
    """Paint a place.

    Args:
        name: one of ``videodirector.lexicon.backgrounds()``.
        size: side length, or (width, height), of its frames in pixels.
        seed: decides its details: where the trees stand, what colour the walls have.
        hour: its light; places that have one of their own, as the night, keep it.

    Raises:
        KeyError: no such place.
    """
    frame = (size, size) if isinstance(size, int) else size
    shift = float(np.random.default_rng((seed, 1)).uniform(-0.02, 0.02))
    light: Hour = "day" if name in _TIMELESS else hour
    painting = Painting(frame, lexicon.backgrounds()[name].ground + shift, seed, light, indoors=is_indoors(name))
    _PAINTERS[name](painting)
    return Scenery(name=name, hour=light, ground=painting.ground, frame_size=frame, layers=painting.layers())
