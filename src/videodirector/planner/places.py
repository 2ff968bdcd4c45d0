"""Where a scene happens: said, or to be inferred from who is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from videodirector.lexicon import Background, Thing, backgrounds
from videodirector.planner.grammar import NounPhrase
from videodirector.planner.vocabulary import word_set

__all__ = [
    "DEFAULT_GROUND",
    "PLACE_PREPOSITIONS",
    "ground_line",
    "infer",
    "is_place",
    "is_weak",
    "place_called",
    "same_place",
]

DEFAULT_GROUND = 0.72
"""Ground line of a place that the lexicon does not know."""

PLACE_PREPOSITIONS = word_set(
    """in into at on onto through across over under along inside from to toward towards by around near within beside
    above below up down off past against outside"""
) | {"out of", "next to", "away from", "up into", "up in"}

# Words for a place that are as often a part of another one: they count only where no place is known yet.
_WEAK = word_set(
    """sky clouds air heaven heavens water waves trees grass rocks sand ice field hill track path square snow darkness
    night evening horizon street house sunset sunrise dusk dawn midnight twilight universe sidewalk"""
)

_HOMES: Mapping[str, str] = {
    thing: place
    for place, inhabitants in {
        "forest": "fox,owl,bear,wolf,panda,tiger,monkey,mushroom,tree,pine,fairy,wizard,snake",
        "meadow": "rabbit,horse,unicorn,lion,elephant,kite,dinosaur,tree,house,dog,boy,girl,ball,rainbow",
        "farm": "pig,cow,sheep,rooster,tractor,farmer,carrot,egg",
        "underwater": "fish,goldfish,whale,dolphin,shark,octopus",
        "sea": "ship,boat,pirate flag",
        "lake": "duck,frog,turtle",
        "beach": "crab,palm,umbrella",
        "snow": "penguin,snowman",
        "desert": "cactus",
        "space": "rocket,astronaut,alien",
        "city": "man,woman,bicycle,ferris wheel,robot,basketball,doctor",
        "road": "car,bus,truck,train",
        "garden": "butterfly,bee,flower,sunflower,snail,apple,bird",
        "kitchen": "chef,bread,pizza,cake,hamburger,banana",
        "room": "cat,baby,chair,book,lamp,candle,guitar,gift,teddy bear,old man,old woman,mouse,key,heart",
        "cave": "dragon,diamond",
        "mountains": "eagle,castle,king,princess,crown,hero",
        "sky": "airplane,helicopter,balloon,cloud,sun",
        "night": "moon,star,ghost,fire,tent",
    }.items()
    for thing in inhabitants.split(",")
}


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    names = {name: place.name for place in backgrounds().values() for name in place.synonyms}
    return names | {name: name for name in backgrounds()}


def place_called(noun: NounPhrase) -> str | None:
    """The background that a noun phrase names, as written or in the singular; None for anything else."""
    if noun.pronoun or noun.count:
        return None
    adjectives = list(noun.adjectives)
    for words in (noun.surface.lower(), noun.words):
        parts = words.split()
        for start in range(-len(adjectives), len(parts)):
            whole = [*adjectives[start:], *parts] if start < 0 else parts[start:]
            if " ".join(whole) in _names():
                return " ".join(whole)
    return None


def is_place(word: str) -> bool:
    """Whether a word names a background."""
    return word in _names()


def is_weak(noun: NounPhrase) -> bool:
    """Whether this place may as well be a part of another: the sky, the water, the trees."""
    return noun.surface.lower().split()[-1:] != [] and (
        noun.surface.lower().split()[-1] in _WEAK or noun.words.split()[-1] in _WEAK
    )


def same_place(one: str, other: str) -> bool:
    """Whether two names mean one background: the woods and the forest."""
    return _names().get(one, one) == _names().get(other, other)


def infer(present: Iterable[Thing]) -> str:
    """The background where these things are at home; the first of them decides between equals. Empty for none."""
    votes: dict[str, float] = {}
    for order, thing in enumerate(present):
        home = _HOMES.get(thing.name)
        if home in backgrounds():
            # Who walks may be anywhere; a tree stands where it grows.
            rooted = 2.0 if thing.kind in ("plant", "building") else 1.0
            votes[str(home)] = votes.get(str(home), 0.0) + rooted / (1 + 0.5 * order)
    return max(votes, key=lambda place: votes[place]) if votes else ""


def ground_line(place: str) -> float:
    """Height of the ground in this place: 0 at the top of the picture, 1 at the bottom."""
    known: Background | None = backgrounds().get(place) or backgrounds().get(_names().get(place, ""))
    return known.ground if known else DEFAULT_GROUND
