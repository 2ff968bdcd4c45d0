"""From clauses to scene drafts: entities, motions, relations and places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from videodirector.planner.english import vocabulary as v
from videodirector.planner.english.clauses import Clause, Phrase
from videodirector.planner.english.knowledge import is_a, is_body_part, is_clothing, is_visible
from videodirector.planner.english.noun_phrases import NounPhrase
from videodirector.planner.english.vocabulary import choose_article, split_words
from videodirector.planner.layout.motion import (
    CAUSATIVE_VERBS,
    Motion,
    build_motion,
    find_path,
    parse_caused_motion,
    parse_corner,
    parse_motion,
    parse_visible_half,
)
from videodirector.planner.layout.trajectories import Relation, RelationKind
from videodirector.planner.story.coreference import CoreferenceResolver
from videodirector.planner.story.entities import Mention
from videodirector.planner.story.places import (
    PLACE_PREPOSITIONS,
    find_place,
    find_similar_place,
    find_time_of_day,
    is_weak_place,
)

__all__ = [
    "ARRIVAL_VERBS",
    "BIGGER",
    "PERCEPTION_VERBS",
    "RELATIONS",
    "SMALLER",
    "STATE_ADJECTIVES",
    "EntityRole",
    "SceneDraft",
    "can_contain",
    "draft_scene",
]

# A noun after one of these is part of a name or a figure of speech, not an entity of the scene.
_NO_ENTITY_PREPOSITIONS = frozenset(["of", "like", "without", "about", "as", "because of", "during", "wearing"])


def draft_scene(
    clauses: list[Clause], cast: CoreferenceResolver, before: list[Mention], unseen_subject: str = ""
) -> SceneDraft:
    """Interpret the clauses of one scene.

    Args:
        clauses: what happens in the scene, in order.
        cast: resolves references; new entities are registered.
        before: the subject of the clause before, which a clause without one continues.
        unseen: the same in words, if it is not an entity ("the words float away").
    """
    draft = SceneDraft(subject=before, is_remark=bool(clauses), unseen_subject=unseen_subject)
    for clause in clauses:
        cast.clause += 1
        _ClauseInterpreter(clause, draft, cast).interpret()
    return draft


class _ClauseInterpreter:
    """Interprets one clause."""

    def __init__(self, clause: Clause, draft: SceneDraft, cast: CoreferenceResolver) -> None:
        self.clause, self.draft, self.cast = clause, draft, cast
        self.mentions: dict[int, list[Mention]] = {}  # by the place of the noun phrase in the clause
        self.direct: list[Mention] = []
        self.everyone: list[Mention] = []
        self.subject = self._resolve_subject()
        self.motion = parse_motion(clause, self.subject[0].member.traits if self.subject else None)
        self.ids = draft.add_mentions(self.subject)

    def interpret(self) -> None:
        """Add everything the clause says to the draft."""
        objects = self._resolve_objects()
        self._read_appearance()
        self._read_caused_motion()
        target = self._find_target()
        for phrase in self.clause.phrases:
            if not self._read_attire(phrase) and not self._read_passing_sides(phrase) and not self._read_whole(phrase):
                self._read_phrase(phrase)
        self._read_ride(objects)
        self._read_passive_agent()
        if self.clause.verb == "pass" and objects and self.ids and not self.clause.passive:
            self._set_passing(self.ids, self.draft.add_mentions(objects), self.motion.direction or 1)
        self._assign_motion(target)
        self._read_later_verbs(objects)
        if self.clause.accompanies and self.clause.subject:
            return  # "its antlers gleaming": the sentence goes on with its own subject
        self.cast.remember_clause(self.subject, self.direct, self.everyone)
        self.draft.subject = self.subject or self.draft.subject
        if self.clause.subject:
            noun = self.clause.subject[0]
            self.draft.unseen_subject = "" if self.subject or noun.pronoun else f"the {noun.surface}"
        self.draft.is_remark = self.draft.is_remark and self._is_remark()

    def _resolve(self, noun: NounPhrase, *, subject: bool = False) -> list[Mention]:
        """Resolve a noun phrase, and add a motion in front of the noun ("a flying bird").

        A part stands for the whole: "the cat's tail twitches", "lava flows down its side".
        """
        if noun.start not in self.mentions:
            if noun.determiner == "own":
                figures = {id(phrase.figure) for phrase in self.clause.phrases if noun in phrase.ground}
                own = self.subject and id(None) not in figures
                found = self.subject if own else self.cast.resolve(noun, subject=False, apart=self.subject)
            elif (
                not noun.pronoun
                and (noun.determiner in v.POSSESSIVES or self.clause.accompanies)
                and (is_body_part(noun.words) or not is_visible(noun.words) or self._is_worn(noun))
            ):
                found = self._resolve_owner(noun)
            else:
                self._count_with_owners(noun)
                found = self.cast.resolve(noun, subject=subject, apart=None if subject else self.subject)
                if noun.possessor is not None and noun.possessor.proper and not is_body_part(noun.words):
                    self.cast.resolve(noun.possessor, subject=True)  # "Tim's kite is stuck. He asks ..."
            self.mentions[noun.start] = found
            if noun.pronoun and noun.determiner != "own":
                self.draft.pronouns.append((noun, found, self.clause))
            self._read_attributive_motion(noun, found)
        return self.mentions[noun.start]

    def _is_worn(self, noun: NounPhrase) -> bool:
        """Return whether a noun names worn clothing: "his cloak billowing behind him"."""
        return self.clause.accompanies and is_clothing(noun.words)

    def _count_with_owners(self, noun: NounPhrase) -> None:
        """Count one item for each owner: "the twins ride their bicycles"."""
        owners = sum(len(mention.copies) for mention in getattr(self, "subject", []))
        if noun.plural and noun.count is None and noun.determiner == "their" and owners > 1:
            noun.count = owners

    def _resolve_owner(self, noun: NounPhrase) -> list[Mention]:
        """Resolve the possessor of a noun."""
        if noun.possessor is not None:
            return self.cast.resolve(noun.possessor, subject=not self.subject)
        if self.subject:
            return []  # "the dog shakes its fur": it is there already
        pronoun = v.PRONOUN_BY_POSSESSIVE.get(noun.determiner, "")
        if not pronoun and self.clause.accompanies:
            return list(self.draft.subject)  # "..., tires screeching"
        owner = NounPhrase(pronoun=pronoun, start=noun.start)
        return self.cast.resolve(owner, subject=True) if pronoun else []

    # -- who

    def _resolve_subject(self) -> list[Mention]:
        self.subject = []
        nouns = self._drop_collective(self.clause.subject)
        if not self.clause.verb and nouns and nouns[0] not in self._drop_collective([*nouns, *self.clause.objects]):
            nouns = nouns[1:]  # "Two cars: a red car and a blue car."
        for noun in nouns:
            if (place := find_place(noun)) and noun.determiner != "another":
                self._set_place(place, weak=True)
            else:
                self.subject += self._resolve(noun, subject=True)
        if not self.subject and self.clause.verb and not self.clause.subject and not self.draft.unseen_subject:
            self.subject = list(self.draft.subject)
            for mention in self.subject:
                mention.member.last_clause, mention.member.was_subject = self.cast.clause, True
        return self.subject

    def _drop_collective(self, nouns: list[NounPhrase]) -> list[NounPhrase]:
        """Drop a collective noun that the others detail: "two cars: a red and a blue one", "the twins, Max and Leo"."""
        first, others = (nouns[0], nouns[1:]) if nouns else (NounPhrase(), [])
        total = sum(other.count or 1 for other in others)
        if not first.plural or len(others) < 2 or any(other.plural and not other.count for other in others):
            return nouns
        if all(other.proper for other in others) and first.count in (None, total):
            for other in others:
                for mention in self._resolve(other, subject=True):
                    self.cast.specify_kind(mention.member, first.words)
                    self.cast.add_kind(mention.member, first.words.rpartition(" ")[2])
            return others
        last = first.words.rpartition(" ")[2]
        alike = all(not other.pronoun and (other.words.endswith(last) or is_a(other.words, last)) for other in others)
        return others if alike and first.count in (None, total) else nouns

    def _resolve_objects(self) -> list[Mention]:
        found: list[Mention] = []
        for noun in self._drop_collective(self.clause.objects):
            if self._read_complement(noun):
                continue
            place = find_place(noun)
            if place and noun.determiner != "another":
                self._set_place(place, weak=is_weak_place(noun) and self.clause.verb not in ARRIVAL_VERBS)
            else:
                found = self._resolve(noun)
                self.draft.add_mentions(found)
                self.direct += found
                self.everyone += found
        return found

    def _read_complement(self, noun: NounPhrase) -> bool:
        """Read a complement that introduces no entity: "Lily was a small girl", "it was a stormy night"."""
        if self.clause.verb != "be" or noun.pronoun or "there" in self.clause.adverbs:
            return False
        if not self.subject:
            self.draft.time = find_time_of_day(noun, "at") or self.draft.time
            return noun.words in ("night", "day", "morning", "evening")
        if noun.determiner not in ("a", "an", "") or self.clause.negated:
            return False
        for mention in self.subject:
            if noun.determiner:
                self.cast.specify_kind(mention.member, noun.words)
                self.cast.add_adjectives(mention.member, noun.adjectives)
        return True

    def _read_appearance(self) -> None:
        """Read adjectives of the subject: "the fox is red"."""
        if self.clause.verb == "be" and not self.clause.negated:
            said = [word for word in self.clause.adjectives if word not in BIGGER | SMALLER | STATE_ADJECTIVES]
            for mention in self.subject:
                self.cast.recolour(mention.member, said)

    def _is_remark(self) -> bool:
        clause = self.clause
        return bool(
            clause.verb == "be" and clause.adjectives and self.subject and not (clause.objects or clause.phrases)
        )

    # -- how

    def _read_attributive_motion(self, noun: NounPhrase, found: list[Mention]) -> None:
        for adjective in noun.adjectives:
            verb = (
                v.lemmatise(adjective, "VERB") if adjective.endswith("ing") else "walk" if adjective == "lively" else ""
            )
            if verb and find_path(verb) != "still":
                for entity in self.draft.add_mentions(found):
                    part = self.draft.roles[entity]
                    if part.motion.path == "still":
                        part.motion = build_motion(verb, part.mention.member.traits)

    def _read_caused_motion(self) -> None:
        """Read a motion of the object that the subject causes: "drops the cup", "inflates a balloon"."""
        nature = self.direct[0].member.traits if self.direct else None
        caused = parse_caused_motion(self.clause, nature) if self.direct and self.ids else None
        if caused is None:
            return
        motion, along = caused
        for entity in self.draft.add_mentions(self.direct):
            if entity not in self.ids:
                self.draft.roles[entity].motion = motion
        self.motion = self.motion if along else Motion()

    def _find_target(self) -> str | None:
        for noun in self.motion.target:
            if find_place(noun) is None and (ids := self.draft.add_mentions(self._resolve(noun))):
                return ids[0]
        return None

    def _read_ride(self, objects: list[Mention]) -> None:
        """Move the mount with its rider: "rides a horse", "drives the car"."""
        if self.clause.verb not in ("ride", "drive", "pilot", "steer") or not objects or not self.ids:
            return
        mounts = self.draft.add_mentions(objects)
        kind: RelationKind = "inside" if can_contain(objects[0]) and self.clause.verb != "ride" else "on"
        each = mounts if len(mounts) == len(self.ids) else mounts[:1] * len(self.ids)
        for mount in each:
            self.draft.roles[mount].motion = self.motion
        self.draft.relations += [
            Relation(kind, entity, (mount,)) for entity, mount in zip(self.ids, each, strict=True) if entity != mount
        ]
        self.motion = Motion()

    def _read_passive_agent(self) -> None:
        """Move the agent of a passive clause: "the cat is chased by a dog"."""
        path = find_path(self.clause.verb)
        by = next((phrase for phrase in self.clause.phrases if phrase.preposition == "by"), None)
        if not self.clause.passive or by is None or path not in ("chase", "meet", "cross") or not self.ids:
            return
        agents = self.draft.add_mentions([mention for noun in by.ground for mention in self._resolve(noun)])
        for entity in agents:
            part = self.draft.roles[entity]
            part.motion, part.target = Motion(path=path), self.ids[0]
        if agents and path == "chase":
            self.motion = Motion(path="cross", direction=1)
        elif agents and path == "cross" and self.clause.verb in ("cross", "pass"):
            self.motion = Motion()  # "the bridge is crossed by a train"

    def _assign_motion(self, target: str | None) -> None:
        parts, motion = self.draft.roles, self.motion
        half = parse_visible_half(self.clause)
        words = {token.lower for token in self.clause.tokens}
        apart = len(self.ids) == 2 and ({"each", "other"} <= words or "opposite" in words) and motion.path != "still"
        for place, entity in enumerate(self.ids):
            part = parts[entity]
            if apart:  # "towards each other", "in opposite directions"
                motion = replace(motion, path="cross", direction=1 - 2 * place, target=())
            part.half = part.half or half
            if part.motion.path == "still" and (motion.path != "still" or motion.begin is not None):
                part.motion = motion
                if target is not None and target != entity:
                    part.target = target
                    self.draft.relations.append(Relation("next to", entity, (target,)))
        if motion.path == "chase" and target is not None and target not in self.ids:
            parts[target].motion = Motion(path="cross", direction=motion.direction or 1, airborne=motion.airborne)

    def _read_later_verbs(self, objects: list[Mention]) -> None:
        """Read the verbs after the first: "watches the owl fly away", "a dog that runs"."""
        for figure, verb in self.clause.later_verbs:
            movers = self.mentions.get(figure.start, []) if figure is not None else self.subject
            if figure is None and self.clause.verb in PERCEPTION_VERBS and objects:
                movers = objects
            elif figure is None and (verb == "leave" or verb in CAUSATIVE_VERBS) and self.clause.objects:
                continue  # "..., leaving a cloud of dust", "dropping coins"
            motion = parse_motion(self.clause, movers[0].member.traits if movers else None, verb)
            for entity in self.draft.add_mentions(movers):
                if self.draft.roles[entity].motion.path == "still":
                    self.draft.roles[entity].motion = motion

    # -- where

    def _set_place(self, place: str, *, weak: bool) -> None:
        if place == "air" or (weak and self.clause.objects):
            return  # "tosses it into the air", "sprays water": nothing is said of the place
        if not self.draft.place or (self.draft.is_weak_place and not weak):
            self.draft.place, self.draft.is_weak_place = place, weak

    def _read_attire(self, phrase: Phrase) -> bool:
        """Read what an entity wears: "a girl in a red hat"."""
        kinds = [phrase.preposition == "wearing" or is_clothing(noun.words) for noun in phrase.ground]
        if phrase.figure is not None and find_place(phrase.figure) is not None:
            return False
        own = phrase.figure is not None and (phrase.figure in self.clause.subject or not self.clause.verb)
        parts = [phrase.preposition == "with" and is_body_part(noun.words) for noun in phrase.ground]
        if own:  # "a fish with blue fins"
            kinds = [kind or part for kind, part in zip(kinds, parts, strict=True)]
        elif phrase.figure is None and all(parts):
            return True  # "with tires screeching, the car ..."
        worn = phrase.preposition in ("wearing", "in", "with") and kinds[0]
        wearers = self._resolve(phrase.figure) if phrase.figure is not None else self.subject
        if not worn or not wearers:
            return phrase.preposition == "wearing"
        for mention in wearers:
            texts = [
                f"{choose_article(text)} {text}" if not noun.plural else text
                for noun, is_worn in zip(phrase.ground, kinds, strict=True)
                if is_worn and (text := " ".join([*noun.adjectives, noun.surface]))
            ]
            worn_text = f"{'wearing' if phrase.preposition == 'wearing' else phrase.preposition} {' and '.join(texts)}"
            if worn_text not in mention.member.attire and len(mention.member.attire) < 3:
                mention.member.attire.append(worn_text)
        for noun, is_worn in zip(phrase.ground, kinds, strict=True):
            if not is_worn:  # "with a black hat and a brown dog"
                self.everyone += self._resolve(noun)
                self.draft.add_mentions(self._resolve(noun))
        return True

    def _read_phrase(self, phrase: Phrase) -> None:
        """Read one prepositional phrase: a place, or the relation of entities to its ground."""
        grounds = self._resolve_grounds(phrase)
        if not grounds:
            self._place_at_side(phrase)
            return
        self.everyone += grounds
        ground_ids = self.draft.add_mentions(grounds)
        figures = self._resolve_figures(phrase, ground_ids)
        if not figures:
            return
        if phrase.preposition == "than":
            self._read_comparison(figures, ground_ids[0])
        elif phrase.preposition == "past":
            self._set_passing(figures, ground_ids, self.motion.direction or 1)
        elif phrase.preposition in ("from left of", "from right of"):
            self._set_passing(figures, ground_ids, 1 if phrase.preposition == "from left of" else -1)
        else:
            kind = self._find_relation(phrase, grounds)
            if self.clause.negated and kind in ("on", "inside", "under", "above"):
                kind = "next to"  # "the cat is not on the table"
            for place, entity in enumerate(figures):  # "seven frogs sit on three lily pads"
                own = ground_ids[:2] if kind == "between" else [ground_ids[place % len(ground_ids)]]
                self.draft.relations.append(Relation(kind, entity, tuple(own)))

    def _place_at_side(self, phrase: Phrase) -> None:
        """Place an entity at a side of the picture: "and a bus on the right"."""
        at = parse_corner(phrase.ground[0])
        if at is None or phrase.figure is None or phrase.figure in self.clause.subject or phrase.preposition == "to":
            return
        for entity in self.draft.add_mentions(self._resolve(phrase.figure)):
            if self.draft.roles[entity].motion == Motion():
                self.draft.roles[entity].motion = Motion(begin=at)

    def _read_whole(self, phrase: Phrase) -> bool:
        """Read the whole of an invisible part: "the edge of a building", "the arrival of demons"."""
        figure = phrase.figure or self._find_noun_before(phrase)
        if phrase.preposition != "of" or figure is None or is_visible(figure.words) or figure.pronoun:
            return False
        for noun in phrase.ground:
            if find_place(noun) is None and noun.words:
                self.everyone += self._resolve(noun)
                self.draft.add_mentions(self._resolve(noun))
        return True

    def _find_noun_before(self, phrase: Phrase) -> NounPhrase | None:
        """Return the last noun of the phrase that this one follows: "from the edge | of a building"."""
        before = self.clause.phrases[: self.clause.phrases.index(phrase)]
        return before[-1].ground[-1] if before else None

    def _read_passing_sides(self, phrase: Phrase) -> bool:
        """Read "from the left side to the right side of a rock" as passing it."""
        to_side = [other for other in self.clause.phrases if other.ground[-1].words in ("left side", "right side")]
        if phrase.preposition != "of" or len(to_side) < 2 or find_place(phrase.ground[0]) is not None:
            return False
        grounds = self._resolve(phrase.ground[0])
        if grounds:
            self._set_passing(self.ids, self.draft.add_mentions(grounds), self.motion.direction or 1)
        return bool(grounds)

    def _resolve_grounds(self, phrase: Phrase) -> list[Mention]:
        found: list[Mention] = []
        for noun in phrase.ground:
            if time := find_time_of_day(noun, phrase.preposition):
                self.draft.time = time
                continue
            place = find_place(noun)
            if place is None and (like := find_similar_place(noun, phrase.preposition)) is not None:
                self._set_place(like, weak=False)
            elif place is not None and phrase.preposition in PLACE_PREPOSITIONS:
                self._set_place(
                    place, weak=is_weak_place(noun) or phrase.preposition in ("from", "out of", "away from")
                )
            elif place is not None and not is_a(noun.words, "structure"):
                self._set_place(place, weak=True)  # "behind the mountain"
            elif (
                phrase.preposition not in _NO_ENTITY_PREPOSITIONS
            ):  # "to the left of a barn": the barn is a thing there
                found += self._resolve(noun)
        return found

    def _resolve_figures(self, phrase: Phrase, ground_ids: list[str]) -> list[str]:
        of_noun: list[str] = []
        if phrase.figure is not None and find_place(phrase.figure) is None:
            of_noun = self.draft.add_mentions(self._resolve(phrase.figure))
            listed = not self.clause.verb and phrase.figure in self.clause.subject
            if listed and phrase.preposition in RELATIONS and phrase is self.clause.phrases[0]:
                of_noun = list(self.ids)  # "three apples and two pears on a table"
        apart = [entity for entity in of_noun if entity not in ground_ids]
        return apart or [entity for entity in self.ids if entity not in ground_ids]

    def _read_comparison(self, figures: list[str], ground: str) -> None:
        words = {token.lower for token in self.clause.tokens}
        if words & BIGGER:
            self.draft.bigger += [(entity, ground) for entity in figures]
        elif words & SMALLER:
            self.draft.bigger += [(ground, entity) for entity in figures]

    def _set_passing(self, figures: list[str], grounds: list[str], direction: int) -> None:
        """Move figures past their grounds: "from the left of a dog to its right"."""
        x = 0.15 if direction > 0 else 0.85
        parts = self.draft.roles
        self.draft.passing.update(figures)
        for entity in figures:
            parts[entity].motion = replace(
                self.motion, path="cross", direction=direction, begin=(x, None), end=(1 - x, None)
            )
        for entity in grounds:
            parts[entity].motion = Motion(begin=(0.5, None))

    def _find_relation(self, phrase: Phrase, grounds: list[Mention]) -> RelationKind:
        kind = RELATIONS.get(phrase.preposition, "next to")
        if kind == "inside" and not can_contain(grounds[0]):
            return "next to"
        return "next to" if phrase.preposition == "over" and self.motion.path == "jump" else kind


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
BIGGER = split_words("bigger larger taller greater huger higher longer")
SMALLER = split_words("smaller tinier shorter littler lower")
STATE_ADJECTIVES = split_words(
    """visible invisible present absent gone alone ready able late early happy sad angry tired hungry thirsty afraid
    scared asleep awake hurt better best wrong right true sorry lost safe busy bored lonely surprised proud"""
)
"""Temporary states, which do not describe appearance."""
ARRIVAL_VERBS = split_words("reach enter cross visit leave climb explore approach find")
PERCEPTION_VERBS = split_words("see watch hear let make help find notice observe spot look")


@dataclass(slots=True)
class EntityRole:
    """The role of one entity in a scene."""

    mention: Mention
    copy: int
    motion: Motion = field(default_factory=Motion)
    target: str | None = None  # the entity it moves towards
    half: Literal["first", "second"] | None = None

    @property
    def id(self) -> str:
        """The entity's id."""
        return self.mention.member.ids[self.copy]


@dataclass(slots=True)
class SceneDraft:
    """A scene before its entities have boxes."""

    roles: dict[str, EntityRole] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    bigger: list[tuple[str, str]] = field(default_factory=list)  # (the bigger, the smaller)
    passing: set[str] = field(default_factory=set)  # entities that pass others, in front of them
    place: str = ""
    is_weak_place: bool = False  # the place is used only if no other is known
    time: str = ""  # of day: "at night"
    subject: list[Mention] = field(default_factory=list)  # of the last clause
    unseen_subject: str = ""  # the subject of the last clause that had one, in words, if it is not an entity
    pronouns: list[tuple[NounPhrase, list[Mention], Clause]] = field(default_factory=list)
    is_remark: bool = False  # it only describes appearance

    def add_mentions(self, mentions: list[Mention]) -> list[str]:
        """Add mentions to the scene, and return their entity ids."""
        for mention in mentions:
            for copy in mention.copies:
                part = EntityRole(mention, copy)
                self.roles.setdefault(part.id, part)
        return [entity for mention in mentions for entity in mention.ids]


def can_contain(ground: Mention) -> bool:
    """Return whether a thing can have another one inside."""
    nature, words = ground.member.traits, ground.member.words
    return nature.kind in ("vehicle", "building") or is_a(words, "container") or words in ("gift", "umbrella", "chair")
