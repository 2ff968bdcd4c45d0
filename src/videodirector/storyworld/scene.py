"""Scenes of the synthetic world: sprites on a background, with exact boxes and captions, from a seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from videodirector import lexicon
from videodirector.lexicon.captions import add_article, join_names, list_caption
from videodirector.storyworld import atlas, backgrounds
from videodirector.storyworld.art import compose
from videodirector.storyworld.atlas import Sprite
from videodirector.storyworld.motion import DOES, Motion

Box = tuple[float, float, float, float]
Pixels = NDArray[np.uint8]
Deed = Motion | Literal["appears", "leaves"]

__all__ = ["Actor", "Clip", "SceneSampler", "captions", "compose", "deed"]


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A sprite and its box on every frame, x0, y0, x1, y1 in [0, 1]; None where it is not in the picture."""

    sprite: Sprite
    track: tuple[Box | None, ...]


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A drawn scene: ``frames`` is (frames, height, width, 3); later actors stand before earlier ones."""

    frames: Pixels
    actors: tuple[Actor, ...]
    background: str
    caption: str


def captions(names: Sequence[str], place: str, rng: np.random.Generator, deeds: Sequence[Deed] = ()) -> str:
    """A caption in one of several phrasings, naming the things in the picture and the place.

    Args:
        names: of the things.
        place: the background.
        rng: of the phrasing.
        deeds: what each thing is seen to do, see ``deed``; without them, as of a picture, any verb will do.
    """
    verbs = [rng.choice(DEEDS[does]) for does in deeds] or [rng.choice(_VERBS) for _ in names]
    acted = " and ".join(f"{add_article(name)} {verb}" for name, verb in zip(names, verbs, strict=True))
    known = lexicon.trained_backgrounds().get(place) or lexicon.backgrounds()[place]
    where = known.description if rng.random() < 0.3 else place
    if not names:
        return list_caption(names, where)
    listed = join_names(names)
    forms = (
        list_caption(names, where),
        f"{acted}. Background: {where}",
        f"{acted} in the {place}. Background: {where}",
        f"{listed} in the {where}",
        f"{listed} in the {place}. Background: {where}",
    )
    return str(forms[int(rng.integers(len(forms)))])


def deed(track: Sequence[Box | None]) -> Deed:
    """What a thing does on its way; coming and going goes before moving, and moving before growing."""
    start, end = _first(track), _last(track)
    if track[0] is None or track[-1] is None:
        return "appears" if track[0] is None else "leaves"
    across, down = (end[0] + end[2] - start[0] - start[2]) / 2, (end[1] + end[3] - start[1] - start[3]) / 2
    growth = math.log((end[2] - end[0]) / (start[2] - start[0]))
    if max(abs(across), abs(down)) >= 0.1:
        return ("right" if across > 0 else "left") if abs(across) >= abs(down) else ("down" if down > 0 else "up")
    return ("nearer" if growth > 0 else "farther") if abs(growth) > 0.15 else "still"


DEEDS = dict[Deed, tuple[str, ...]](DOES.items()) | {
    "appears": ("appears", "comes into view", "arrives"),
    "leaves": ("leaves", "disappears", "is gone in the end"),
}
_VERBS = ("walks", "runs", "stands", "flies", "moves", "looks around", "waits", "sleeps", "rolls", "plays", "goes away")


class SceneSampler:
    """An endless source of scenes, each decided by its number: the same seed and number give the same scene.

    Args:
        size: side of the square frames, in pixels.
        frames: frames of a clip; 1 gives pictures.
        seed: of this source; training, validation and evaluation use different ones.
        entities: fewest and most things in a scene.
        pool: how many versions of every background are painted at first and then reused; 0 paints each anew.
        deeds: whether captions tell how things move, as a network of clips should learn it, or name any verb.
        close: share of scenes that show one thing, large, as most captioned pictures do: what a word looks like is
            learned from them much sooner than from crowds of small things.
    """

    def __init__(
        self,
        *,
        size: int,
        frames: int = 1,
        seed: int = 0,
        entities: tuple[int, int] = (0, 4),
        pool: int = 0,
        deeds: bool = False,
        close: float = 0.0,
    ) -> None:
        self.size, self.frames, self.seed, self.entities, self.pool = size, frames, seed, entities, pool
        self.deeds, self.close = deeds, close
        self._atlas = atlas.load()
        self._things = tuple(lexicon.trained_things().values())
        self._places = tuple(lexicon.trained_backgrounds())
        self._painted: dict[tuple[str, int], Pixels] = {}

    def __iter__(self) -> Iterator[Clip]:
        number = 0
        while True:
            yield self[number]
            number += 1

    def __getitem__(self, number: int) -> Clip:
        rng = np.random.default_rng((self.seed, number))
        place = self._places[int(rng.integers(len(self._places)))]
        background = self._background(place, rng)
        actors = self._actors(rng)
        frames = np.stack(
            [
                compose(background, [(actor.sprite, box) for actor in actors if (box := actor.track[frame])])
                for frame in range(self.frames)
            ]
        )
        deeds = [deed(actor.track) for actor in actors] if self.deeds else ()
        caption = captions([actor.sprite.name for actor in actors], place, rng, deeds)
        return Clip(frames=frames, actors=actors, background=place, caption=caption)

    def _background(self, place: str, rng: np.random.Generator) -> Pixels:
        if not self.pool:
            return backgrounds.paint(place, size=self.size, seed=int(rng.integers(2**31)))
        version = int(rng.integers(self.pool))
        if (place, version) not in self._painted:
            number = self._places.index(place)
            seed = int(np.random.default_rng((self.seed, number, version)).integers(2**31))
            self._painted[place, version] = backgrounds.paint(place, size=self.size, seed=seed)
        return self._painted[place, version]

    def _actors(self, rng: np.random.Generator) -> tuple[Actor, ...]:
        low, high = self.entities
        count = int(rng.integers(low, high + 1))
        close = self.close > 0 and rng.random() < self.close
        count = 1 if close else count
        crowded = rng.random() < 0.15
        actors: list[Actor] = []
        for _ in range(count):
            thing = self._things[int(rng.integers(len(self._things)))]
            variants = self._atlas.variants(thing.name)
            sprite = variants[int(rng.integers(len(variants)))]
            for _ in range(12):
                track = self._track(sprite, rng, count, close=close)
                if crowded or all(_apart(track, other.track) for other in actors):
                    break
            else:
                continue
            start, end = _first(track), _last(track)
            if self.frames > 1 and abs(end[0] - start[0]) > 0.08:
                sprite = sprite.facing("right" if end[0] > start[0] else "left")
            elif rng.random() < 0.5:
                sprite = sprite.facing("right")
            else:
                sprite = sprite.facing("left")
            actors.append(Actor(sprite=sprite, track=track))
        return tuple(actors)

    def _track(self, sprite: Sprite, rng: np.random.Generator, count: int, *, close: bool) -> tuple[Box | None, ...]:
        """A straight or curved path from box to box; it may begin late or end early, and the thing may grow."""
        width, height = self._extent(sprite, rng, count, close=close)
        start = _place(rng, width, height)
        if self.frames == 1:
            return (start,)
        growth = float(np.exp(rng.normal(0, 0.3))) if rng.random() < 0.3 else 1.0
        growth = min(growth, 0.9 / width, 0.9 / height)
        end = _place(rng, width * growth, height * growth) if rng.random() < 0.75 else _regrown(start, growth)
        bend = float(rng.normal(0, 0.12)) if rng.random() < 0.3 else 0.0
        track: list[Box | None] = []
        for time in np.linspace(0, 1, self.frames).tolist():
            x0, y0, x1, y1 = ((1 - time) * a + time * b for a, b in zip(start, end, strict=True))
            lift = 4 * time * (1 - time) * bend
            lift = min(max(lift, -y0), 1 - y1)
            track.append((x0, y0 + lift, x1, y1 + lift))
        if rng.random() < 0.2:
            cut = int(rng.integers(1, self.frames))
            hidden = range(cut) if rng.random() < 0.5 else range(cut, self.frames)
            track = [None if frame in hidden else box for frame, box in enumerate(track)]
        return tuple(track)

    def _extent(self, sprite: Sprite, rng: np.random.Generator, count: int, *, close: bool) -> tuple[float, float]:
        """Natural size times chance: mostly near it, at times anything from tiny to nearly the whole picture."""
        if close:
            height = float(rng.uniform(0.45, 0.9))
        elif rng.random() < 0.75:
            height = sprite.thing.size * float(np.exp(rng.normal(0.1, 0.3)))
        else:
            height = float(rng.uniform(0.18, 0.8))
        height *= 1.0 if count <= 3 else 0.85
        width = height * sprite.thing.aspect * float(np.exp(rng.normal(0, 0.12)))
        shrink = min(1.0, 0.92 / max(width, height))
        return max(width * shrink, 0.12), max(height * shrink, 0.12)


def _place(rng: np.random.Generator, width: float, height: float) -> Box:
    x0, y0 = float(rng.uniform(0, 1 - width)), float(rng.uniform(0, 1 - height))
    return x0, y0, x0 + width, y0 + height


def _regrown(box: Box, growth: float) -> Box:
    width, height = (box[2] - box[0]) * growth, (box[3] - box[1]) * growth
    x0 = min(max((box[0] + box[2] - width) / 2, 0.0), 1 - width)
    y0 = min(max((box[1] + box[3] - height) / 2, 0.0), 1 - height)
    return x0, y0, x0 + width, y0 + height


def _first(track: Sequence[Box | None]) -> Box:
    return next(box for box in track if box)


def _last(track: Sequence[Box | None]) -> Box:
    return next(box for box in reversed(track) if box)


def _apart(a: Sequence[Box | None], b: Sequence[Box | None]) -> bool:
    """Whether two things never cover more than a tenth of the smaller one."""
    return all(_cover(one, other) < 0.1 for one, other in zip(a, b, strict=True) if one and other)


def _cover(a: Box, b: Box) -> float:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(0.0, across) * max(0.0, down) / smaller
