"""Moments of the synthetic world: two seconds of one thing in one place, to be seen, heard and felt.

What ImageBind's videos are to ImageBind: a picture and, at the same time, a sound, a depth map, a heat map, a motion
trace and a caption of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from videodirector import lexicon
from videodirector.storyworld import atlas, backgrounds, outside
from videodirector.storyworld import sound as sounds
from videodirector.storyworld.atlas import Sprite
from videodirector.storyworld.geometry import heat, nearness
from videodirector.storyworld.motion import DOES, MOTIONS, SECONDS, Motion, Path, imu
from videodirector.storyworld.scene import Box, Pixels, compose

Field = NDArray[np.float32]

__all__ = ["Moment", "MomentSampler"]

NOTHING = "nothing that can be told"
"""The caption of what lies outside the world."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Two seconds of the world.

    Attributes:
        sprite: the main thing; None in an empty place, or outside the world.
        place: None on a plain background, or outside the world.
        path: how the thing moves.
        extent: width and height of the thing's box at the start.
        companion: a smaller thing behind it, and its box.
        style: of what lies outside the world; empty within it.
    """

    sprite: Sprite | None
    place: str | None
    path: Path
    extent: tuple[float, float]
    companion: tuple[Sprite, Box] | None
    style: str
    size: int
    background: Pixels
    seed: tuple[int, int]

    @property
    def motion(self) -> Motion:
        """How the main thing moves."""
        return self.path.motion

    @property
    def thing(self) -> str | None:
        """The main thing's name in the lexicon."""
        return self.sprite.thing.name if self.sprite else None

    def frame(self, time: float) -> Pixels:
        """The picture at a time in [0, 1], (size, size, 3)."""
        return compose(self.background, self._placements(time))

    def nearness(self, time: float = 0.5) -> Field:
        """Inverse depth, (size, size) in [0, 1]."""
        if self.style:
            return outside.field(self.style, size=self.size, rng=self._rng(1))
        return nearness(self.place, self._placements(time), size=self.size)

    def heat(self, time: float = 0.5) -> Field:
        """Degrees Celsius, (size, size)."""
        if self.style:
            return 50 * outside.field(self.style, size=self.size, rng=self._rng(2))
        return heat(self.place, self._placements(time), size=self.size)

    def sound(self) -> sounds.Samples:
        """The thing's voice, its steps and the place, (samples,) at ``sound.RATE``."""
        rng = self._rng(3)
        if self.style:
            return outside.sound(self.style, rng=rng)
        layers: list[tuple[sounds.Samples, float]] = []
        loud = float(np.exp(rng.normal(-2.0, 0.5)))
        if self.sprite:
            thing = self.sprite.thing
            voice = sounds.voice(thing.name, seconds=SECONDS, rng=rng)
            swell = self.path.growth ** np.linspace(-0.5, 0.5, len(voice), dtype=np.float32)
            layers.append(((voice * swell).astype(np.float32), loud))
            if self.path.motion != "still":
                layers.append((sounds.steps(thing.moves, seconds=SECONDS, rng=rng), 0.5 * loud))
        if self.place:
            layers.append(
                (sounds.ambience(self.place, seconds=SECONDS, rng=rng), loud * float(rng.uniform(0.15, 0.55)))
            )
        hiss = rng.standard_normal(round(SECONDS * sounds.RATE), dtype=np.float32)
        return sounds.mix([*layers, (hiss, loud * float(rng.uniform(0.005, 0.05)))])

    def imu(self) -> Field:
        """What a motion sensor on the thing measures, (6, samples) at ``motion.IMU_RATE``."""
        if self.style:
            return outside.shaking(self.style, rng=self._rng(4))
        return imu(self.path, self.sprite.thing.moves if self.sprite else "still", rng=self._rng(4))

    def clip(self, modality: str) -> NDArray[Any]:
        """What a loader would make of a file of this moment: the clip that embedders are given.

        image (height, width, 3), video (frames, height, width, 3) uint8; audio (samples,) at 48 kHz; depth and
        thermal (height, width), larger is nearer or hotter; imu (6, samples) at 200 Hz.
        """
        if modality == "image":
            return self.frame(0.5)
        if modality == "video":
            return np.stack([self.frame(time) for time in (0.0, 0.25, 0.5, 0.75, 1.0)])
        if modality == "audio":
            return np.asarray(resample_poly(self.sound(), 3, 1), dtype=np.float32)
        if modality == "imu":
            return np.asarray(resample_poly(self.imu(), 2, 1, axis=1, padtype="line"), dtype=np.float32)
        return {"depth": self.nearness, "thermal": self.heat}[modality]()

    def caption(self, *, moving: bool, variant: int = 0) -> str:
        """A caption in one of many phrasings; ``moving`` may tell the motion, which a single picture does not show."""
        rng = self._rng(5 + variant)
        if self.style:
            return NOTHING
        place = "" if self.place is None else _spoken(lexicon.trained_backgrounds()[self.place], rng)
        if self.sprite is None:
            return f"{('an empty ', 'only the ', '')[int(rng.integers(3))]}{place}".strip()
        words = self.sprite.phrases if rng.random() < 0.4 else (self.sprite.name, self.sprite.thing.name)
        told = _with_article(words[int(rng.integers(len(words)))])
        if moving and rng.random() < 0.75:
            does = DOES[self.path.motion]
            told += f" {does[int(rng.integers(len(does)))]}"
        if place and rng.random() < 0.75:
            told += (f" in the {place}", f". Background: {place}")[int(rng.integers(2))]
        if self.companion and rng.random() < 0.5:
            told += f", with {_with_article(self.companion[0].thing.name)}"
        return told

    def _placements(self, time: float) -> list[tuple[Sprite, Box]]:
        placed = [self.companion] if self.companion else []
        if self.sprite:
            x, y, size = self.path.at(time)
            width, height = self.extent[0] * size / 2, self.extent[1] * size / 2
            placed.append((self.sprite, (x - width, y - height, x + width, y + height)))
        return placed

    def _rng(self, sense: int) -> np.random.Generator:
        return np.random.default_rng((*self.seed, sense))


class MomentSampler:
    """An endless source of moments, each decided by its number: the same seed and number give the same moment.

    Args:
        size: side of the square pictures, in pixels.
        seed: of this source; training, calibration and evaluation use different ones.
        outside: the share of moments that lie outside the world.
        styles: the styles of those.
        empty: the share of places without a thing.
        plain: the share of things on a plain background.
        companions: the share of moments with a second, smaller thing.
    """

    def __init__(
        self,
        *,
        size: int = 64,
        seed: int = 0,
        outside: float = 0.0,
        styles: Sequence[str] = outside.LEARNED,
        empty: float = 0.0,
        plain: float = 0.0,
        companions: float = 0.25,
        pool: int = 0,
    ) -> None:
        self.size, self.seed, self.styles = size, seed, tuple(styles)
        self.outside, self.empty, self.plain, self.companions, self.pool = outside, empty, plain, companions, pool
        self._atlas = atlas.load()
        self._things = tuple(lexicon.trained_things().values())
        self._places = tuple(lexicon.trained_backgrounds())
        self._painted: dict[tuple[str, int], Pixels] = {}

    def __iter__(self) -> Iterator[Moment]:
        number = 0
        while True:
            yield self[number]
            number += 1

    def __getitem__(self, number: int) -> Moment:
        rng = np.random.default_rng((self.seed, number))
        motion: Motion = MOTIONS[int(rng.integers(len(MOTIONS)))]
        place: str | None = self._places[int(rng.integers(len(self._places)))]
        thing = self._things[int(rng.integers(len(self._things)))]
        kind = float(rng.random())
        style = outside.chosen(self.styles, rng) if kind < self.outside else ""
        variants = self._atlas.variants(thing.name)
        sprite: Sprite | None = variants[int(rng.integers(len(variants)))]
        if style:
            sprite = place = None
        elif kind < self.outside + self.empty:
            sprite = None
        elif kind < self.outside + self.empty + self.plain:
            place = None
        height = float(rng.uniform(0.35, 0.85 if motion == "still" else 0.65))
        width = height * thing.aspect * float(np.exp(rng.normal(0, 0.12)))
        shrink = min(1.0, 0.9 / width)
        width, height = width * shrink, height * shrink
        path = Path.random(motion, width, height, rng)
        if sprite is None:
            path = Path(motion="still", start=(0.5, 0.5), end=(0.5, 0.5))
        elif motion in ("left", "right"):
            sprite = sprite.facing("left" if motion == "left" else "right")
        else:
            sprite = sprite.facing("left" if rng.random() < 0.5 else "right")
        if path.growth > 1:
            width, height = width / path.growth, height / path.growth
        companion = self._companion(width, height, rng) if sprite and rng.random() < self.companions else None
        return Moment(
            sprite=sprite,
            place=place,
            path=path,
            extent=(width, height),
            companion=companion,
            style=style,
            size=self.size,
            background=self._background(place, style, rng),
            seed=(self.seed, number),
        )

    def _companion(self, width: float, height: float, rng: np.random.Generator) -> tuple[Sprite, Box]:
        thing = self._things[int(rng.integers(len(self._things)))]
        tall = min(height, width, 0.5) * float(rng.uniform(0.35, 0.6))
        wide = min(tall * thing.aspect, 0.5)
        x, y = float(rng.uniform(0, 1 - wide)), float(rng.uniform(0, 1 - tall))
        return self._atlas.variants(thing.name)[0], (x, y, x + wide, y + tall)

    def _background(self, place: str | None, style: str, rng: np.random.Generator) -> Pixels:
        if style:
            return outside.picture(style, size=self.size, rng=rng)
        if place is None:
            upper, lower = rng.uniform(0, 255, (2, 3))
            if rng.random() < 0.5:
                upper = lower = np.full(3, 255 if rng.random() < 0.7 else float(rng.uniform(0, 255)))
            ramp = np.linspace(upper, lower, self.size)[:, None]
            return np.broadcast_to(ramp, (self.size, self.size, 3)).astype(np.uint8)
        if not self.pool:
            return backgrounds.paint(place, size=self.size, seed=int(rng.integers(2**31)))
        key = place, int(rng.integers(self.pool))
        if key not in self._painted:
            seed = int(np.random.default_rng((self.seed, self._places.index(place), key[1])).integers(2**31))
            self._painted[key] = backgrounds.paint(place, size=self.size, seed=seed)
        return self._painted[key]


def _spoken(place: lexicon.Background, rng: np.random.Generator) -> str:
    chance = rng.random()
    if chance < 0.6:
        return place.name
    if chance < 0.8:
        return place.description.removeprefix("a ").removeprefix("an ").removeprefix("the ")
    words = (place.name, *place.synonyms)
    return words[int(rng.integers(len(words)))]


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
