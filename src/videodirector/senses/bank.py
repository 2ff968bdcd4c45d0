"""The caption bank: everything that a thing, its place and its motion can be called, as rows of one matrix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from videodirector import lexicon

__all__ = ["DOES", "NOTHING", "Row", "extra_rows", "motion_rows", "short_rows", "world_rows"]

NOTHING = "nothing that can be told"

DOES = {
    "still": "stands still",
    "left": "moves to the left",
    "right": "moves to the right",
    "up": "moves up",
    "down": "moves down",
    "nearer": "comes nearer",
    "farther": "goes away",
}
"""What a caption says of a motion; the planner draws them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A caption and what it tells.

    ``words`` are what the thing is called in a story ("red car"), ``thing`` is which thing that is ("car").
    """

    text: str
    words: str | None = None
    thing: str | None = None
    place: str | None = None
    motion: str | None = None


@lru_cache(maxsize=1)
def world_rows() -> tuple[Row, ...]:
    """Every thing in each of its colours, alone and in every place, every place without a thing, and nothing at all."""
    places = tuple(lexicon.trained_backgrounds())
    rows = []
    for words, thing in _called():
        named = with_article(words)
        rows.append(Row(text=named, words=words, thing=thing))
        rows += [Row(text=f"{named} in the {place}", words=words, thing=thing, place=place) for place in places]
    rows += [Row(text=f"an empty {place}", place=place) for place in places]
    return (*rows, Row(text=NOTHING))


@lru_cache(maxsize=1)
def short_rows() -> tuple[Row, ...]:
    """Things and places one by one, for embedders that have to read the bank each time."""
    things = [Row(text=with_article(words), words=words, thing=thing) for words, thing in _called()]
    places = [Row(text=f"an empty {place}", place=place) for place in lexicon.trained_backgrounds()]
    return (*things, *places, Row(text=NOTHING))


@lru_cache(maxsize=1)
def motion_rows() -> tuple[Row, ...]:
    """Every thing in every motion."""
    return tuple(
        Row(text=f"{with_article(thing)} {does}", words=thing, thing=thing, motion=motion)
        for thing in lexicon.trained_things()
        for motion, does in DOES.items()
    )


def extra_rows(captions: Iterable[str]) -> tuple[Row, ...]:
    """A user's own captions: each is a thing of its own, called what it says."""
    rows = []
    for caption in captions:
        text = " ".join(caption.split()).strip(" .")
        if text:
            words = text.removeprefix("a ").removeprefix("an ").removeprefix("the ")
            rows.append(Row(text=text, words=words, thing=words))
    return tuple(rows)


def with_article(words: str) -> str:
    """ "a dog", "an owl"."""
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def _called() -> Sequence[tuple[str, str]]:
    """What things are called, with their names: each alone, then in each colour that it can have."""
    return [
        (words, thing.name)
        for thing in lexicon.trained_things().values()
        for words in (thing.name, *(f"{colour} {thing.name}" for colour in thing.colours))
    ]
