"""From a prompt to the checks that it asks for, by patterns of its own: no planner is asked what it understood."""

from __future__ import annotations

import re
from typing import get_args

from videodirector.evaluation.metrics.checks import (
    Attribution,
    Check,
    Corner,
    Count,
    Direction,
    Passing,
    Relation,
    RelationName,
    Sequence3,
    Side,
    Visibility,
)

__all__ = ["checks_of"]

_NUMBERS = {
    word: number
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(),  # noqa: SIM905 - one line
        start=1,
    )
} | {"couple of": 2, "pair of": 2, "dozen": 12}
_COUNT = "|".join(_NUMBERS)
_COLOUR = "red|orange|yellow|green|blue|purple|pink|brown|black|white|gr[ae]y|golden|silver"
_CORNER = "|".join(get_args(Corner))
_OPPOSITE: dict[str, Side] = {"left": "right", "right": "left", "top": "down", "bottom": "up"}

# -- LVD: its prompts are made of five templates
_NUMERACY = re.compile(rf"scene with ({_COUNT}) (?:\w+ing|lively) (\w+?)s?$")
_ATTRIBUTION = re.compile(rf"scene with an? ((?:{_COLOUR}) \w+) and an? ((?:{_COLOUR}) \w+)$")
_VISIBILITY = re.compile(r"an? (?:\w+ )?(\w+) appears only in the (first|second) half")
_DYNAMICS = re.compile(
    r"scene with an? (\w+) moving from the (left|right|top|bottom) to the (?:left|right|top|bottom)$"
)
_PASSING = re.compile(r"an? (\w+) moving from the (left|right) of an? (\w+) to its (?:left|right)")
_SEQUENTIAL = re.compile(
    rf"an? (\w+) initially on the ({_CORNER})\b.*? moves to the ({_CORNER})\b.*? moves to the ({_CORNER})\b"
)

# -- any prompt: a noun phrase, words between, and what is said of it
_DETERMINER = rf"(?:an?|the|his|her|its|their|another|{_COUNT}|\d+)"
_NOUN = rf"\b{_DETERMINER} (?:(?!{_DETERMINER}\b)[\w-]+ ){{0,3}}?([\w-]+)"
_MOTION = (
    r"(?:walk|run|mov|driv|fly|swim|roll|slid|float|crawl|sail|rid|travel|go|drift|glid|rac|head|march|gallop|zoom|jog"
    r"|hop|cycl|soar|skat|pass|climb|ris|fall|wander|stroll|trot|dash|rush|sprint)\w*|flies|ran|flew|swam|drove|rode|went"
)
_ENDS = r"[.,;!]|$| (?:in|on|at|by|to|from|near|with|while|and|as|is|are|that|which|who|under|over|during|inside)\b"
_BE = r"(?:is |are |was |were )?"
_TOWARDS = re.compile(
    rf"{_NOUN} {_BE}(?:slowly |quickly )?(?:{_MOTION}) (?:[\w-]+ ){{0,4}}?"
    rf"(?:from (?:the )?(?:left|right|top|bottom)(?: side)? to (?:the )?(?P<to>left|right|top|bottom)"
    rf"|(?:to|towards?) the (?P<side>left|right)(?! of)|(?P<adverb>left|right)wards?\b|(?P<vertical>up|down)wards?\b)"
)
_RELATION_WORDS: dict[str, RelationName] = {
    r"(?:to|on) the left (?:side )?of": "left of",
    r"(?:to|on) the right (?:side )?of": "right of",
    "on top of": "on",
    "above": "above",
    "below|under|beneath|underneath": "below",
    "in front of": "in front of",
    "behind": "behind",
    "next to|beside": "next to",
    "inside": "inside",
}
_RELATIONS = [
    (re.compile(rf"{_NOUN} {_BE}(?:[\w-]+(?:ing|s|ed|d|t) )?(?:{words}) {_NOUN}(?={_ENDS})"), kind)
    for words, kind in _RELATION_WORDS.items()
]
_SEVERAL = re.compile(
    rf"\b({_COUNT}|\d+) (?:(?!of\b|and\b|or\b)[\w-]+ ){{0,2}}?([a-z]+s|people|mice|sheep|fish|children|men|women)\b"
)
_PLURALS = {"people": "person", "mice": "mouse", "children": "child", "men": "man", "women": "woman"}


def checks_of(prompt: str) -> list[Check]:
    """Everything that a prompt asks for and boxes can decide.

    Args:
        prompt: one of LVD's, which gives the check of its template alone; or any other in English.

    Returns:
        The checks; none for a prompt that asks for nothing of the kind.
    """
    text = " ".join(prompt.lower().split()).replace("half a dozen", "six")
    published = _lvd(text.rstrip("."))
    return [published] if published else [*_motions(text), *_relations(text), *_counts(text)]


def _lvd(text: str) -> Check | None:
    if match := _SEQUENTIAL.search(text):
        first, second, third = (next(c for c in get_args(Corner) if c == match[place]) for place in (2, 3, 4))
        return Sequence3(match[1], (first, second, third))
    if match := _VISIBILITY.search(text):
        return Visibility(match[1], "first" if match[2] == "first" else "second")
    if match := _PASSING.search(text):
        return Passing(match[1], match[3], _OPPOSITE[match[2]])
    if match := _DYNAMICS.search(text):
        return Direction(match[1], _OPPOSITE[match[2]])
    if match := _ATTRIBUTION.search(text):
        return Attribution((match[1], match[2]))
    if match := _NUMERACY.search(text):
        return Count(match[2], _NUMBERS[match[1]])
    return None


def _motions(text: str) -> list[Check]:
    sides: dict[str, Side] = {
        "left": "left",
        "right": "right",
        "top": "up",
        "bottom": "down",
        "up": "up",
        "down": "down",
    }
    return [
        Direction(
            _singular(match[1]), sides[match["to"] or match["side"] or match["adverb"] or match["vertical"]], "motion"
        )
        for match in _TOWARDS.finditer(text)
    ]


def _relations(text: str) -> list[Check]:
    return [
        Relation(_singular(match[1]), kind, _singular(match[2]))
        for pattern, kind in _RELATIONS
        for match in pattern.finditer(text)
        if not {match[1], match[2]} & _NO_THINGS
    ]


_NO_THINGS = frozenset(
    "from out up down off away along past over next asleep awake nap sky back close right".split()  # noqa: SIM905
)
"""Words that stand where a thing's name would: "a wolf steps out from behind a tree"."""


def _counts(text: str) -> list[Check]:
    found: list[Check] = []
    for match in _SEVERAL.finditer(text):
        number = _NUMBERS.get(match[1]) or int(match[1][:9])
        if 2 <= number <= 12:
            found.append(Count(_singular(match[2]), number, "counts"))
    return found


def _singular(noun: str) -> str:
    if noun in _PLURALS:
        return _PLURALS[noun]
    if noun.endswith("lves"):
        return f"{noun[:-3]}f"
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    if noun.endswith(("ches", "shes", "xes", "sses", "buses")):
        return noun[:-2]
    return noun if noun.endswith(("ss", "us", "sis")) else noun.removesuffix("s")
