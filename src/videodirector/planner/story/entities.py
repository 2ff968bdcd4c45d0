"""The entities of a story: their names, ids and appearance, as far as the story has described them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from videodirector.lexicon import Thing, Traits
from videodirector.planner.english import vocabulary as v
from videodirector.planner.english.clauses import NounPhrase, parse_clauses
from videodirector.planner.english.knowledge import find_thing, find_traits, is_person
from videodirector.planner.english.tagging import tag_words
from videodirector.planner.english.vocabulary import choose_article, lemmatise, split_words

__all__ = ["MAX_COPIES", "EntityRegister", "Mention", "RegisteredEntity"]

MAX_COPIES = 12
"""The most boxes that one noun phrase makes ("a hundred ducks")."""

_NOT_APPEARANCE = split_words(
    "first second third fourth fifth other same only next last lower upper various several such own"
)
_PERSON_TRAITS = Traits(kind="person", size=0.36, aspect=0.85, moves="walks")
_OBJECT_TRAITS = Traits(kind="object", size=0.28, aspect=0.9, moves="walks")


@dataclass(slots=True, eq=False)
class RegisteredEntity:
    """An entity of the story, or several alike: ``ids`` has one for each copy.

    Attributes:
        name: the group they form in the plan.
        words: what it is, without its colour: "car"; for somebody known by a name alone, that name.
        first_name: the name of its first mention, before its appearance was described.
        thing: its entry in the lexicon, if it has one.
        adjectives: of its appearance.
        attire: what it wears or carries, as phrases.
        scale: factor on its natural size.
        last_clause: number of the clause that mentioned it last; -1 at first.
        was_subject: whether it was the subject there.
        proper: whether only its name is known, not what it is.
        introduced: the user's description, if it is of the request's cast; name and description are then kept.
        pronoun: "he", "she" or "it", once the story has used it.
    """

    name: str
    words: str
    first_name: str
    thing: Thing | None
    ids: list[str]
    adjectives: list[str] = field(default_factory=list)
    attire: list[str] = field(default_factory=list)
    scale: float = 1.0
    last_clause: int = -1
    was_subject: bool = False
    proper: bool = False
    introduced: str | None = None
    pronoun: str = ""

    @property
    def is_person(self) -> bool:
        """Whether "he" or "she" refers to it."""
        return self.proper or is_person(self.words)

    @property
    def traits(self) -> Traits:
        """Its size and way of moving."""
        if self.proper:
            return _PERSON_TRAITS
        return self.thing or find_traits(self.words) or (_PERSON_TRAITS if self.is_person else _OBJECT_TRAITS)

    @property
    def description(self) -> str:
        """A noun phrase with its whole appearance."""
        if self.introduced:
            return self.introduced
        looks = [word for word in self.adjectives if word not in self.name.split()]
        text = " ".join([*looks, self.name])
        if self.name != self.name.lower():  # somebody's name, and what it is: "Tom, a small boy"
            kind = " ".join([*looks, self.words])
            said = self.proper or self.words in self.name.lower().split()
            phrase = text if said else f"{self.name}, {choose_article(kind)} {kind}"
        elif self.thing is not None and self.thing.kind == "sky" and self.name in ("sun", "moon"):
            phrase = f"the {text}"
        else:
            phrase = f"{choose_article(text)} {text}"
        return " ".join([phrase, *self.attire])


@dataclass(frozen=True, slots=True)
class Mention:
    """Some copies of one member."""

    member: RegisteredEntity
    copies: tuple[int, ...]

    @property
    def ids(self) -> list[str]:
        """The entity ids of these copies."""
        return [self.member.ids[copy] for copy in self.copies]


def mention_all(member: RegisteredEntity) -> Mention:
    """Return all copies of a member."""
    return Mention(member, tuple(range(len(member.ids))))


class EntityRegister:
    """The entities named so far, in order of appearance."""

    def __init__(self) -> None:
        self.members: list[RegisteredEntity] = []
        self.unknown: dict[str, None] = {}  # names without a picture in the lexicon, in order
        self.crowds: dict[str, int] = {}  # names of which the story has more than are shown
        self._by_name: dict[str, RegisteredEntity] = {}
        self._by_word: dict[str, list[RegisteredEntity]] = {}  # by the last word of what they are
        self._ids: set[str] = set()

    def introduce(self, name: str, description: str) -> None:
        """Register an entity before the story begins.

        Args:
            name: as the story calls it; the plan calls it the same.
            description: how it looks; its first noun says what it is ("a girl in a red coat").
        """
        looks = next((noun for noun in _parse_nouns(description) if not noun.pronoun), None)
        low = name.lower()
        kind = looks.words if looks is not None else low
        member = self._register(low, kind, 1)
        member.name = member.first_name = name
        member.introduced = description
        if looks is not None:
            self.add_adjectives(member, looks.adjectives)
        single = lemmatise(low.rsplit(maxsplit=1)[-1], "NOUN") if low.split() else low
        self._by_name.setdefault(" ".join([*low.split()[:-1], single]), member)
        if member.thing is not None:
            self.unknown.pop(low, None)

    def recolour(self, member: RegisteredEntity, adjectives: list[str]) -> None:
        """Add what is said of an entity's appearance after it was named: "It is red." """
        self.add_adjectives(member, tuple(adjectives))
        colour = next((adjective for adjective in adjectives if adjective in v.COLOURS), "")
        name = f"{colour} {member.words}"
        plain = member.introduced is None and not member.proper and member.name == member.words
        if colour and plain and name not in self._by_name:
            self._by_name[name] = member
            member.name = name

    def specify_kind(self, member: RegisteredEntity, words: str) -> None:
        """Set what an entity known by name is: "Lily was a small girl." """
        if member.proper and member.introduced is None:
            member.words, member.proper, member.thing = words, False, find_thing(words)
            self._by_word.setdefault(words.rpartition(" ")[2], []).append(member)

    @staticmethod
    def add_adjectives(member: RegisteredEntity, adjectives: tuple[str, ...]) -> None:
        """Add adjectives to an entity's appearance."""
        for adjective in adjectives:
            if adjective not in _NOT_APPEARANCE and adjective not in member.adjectives and len(member.adjectives) < 6:
                member.adjectives.append(adjective)
                member.scale *= v.LARGER.get(adjective, 1.0) * v.SMALLER.get(adjective, 1.0)

    def add_kind(self, member: RegisteredEntity, word: str) -> None:
        """Let a word of what it is refer to an entity too: Max is one of "the twins"."""
        kin = self._by_word.setdefault(word, [])
        if member not in kin:
            kin.append(member)

    def find_by_name(self, name: str) -> RegisteredEntity | None:
        """Return the entity of exactly this name."""
        return self._by_name.get(name)

    def add_name(self, member: RegisteredEntity, name: str) -> None:
        """Add a name for an entity."""
        self._by_name.setdefault(name, member)

    def find_by_word(self, word: str) -> list[RegisteredEntity]:
        """Return the entities of a kind, whatever their colour: the red car and the blue car for "car"."""
        return self._by_word.get(word, [])

    def _register(self, name: str, words: str, count: int, *, proper: str = "") -> RegisteredEntity:
        """Register a new entity; ``proper`` is its name as written, if it has one."""
        slug = self._choose_free_id(_slugify(name) or f"thing-{len(self.members) + 1}", several=count > 1)
        ids = [slug] if count == 1 else [f"{slug}-{number}" for number in range(1, count + 1)]
        self._ids.update(ids, [slug])
        thing = find_thing(words)
        nature = thing or (find_traits(words) if is_person(words) or words != name else None)
        known = nature is not None and nature.kind in ("person", "animal", "vehicle")
        shown = proper or name
        member = RegisteredEntity(
            name=shown, words=words, first_name=shown, thing=thing, ids=ids, proper=bool(proper) and not known
        )
        self.members.append(member)
        self._by_name[name] = member
        self._by_word.setdefault(words.rpartition(" ")[2], []).append(member)
        if thing is None:
            self.unknown[shown] = None
        return member

    def _add_copy(self, member: RegisteredEntity) -> None:
        if len(member.ids) >= MAX_COPIES:
            return
        stem = re.sub(r"-1$", "", member.ids[0]) if len(member.ids) > 1 else member.ids[0]
        number = len(member.ids) + 1
        while f"{stem}-{number}" in self._ids:
            number += 1
        member.ids.append(f"{stem}-{number}")
        self._ids.add(member.ids[-1])

    def _choose_free_id(self, slug: str, *, several: bool) -> str:
        candidate, number = slug, 2
        while candidate in self._ids or (several and f"{candidate}-1" in self._ids):
            candidate, number = f"{slug}-{number}", number + 1
        return candidate


def _parse_nouns(text: str) -> list[NounPhrase]:
    """Return the noun phrases of a description, in order."""
    found = parse_clauses(tag_words(text, lambda word: find_thing(word) is not None))
    return [noun for clause in found for noun in clause.list_noun_phrases()]


def _slugify(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()  # "rémi" is remi
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-")
