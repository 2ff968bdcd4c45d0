"""Sprites: what each thing of the lexicon looks like, in each colour, look and action, from either side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from PIL import Image

from videodirector.lexicon import Action, Facing, Moves, Thing
from videodirector.storyworld.art._colours import HUES, dominant_hue, nearest_colour, recolour
from videodirector.storyworld.art._pictures import Picture, Poses, picture

__all__ = ["MARGIN", "Pose", "Sprite", "sprites_of"]

MARGIN = 40
"""Clear pixels around every pose, so that a resize may start and end between two pixels of the target."""

Side = Literal["left", "right"]

_ROLLING = 24  # poses of a still picture that rolls, one every 15 degrees

# Own heights that a thing moves on in one loop of its animation, so that feet stand where they stand. Of walkers they
# were measured: the speed of the lowest tenth of the picture, where the foot rests.
_STRIDES = {
    "1f6b6": 0.57,  # walking
    "1f9af": 0.50,  # with a white cane
    "1f3c3": 4.0,  # running: three strides a loop
    "1f6b4": 6.0,  # cycling: three turns of the pedals
    "1f9bd": 4.0,  # in a wheelchair
    "1f998": 3.6,  # kangaroo: three hops
    "1f3c7": 5.0,  # on a horse
    "26f9": 3.0,  # dribbling
}
_WHEELED = 3.0


@dataclass(frozen=True, eq=False)
class Pose:
    """One pose, as it is drawn. ``pixels`` are (height, width, 4), straight alpha."""

    pixels: Poses

    @cached_property
    def image(self) -> Image.Image:
        """The pose as a picture."""
        return Image.fromarray(self.pixels)

    @cached_property
    def padded(self) -> Image.Image:
        """The pose with premultiplied alpha and a clear margin, made for resizing."""
        padded = Image.new("RGBA", (self.image.width + 2 * MARGIN, self.image.height + 2 * MARGIN))
        padded.paste(self.image, (MARGIN, MARGIN))
        return padded.convert("RGBa")

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """What is visible, x0, y0, x1, y1 as fractions of the picture."""
        height, width = self.pixels.shape[:2]
        x0, y0, x1, y1 = Image.fromarray(np.uint8(self.pixels[..., 3] > 16)).getbbox() or (0, 0, width, height)
        return x0 / width, y0 / height, x1 / width, y1 / height


@dataclass(frozen=True, kw_only=True)
class Sprite:
    """One thing as it may be seen: in a colour, with a look, doing something, looking to one side.

    Attributes:
        thing: what it is.
        code: of its picture.
        colour: None where the thing has only the colour of its kind.
        own_colour: whether the colour is the one it has when none is named.
        action: what it does, of people.
        look: hair or headdress, of people: "white hair".
        tone: of skin: "dark"; "" for the yellow of emoji.
        mirrored: whether it looks to the other side than the picture.
    """

    thing: Thing
    code: str
    colour: str | None = None
    own_colour: bool = True
    action: Action | None = None
    look: str = ""
    tone: str = ""
    mirrored: bool = field(default=False)

    @property
    def name(self) -> str:
        """What a caption calls it: "red car", "dark-skinned woman with white hair"."""
        name = f"{self.colour} {self.thing.name}" if self.colour else self.thing.name
        name = f"{self.tone}-skinned {name}" if self.tone else name
        return f"{name} with {_ARTICLES.get(self.look, '')}{self.look}" if self.look else name

    @property
    def phrases(self) -> tuple[str, ...]:
        """All that it may be called, its name first: "red car", "red automobile"; in its own colour also "car"."""
        words = (self.thing.name, *self.thing.synonyms)
        if self.look or self.tone:
            return tuple(self.name.replace(self.thing.name, word, 1) for word in words)
        if self.colour is None:
            return words
        coloured = tuple(f"{self.colour} {word}" for word in words)
        return (*coloured, *words) if self.own_colour else coloured

    @property
    def picture(self) -> Picture:
        """Its picture, in its own colours."""
        return picture(self.code)

    @property
    def aspect(self) -> float:
        """Width over height of its picture."""
        return self.picture.width / self.picture.height

    @property
    def faces(self) -> Facing:
        """The side to which its picture looks, before it is mirrored."""
        return self.action.faces if self.action else self.thing.faces

    @property
    def moves(self) -> Moves:
        """How it gets along."""
        return self.action.moves if self.action else self.thing.moves

    @property
    def rolling(self) -> bool:
        """Whether it is a round still thing, which turns as it rolls."""
        still = self.picture.phases == 1 and self.moves == "rolls" and self.thing.kind in ("food", "object")
        return still and 0.85 < self.aspect < 1.18

    @property
    def phases(self) -> int:
        """Number of its poses."""
        return _ROLLING if self.rolling else self.picture.phases

    @property
    def seconds(self) -> float:
        """Length of its loop at its own pace; 0 where nothing of it moves by itself."""
        return self.picture.seconds

    @property
    def stride(self) -> float | None:
        """Own heights that it moves on in one loop; None for what moves by time: wings, fins, tails."""
        if self.rolling:
            return math.pi
        found = next((_STRIDES[part] for part in self.code.split("-") if part in _STRIDES), None)
        return _WHEELED if found is None and self.moves == "rolls" and self.phases > 1 else found

    def facing(self, side: Side) -> Sprite:
        """The same thing looking to that side; things drawn from the front stay as they are."""
        if self.faces == "front" or (side != self.faces) == self.mirrored:
            return self
        return replace(self, mirrored=not self.mirrored)

    @property
    def looks_right(self) -> bool:
        """Whether this view looks to the right; what is drawn from the front counts as looking left."""
        return self.faces != "front" and self.mirrored == (self.faces == "left")

    def poses(self) -> Poses:
        """All poses of the loop, (phases, height, width, 4), as this side shows them."""
        return np.stack([self.pose(number / self.phases).pixels for number in range(self.phases)])

    def pose(self, phase: float = 0.0) -> Pose:
        """The pose nearest to a phase.

        Args:
            phase: in loops; 0.25 is a quarter through the first, 1.25 the same pose one loop later.
        """
        return self.numbered_pose(round(phase % 1 * self.phases) % self.phases)

    def numbered_pose(self, number: int) -> Pose:
        """Pose ``number`` of ``phases``."""
        colour = None if self.own_colour else self.colour
        return _pose(self.code, colour, number if not self.rolling else -number, self.rolling, self.mirrored)


_ARTICLES = {"beard": "a ", "bald": "a ", "headscarf": "a ", "turban": "a "}


def sprites_of(thing: Thing) -> Iterator[Sprite]:
    """A thing in all its colours, its own colour first."""
    own = Sprite(thing=thing, code=thing.code)
    if not thing.colours:
        yield own
        return
    own_colour = nearest_colour(_own_hue(thing.code))
    yield replace(own, colour=own_colour)
    for colour in thing.colours:
        if colour != own_colour:
            yield replace(own, colour=colour, own_colour=False)


@lru_cache(maxsize=256)
def _own_hue(code: str) -> float:
    return dominant_hue(picture(code).frames()[0])


@lru_cache(maxsize=128)
def _recoloured(code: str, colour: str) -> Poses:
    own = _own_hue(code)
    return np.stack([recolour(pose, own, HUES[colour]) for pose in picture(code).frames()])


@lru_cache(maxsize=768)
def _pose(code: str, colour: str | None, number: int, rolling: bool, mirrored: bool) -> Pose:
    frames = picture(code).frames() if colour is None else _recoloured(code, colour)
    if rolling:
        image = Image.fromarray(frames[0]).convert("RGBa")
        # The picture looks left: it rolls to the left as it turns to the left, and mirrored to the right.
        image = image.rotate(number * -360 / _ROLLING, Image.Resampling.BILINEAR)
        pixels = np.asarray(image.convert("RGBA"))
    else:
        pixels = frames[number]
    return Pose(np.ascontiguousarray(pixels[:, ::-1]) if mirrored else pixels)
