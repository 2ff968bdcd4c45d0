"""A scene on stage, before anything has a box: its parts, how they move and stand to each other, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from videodirector.planner.cast import Mention
from videodirector.planner.grammar import Clause
from videodirector.planner.knowledge import is_a
from videodirector.planner.motion import Motion
from videodirector.planner.nounphrases import NounPhrase
from videodirector.planner.tracks import Relation, RelationKind
from videodirector.planner.vocabulary import word_set

__all__ = ["BIGGER", "REACHES", "RELATIONS", "SMALLER", "STATES", "WATCHES", "Part", "Staged", "holds"]

RELATIONS: Mapping[str, RelationKind] = {
    "left of": "left of",
    "right of": "right of",
    **dict.fromkeys(["on", "on top of", "onto", "atop", "upon"], "on"),
    **dict.fromkeys(["under", "below", "beneath", "underneath"], "under"),
    **dict.fromkeys(["above", "over"], "above"),
    "between": "between",
    "behind": "behind",
    "in front of": "in front of",
    **dict.fromkeys(["next to", "beside", "by", "near", "with", "against", "at", "opposite", "among"], "next to"),
    **dict.fromkeys(["inside", "in", "into", "within"], "inside"),
}
BIGGER = word_set("bigger larger taller greater huger higher longer")
SMALLER = word_set("smaller tinier shorter littler lower")
STATES = word_set(
    """visible invisible present absent gone alone ready able late early happy sad angry tired hungry thirsty afraid
    scared asleep awake hurt better best wrong right true sorry lost safe busy bored lonely surprised proud"""
)
"""How somebody is now, which is nothing of their looks."""
REACHES = word_set("reach enter cross visit leave climb explore approach find")
WATCHES = word_set("see watch hear let make help find notice observe spot look")


@dataclass(slots=True)
class Part:
    """One entity's part in a scene."""

    mention: Mention
    copy: int
    motion: Motion = field(default_factory=Motion)
    target: str | None = None  # the entity it makes for
    half: Literal["first", "second"] | None = None

    @property
    def id(self) -> str:
        """The entity."""
        return self.mention.member.ids[self.copy]


@dataclass(slots=True)
class Staged:
    """A scene on stage, before anything has a box."""

    parts: dict[str, Part] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    bigger: list[tuple[str, str]] = field(default_factory=list)  # (the bigger, the smaller)
    passing: set[str] = field(default_factory=set)  # who goes past others, so in front of them
    place: str = ""
    weak: bool = False  # the place counts only where none is known
    time: str = ""  # of day: "at night"
    subject: list[Mention] = field(default_factory=list)  # of the last clause
    unseen: str = ""  # the subject of the last clause that had one, in words, if nobody on stage is meant
    pronouns: list[tuple[NounPhrase, list[Mention], Clause]] = field(default_factory=list)
    remark: bool = False  # nothing but a word on somebody's looks

    def ids(self, mentions: list[Mention]) -> list[str]:
        """The entity ids of mentions, all of which are then on stage."""
        for mention in mentions:
            for copy in mention.copies:
                part = Part(mention, copy)
                self.parts.setdefault(part.id, part)
        return [entity for mention in mentions for entity in mention.ids]


def holds(ground: Mention) -> bool:
    """Whether a thing can have another one inside."""
    nature, words = ground.member.nature, ground.member.words
    return nature.kind in ("vehicle", "building") or is_a(words, "container") or words in ("gift", "umbrella", "chair")
