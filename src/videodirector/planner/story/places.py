"""Where a scene happens: said, or to be inferred from who is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from videodirector.lexicon import Background, Thing, background_like, backgrounds
from videodirector.planner.english.clauses import NounPhrase
from videodirector.planner.english.knowledge import is_a, is_part, is_seen, nature_called, thing_called
from videodirector.planner.english.vocabulary import word_set

__all__ = [
    "DEFAULT_GROUND",
    "PLACE_PREPOSITIONS",
    "at_time",
    "ground_line",
    "infer",
    "is_place",
    "is_weak",
    "place_called",
    "place_like",
    "same_place",
    "time_called",
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
    night evening horizon house sunset sunrise dusk dawn midnight twilight universe"""
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


_WITHIN = frozenset(["in", "into", "inside", "at", "through", "across", "throughout", "within", "around"])


def place_like(noun: NounPhrase, preposition: str) -> str | None:
    """A place that no table names, as it is called, where the preposition says that somebody is within it."""
    if preposition not in _WITHIN or noun.pronoun or noun.proper or noun.count or noun.plural or not noun.words:
        return None
    like = background_like(noun.words) or background_like(noun.words.split()[-1])
    last = noun.words.rpartition(" ")[2]
    if like is None or not is_seen(noun.words) or is_part(noun.words) or last in _THINGS_TOO:
        return None
    if any(is_a(noun.words, kind) for kind in ("container", "barrier", "hole", "furniture", "plant part")):
        return None
    thing = thing_called(noun.words)
    if thing is not None and thing.name not in _PUBLIC:
        return None  # a house, a castle: a thing that can be drawn
    if preposition in ("at", "through", "around") and not (
        last in _ROOMY or any(is_a(noun.words, kind) for kind in _ROOMY)
    ):
        return None  # "through a hoop", "at a fountain"
    return " ".join([*(adjective for adjective in noun.adjectives if adjective in _PART_OF_NAME), noun.surface.lower()])


_ROOMY = (
    "building", "establishment", "room", "area", "facility", "way", "location", "region", "geological formation",
    "body of water", "land", "tract", "vegetation", "gathering", "settlement", "place of business", "marketplace",
    "stadium",
)  # fmt: skip
"""What one is within also when one is at it or goes through it."""

_PUBLIC = word_set("stadium hospital hotel shop factory church mosque temple schoolhouse")
"""Buildings that can be drawn, but where whoever is in them is seen inside."""

_THINGS_TOO = word_set(
    "door window wall board bench hole box nest cage tower corner spot shelf roof track line burrow den"
)
_PART_OF_NAME = word_set("old dark empty busy ancient haunted snowy sunny magic enchanted crowded abandoned modern")

_TIMES: Mapping[str, str] = {
    **dict.fromkeys(["night", "midnight", "nighttime", "moonlight", "starlight", "nightfall"], "at night"),
    **dict.fromkeys(["sunset", "dusk", "twilight", "evening"], "at sunset"),
    **dict.fromkeys(["sunrise", "dawn", "daybreak"], "at sunrise"),
}


def time_called(noun: NounPhrase, preposition: str) -> str:
    """The time of day that a phrase tells ("at night", "under the starry sky"), as it is said of a place."""
    if preposition in ("at", "in", "by", "under", "during", "on", "before", "after", "until") and not noun.pronoun:
        if noun.words == "sky" and set(noun.adjectives) & {"starry", "night", "dark"}:
            return "at night"
        if preposition not in ("before", "after", "until"):
            return _TIMES.get(noun.words, "")
    return ""


def at_time(place: str, time: str) -> str:
    """The place at this time of day; at night alone is the night."""
    known = _names().get(place, place)
    alone = {"at night": "night", "at sunset": "sunset", "at sunrise": "sunrise"}.get(time, "")
    if not time or not place or known in ("night", "sunset", "space", "underwater") or place == alone:
        return place or alone
    return f"{place} {time}"


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
    one, other = one.partition(" at ")[0], other.partition(" at ")[0]
    if _names().get(one, one) != _names().get(other, other):
        return False
    # Woods are a forest, and a street is in the city; but a school is no office, though both are rooms.
    return one == other or _names().get(one) != "room" or "room" in (one, other)


def infer(present: Iterable[str]) -> str:
    """The background where these things are at home; the first of them decides between equals. Empty for none."""
    votes: dict[str, float] = {}
    for order, name in enumerate(dict.fromkeys(present)):
        nature = nature_called(name)
        if isinstance(nature, Thing):  # a husky is at home where dogs are
            home, weight = _HOMES.get(nature.name, ""), 1.0
        else:
            home, weight = next((_CLASS_HOMES[wide] for wide in _CLASS_HOMES if is_a(name, wide)), ""), 0.6
        if home in backgrounds() and nature is not None:
            # Who walks may be anywhere; a tree stands where it grows.
            rooted = 2.0 if nature.kind in ("plant", "building") else 1.0
            votes[home] = votes.get(home, 0.0) + weight * rooted / (1 + 0.5 * order)
    return max(votes, key=lambda place: votes[place]) if votes else ""


_CLASS_HOMES: Mapping[str, str] = {
    "fish": "underwater", "aquatic mammal": "sea", "waterfowl": "lake", "amphibian": "lake", "crustacean": "beach",
    "bird": "garden", "insect": "garden", "feline": "forest", "rodent": "meadow", "ungulate": "meadow",
    "aircraft": "sky", "boat": "sea", "vessel": "sea", "wheeled vehicle": "road", "furniture": "room",
    "musical instrument": "room", "home appliance": "kitchen", "kitchen utensil": "kitchen", "tableware": "kitchen",
    "computer": "room", "animal": "meadow",
}  # fmt: skip


def ground_line(place: str) -> float:
    """Height of the ground in this place: 0 at the top of the picture, 1 at the bottom."""
    bare = place.partition(" at ")[0]
    known: Background | None = backgrounds().get(_names().get(bare, bare)) or background_like(bare)
    return known.ground if known else DEFAULT_GROUND
