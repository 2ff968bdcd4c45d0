"""Coreference resolution: the entities that noun phrases and pronouns refer to."""

from __future__ import annotations

from collections.abc import Iterable

from videodirector.planner.english import vocabulary as v
from videodirector.planner.english.clauses import NounPhrase
from videodirector.planner.english.knowledge import find_thing, infer_gender, is_a, is_person, is_visible
from videodirector.planner.english.vocabulary import split_words
from videodirector.planner.story.entities import MAX_COPIES, EntityRegister, Mention, RegisteredEntity, mention_all

__all__ = ["CoreferenceResolver"]

_CROWDS = frozenset(["people", "folk", "crowd"])
_DEFINITE = frozenset(["the", "this", "that", "these", "those", "both", "all"])
_KIN = split_words("mother father mom dad mum mama papa parent brother sister sibling baby cub")
_ALIVE = frozenset(["person", "animal"])


class CoreferenceResolver(EntityRegister):
    """Resolves references to the entities named so far; with ``known_only``, unknown nouns are ignored."""

    def __init__(self, *, known_only: bool = False) -> None:
        super().__init__()
        self._known_only = known_only
        self._recent: list[RegisteredEntity] = []  # the latest last; short
        self._subject: list[Mention] = []  # of the latest clause that named anybody
        self._direct: list[Mention] = []  # objects of the same
        self._others: list[Mention] = []  # of its phrases
        self._one: Mention | None = None  # the mention that "the other" excludes
        self._picked: dict[tuple[int, str], int] = {}  # which copy of a member "the big one" is
        self.clause = 0

    def resolve(self, noun: NounPhrase, *, subject: bool, apart: list[Mention] | None = None) -> list[Mention]:
        """Return the entities that a noun phrase refers to, registering new ones; none if it names nothing visible.

        Args:
            noun: the noun phrase.
            subject: whether it is the subject of its clause; pronouns favour the subject of the clause before.
            apart: those whom a pronoun cannot mean: the subject, when the object is resolved.
        """
        found = self._resolve_pronoun(noun, apart or []) if noun.pronoun else self._resolve_named(noun)
        for mention in found:
            member = mention.member
            member.was_subject = subject or (member.last_clause == self.clause and member.was_subject)
            member.last_clause = self.clause
            if member in self._recent:
                self._recent.remove(member)
            self._recent.append(member)
        del self._recent[:-8]
        return found

    def remember_clause(self, subject: list[Mention], direct: list[Mention], others: list[Mention]) -> None:
        """Remember the mentions of a clause by role, for the pronouns of the next one."""
        if subject or direct or others:
            self._subject = list(subject)
            self._direct = [mention for mention in direct if mention not in subject]
            self._others = [mention for mention in others if mention not in (*subject, *direct)]

    # -- pronouns

    def _resolve_pronoun(self, noun: NounPhrase, apart: list[Mention]) -> list[Mention]:
        word = noun.pronoun.removesuffix("self").removesuffix("selves")
        if noun.determiner in ("each", "no") or noun.pronoun.endswith(("self", "selves")):
            return []
        if word in ("you", "everyone", "everybody", "nobody", "anyone", "nothing"):
            return []
        if word in ("i", "we", "someone", "somebody"):
            return self._resolve_named(NounPhrase(words="person", surface="person", determiner="the"))
        if word == "others" and self._one is not None and len(self._one.member.ids) > 1:
            return self._resolve_other()
        if word == "more":
            return self._mention_more(noun.count or 1)
        if word in ("they", "them", "others", "both") or (noun.count and word != "one"):
            return self._resolve_plural({mention.member for mention in apart})
        if word == "one" and noun.determiner in _DEFINITE and noun.adjectives and (found := self._find_by_colour(noun)):
            return found
        if word == "one" and noun.determiner in _DEFINITE and noun.adjectives and (found := self._pick_copy(noun)):
            return found
        if word == "one" and (noun.adjectives or noun.determiner in ("a", "an", "another")):
            return self._mention_another(noun)
        if word == "one":
            return self._pick_one(next((mention for mention in self._list_latest() if len(mention.copies) > 1), None))
        if word in ("other", "another"):
            return self._resolve_other()
        return self._resolve_singular(word, apart) if word in ("it", "he", "him", "she", "her") else []

    def _list_latest(self) -> list[Mention]:
        """Return all mentions of the latest clause, objects first."""
        return [*self._direct, *self._others, *self._subject]

    def _resolve_plural(self, apart: set[RegisteredEntity]) -> list[Mention]:
        """Resolve "they": the plural mention of the latest clause if there is one, or else all of its mentions."""
        latest = [mention for mention in (*self._subject, *self._direct, *self._others) if mention.member not in apart]
        alive = [mention for mention in latest if _is_alive(mention.member)]
        if sum(len(mention.copies) for mention in alive) > 1:
            latest = alive  # "the squirrel gives him a nut, and they share it"
        plural = [mention for mention in latest if len(mention.copies) > 1]
        leading = [mention for mention in self._subject if mention in latest]
        if not apart and sum(len(mention.copies) for mention in leading) > 1:
            return leading
        if plural:
            return plural[:1]
        lately = self.clause - 3
        people = [
            m for m in self._recent if m.is_person and m not in apart and m.last_clause >= lately and len(m.ids) == 1
        ]
        if len(people) > 1 and any(not mention.member.is_person for mention in latest):
            return [mention_all(member) for member in people[-3:]]  # "Ben catches a fish. They laugh."
        if sum(len(mention.copies) for mention in latest) > 1:
            return latest
        lately_alive = [
            m for m in self._recent if _is_alive(m) and m not in apart and m.last_clause >= lately and len(m.ids) == 1
        ]
        if len(lately_alive) > 1:
            return [mention_all(member) for member in lately_alive[-3:]]  # "The fox runs. The owl flies. They meet."
        several = [member for member in reversed(self._recent) if len(member.ids) > 1 and member not in apart]
        if several:
            return [mention_all(several[0])]
        return latest or [mention for mention in self._subject if mention.member.is_person]

    def _resolve_singular(self, word: str, apart: list[Mention]) -> list[Mention]:
        """Resolve "it", "he" or "she": a subject refers to the subject before, an object to the object."""
        excluded = {mention.member for mention in apart}
        if apart:  # it is an object here: not what this clause has named already, and the latest object rather
            excluded |= {member for member in self._recent if member.last_clause == self.clause}
            alive = [mention for mention in self._subject if mention.member.traits.kind == "animal"]
            for mention in (*self._direct, *alive, *self._others):
                if mention.member not in excluded and _fits_pronoun(mention.member, word) and len(mention.copies) == 1:
                    return [mention]
        candidates = [member for member in reversed(self._recent) if member not in excluded]
        fitting = [member for member in candidates if _fits_pronoun(member, word)]
        others = [
            m for m in candidates if word != "it" and not _contradicts_gender(m, word) and m.traits.kind in _ALIVE
        ]
        others = others or [member for member in candidates if word != "it" and not _contradicts_gender(member, word)]
        single = [member for member in fitting if len(member.ids) == 1]
        gendered = [member for member in single if member.pronoun or infer_gender(member.words)]
        if word != "it" and gendered and max(member.last_clause for member in gendered) >= self.clause - 4:
            single = gendered  # those referred to as "she" before
        fitting = single or [member for member in others if len(member.ids) == 1] or fitting or others
        if not fitting:
            stranger = {"he": "man", "she": "woman"}.get(word, "") if not apart else ""
            return (
                self._resolve_named(NounPhrase(words=stranger, surface=stranger, determiner="the")) if stranger else []
            )
        latest = max(member.last_clause for member in fitting)
        leading = [member for member in fitting if member.last_clause == latest and member.was_subject]
        found = leading[0] if leading else fitting[0]
        found.pronoun = {"him": "he", "her": "she"}.get(word, word)
        return [mention_all(found)]

    def _pick_one(self, mention: Mention | None) -> list[Mention]:
        if mention is None:
            return []
        self._one = Mention(mention.member, mention.copies[:1])
        return [self._one]

    def _mention_more(self, count: int) -> list[Mention]:
        """Resolve "six more": add copies of the entity mentioned last."""
        before = next((mention.member for mention in self._list_latest() if len(mention.copies) > 1), None)
        if before is None:
            return []
        had = len(before.ids)
        for _ in range(count):
            self._add_copy(before)
        return [Mention(before, tuple(range(had, len(before.ids))))] if len(before.ids) > had else []

    def _pick_copy(self, noun: NounPhrase) -> list[Mention]:
        """Resolve "the big one", "the second one": one copy of several."""
        several = next((m for m in reversed(self._recent) if len(m.ids) > 1), None)
        if several is None:
            return []
        word = noun.adjectives[-1]
        if word == "last":
            copy = len(several.ids) - 1
        elif word in v.ORDINALS:
            copy = v.ORDINALS[word]
        else:
            taken = {place for (member, _), place in self._picked.items() if member == id(several)}
            free = next((place for place in range(len(several.ids)) if place not in taken), 0)
            copy = self._picked.setdefault((id(several), word), free)
        if copy >= len(several.ids):
            return []
        self._one = Mention(several, (copy,))
        return [self._one]

    def _find_by_colour(self, noun: NounPhrase) -> list[Mention]:
        """Resolve "the red one": the latest entity with these adjectives."""
        for member in reversed(self.members[-40:]):
            if set(noun.adjectives) <= {*member.adjectives, *member.name.split()}:
                return [mention_all(member)]
        return []

    def _mention_another(self, noun: NounPhrase) -> list[Mention]:
        """Resolve "a bigger one": another entity of the kind mentioned last."""
        before = next((mention.member for mention in self._list_latest() if not mention.member.is_person), None)
        if before is None:
            return []
        return self._resolve_named(NounPhrase(words=before.words, surface=before.words, determiner="another",
                                      adjectives=noun.adjectives, start=noun.start))  # fmt: skip

    def _resolve_other(self) -> list[Mention]:
        if self._one is not None and len(self._one.member.ids) > 1:
            member = self._one.member
            rest = tuple(copy for copy in range(len(member.ids)) if copy not in self._one.copies)
            return [Mention(member, rest)]
        latest = [*self._subject, *self._direct, *self._others]
        return [mention for mention in latest if self._one is None or mention.member is not self._one.member][-1:]

    # -- names

    def _resolve_named(self, noun: NounPhrase) -> list[Mention]:
        words = self._extract_words(noun)
        if not words:
            return []
        colour = next((adjective for adjective in noun.adjectives if adjective in v.COLOURS), "")
        name = f"{colour} {words}" if colour else words
        plural = noun.plural or noun.words in _CROWDS
        asked = noun.count or (2 if noun.determiner == "both" else None)
        if asked and asked > MAX_COPIES:
            self.crowds[name] = asked
        count = min(asked or (3 if plural else 1), MAX_COPIES)
        definite = noun.determiner in _DEFINITE
        if (plural or asked) and not colour and definite and len(kin := self._find_group(noun, words, asked)) > 1:
            self._one = None
            return [mention_all(member) for member in kin][:asked]
        member = self._find_entity(noun, name, words)
        if member is None:
            member = self._add_entity(noun, name, words, count)
        elif noun.determiner == "another" or "second" in noun.adjectives:
            if member.name != member.words and not member.proper and not colour and len(member.ids) == 1:
                member = self._add_entity(noun, name, words, count)  # "the first car is red, the second car is blue"
                return [mention_all(member)]
            return self._mention_one_more(member)
        elif asked is not None or (plural and not definite):
            while len(member.ids) < count:
                self._add_copy(member)
        self.add_adjectives(member, noun.adjectives)
        if noun.alias:
            self.add_name(member, noun.alias.lower())
            member.first_name = noun.alias if member.introduced is None else member.first_name
        if asked == 1 and len(member.ids) > 1:
            return self._pick_one(mention_all(member))
        copies = count if asked else len(member.ids) if plural else 1
        return [Mention(member, tuple(range(min(copies, len(member.ids)))))]

    def _extract_words(self, noun: NounPhrase) -> str:
        """Return the name in a noun phrase, in lower case; empty if it names nothing visible."""
        words = "person" if noun.words in _CROWDS else noun.words.lower()
        if not words or noun.determiner == "no":
            return ""
        if noun.proper:
            return "" if self._known_only and find_thing(words) is None else words
        if words in _KIN and (noun.possessor is not None or noun.determiner in v.PRONOUN_BY_POSSESSIVE):
            owner = self._resolve_owner(noun)
            if owner is not None and owner.traits.kind == "animal" and not is_person(owner.words):
                return f"{words} {owner.thing.name if owner.thing else owner.words}"  # a cub's mother is a fox
        if noun.adjectives:
            # "old man", "hot air balloon": an adjective that makes it another thing belongs to the name.
            longer = f"{noun.adjectives[-1]} {words}"
            other = find_thing(longer)
            if (other is not None and other is not find_thing(words)) or (not is_visible(words) and is_visible(longer)):
                words = longer
        strange = self._known_only and find_thing(words) is None
        return "" if strange or not is_visible(words) else words

    def _resolve_owner(self, noun: NounPhrase) -> RegisteredEntity | None:
        """Resolve the possessor of a relative: whose mother or brother it is."""
        if noun.possessor is not None:
            found = self.resolve(noun.possessor, subject=False)
        elif noun.determiner == "their":
            found = self._resolve_plural(set())
        else:
            found = self._resolve_singular(v.PRONOUN_BY_POSSESSIVE[noun.determiner], [])
        return found[0].member if found else None

    def _find_group(self, noun: NounPhrase, words: str, asked: int | None) -> list[RegisteredEntity]:
        """Resolve "the two cars" to the red one and the blue one, "the children" to Mia and Ben."""
        kin = self._find_kin(words)
        if len(kin) > 1 or self.find_by_name(words) is not None:
            return kin
        crew = [m for m in self._recent if len(m.ids) == 1 and self._can_be_called(m, words, noun)]
        return crew if asked in (None, len(crew)) else kin

    def _find_kin(self, words: str) -> list[RegisteredEntity]:
        return [member for member in self.find_by_word(words.rpartition(" ")[2]) if member.words.endswith(words)]

    def _mention_one_more(self, member: RegisteredEntity) -> list[Mention]:
        if self._one is not None and self._one.member is member and len(member.ids) > 1:
            return self._resolve_other()
        self._add_copy(member)
        return [Mention(member, (len(member.ids) - 1,))]

    def _add_entity(self, noun: NounPhrase, name: str, low: str, count: int) -> RegisteredEntity:
        if not noun.proper:
            member = self._register(name, low, count)
            if low.partition(" ")[0] in _KIN:
                self.add_kind(member, low.partition(" ")[0])  # the fox's mother is "the mother"
            return member
        first, _, last = low.rpartition(" ")
        animal = find_thing(last) if first else None
        kind = noun.kind or next((word for word in first.split() if is_person(word) and not animal), "")
        kind = kind or (last if animal is not None and animal.kind == "animal" else low)
        member = self._register(name, kind, 1, proper=noun.words)
        if first:
            self.add_name(member, last)  # Captain Hook is Hook
            if animal is not None:
                self.add_name(member, first)  # Peter Rabbit is Peter
        return member

    def _find_entity(self, noun: NounPhrase, name: str, words: str) -> RegisteredEntity | None:
        if (member := self.find_by_name(name)) is not None:
            return member
        if noun.proper or noun.determiner in ("a", "an", "another", "some") or noun.count:
            return None
        last = words.rsplit(maxsplit=1)[-1]
        coloured = name != words
        for member in self._iter_candidates(last):
            if noun.plural and len(member.ids) == 1 and not member.words.endswith(words):
                continue  # one of them is not "the children"
            if coloured and (member.name != member.words or len(member.ids) > 1):
                continue  # another colour is another thing, and one of many is one by itself
            if (
                member in self.find_by_word(words)
                or member.words.endswith(words)
                or member.words == words.partition(" ")[0]
            ):
                return member
            if self._can_be_called(member, words, noun):
                return member
        return None

    def _iter_candidates(self, last: str) -> Iterable[RegisteredEntity]:
        """Yield the entities of the same word, then those mentioned lately."""
        yield from reversed(self.find_by_word(last))
        yield from reversed(self.members[-40:])

    @staticmethod
    def _can_be_called(member: RegisteredEntity, words: str, noun: NounPhrase) -> bool:
        if noun.determiner not in _DEFINITE:
            return False
        if member.proper:  # Mia may turn out to be "the girl"
            return is_person(words) and noun.determiner == "the" and member.last_clause >= 0
        same = member.thing is not None and member.thing is find_thing(words) and " " not in words
        return same or is_a(member.words, words)


def _is_alive(member: RegisteredEntity) -> bool:
    return member.is_person or member.traits.kind in _ALIVE


def _fits_pronoun(member: RegisteredEntity, word: str) -> bool:
    if word == "it":
        return not member.is_person and member.pronoun not in ("he", "she")
    return (member.is_person or member.pronoun in ("he", "she")) and not _contradicts_gender(member, word)


def _contradicts_gender(member: RegisteredEntity, word: str) -> bool:
    """Return whether a pronoun has the other gender."""
    return (member.pronoun or infer_gender(member.words)) == ("she" if word in ("he", "him") else "he")
