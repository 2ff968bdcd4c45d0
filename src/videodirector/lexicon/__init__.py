"""The words of the story world: things that can be drawn, backgrounds, colours.

Plain data, read by the planner (how large is an owl, does it fly?) and by the storyworld (which sprite draws it?).
It lies below both, so that neither needs the other. To draw another world, edit ``things.tsv`` and
``backgrounds.tsv`` and rebuild the atlas with ``recipes/atlas.py``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, get_args

Kind = Literal["person", "animal", "plant", "food", "vehicle", "sky", "building", "object"]
Moves = Literal["walks", "flies", "swims", "rolls", "floats", "still"]
Facing = Literal["left", "right", "front"]

__all__ = ["Background", "Facing", "Kind", "Moves", "Thing", "backgrounds", "colours", "things"]


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something that can appear in a scene.

    ``size`` is its natural height as a fraction of the picture's height, ``aspect`` its width over its height.
    ``faces`` is the side to which its picture looks; ``front`` means that it looks alike from both.
    ``colours`` are the variants that exist beside its own colour.
    """

    name: str
    emoji: str
    kind: Kind
    size: float
    aspect: float
    moves: Moves
    faces: Facing
    colours: tuple[str, ...]
    synonyms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Background:
    """A painted background; ``ground`` is the height of its ground line, 0 at the top and 1 at the bottom."""

    name: str
    description: str
    ground: float
    synonyms: tuple[str, ...]


@lru_cache(maxsize=1)
def things() -> Mapping[str, Thing]:
    """All things by name, in the order of the atlas."""
    return MappingProxyType({row["name"]: _thing(row) for row in _rows("things.tsv", Thing)})


@lru_cache(maxsize=1)
def backgrounds() -> Mapping[str, Background]:
    """All backgrounds by name."""
    return MappingProxyType(
        {
            row["name"]: Background(
                name=row["name"],
                description=row["description"],
                ground=float(row["ground"]),
                synonyms=_words(row["synonyms"]),
            )
            for row in _rows("backgrounds.tsv", Background)
        }
    )


def colours() -> tuple[str, ...]:
    """Colour words that the storyworld can paint a thing in."""
    return ("red", "orange", "yellow", "green", "blue", "purple", "pink")


def _thing(row: dict[str, str]) -> Thing:
    kind, moves, faces = row["kind"], row["moves"], row["faces"]
    for value, allowed in ((kind, Kind), (moves, Moves), (faces, Facing)):
        if value not in get_args(allowed):
            raise ValueError(f"things.tsv, {row['name']}: {value!r} is none of {get_args(allowed)}")
    return Thing(
        name=row["name"],
        emoji="".join(chr(int(code, 16)) for code in row["emoji"].split("_")),
        kind=kind,  # type: ignore[arg-type]  # checked above
        size=float(row["size"]),
        aspect=float(row["aspect"]),
        moves=moves,  # type: ignore[arg-type]
        faces=faces,  # type: ignore[arg-type]
        colours=_words(row["colours"]),
        synonyms=_words(row["synonyms"]),
    )


def _words(cell: str) -> tuple[str, ...]:
    return tuple(word for word in cell.split(",") if word)


def _rows(name: str, kind: type) -> list[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    columns = {field.name for field in fields(kind)}
    if not rows or set(rows[0]) != columns:
        raise ValueError(f"{name} must have the columns {sorted(columns)}, has {sorted(rows[0] if rows else [])}")
    return rows
