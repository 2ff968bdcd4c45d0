"""The caption bank: captions of things, places and motions, as rows of one matrix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from videodirector import lexicon

__all__ = [
    "MOTION_PHRASES",
    "UNRECOGNISED",
    "CaptionRow",
    "build_extra_rows",
    "build_motion_rows",
    "build_short_rows",
    "build_world_rows",
]

UNRECOGNISED = "nothing that can be told"

MOTION_PHRASES = {
    "still": "stands still",
    "left": "moves to the left",
    "right": "moves to the right",
    "up": "moves up",
    "down": "moves down",
    "nearer": "comes nearer",
    "farther": "goes away",
}
"""The words of a motion in captions, which the planner understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionRow:
    """A caption and its parts.

    ``words`` are the name of the thing in a story ("red car"), ``thing`` is the thing itself ("car").
    """

    text: str
    words: str | None = None
    thing: str | None = None
    place: str | None = None
    motion: str | None = None


@lru_cache(maxsize=1)
def build_world_rows() -> tuple[CaptionRow, ...]:
    """Return captions of every thing in each colour and place, of every empty place, and of nothing."""
    places = tuple(lexicon.trained_backgrounds())
    rows = []
    for words, thing in _list_names():
        named = add_article(words)
        rows.append(CaptionRow(text=named, words=words, thing=thing))
        rows += [CaptionRow(text=f"{named} in the {place}", words=words, thing=thing, place=place) for place in places]
    rows += [CaptionRow(text=f"an empty {place}", place=place) for place in places]
    return (*rows, CaptionRow(text=UNRECOGNISED))


@lru_cache(maxsize=1)
def build_short_rows() -> tuple[CaptionRow, ...]:
    """Return things and places one by one, for embedders without a precomputed bank."""
    things = [CaptionRow(text=add_article(words), words=words, thing=thing) for words, thing in _list_names()]
    places = [CaptionRow(text=f"an empty {place}", place=place) for place in lexicon.trained_backgrounds()]
    return (*things, *places, CaptionRow(text=UNRECOGNISED))


@lru_cache(maxsize=1)
def build_motion_rows() -> tuple[CaptionRow, ...]:
    """Return every thing in every motion."""
    return tuple(
        CaptionRow(text=f"{add_article(thing)} {does}", words=thing, thing=thing, motion=motion)
        for thing in lexicon.trained_things()
        for motion, does in MOTION_PHRASES.items()
    )


def build_extra_rows(captions: Iterable[str]) -> tuple[CaptionRow, ...]:
    """Return a user's own captions, each a separate thing of that name."""
    rows = []
    for caption in captions:
        text = " ".join(caption.split()).strip(" .")
        if text:
            words = text.removeprefix("a ").removeprefix("an ").removeprefix("the ")
            rows.append(CaptionRow(text=text, words=words, thing=words))
    return tuple(rows)


def add_article(words: str) -> str:
    """Add the indefinite article: "a dog", "an owl"."""
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def _list_names() -> Sequence[tuple[str, str]]:
    """Return the names of things, each alone and in each of its colours, with the thing's own name."""
    return [
        (words, thing.name)
        for thing in lexicon.trained_things().values()
        for words in (thing.name, *(f"{colour} {thing.name}" for colour in thing.colours))
    ]
