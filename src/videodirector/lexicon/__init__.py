"""The lexicon of the storyworld: things with a sprite, backgrounds, colours.

Plain data, read by the planner (how large is an owl, does it fly?) and by the storyworld (which sprite draws it?).
It lies below both, so that neither needs the other. For another world, edit ``things.tsv`` and
``backgrounds.tsv`` and rebuild the atlas with ``recipes/atlas.py``. What no table names is judged by its class in
WordNet (see ``wordnet``): a gazebo is a building, so it is large and still.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

from videodirector.lexicon import wordnet

Kind = Literal["person", "animal", "plant", "food", "vehicle", "sky", "building", "object"]
Moves = Literal["walks", "flies", "swims", "rolls", "floats", "still"]
Facing = Literal["left", "right", "front"]

__all__ = [
    "ABSTRACT_KINDS",
    "Background",
    "Facing",
    "Kind",
    "Moves",
    "Thing",
    "Traits",
    "colours",
    "find_similar_background",
    "get_backgrounds",
    "get_things",
    "infer_traits",
]


@dataclass(frozen=True, kw_only=True)
class Traits:
    """The size of something and how it moves, with or without a sprite.

    ``size`` is its natural height as a fraction of the picture's height, ``aspect`` its width over its height.
    """

    kind: Kind
    size: float
    aspect: float
    moves: Moves


@dataclass(frozen=True, kw_only=True)
class Thing(Traits):
    """A thing with a sprite.

    ``faces`` is the side to which its picture looks; ``front`` means that it looks alike from both.
    ``colours`` are the variants that exist beside its own colour.
    """

    name: str
    emoji: str
    faces: Facing
    colours: tuple[str, ...]
    synonyms: tuple[str, ...]


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


@lru_cache(maxsize=1)
def get_things() -> Mapping[str, Thing]:
    """Return all things by name, in the order of the atlas."""
    return MappingProxyType({row["name"]: _parse_thing(row) for row in _read_rows("things.tsv", Thing)})


@lru_cache(maxsize=1)
def get_backgrounds() -> Mapping[str, Background]:
    """Return all backgrounds by name."""
    return MappingProxyType(
        {
            row["name"]: Background(
                name=row["name"],
                description=row["description"],
                ground=float(row["ground"]),
                synonyms=_split_cell(row["synonyms"]),
                classes=_split_cell(row["classes"]),
            )
            for row in _read_rows("backgrounds.tsv", Background)
        }
    )


def colours() -> tuple[str, ...]:
    """Colour words that the storyworld can paint a thing in."""
    return ("red", "orange", "yellow", "green", "blue", "purple", "pink")


def infer_traits(word: str) -> Traits | None:
    """Return how large and how mobile a thing of this name is, by its nearest class; None where nothing is known of it.

    A class may be a thing of the lexicon: a husky is a dog.
    """
    sense = wordnet.find_noun(word)
    if sense is None or sense.kind in ABSTRACT_KINDS or (sense.dominant_kind in ABSTRACT_KINDS and sense.share < 0.3):
        return None
    found = (_load_traits().get(name) for name in sense.hypernyms)
    # A chessman is a man only in name.
    return next(
        (n for n in found if n is not None and (n.kind == sense.kind or n.kind not in ("person", "animal"))), None
    )


ABSTRACT_KINDS = frozenset(
    ["act", "attribute", "cognition", "event", "feeling", "motive", "process", "quantity", "relation", "state", "time"]
)
"""Kinds of nouns, in WordNet's words, that name nothing to be seen."""


def find_similar_background(word: str) -> Background | None:
    """Find the most similar background of a place name by its nearest class; None if it is not a place."""
    sense = wordnet.find_noun(word)
    if sense is None:
        return None
    classes = {name: place for place in get_backgrounds().values() for name in place.classes}
    return next((classes[name] for name in sense.hypernyms if name in classes), None)


@lru_cache(maxsize=1)
def _load_traits() -> Mapping[str, Traits]:
    """Natures by class; things are classes too."""
    table = {row["class"]: Traits(**_parse_traits(row)) for row in _read_rows("natures.tsv", Traits, "class")}
    return {**table, **get_things()}


def _parse_traits(row: dict[str, str]) -> dict[str, Any]:
    kind, moves = _parse_choice(Kind, row, "kind"), _parse_choice(Moves, row, "moves")
    return {"kind": kind, "size": float(row["size"]), "aspect": float(row["aspect"]), "moves": moves}


def _parse_choice(allowed: Any, row: dict[str, str], column: str) -> Any:
    if row[column] not in get_args(allowed):
        raise ValueError(
            f"{row.get('name') or row.get('class')}: {column} {row[column]!r}, none of {get_args(allowed)}"
        )
    return row[column]


def _parse_thing(row: dict[str, str]) -> Thing:
    return Thing(
        name=row["name"],
        emoji="".join(chr(int(code, 16)) for code in row["emoji"].split("_")),
        **_parse_traits(row),
        faces=_parse_choice(Facing, row, "faces"),
        colours=_split_cell(row["colours"]),
        synonyms=_split_cell(row["synonyms"]),
    )


def _split_cell(cell: str) -> tuple[str, ...]:
    return tuple(word for word in cell.split(",") if word)


def _read_rows(name: str, kind: type, *more: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    columns = {field.name for field in fields(kind)} | {*more}
    if not rows or set(rows[0]) != columns:
        raise ValueError(f"{name} must have the columns {sorted(columns)}, has {sorted(rows[0] if rows else [])}")
    return rows
