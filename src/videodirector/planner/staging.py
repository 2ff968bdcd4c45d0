"""From clauses to staged scenes: who is on, how they move, how they stand to each other, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from videodirector.lexicon import Thing
from videodirector.planner import vocabulary as v
from videodirector.planner.coreference import Cast, Mention
from videodirector.planner.grammar import Clause, NounPhrase
from videodirector.planner.layout import Relation, RelationKind
from videodirector.planner.motion import VERBS, Motion, motion_of, visible_half
from videodirector.planner.places import PLACE_PREPOSITIONS, is_weak, place_called

__all__ = ["Part", "Staged", "stage"]

_RELATIONS: Mapping[str, RelationKind] = {
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
_OPPOSITE: Mapping[str, Literal["left of", "right of"]] = {"left": "left of", "right": "right of"}
_BIGGER = frozenset(["bigger", "larger", "taller", "greater", "huger", "higher", "longer"])
_SMALLER = frozenset(["smaller", "tinier", "shorter", "littler", "lower"])
_WATCHES = frozenset(["see", "watch", "hear", "let", "make", "help", "find", "notice", "observe", "spot", "look"])
_STORYTELLING = frozenset(["once", "one", "fine", "sunny", "day", "upon", "time"])


@dataclass(slots=True)
class Part:
    """One entity's part in a scene."""

    mention: Mention
    copy: int
    motion: Motion = field(default_factory=Motion)
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
    place: str = ""
    weak: bool = False  # the place counts only where none is known
    subject: list[Mention] = field(default_factory=list)  # of the last clause
    pronouns: list[tuple[NounPhrase, list[Mention], Clause]] = field(default_factory=list)
    remark: bool = False  # nothing but a word on somebody's looks

    def ids(self, mentions: list[Mention]) -> list[str]:
        """The entity ids of mentions, all of which are then on stage."""
        for mention in mentions:
            for copy in mention.copies:
                part = Part(mention, copy)
                self.parts.setdefault(part.id, part)
        return [entity for mention in mentions for entity in mention.ids]


def stage(clauses: list[Clause], cast: Cast, before: list[Mention]) -> Staged:
    """Puts the clauses of one scene on stage.

    Args:
        clauses: what happens in the scene, in order.
        cast: everybody so far; newcomers join it.
        before: the subject of the clause before, which a clause without one continues.
    """
    staged = Staged(subject=before)
    staged.remark = bool(clauses)
    for clause in clauses:
        cast.clause += 1
        _stage(clause, staged, cast)
    return staged


def _stage(clause: Clause, staged: Staged, cast: Cast) -> None:
    mentions: dict[int, list[Mention]] = {}  # by the place of the noun phrase in the clause

    def meant(noun: NounPhrase, *, subject: bool = False, apart: list[Mention] | None = None) -> list[Mention]:
        if noun.start not in mentions:
            mentions[noun.start] = cast.resolve(noun, subject=subject, apart=apart)
            if noun.pronoun:
                staged.pronouns.append((noun, mentions[noun.start], clause))
        return mentions[noun.start]

    subject: list[Mention] = []
    for noun in clause.subject:
        if (place := place_called(noun)) and (noun.determiner != "another"):
            _settle(staged, place, weak=True)
        else:
            subject += meant(noun, subject=True)
    if not subject and clause.verb and not clause.subject:
        subject = list(staged.subject)
        for mention in subject:
            mention.member.seen, mention.member.leading = cast.clause, True
    first = subject[0].member if subject else None
    motion = motion_of(clause, first.thing if first else None)
    objects = _objects(clause, staged, subject, meant)
    _looks(clause, staged, cast, subject)
    ids = staged.ids(subject)
    everyone = list(subject)
    for noun, found in objects:
        everyone += found
        _described_motion(noun, staged.ids(found), staged)
    for noun in clause.subject:
        _described_motion(noun, [i for m in mentions.get(noun.start, []) for i in m.ids], staged)
    target = _target(motion, clause, staged, meant, subject)
    for phrase in clause.phrases:
        everyone += _phrase(
            clause, phrase.preposition, phrase.ground, phrase.figure, staged, meant, ids, motion, subject
        )
    half = visible_half(clause)
    chased = motion.path == "chase" and target
    for entity in ids:
        part = staged.parts[entity]
        if part.motion.path == "still" and (motion.path != "still" or motion.begin is not None):
            part.motion = replace(motion, target=())
            if target and target != entity:
                staged.relations.append(Relation("next to", entity, (target,)))
        part.half = part.half or half
    if chased and target not in ids:
        staged.parts[target].motion = Motion(path="cross", direction=motion.direction or 1, airborne=motion.airborne)
    if (
        motion.path == "meet"
        and target
        and target not in ids
        and clause.verb in ("meet", "greet", "hug", "join", "kiss")
    ):
        pass  # the other one waits
    for figure, verb in clause.later_verbs:
        movers = mentions.get(figure.start, []) if figure is not None else subject
        if not movers and clause.verb in _WATCHES and objects:
            movers = objects[-1][1]
        also = motion_of(clause, movers[0].member.thing if movers else None, verb)
        for entity in staged.ids(movers):
            if staged.parts[entity].motion.path == "still":
                staged.parts[entity].motion = replace(also, target=())
    cast.together(everyone if len(everyone) > len(subject) or len(subject) > 1 else subject)
    staged.subject = subject or staged.subject
    staged.remark = staged.remark and _is_remark(clause, subject)


def _objects(clause: Clause, staged: Staged, subject: list[Mention], meant):  # type: ignore[no-untyped-def]
    found: list[tuple[NounPhrase, list[Mention]]] = []
    for noun in clause.objects:
        place = place_called(noun)
        if place and noun.determiner != "another":
            _settle(staged, place, weak=is_weak(noun))
            continue
        found.append((noun, meant(noun, apart=subject)))
    return found


def _settle(staged: Staged, place: str, *, weak: bool) -> None:
    if not staged.place or (staged.weak and not weak):
        staged.place, staged.weak = place, weak


def _looks(clause: Clause, staged: Staged, cast: Cast, subject: list[Mention]) -> None:
    """ "The fox is red": looks, taken up by the member."""
    if clause.verb == "be" and clause.adjectives and not clause.negated:
        for mention in subject:
            cast.recolour(mention.member, [word for word in clause.adjectives if word not in _BIGGER | _SMALLER])


def _is_remark(clause: Clause, subject: list[Mention]) -> bool:
    return bool(clause.verb == "be" and clause.adjectives and subject and not clause.objects and not clause.phrases)


def _described_motion(noun: NounPhrase, ids: list[str], staged: Staged) -> None:
    """ "A flying bird", "a moving car": the motion stands before the noun."""
    for adjective in noun.adjectives:
        verb = v.lemma(adjective, "VERB") if adjective.endswith("ing") else "walk" if adjective == "lively" else ""
        path = VERBS.get(verb)
        if path is None:
            continue
        for entity in ids:
            part = staged.parts.get(entity)
            if part is not None and part.motion.path == "still":
                thing: Thing | None = part.mention.member.thing
                flies = verb in ("fly", "soar", "glide", "hover", "flutter", "float") or (
                    thing is not None and thing.moves in ("flies", "floats") and path == "cross"
                )
                part.motion = Motion(path=path, airborne=flies)


def _target(motion: Motion, clause: Clause, staged: Staged, meant, subject: list[Mention]) -> str | None:  # type: ignore[no-untyped-def]
    for noun in motion.target:
        if place_called(noun) is None:
            ids = staged.ids(meant(noun, apart=subject))
            if ids:
                return ids[0]
    return None


def _phrase(  # type: ignore[no-untyped-def]
    clause: Clause,
    preposition: str,
    nouns: list[NounPhrase],
    figure: NounPhrase | None,
    staged: Staged,
    meant,
    ids: list[str],
    motion: Motion,
    subject: list[Mention],
) -> list[Mention]:
    """Takes up one prepositional phrase: a place, or things and their relation to whom it says something of."""
    grounds: list[Mention] = []
    for noun in nouns:
        place = place_called(noun)
        if place is not None and preposition in PLACE_PREPOSITIONS | {"over", "under"}:
            _settle(
                staged,
                place,
                weak=is_weak(noun) or preposition in ("from", "out of", "away from", "of", "over", "above"),
            )
        elif place is None and noun.surface.lower() not in _STORYTELLING:
            grounds += meant(noun, apart=subject)
    if (
        preposition in ("of", "like", "without", "than", "about", "as", "because of", "for", "during")
        and preposition != "than"
    ):
        return []  # a part of a name or a manner of speaking, not a thing on stage
    ground_ids = staged.ids(grounds)
    for noun, found in zip(nouns, [grounds] * len(nouns), strict=True):
        _described_motion(noun, [i for mention in found for i in mention.ids], staged)
    figures = staged.ids(meant(figure)) if figure is not None and place_called(figure) is None else ids
    figures = [entity for entity in figures if entity not in ground_ids] or [e for e in ids if e not in ground_ids]
    if not ground_ids or not figures:
        return grounds
    if preposition == "than":
        words = set(clause.adjectives) | set(clause.adverbs) | {w for n in clause.noun_phrases() for w in n.adjectives}
        words |= {token.low for token in clause.tokens}
        if words & _BIGGER:
            staged.bigger += [(entity, ground_ids[0]) for entity in figures]
        elif words & _SMALLER:
            staged.bigger += [(ground_ids[0], entity) for entity in figures]
        return grounds
    if preposition in ("from left of", "from right of"):
        # "from the left of a dog to its right": past it
        direction = 1 if preposition == "from left of" else -1
        for entity in figures:
            x = 0.15 if direction > 0 else 0.85
            part = staged.parts[entity]
            part.motion = replace(
                part.motion, path="cross", direction=direction, begin=(x, None), end=(1 - x, None),
                airborne=motion.airborne,
            )  # fmt: skip
        for entity in ground_ids:
            staged.parts[entity].motion = Motion(begin=(0.5, None))
        return grounds
    kind = _RELATIONS.get(preposition)
    if preposition == "over" and motion.path == "jump":
        kind = "next to"
    if kind == "inside" and not _holds(grounds):
        kind = "next to"
    if preposition == "with" and figure is not None:
        kind = "next to"
    if kind is None:
        kind = "next to"
    for entity in figures:
        staged.relations.append(Relation(kind, entity, tuple(ground_ids[:2] if kind == "between" else ground_ids[:1])))
    if motion.onto and kind == "on":
        for entity in figures:
            staged.parts[entity].motion = replace(motion, target=())
    return grounds


def _holds(grounds: list[Mention]) -> bool:
    """Whether a thing can have another one inside."""
    thing = grounds[0].member.thing if grounds else None
    return thing is None or thing.kind in ("vehicle", "building") or thing.name in ("gift", "umbrella", "chair")
