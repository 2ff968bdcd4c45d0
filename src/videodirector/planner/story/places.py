"""Places: named by the story, or inferred from the entities of a scene."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from videodirector.lexicon import Background, Thing, find_similar_background, trained_backgrounds
from videodirector.planner.english.clauses import NounPhrase
from videodirector.planner.english.knowledge import find_thing, find_traits, is_a, is_body_part, is_visible
from videodirector.planner.english.vocabulary import split_words

__all__ = [
    "DEFAULT_GROUND",
    "PLACE_PREPOSITIONS",
    "add_time_of_day",
    "find_place",
    "find_similar_place",
    "find_time_of_day",
    "get_ground_line",
    "infer_place",
    "is_place",
    "is_same_place",
    "is_weak_place",
]

DEFAULT_GROUND = 0.72
"""Ground line of a place that the lexicon does not know."""

PLACE_PREPOSITIONS = split_words(
    """in into at on onto through across over under along inside from to toward towards by around near within beside
    above below up down off past against outside"""
) | {"out of", "next to", "away from", "up into", "up in"}

# Words for a place that are as often a part of another one: they count only where no place is known yet.
_WEAK_PLACES = split_words(
    """sky clouds air heaven heavens water waves trees grass rocks sand ice field hill track path square snow darkness
    night evening horizon house sunset sunrise dusk dawn midnight twilight universe"""
)

_HABITATS: Mapping[str, str] = {
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
def _get_places_by_name() -> dict[str, str]:
    names = {name: place.name for place in trained_backgrounds().values() for name in place.synonyms}
    return names | {name: name for name in trained_backgrounds()}


def find_place(noun: NounPhrase) -> str | None:
    """Return the background that a noun phrase names, as written or in the singular; None for anything else."""
    if noun.pronoun or noun.count:
        return None
    adjectives = list(noun.adjectives)
    for words in (noun.surface.lower(), noun.words):
        parts = words.split()
        for start in range(-len(adjectives), len(parts)):
            whole = [*adjectives[start:], *parts] if start < 0 else parts[start:]
            if " ".join(whole) in _get_places_by_name():
                return " ".join(whole)
    return None


_WITHIN = frozenset(["in", "into", "inside", "at", "through", "across", "throughout", "within", "around"])


def find_similar_place(noun: NounPhrase, preposition: str) -> str | None:
    """Return the name of a place outside of the lexicon, if the preposition says that something is within it."""
    if preposition not in _WITHIN or noun.pronoun or noun.proper or noun.count or noun.plural or not noun.words:
        return None
    like = find_similar_background(noun.words) or find_similar_background(noun.words.split()[-1])
    last = noun.words.rpartition(" ")[2]
    if like is None or not is_visible(noun.words) or is_body_part(noun.words) or last in _ALSO_OBJECTS:
        return None
    if any(is_a(noun.words, kind) for kind in ("container", "barrier", "hole", "furniture", "plant part")):
        return None
    if find_traits(noun.words) is not None and find_thing(noun.words) is not None:
        return None  # a house, a castle: a thing that can be drawn
    if preposition in ("at", "through", "around") and not (
        last in _ENCLOSING_CLASSES or any(is_a(noun.words, kind) for kind in _ENCLOSING_CLASSES)
    ):
        return None  # "through a hoop", "at a fountain"
    return " ".join([*(adjective for adjective in noun.adjectives if adjective in _PART_OF_NAME), noun.surface.lower()])


_ENCLOSING_CLASSES = (
    "building", "establishment", "room", "area", "facility", "way", "location", "region", "geological formation",
    "body of water", "land", "tract", "vegetation", "gathering", "settlement", "place of business", "marketplace",
    "stadium",
)  # fmt: skip
"""Classes of places that "at" and "through" mean being within."""

_ALSO_OBJECTS = split_words(
    "door window wall board bench hole box nest cage tower corner spot shelf roof track line burrow den"
)
_PART_OF_NAME = split_words("old dark empty busy ancient haunted snowy sunny magic enchanted crowded abandoned modern")

_TIMES: Mapping[str, str] = {
    **dict.fromkeys(["night", "midnight", "nighttime", "moonlight", "starlight", "nightfall"], "at night"),
    **dict.fromkeys(["sunset", "dusk", "twilight", "evening"], "at sunset"),
    **dict.fromkeys(["sunrise", "dawn", "daybreak"], "at sunrise"),
}


def find_time_of_day(noun: NounPhrase, preposition: str) -> str:
    """Return the time of day that a phrase names ("at night", "under the starry sky"), as it is said of a place."""
    if preposition in ("at", "in", "by", "under", "during", "on", "before", "after", "until") and not noun.pronoun:
        if noun.words == "sky" and set(noun.adjectives) & {"starry", "night", "dark"}:
            return "at night"
        if preposition not in ("before", "after", "until"):
            return _TIMES.get(noun.words, "")
    return ""


def add_time_of_day(place: str, time: str) -> str:
    """Return the place at this time of day; at night alone is the night."""
    known = _get_places_by_name().get(place, place)
    alone = {"at night": "night", "at sunset": "sunset", "at sunrise": "sunrise"}.get(time, "")
    if not time or not place or known in ("night", "sunset", "space", "underwater") or place == alone:
        return place or alone
    return f"{place} {time}"


def is_place(word: str) -> bool:
    """Return whether a word names a background."""
    return word in _get_places_by_name()


def is_weak_place(noun: NounPhrase) -> bool:
    """Return whether this place may as well be a part of another: the sky, the water, the trees."""
    return noun.surface.lower().split()[-1:] != [] and (
        noun.surface.lower().split()[-1] in _WEAK_PLACES or noun.words.split()[-1] in _WEAK_PLACES
    )


def is_same_place(one: str, other: str) -> bool:
    """Return whether two names mean one background: the woods and the forest."""
    one, other = one.partition(" at ")[0], other.partition(" at ")[0]
    if _get_places_by_name().get(one, one) != _get_places_by_name().get(other, other):
        return False
    # Woods are a forest, and a street is in the city; but a school is not an office, though both are rooms.
    return one == other or _get_places_by_name().get(one) != "room" or "room" in (one, other)


def infer_place(present: Iterable[str]) -> str:
    """Infer the background that is the habitat of these entities, the first one preferred; empty if there is none."""
    votes: dict[str, float] = {}
    for order, name in enumerate(dict.fromkeys(present)):
        nature = find_traits(name)
        if isinstance(nature, Thing):  # a husky is at home where dogs are
            home, weight = _HABITATS.get(nature.name, ""), 1.0
        else:
            home, weight = next((_CLASS_HABITATS[wide] for wide in _CLASS_HABITATS if is_a(name, wide)), ""), 0.6
        if home in trained_backgrounds() and nature is not None:
            # Walkers may be anywhere; plants and buildings do not move.
            rooted = 2.0 if nature.kind in ("plant", "building") else 1.0
            votes[home] = votes.get(home, 0.0) + weight * rooted / (1 + 0.5 * order)
    return max(votes, key=lambda place: votes[place]) if votes else ""


_CLASS_HABITATS: Mapping[str, str] = {
    "fish": "underwater", "aquatic mammal": "sea", "waterfowl": "lake", "amphibian": "lake", "crustacean": "beach",
    "bird": "garden", "insect": "garden", "feline": "forest", "rodent": "meadow", "ungulate": "meadow",
    "aircraft": "sky", "boat": "sea", "vessel": "sea", "wheeled vehicle": "road", "furniture": "room",
    "musical instrument": "room", "home appliance": "kitchen", "kitchen utensil": "kitchen", "tableware": "kitchen",
    "computer": "room", "animal": "meadow",
}  # fmt: skip


def get_ground_line(place: str) -> float:
    """Height of the ground in this place: 0 at the top of the picture, 1 at the bottom."""
    bare = place.partition(" at ")[0]
    known: Background | None = trained_backgrounds().get(
        _get_places_by_name().get(bare, bare)
    ) or find_similar_background(bare)
    return known.ground if known else DEFAULT_GROUND
