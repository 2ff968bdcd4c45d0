"""Word meanings for the planner: from the lexicon first, then from WordNet."""

from __future__ import annotations

from functools import lru_cache

from videodirector.lexicon import ABSTRACT_KINDS, Thing, Traits, infer_traits, trained_things, wordnet
from videodirector.planner.english import vocabulary as v
from videodirector.planner.english.vocabulary import split_words

__all__ = [
    "find_hypernyms",
    "find_thing",
    "find_traits",
    "infer_gender",
    "is_a",
    "is_body_part",
    "is_clothing",
    "is_person",
    "is_visible",
]

_FEMALE_NOUNS = split_words(
    "mother mom mum daughter queen princess witch granny lady nurse fairy mermaid bride ballerina hen cow ewe"
)
_MALE_NOUNS = split_words("father dad son king prince husband wizard grandpa groom monk bull rooster knight")
_FEMALE = frozenset(["woman", "female person", "kinswoman", "female sibling", "grandma", "female parent"])
_MALE = frozenset(["man", "male person", "male child", "kinsman", "male sibling", "male aristocrat", "male parent"])
_ANY_GENDER = split_words("robot alien ghost monster snowman baby hero machine creature pirate")

# Classes that people name otherwise than WordNet does.
_EXTRA_HYPERNYMS: dict[str, frozenset[str]] = {
    "toy": frozenset(["teddy bear", "ball", "kite", "balloon", "plaything", "doll"]),
    "fruit": frozenset(["apple", "banana", "edible fruit"]),
    "boat": frozenset(["boat", "ship", "vessel"]),
    "creature": frozenset(["animal"]), "beast": frozenset(["animal"]), "pet": frozenset(["animal"]),
    "critter": frozenset(["animal"]),
    **dict.fromkeys(split_words("child kid human guy friend stranger hero"), frozenset(["person"])),
}  # fmt: skip


_YOUNG = split_words("cub pup calf chick foal duckling kit baby hatchling")


@lru_cache(maxsize=1)
def _get_things_by_name() -> dict[str, Thing]:
    names = {name: thing for thing in trained_things().values() for name in thing.synonyms}
    return names | dict(trained_things())


@lru_cache(maxsize=4096)
def find_thing(name: str) -> Thing | None:
    """Return the lexicon's entry of this name: of the whole name, or else of its last words ("toy car": a car)."""
    parts = name.split()
    if parts[-1:] and parts[-1] in _YOUNG and len(parts) > 1 and name not in _get_things_by_name():
        return find_thing(" ".join(parts[:-1])) or _get_things_by_name().get(parts[-1])  # a fox cub is a fox
    return next(
        (found for start in range(len(parts)) if (found := _get_things_by_name().get(" ".join(parts[start:])))), None
    )


@lru_cache(maxsize=4096)
def _find_sense(name: str) -> wordnet.Sense | None:
    """Return the sense of a name, or else of its last words."""
    parts = name.split()
    return next((found for start in range(len(parts)) if (found := wordnet.find_noun(" ".join(parts[start:])))), None)


@lru_cache(maxsize=4096)
def find_traits(name: str) -> Traits | None:
    """Return the size and mobility of a thing of this name; None if unknown."""
    known = find_thing(name)
    if known is not None:
        return known
    parts = name.split()
    return next((found for start in range(len(parts)) if (found := infer_traits(" ".join(parts[start:])))), None)


@lru_cache(maxsize=4096)
def find_hypernyms(name: str) -> frozenset[str]:
    """Return the classes that a thing of this name belongs to."""
    sense, thing = _find_sense(name), find_thing(name)
    classes = set(sense.hypernyms) if sense is not None else set()
    if thing is not None:
        classes |= {thing.name, thing.kind}
        if (own := wordnet.find_noun(thing.name)) is not None and thing.kind == own.kind:
            classes |= set(own.hypernyms)
    return frozenset(classes)


def is_a(name: str, wider: str) -> bool:
    """Return whether a thing of this name may be called by the wider word: an owl "the bird", a puppy "the dog"."""
    classes = find_hypernyms(name)
    return wider in classes or bool(_EXTRA_HYPERNYMS.get(wider, frozenset()) & classes)


def is_person(name: str) -> bool:
    """Return whether it is spoken of as he or she."""
    last = name.rpartition(" ")[2]
    thing, sense = find_thing(name), _find_sense(name)
    if last in _ANY_GENDER or last in _FEMALE_NOUNS | _MALE_NOUNS:
        return last not in _ANY_GENDER
    if thing is not None:
        return thing.kind == "person"
    return sense is not None and sense.kind == "person" and "person" in sense.hypernyms


@lru_cache(maxsize=4096)
def infer_gender(name: str) -> str:
    """ "she", "he", or "" for what may be either."""
    last = name.rpartition(" ")[2]
    classes = {last} | (find_hypernyms(name) if is_person(name) else frozenset())
    if last in _FEMALE_NOUNS or classes & _FEMALE or (is_person(name) and last.endswith("ess")):
        return "she"
    return "he" if last in _MALE_NOUNS or classes & _MALE else ""


@lru_cache(maxsize=4096)
def is_visible(name: str) -> bool:
    """Return whether a noun names something that can be seen as a thing: not a minute, a joy, a corner."""
    last = name.rpartition(" ")[2]
    if " " in name:
        known = wordnet.find_noun(name)
        if known is not None and known.kind not in ABSTRACT_KINDS and known.share > 0.5:
            return True  # a chess piece is a thing, though a piece is not
    thing = find_thing(name)
    if last in v.ABSTRACT:
        return thing is not None and thing.name == name
    sense = wordnet.find_noun(last)
    if thing is not None or sense is None or last in _VISIBLE_NOUNS or sense.share > 0.2:
        return True
    said = (
        sense.dominant_kind == "communication" and sense.kind == "communication" and not _WRITTEN & {*sense.hypernyms}
    )
    return sense.dominant_kind not in ABSTRACT_KINDS and not said  # a salute, a guidance; but a note


_WRITTEN = split_words("writing document award symbol publication sign mark record") | {"written communication"}


_VISIBLE_NOUNS = split_words(
    "wave constellation meteor bounce slide swing stain match kick trick wheel track trail flash"
)
"""Things whose names are more often something that cannot be seen."""


def is_body_part(name: str) -> bool:
    """Return whether this is a part of somebody: a paw, a tongue."""
    last = name.rpartition(" ")[2]
    sense = wordnet.find_noun(last)
    if last in ("bone", "egg", "shell", "skull"):
        return False
    return last in _BODY_PARTS or (sense is not None and "body part" in sense.hypernyms and find_thing(name) is None)


_BODY_PARTS = split_words(
    """body side back fur mane trunk neck wheel wheels voice skin coat pouch branch branches bark roof tire tyre engine
    antler fin headlight windshield bumper petal stem antenna whisker beak wing tail paw hoof claw horn fang feather"""
)


def is_clothing(name: str) -> bool:
    """Return whether this is something worn."""
    sense = _find_sense(name)
    return sense is not None and bool(
        {"clothing", "footgear", "headdress", "spectacles", "garment", "jewelry", "neckwear"} & {*sense.hypernyms, name}
    )
