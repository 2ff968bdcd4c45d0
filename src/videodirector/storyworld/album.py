"""The storyworld's pictures as the memory of a model asks for them: by name, in all poses, looking to the left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from PIL import Image

from videodirector import lexicon
from videodirector.lexicon.gait import Gait
from videodirector.storyworld import art
from videodirector.storyworld.art import Sprite

__all__ = ["Remembered", "find", "key", "poses", "sprites"]


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """One thing: ``pictures`` of one loop, whether it looks another way from the other side, how it gets along."""

    pictures: list[Image.Image]
    mirrors: bool
    gait: Gait


def key(sprite: Sprite) -> str:
    """The name of a sprite here: "red car", "woman runs", whichever way it looks."""
    return f"{sprite.name} {sprite.action.name}" if sprite.action else sprite.name


def find(name: str) -> Sprite:
    """The sprite of a name, without a look at any other.

    Raises:
        KeyError: nothing is called so.
    """
    atlas = art.load()
    action = next((action for action in lexicon.actions() if name.endswith(f" {action}")), None)
    words = name.removesuffix(f" {action}")
    thing = words if words in lexicon.get_things() else words.partition(" ")[2]
    people = (sprite for person in lexicon.STORY_PEOPLE for sprite in atlas.people(person))
    found = next((sprite for sprite in people if sprite.name == words), None) or next(
        (sprite for sprite in atlas.variants(thing) if sprite.name == words), None
    )
    if found is None:
        raise KeyError(name)
    return atlas.acting(found, action) if action else found


@lru_cache(maxsize=1)
def sprites() -> Mapping[str, Sprite]:
    """All that is remembered, by name: every thing in its colours, and people as they look, are and do.

    Takes a while: which colour is a thing's own is seen in its picture.
    """
    found: dict[str, Sprite] = {}
    for sprite in _all():
        found.setdefault(key(sprite), sprite)
    return MappingProxyType(found)


def _all() -> Iterator[Sprite]:
    atlas = art.load()
    yield from atlas
    for name in lexicon.STORY_PEOPLE:
        for sprite in atlas.people(name):
            yield sprite
            if not sprite.look and name != "baby":
                yield from (atlas.acting(sprite, action) for action in lexicon.actions())


def poses(name: str) -> Remembered:
    """What is remembered by a name.

    Raises:
        KeyError: nothing is.
    """
    sprite = find(name).facing("left")
    pictures = [sprite.numbered_pose(number).image for number in range(sprite.phases)]
    return Remembered(pictures=pictures, mirrors=sprite.faces != "front", gait=Gait.of(sprite))
