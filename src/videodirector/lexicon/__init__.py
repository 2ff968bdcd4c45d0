"""The words of the story world: things that can be drawn, backgrounds, colours.

Plain data, read by the planner (how large is an owl, does it fly?) and by the storyworld (which picture draws it?).
It lies below both, so that neither needs the other. To draw another world, edit ``things.tsv``, ``actions.tsv`` and
``backgrounds.tsv`` and rebuild the art with ``recipes/art.py``. What no table names is judged by its class in
WordNet (see ``words``): a gazebo is a building, so it is large and stands still.

``trained_things.tsv`` and ``trained_backgrounds.tsv`` are the smaller world that the shipped weights were trained on.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

from videodirector.lexicon import words

Kind = Literal["person", "animal", "plant", "food", "vehicle", "sky", "building", "object"]
Moves = Literal["walks", "flies", "swims", "rolls", "floats", "still"]
Facing = Literal["left", "right", "front"]

__all__ = [
    "SKIN_TONES",
    "STORY_PEOPLE",
    "UNSEEN",
    "Action",
    "Background",
    "Facing",
    "Kind",
    "Look",
    "Moves",
    "Nature",
    "Thing",
    "actions",
    "background_like",
    "backgrounds",
    "colours",
    "has_tones",
    "looks",
    "nature_of",
    "things",
    "trained_backgrounds",
    "trained_things",
    "with_tone",
]


@dataclass(frozen=True, kw_only=True)
class Nature:
    """How large something is and how it moves, whether or not it can be drawn.

    ``size`` is its natural height as a fraction of the picture's height, ``aspect`` its width over its height.
    """

    kind: Kind
    size: float
    aspect: float
    moves: Moves


@dataclass(frozen=True, kw_only=True)
class Thing(Nature):
    """Something that can be drawn.

    Attributes:
        name: what captions call it.
        code: the Unicode code points of its picture, as emoji files are named ("1f468-200d-1f33e").
        faces: the side to which its picture looks; ``front`` means that it looks alike from both.
        colours: the variants that exist beside its own colour.
        synonyms: what else it may be called.
        places: the backgrounds where it is mostly seen; none for what may be anywhere.
        plural: of its name, where it is not the regular one.
    """

    name: str
    code: str
    faces: Facing
    colours: tuple[str, ...]
    synonyms: tuple[str, ...]
    places: tuple[str, ...]
    plural: str

    @property
    def emoji(self) -> str:
        """Its character, without the selectors that ask for colour."""
        return "".join(chr(int(code, 16)) for code in self.code.split("-") if code != "fe0f")


@dataclass(frozen=True, kw_only=True)
class Background:
    """A painted background.

    ``ground`` is the height of its ground line, 0 at the top and 1 at the bottom; ``classes`` are the classes of
    places, in WordNet's words, that look most like it.
    """

    name: str
    description: str
    ground: float
    synonyms: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something that people are seen to do.

    Attributes:
        name: the verb, as it is said of one: "runs".
        verbs: what else it may be called, base forms first: "run", "jog"; phrases too: "ride a bicycle".
        codes: the pictures of a person, a woman and a man who does it, as emoji files are named; one where it is
            the same for all.
        moves: how who does it gets along.
        faces: the side to which the pictures look.
        aspect: width over height of the pictures.
        shows: things that the pictures show too: who cycles is on a bicycle.
    """

    name: str
    verbs: tuple[str, ...]
    codes: tuple[str, ...]
    moves: Moves
    faces: Facing
    aspect: float
    shows: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Look:
    """How somebody's head may look: ``codes`` are the pictures of a person, a woman and a man who looks so."""

    name: str
    phrases: tuple[str, ...]
    codes: tuple[str, ...]


STORY_PEOPLE = ("person", "man", "woman", "boy", "girl", "old man", "old woman", "baby")
"""Things that stand for anybody, so that they may have any tone of skin and do anything."""

SKIN_TONES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "light": ("1f3fb", ("light skin", "light-skinned", "fair-skinned", "pale", "white man", "white woman")),
        "medium": ("1f3fd", ("brown skin", "brown-skinned", "medium skin", "tan", "tanned", "olive skin")),
        "dark": ("1f3ff", ("dark skin", "dark-skinned", "black man", "black woman", "black boy", "black girl")),
    }
)
"""Tones of skin by name: the code point that asks for it, and what is said of who has it."""


@lru_cache(maxsize=1)
def things() -> Mapping[str, Thing]:
    """All things by name."""
    return _things("things.tsv")


@lru_cache(maxsize=1)
def trained_things() -> Mapping[str, Thing]:
    """The things that the shipped weights were trained on, by name, in the order of their atlas."""
    return _things("trained_things.tsv")


@lru_cache(maxsize=1)
def backgrounds() -> Mapping[str, Background]:
    """All backgrounds by name."""
    return _backgrounds("backgrounds.tsv")


@lru_cache(maxsize=1)
def trained_backgrounds() -> Mapping[str, Background]:
    """The backgrounds that the shipped weights were trained on, by name."""
    return _backgrounds("trained_backgrounds.tsv")


@lru_cache(maxsize=1)
def actions() -> Mapping[str, Action]:
    """What people are seen to do, by name, in the order in which they are looked for."""
    return MappingProxyType({row["name"]: _action(row) for row in _rows("actions.tsv", Action)})


@lru_cache(maxsize=1)
def looks() -> Mapping[str, Look]:
    """How heads of people may look, by name."""
    return MappingProxyType(
        {
            row["name"]: Look(name=row["name"], phrases=_words(row["phrases"]), codes=_words(row["codes"]))
            for row in _rows("looks.tsv", Look)
        }
    )


def with_tone(code: str, tone: str) -> str:
    """The picture of somebody with a tone of skin: "1f6b6-200d-2640-fe0f", "dark" -> "1f6b6-1f3ff-200d-2640-fe0f"."""
    first, _, rest = code.partition("-")
    rest = rest.removeprefix("fe0f").removeprefix("-")
    return "-".join(filter(None, (first, SKIN_TONES[tone][0], rest)))


def has_tones(code: str) -> bool:
    """Whether there are pictures of this in other tones of skin: of ``STORY_PEOPLE`` and of common actions."""
    return code in _bare_people()


_TONED = frozenset(["walks", "runs", "stands", "swims"])


@lru_cache(maxsize=1)
def _bare_people() -> frozenset[str]:
    found = {things()[name].code for name in STORY_PEOPLE}
    found |= {code for action in actions().values() if action.name in _TONED for code in action.codes}
    return frozenset(found)


def colours() -> tuple[str, ...]:
    """Colour words that the storyworld can paint a thing in."""
    return ("red", "orange", "yellow", "green", "blue", "purple", "pink")


def nature_of(word: str) -> Nature | None:
    """How large and how mobile a thing of this name is, by its nearest class; None where nothing is known of it.

    A class may be a thing that can be drawn: a husky is a dog.
    """
    sense = words.noun(word)
    if sense is None or sense.kind in UNSEEN or (sense.usual in UNSEEN and sense.share < 0.3):
        return None
    found = (_natures().get(name) for name in sense.lineage)
    # A chessman is a man only in name.
    return next(
        (n for n in found if n is not None and (n.kind == sense.kind or n.kind not in ("person", "animal"))), None
    )


UNSEEN = frozenset(
    ["act", "attribute", "cognition", "event", "feeling", "motive", "process", "quantity", "relation", "state", "time"]
)
"""Kinds of nouns, in WordNet's words, that name nothing to be seen."""


def background_like(word: str) -> Background | None:
    """The background that a place of this name looks most like, by its nearest class; None for what is no place."""
    sense = words.noun(word)
    if sense is None:
        return None
    classes = {name: place for place in backgrounds().values() for name in place.classes}
    return next((classes[name] for name in sense.lineage if name in classes), None)


@lru_cache(maxsize=1)
def _natures() -> Mapping[str, Nature]:
    """Natures by class; things that can be drawn are classes too."""
    table = {row["class"]: Nature(**_nature(row)) for row in _rows("natures.tsv", Nature, "class")}
    return {**table, **things()}


def _nature(row: dict[str, str]) -> dict[str, Any]:
    kind, moves = _one_of(Kind, row, "kind"), _one_of(Moves, row, "moves")
    return {"kind": kind, "size": float(row["size"]), "aspect": float(row["aspect"]), "moves": moves}


def _one_of(allowed: Any, row: dict[str, str], column: str) -> Any:
    if row[column] not in get_args(allowed):
        raise ValueError(
            f"{row.get('name') or row.get('class')}: {column} {row[column]!r}, none of {get_args(allowed)}"
        )
    return row[column]


def _things(table: str) -> Mapping[str, Thing]:
    return MappingProxyType({row["name"]: _thing(row) for row in _rows(table, Thing)})


def _thing(row: dict[str, str]) -> Thing:
    return Thing(
        name=row["name"],
        code=row["code"],
        **_nature(row),
        faces=_one_of(Facing, row, "faces"),
        colours=_words(row["colours"]),
        synonyms=_words(row["synonyms"]),
        places=_words(row["places"]),
        plural=row["plural"],
    )


def _backgrounds(table: str) -> Mapping[str, Background]:
    return MappingProxyType(
        {
            row["name"]: Background(
                name=row["name"],
                description=row["description"],
                ground=float(row["ground"]),
                synonyms=_words(row["synonyms"]),
                classes=_words(row["classes"]),
            )
            for row in _rows(table, Background)
        }
    )


def _action(row: dict[str, str]) -> Action:
    return Action(
        name=row["name"],
        verbs=_words(row["verbs"]),
        codes=_words(row["codes"]),
        moves=_one_of(Moves, row, "moves"),
        faces=_one_of(Facing, row, "faces"),
        aspect=float(row["aspect"]),
        shows=_words(row["shows"]),
    )


def _words(cell: str) -> tuple[str, ...]:
    return tuple(word for word in cell.split(",") if word)


def _rows(name: str, kind: type, *more: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    columns = {field.name for field in fields(kind)} | {*more}
    if not rows or set(rows[0]) != columns:
        raise ValueError(f"{name} must have the columns {sorted(columns)}, has {sorted(rows[0] if rows else [])}")
    return rows
