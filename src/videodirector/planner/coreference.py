"""Who is meant: the cast of a story, and which of them a noun phrase or a pronoun names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from videodirector.lexicon import Thing, things
from videodirector.planner import vocabulary as v
from videodirector.planner.grammar import NounPhrase, clauses
from videodirector.planner.tagging import tag
from videodirector.planner.vocabulary import article, lemma, word_set

__all__ = ["MOST_COPIES", "Cast", "Member", "Mention", "thing_called"]

MOST_COPIES = 12
"""The most boxes that one noun phrase makes ("a hundred ducks")."""

_SHE = frozenset(
    """girl woman princess queen witch mother mom mum daughter sister wife lady grandmother grandma granny old_woman
    fairy schoolgirl actress waitress nurse hen cow""".replace("_", " ").split()
)
_HE = word_set("boy man king prince father dad son brother husband gentleman grandfather wizard rooster bull")

# Words for a class of things; "the bird" may be the owl that was named before.
_CLASSES: Mapping[str, frozenset[str]] = {
    "bird": word_set("bird owl eagle duck rooster penguin"),
    "insect": frozenset(["butterfly", "bee", "snail"]),
    "toy": frozenset(["teddy bear", "ball", "kite", "balloon"]),
    "fruit": frozenset(["apple", "banana"]),
    "fish": frozenset(["fish", "goldfish", "shark"]),
    "boat": frozenset(["boat", "ship"]),
    "building": frozenset(["house", "castle", "tent"]),
    "reptile": frozenset(["turtle", "snake", "dinosaur"]),
}
_KINDS: Mapping[str, str] = (
    dict.fromkeys(["animal", "creature", "beast", "pet"], "animal")
    | dict.fromkeys(word_set("person child kid human people guy hero friend stranger"), "person")
    | {"vehicle": "vehicle", "plant": "plant", "food": "food"}
)


@lru_cache(maxsize=1)
def _names() -> dict[str, Thing]:
    names = {name: thing for thing in things().values() for name in thing.synonyms}
    return names | dict(things())


@lru_cache(maxsize=4096)
def thing_called(words: str) -> Thing | None:
    """The thing that can be drawn of this name: the whole name, or else its last words ("toy car": a car)."""
    parts = words.split()
    return next((found for start in range(len(parts)) if (found := _names().get(" ".join(parts[start:])))), None)


@dataclass(slots=True, eq=False)
class Member:
    """One of the cast, or several alike: `ids` has one for each copy.

    Attributes:
        name: the group they form in the plan.
        words: the name without its colour.
        called: the name by which it came in, before more was said of its looks.
        thing: what the world knows of it, if anything.
        adjectives: all that was said of its looks.
        scale: natural size times this.
        seen: number of the clause that mentioned it last; -1 at first.
        leading: whether it was the subject there.
        introduced: its description, when the user named it before the story began; it keeps name and description.
    """

    name: str
    words: str
    called: str
    thing: Thing | None
    ids: list[str]
    adjectives: list[str] = field(default_factory=list)
    scale: float = 1.0
    seen: int = -1
    leading: bool = False
    introduced: str | None = None

    @property
    def person(self) -> bool:
        """Whether it is spoken of as he or she."""
        return (self.thing is not None and self.thing.kind == "person") or bool({self.words.split()[-1]} & (_HE | _SHE))

    @property
    def description(self) -> str:
        """An indefinite noun phrase with all its adjectives."""
        if self.introduced:
            return self.introduced
        text = " ".join([*(word for word in self.adjectives if word not in self.name.split()), self.name])
        if self.thing is not None and self.thing.kind == "sky" and self.name in ("sun", "moon"):
            return f"the {text}"
        return f"{article(text)} {text}"


@dataclass(frozen=True, slots=True)
class Mention:
    """Some copies of one member."""

    member: Member
    copies: tuple[int, ...]

    @property
    def ids(self) -> list[str]:
        """The entity ids of these copies."""
        return [self.member.ids[copy] for copy in self.copies]


class Cast:
    """Everybody named so far, in order of appearance; with `known_only`, strange nouns name nobody."""

    def __init__(self, *, known_only: bool = False) -> None:
        self._known_only = known_only
        self.members: list[Member] = []
        self.unknown: dict[str, None] = {}  # names that cannot be drawn, in order
        self.crowds: dict[str, int] = {}  # names of which more were asked than are shown
        self._by_name: dict[str, Member] = {}
        self._ids: set[str] = set()
        self._recent: list[Member] = []  # the latest last; short
        self._pair: list[Mention] = []  # whom "they" means
        self._one: Mention | None = None  # whom "the other" is not
        self.clause = 0

    def resolve(self, noun: NounPhrase, *, subject: bool, apart: list[Mention] | None = None) -> list[Mention]:
        """The cast members that a noun phrase means; new ones join the cast. Empty for what is no thing to be drawn.

        Args:
            noun: the noun phrase.
            subject: whether it is the subject of its clause; pronouns favour the subject of the clause before.
            apart: those whom a pronoun cannot mean: the subject, when the object is resolved.
        """
        found = self._pronoun(noun, apart or []) if noun.pronoun else self._named(noun)
        for mention in found:
            member = mention.member
            member.leading = subject or (member.seen == self.clause and member.leading)
            member.seen = self.clause
            if member in self._recent:
                self._recent.remove(member)
            self._recent.append(member)
        del self._recent[:-8]
        return found

    def introduce(self, name: str, description: str) -> None:
        """Makes somebody known before the story begins.

        Args:
            name: as the story calls it; the plan calls it the same.
            description: how it looks; its first noun says what it is ("a girl in a red coat").
        """
        looks = next((noun for noun in _nouns(description) if not noun.pronoun), None)
        kind = looks.words if looks is not None else name.lower()
        low = name.lower()
        member = self._join(low, kind, thing_called(kind) or thing_called(low), 1)
        member.name = member.called = name
        member.introduced = description
        if looks is not None:
            self._describe(member, looks)
        single = lemma(low.rsplit(maxsplit=1)[-1], "NOUN") if low.split() else low
        self._by_name.setdefault(" ".join([*low.split()[:-1], single]), member)
        if member.thing is not None:
            self.unknown.pop(low, None)

    def together(self, mentions: list[Mention]) -> None:
        """Notes who appears together in a clause: "they" may mean them all."""
        if sum(len(mention.copies) for mention in mentions) > 1:
            self._pair = list(mentions)

    # -- pronouns

    def _pronoun(self, noun: NounPhrase, apart: list[Mention]) -> list[Mention]:
        if noun.determiner == "each":
            return []
        word = noun.pronoun.removesuffix("self").removesuffix("selves")
        if noun.pronoun.endswith(("self", "selves")) or word in ("you", "everyone", "everybody", "nobody", "anyone"):
            return []
        if word in ("i", "we", "someone", "somebody"):
            return self._named(NounPhrase(words="person", surface="person", determiner="the"))
        if word in ("they", "them", "others") or noun.count:
            return [] if apart and {m.member for m in self._pair} <= {m.member for m in apart} else list(self._pair)
        if word in ("other", "another"):
            return self._the_other()
        if word == "one":
            return self._one_of(self._pair[0]) if self._pair else []
        if word not in ("it", "he", "him", "she", "her"):
            return []
        excluded = {mention.member for mention in apart}
        candidates = [member for member in reversed(self._recent) if member not in excluded]
        fitting = [member for member in candidates if _fits(member, word)] or [
            member for member in candidates if not member.person or word != "it"
        ]
        fitting = [member for member in fitting if len(member.ids) == 1] or fitting
        if not fitting:
            return []
        # The subject of the latest clause that named any of them.
        latest = max(member.seen for member in fitting)
        leading = [member for member in fitting if member.seen == latest and member.leading]
        chosen = leading[0] if leading else fitting[0]
        return [Mention(chosen, tuple(range(len(chosen.ids))))]

    def _one_of(self, mention: Mention) -> list[Mention]:
        self._one = Mention(mention.member, mention.copies[:1])
        return [self._one]

    def _the_other(self) -> list[Mention]:
        if self._one is not None and len(self._one.member.ids) > 1:
            member = self._one.member
            rest = tuple(copy for copy in range(len(member.ids)) if copy not in self._one.copies)
            return [Mention(member, rest)]
        return [mention for mention in self._pair if self._one is None or mention.member is not self._one.member][-1:]

    # -- names

    def _named(self, noun: NounPhrase) -> list[Mention]:
        words = noun.words
        if words in ("people", "folk", "crowd"):
            words, noun.plural = "person", True
        last = words.split()[-1] if words else ""
        thing = thing_called(words)
        if noun.adjectives and words:
            # "old man", "hot air balloon": an adjective that makes it another thing belongs to the name.
            longer = f"{noun.adjectives[-1]} {words}"
            if (other := thing_called(longer)) is not None and other is not thing:
                words, thing = longer, other
        abstract = last in v.ABSTRACT and (thing is None or thing.name != words)
        if not words or abstract or (self._known_only and thing is None):
            return []
        colour = next((adjective for adjective in noun.adjectives if adjective in v.COLOURS), "")
        name = f"{colour} {words}" if colour else words
        member = self._known(noun, name, words, thing)
        count = min(noun.count or (3 if noun.plural else 1), MOST_COPIES)
        if noun.count and noun.count > MOST_COPIES:
            self.crowds[name] = noun.count
        if member is None:
            member = self._join(name, words, thing, count)
        elif noun.determiner == "another" or "second" in noun.adjectives:
            if self._one is not None and self._one.member is member and len(member.ids) > 1:
                return self._the_other()
            self._copy(member)
            return [Mention(member, (len(member.ids) - 1,))]
        elif noun.count is not None or (noun.plural and noun.determiner not in ("the", "these", "those")):
            while len(member.ids) < count:
                self._copy(member)
        self._describe(member, noun)
        if noun.alias:
            self._by_name.setdefault(noun.alias, member)
        if noun.count == 1 and len(member.ids) > 1:
            return self._one_of(Mention(member, tuple(range(len(member.ids)))))
        copies = count if noun.count else len(member.ids) if noun.plural else 1
        return [Mention(member, tuple(range(min(copies, len(member.ids)))))]

    def _known(self, noun: NounPhrase, name: str, words: str, thing: Thing | None) -> Member | None:
        if name in self._by_name:
            return self._by_name[name]
        if noun.determiner in ("a", "an", "another", "some") or noun.count:
            return None
        last = words.rsplit(maxsplit=1)[-1]
        for member in reversed(self.members[-200:]):
            if name != words and member.name != member.words:
                continue  # another colour is another thing
            same = member.words.split()[-1] == last or (thing is not None and member.thing is thing)
            if same or self._of_class(member, words):
                return member
        return None

    @staticmethod
    def _of_class(member: Member, word: str) -> bool:
        if member.thing is None:
            return False
        return member.thing.name in _CLASSES.get(word, ()) or member.thing.kind == _KINDS.get(word)

    def _join(self, name: str, words: str, thing: Thing | None, count: int) -> Member:
        slug = self._free(_slug(name) or f"thing-{len(self.members) + 1}", several=count > 1)
        ids = [slug] if count == 1 else [f"{slug}-{number}" for number in range(1, count + 1)]
        self._ids.update(ids, [slug])
        member = Member(name=name, words=words, called=name, thing=thing, ids=ids)
        self.members.append(member)
        self._by_name[name] = member
        if thing is None:
            self.unknown[name] = None
        return member

    def _copy(self, member: Member) -> None:
        if len(member.ids) >= MOST_COPIES:
            return
        stem = re.sub(r"-1$", "", member.ids[0]) if len(member.ids) > 1 else member.ids[0]
        number = len(member.ids) + 1
        while f"{stem}-{number}" in self._ids:
            number += 1
        member.ids.append(f"{stem}-{number}")
        self._ids.add(member.ids[-1])

    def _free(self, slug: str, *, several: bool) -> str:
        candidate, number = slug, 2
        while candidate in self._ids or (several and f"{candidate}-1" in self._ids):
            candidate, number = f"{slug}-{number}", number + 1
        return candidate

    def recolour(self, member: Member, adjectives: list[str]) -> None:
        """Takes up what is said of a member's looks after it was named: "It is red." """
        self._describe(member, NounPhrase(adjectives=tuple(adjectives)))
        colour = next((adjective for adjective in adjectives if adjective in v.COLOURS), "")
        if (
            colour
            and member.introduced is None
            and member.name == member.words
            and f"{colour} {member.words}" not in self._by_name
        ):
            self._by_name.setdefault(f"{colour} {member.words}", member)
            member.name = f"{colour} {member.words}"

    @staticmethod
    def _describe(member: Member, noun: NounPhrase) -> None:
        for adjective in noun.adjectives:
            if adjective in ("first", "second", "third", "other", "same", "only", "next", "last", "lower", "upper"):
                continue
            if adjective not in member.adjectives and len(member.adjectives) < 6:
                member.adjectives.append(adjective)
                member.scale *= v.LARGER.get(adjective, 1.0) * v.SMALLER.get(adjective, 1.0)


def _nouns(text: str) -> list[NounPhrase]:
    """The noun phrases of a description, in order."""
    found = clauses(tag(text, lambda word: thing_called(word) is not None))
    return [noun for clause in found for noun in clause.noun_phrases()]


def _fits(member: Member, word: str) -> bool:
    last = {member.words.split()[-1], member.words}
    if word == "it":
        return not member.person
    if word in ("he", "him"):
        return member.person and not last & _SHE
    return member.person and not last & _HE


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()  # "rémi" is remi
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-")
