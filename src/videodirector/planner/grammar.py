"""A shallow grammar of English: sentence -> tagged words -> clauses of noun phrases, a verb and its phrases.

No parser is asked for the whole structure of a sentence; the planner needs to know who moves how and where, and must make
something of any text. So every word gets one tag, from the dictionary and its neighbours, and the tags are grouped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from videodirector.planner import vocabulary as v
from videodirector.planner.vocabulary import classes_of, lemma

__all__ = ["Clause", "NounPhrase", "Phrase", "Token", "clauses", "tag"]

_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[.,;:!?()\"&-]|\S")

IsThing = Callable[[str], bool]


@dataclass(slots=True)
class Token:
    """A word or mark, and its class: DET POSS NUM PRON ADJ NOUN VERB AUX ADV PREP CONJ SUB REL TO PUNCT."""

    text: str
    tag: str = ""

    @property
    def low(self) -> str:
        """The word in small letters."""
        return self.text.lower()


@dataclass(slots=True)
class NounPhrase:
    """A noun with what stands before it, or a pronoun.

    Attributes:
        words: the nouns that name it, the last one in its dictionary form ("palm tree").
        surface: the same as written ("palm trees").
        adjectives: what stands between, in small letters.
        determiner: "a", "the", "another", "" ...
        count: how many are meant, when the phrase says so.
        plural: whether the noun is one.
        pronoun: the pronoun in small letters, when it is one.
    """

    words: str = ""
    surface: str = ""
    adjectives: tuple[str, ...] = ()
    determiner: str = ""
    count: int | None = None
    plural: bool = False
    pronoun: str = ""
    start: int = 0
    end: int = 0


@dataclass(slots=True)
class Phrase:
    """A preposition with its nouns; `figure` is the noun phrase just before it, if that is what it says something of."""

    preposition: str
    ground: list[NounPhrase]
    figure: NounPhrase | None = None


@dataclass(slots=True)
class Clause:
    """Who does what, and where."""

    tokens: list[Token]
    link: str = ""  # the connective it began with: "and", "then", "while", ...
    subject: list[NounPhrase] = field(default_factory=list)
    verb: str = ""
    passive: bool = False
    progressive: bool = False
    negated: bool = False
    later_verbs: list[tuple[NounPhrase | None, str]] = field(default_factory=list)
    objects: list[NounPhrase] = field(default_factory=list)
    phrases: list[Phrase] = field(default_factory=list)
    adverbs: list[str] = field(default_factory=list)
    adjectives: list[str] = field(default_factory=list)  # after a verb: "is red"

    def noun_phrases(self) -> list[NounPhrase]:
        """All of them, in the order of mention."""
        everything = [*self.subject, *self.objects, *(noun for phrase in self.phrases for noun in phrase.ground)]
        return sorted(everything, key=lambda noun: noun.start)


# -- tags


def tag(sentence: str, is_thing: IsThing) -> list[Token]:
    """The words of a sentence with one class each.

    Args:
        sentence: one sentence.
        is_thing: whether a word (in its dictionary form) is a thing or place that can be drawn; breaks ties for NOUN.
    """
    tokens = [Token(text) for text in _TOKEN.findall(sentence)]
    quoted = False
    had_verb = False
    for index, token in enumerate(tokens):
        if token.text == '"':
            quoted = not quoted and any(other.text == '"' for other in tokens[index + 1 :])
        if quoted:
            token.tag = "PUNCT"  # what somebody says is not what is seen
            continue
        previous = tokens[index - 1] if index else None
        if previous is None or previous.tag in ("SUB", "REL") or previous.low in (";", ":"):
            had_verb = False
        token.tag = _closed(tokens, index, had_verb) or _open(tokens, index, had_verb, is_thing)
        had_verb = had_verb or token.tag == "VERB" or (token.tag == "AUX" and token.low in v.BE)
        if token.low in ("and", "then", "but") and had_verb and _starts_clause(tokens, index + 1):
            had_verb = False
        if token.text == "," and had_verb and _starts_clause(tokens, index + 1):
            had_verb = False
    return tokens


def _closed(tokens: list[Token], index: int, had_verb: bool) -> str:
    low = tokens[index].low
    after = tokens[index + 1].low if index + 1 < len(tokens) else ""
    before = tokens[index - 1] if index else None
    if not any(character.isalnum() for character in low):
        return "CONJ" if low == "&" else "PUNCT"
    if low.isdigit():
        return "NUM"
    if low == "to":
        return "TO"
    if low == "that" and before and before.tag == "NOUN":
        return "REL"
    if low in ("her", "his", "its") and after and _may_be(after, "NOUN", "ADJ") and after not in v.ADVERBS:
        return "POSS"
    if low == "her":
        return "PRON"
    if low in v.POSSESSIVES:
        return "POSS"
    if low in v.NUMBERS and not (low == "one" and not _may_be(after, "NOUN", "ADJ")):
        return "NUM"
    if low in ("other", "others", "another", "one") and not (after and _may_be(after, "NOUN", "ADJ")):
        return "PRON"
    if low in ("left", "right") and before and before.tag in ("DET", "ADJ"):
        return "NOUN"
    if low == "left" and before and (before.tag == "VERB" or before.low in ("lower", "upper")):
        return "ADV" if before.tag == "VERB" else "NOUN"
    if low == "right" and before and (before.tag == "VERB" or before.low in ("lower", "upper")):
        return "ADV" if before.tag == "VERB" else "NOUN"
    for table, kind in _CLOSED:
        if low in table:
            if (
                kind == "SUB"
                and low in ("after", "before", "until", "since", "as")
                and not _clause_follows(tokens, index)
            ):
                return "PREP"
            if kind == "ADV" and low in v.PREPOSITIONS and _nominal_follows(tokens, index):
                return "PREP"
            return kind
    return ""


_CLOSED = (
    (v.DETERMINERS, "DET"),
    (v.PRONOUNS, "PRON"),
    (v.AUXILIARIES, "AUX"),
    (v.CONJUNCTIONS, "CONJ"),
    (v.SUBORDINATORS, "SUB"),
    (v.RELATIVES, "REL"),
    (v.ADVERBS, "ADV"),
    (v.PREPOSITIONS, "PREP"),
)


def _may_be(word: str, *kinds: str) -> bool:
    if not word or word in v.PREPOSITIONS or word in v.CONJUNCTIONS or word in v.DETERMINERS or word in v.AUXILIARIES:
        return False
    found = classes_of(word)
    return any(kind in found for kind in kinds) or (not found and word[:1].isalpha() and "NOUN" in kinds)


def _nominal_follows(tokens: list[Token], index: int) -> bool:
    if index + 1 >= len(tokens):
        return False
    low = tokens[index + 1].low
    if low in v.ADVERBS or low in v.PREPOSITIONS or not low[:1].isalnum():
        return False
    return (
        low in v.DETERMINERS
        or low in v.POSSESSIVES
        or low in v.PRONOUNS
        or low in v.NUMBERS
        or _may_be(low, "NOUN", "ADJ")
    )


def _inflected(word: str) -> bool:
    """Whether a verb form shows that it is one: walks, walked, flew - not walk."""
    return bool(verbs := classes_of(word).get("VERB", ())) and word.lower() not in verbs


def _finite(word: str) -> bool:
    return _inflected(word) and not word.lower().endswith("ing")


def _clause_follows(tokens: list[Token], index: int) -> bool:
    """Whether a verb comes before the next mark: "after the sun sets", not "after the storm"."""
    for other in tokens[index + 1 : index + 9]:
        if not other.text[0].isalnum():
            return False
        if _finite(other.low) or other.low in v.AUXILIARIES:
            return True
    return False


def _starts_clause(tokens: list[Token], index: int) -> bool:
    """Whether a new clause begins here: a finite verb, or a subject with one."""
    seen_noun = False
    for other in tokens[index : index + 9]:
        low = other.low
        if low in v.CONJUNCTIONS or low in ("then", "finally") or (low in v.ADVERBS and not seen_noun) or _manner(low):
            continue
        if low in v.DETERMINERS or low in v.POSSESSIVES or low in v.PRONOUNS or low in v.NUMBERS:
            seen_noun = seen_noun or low in v.PRONOUNS
            continue
        if low in v.AUXILIARIES:
            return True
        if not low[0].isalnum() or low in v.PREPOSITIONS:
            return False
        found = classes_of(low)
        if seen_noun and "VERB" in found:
            return True
        if not seen_noun and _finite(low) and other is tokens[index]:
            return True
        seen_noun = seen_noun or "NOUN" in found or not found
    return False


def _manner(low: str) -> bool:
    return low.endswith("ly") and set(classes_of(low)) <= {"ADV"}


def _open(tokens: list[Token], index: int, had_verb: bool, is_thing: IsThing) -> str:
    token, low = tokens[index], tokens[index].low
    found = classes_of(low)
    before = tokens[index - 1] if index else None
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    if not found:
        if low.endswith("ly") and len(low) > 4:
            return "ADV"
        return "NOUN"
    noun, verb = "NOUN" in found, "VERB" in found
    adjective = "ADJ" in found or (verb and low.endswith(("ing", "ed", "en")))
    thing = noun and is_thing(lemma(low, "NOUN"))
    place = before.tag if before else "START"
    if place == "PUNCT" and before is not None and before.text not in ',;:."':
        place = "START"
    if place in ("DET", "POSS", "NUM", "ADJ"):
        return _within_noun_phrase(tokens, index, noun, verb, adjective, found)
    if place == "AUX":
        return (
            "VERB"
            if verb and (not adjective or low.endswith(("ing", "ed", "en")) or not noun) and not thing
            else ("ADJ" if adjective else "NOUN" if noun else "ADV")
        )
    if place == "TO":
        base = verb and low in found["VERB"]
        catenative = index > 1 and lemma(tokens[index - 2].low, "VERB") in v.CATENATIVES
        if base and (catenative or not noun or (after is not None and _closed_word(after.low) and not thing)):
            return "VERB"
        return "NOUN" if noun else "ADJ" if adjective else "VERB" if verb else "ADV"
    if place == "PREP":
        if verb and low.endswith("ing") and (not noun or (after is not None and _closed_word(after.low))):
            return "VERB"
        return _within_noun_phrase(tokens, index, noun, verb, adjective, found)
    if place == "NOUN":
        assert before is not None
        plural = lemma(before.low, "NOUN") != before.low or _coordinated(tokens, index)
        if verb and not had_verb and (_inflected(low) or plural) and not _verb_ahead(tokens, index, thing):
            return "VERB"
        if verb and low.endswith("ing"):
            return "VERB"
        if verb and not had_verb and not noun:
            return "VERB"
        if verb and had_verb and not noun:
            return "VERB"
        return "NOUN" if noun else "ADV" if "ADV" in found else "ADJ" if adjective else "VERB"
    if place in ("PRON", "REL"):
        return "VERB" if verb else "ADV" if "ADV" in found else "NOUN" if noun else "ADJ"
    if place == "VERB":
        if verb and low.endswith("ing"):
            return "VERB"
        if "ADV" in found and not noun:
            return "ADV"
        if noun and (thing or not adjective):
            return "NOUN"
        return "ADJ" if adjective else "NOUN" if noun else "VERB"
    # The start of a clause, or after a comma, a conjunction, an adverb.
    if verb and index and after is not None and after.low in v.DETERMINERS | v.POSSESSIVES and not low.endswith("ing"):
        return "VERB"  # ", waters the plants": a noun is not followed by an article
    if verb and noun and not thing and before is not None and before.low == "then" and _base_verb_before(tokens, index):
        return "VERB"  # "the words float off, and then form ..."
    if (
        verb
        and _inflected(low)
        and not (thing and not (had_verb or index == 0 or place == "ADV"))
        and not (thing and after is not None and (_may_be(after.low, "VERB") or after.low in ("and", ",")))
    ):
        if not low.endswith("ing") or not adjective or after is None or not _may_be(after.low, "NOUN"):
            return "VERB"
    if "ADV" in found and not noun and not verb:
        return "ADV"
    if adjective and after is not None and _may_be(after.low, "NOUN") and not (noun and _finite(after.low)):
        return "ADJ"
    if verb and not noun:
        return "VERB"
    if noun:
        return "NOUN"
    return "ADJ" if adjective else "ADV"


def _coordinated(tokens: list[Token], index: int) -> bool:
    """Whether the nouns before this word are joined by "and": "a red car and a blue car"."""
    for other in reversed(tokens[max(index - 9, 0) : index]):
        if other.low == "and":
            return True
        if other.tag in ("VERB", "PUNCT", "SUB", "REL", "PREP"):
            return False
    return False


def _base_verb_before(tokens: list[Token], index: int) -> bool:
    """Whether the last verb is in its base form, as after a plural subject."""
    last = next((other.low for other in reversed(tokens[:index]) if other.tag == "VERB"), "")
    return last in classes_of(last).get("VERB", ())


def _closed_word(low: str) -> bool:
    return (
        low in v.DETERMINERS or low in v.POSSESSIVES or low in v.PREPOSITIONS or low in v.PRONOUNS or low in v.ADVERBS
    )


def _verb_ahead(tokens: list[Token], index: int, thing: bool) -> bool:
    """Whether the next word is the verb, so that this one belongs to the noun: "the fire trucks race"."""
    if index + 1 >= len(tokens) or not thing:
        return False
    low = tokens[index + 1].low
    return "VERB" in classes_of(low) and not _closed_word(low)


def _within_noun_phrase(
    tokens: list[Token], index: int, noun: bool, verb: bool, adjective: bool, found: dict[str, tuple[str, ...]]
) -> str:
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    more = after is not None and _may_be(after.low, "NOUN", "ADJ") and after.low not in v.ADVERBS
    if more and after is not None and noun and _finite(after.low):
        more = False  # "the orange rolls"
    if adjective and (more or not noun):
        return "ADJ"
    if noun:
        return "NOUN"
    if "ADV" in found:
        return "ADV"
    return "VERB" if verb else "NOUN"


# -- groups


def clauses(tokens: list[Token]) -> list[Clause]:
    """The clauses of a tagged sentence, each with at most one main verb."""
    parts: list[tuple[str, list[Token]]] = []
    begin, link = 0, ""
    index = 0
    has_verb = False
    while index < len(tokens):
        width, connective = _boundary(tokens, index, has_verb)
        if width:
            if begin < index:
                parts.append((link, tokens[begin:index]))
            begin, link, has_verb = index + width, connective, False
            index += width
            continue
        has_verb = has_verb or tokens[index].tag == "VERB" or tokens[index].low in v.BE
        index += 1
    if begin < len(tokens):
        parts.append((link, tokens[begin:]))
    found = [_clause(part, link) for link, part in parts]
    return [clause for clause in found if clause.verb or clause.noun_phrases() or clause.adjectives]


def _boundary(tokens: list[Token], index: int, has_verb: bool) -> tuple[int, str]:
    """How many words form a boundary between clauses here (0: none), and the connective among them."""
    token = tokens[index]
    if token.tag == "SUB" and (index == 0 or _clause_at(tokens, index + 1)):
        return 1, token.low
    if token.text == ";" or (token.text == ":" and has_verb):
        return 1, "and"
    if not has_verb or not (token.text == "," or token.tag == "CONJ" or token.low == "then"):
        return 0, ""
    end, link = index, "and"
    while end < len(tokens) and (
        tokens[end].text == ","
        or tokens[end].tag == "CONJ"
        or tokens[end].low in ("then", "finally", "next", "eventually", "suddenly", "afterwards", "later", "soon")
    ):
        link = "then" if tokens[end].low == "then" else link
        end += 1
    if _clause_at(tokens, end):
        return end - index, link
    if token.text == "," and end < len(tokens) and tokens[end].tag == "SUB":
        return end - index, "and"
    return 0, ""


def _clause_at(tokens: list[Token], index: int) -> bool:
    """Whether the tags from here on read as a clause: [adverbs] verb, or [noun phrase] verb."""
    seen_noun = False
    for position in range(index, min(index + 14, len(tokens))):
        token = tokens[position]
        if token.tag == "VERB":
            return not token.low.endswith("ing") or (position > index and tokens[position - 1].tag == "AUX")
        if token.tag == "AUX":
            return True
        if token.tag in ("NOUN", "PRON"):
            seen_noun = True
        elif (
            (token.tag == "PUNCT" and token.text != '"')
            or (token.tag in ("PREP", "TO", "REL", "SUB") and not seen_noun)
            or token.tag == "REL"
        ):
            return False
    return False


def _clause(tokens: list[Token], link: str) -> Clause:
    clause = Clause(tokens=tokens, link=link)
    index = 0
    last: NounPhrase | None = None  # the noun phrase that ends just here
    while index < len(tokens):
        token = tokens[index]
        width, preposition = _preposition(tokens, index)
        if width:
            nouns, end = _noun_phrases(tokens, index + width)
            if nouns:
                figure = last if last is not None and (not clause.verb or last in clause.objects) else None
                clause.phrases.append(Phrase(preposition, nouns, figure))
                index = end
            else:
                clause.adverbs.append("to" if preposition == "to" else tokens[index].low)
                index += width
            last = None
            continue
        nouns, end = _noun_phrases(tokens, index)
        if nouns:
            if clause.verb or clause.subject:
                clause.objects += nouns
            else:
                clause.subject += nouns
            last, index = nouns[-1], end
            continue
        if token.tag == "VERB":
            _verb(clause, tokens, index, last)
        elif token.tag == "AUX":
            clause.negated = clause.negated or token.low.endswith("n't")
            if token.low in v.BE and not clause.verb and not any(other.tag == "VERB" for other in tokens[index:]):
                clause.verb = "be"
        elif token.tag == "ADV":
            clause.negated = clause.negated or token.low in ("not", "never")
            clause.adverbs.append(token.low)
        elif token.tag == "ADJ":
            clause.adjectives.append(token.low)
        last = last if token.tag == "REL" else None
        index += 1
    if clause.verb == "be" and not clause.subject and "there" in clause.adverbs:
        clause.subject, clause.objects = clause.objects, []  # "there is a fox"
    return clause


def _verb(clause: Clause, tokens: list[Token], index: int, last: NounPhrase | None) -> None:
    token = tokens[index]
    verb = lemma(token.low, "VERB")
    if clause.verb:
        clause.later_verbs.append((last, verb))
        return
    clause.verb = verb
    helpers = [other.low for other in tokens[:index] if other.tag == "AUX"]
    clause.progressive = token.low.endswith("ing")
    clause.passive = bool(helpers) and helpers[-1] in v.BE and not token.low.endswith("ing") and _inflected(token.low)


def _preposition(tokens: list[Token], index: int) -> tuple[int, str]:
    for width in (5, 4, 3, 2):
        words = tuple(token.low for token in tokens[index : index + width])
        if len(words) == width and words in v.COMPOUND_PREPOSITIONS:
            return width, v.COMPOUND_PREPOSITIONS[words]
    token = tokens[index]
    if token.tag == "TO":
        follower = tokens[index + 1].tag if index + 1 < len(tokens) else ""
        return (1, "to") if follower != "VERB" else (0, "")
    return (1, token.low) if token.tag == "PREP" else (0, "")


def _noun_phrases(tokens: list[Token], index: int) -> tuple[list[NounPhrase], int]:
    """The noun phrases joined by commas and "and" that begin here, and where they end."""
    found: list[NounPhrase] = []
    noun, end = _noun_phrase(tokens, index)
    while noun is not None:
        found.append(noun)
        index = end
        gap = index
        while gap < len(tokens) and (tokens[gap].text in (",", "&") or tokens[gap].low in ("and", "or")):
            gap += 1
        if gap == index:
            break
        noun, end = _noun_phrase(tokens, gap)
    return found, index


def _noun_phrase(tokens: list[Token], index: int) -> tuple[NounPhrase | None, int]:
    start = index
    phrase = NounPhrase(start=start)
    adjectives: list[str] = []
    while index < len(tokens):
        token = tokens[index]
        if token.tag in ("DET", "POSS"):
            phrase.determiner = phrase.determiner or token.low
            if token.low in ("other", "another"):
                phrase.determiner = "another"
        elif token.tag == "NUM":
            phrase.count = int(token.low[:9]) if token.low.isdecimal() else v.NUMBERS.get(token.low)
        elif token.tag == "ADJ" or (token.tag == "ADV" and index > start and _adjective_next(tokens, index)):
            adjectives.append(token.low)
        else:
            break
        index += 1
    if index >= len(tokens) or (tokens[index].tag == "PRON" and index > start and not phrase.determiner):
        return None, start
    if tokens[index].tag == "PRON":
        phrase.pronoun = tokens[index].low
        phrase.surface, phrase.end = tokens[index].text, index + 1
        return phrase, index + 1
    nouns: list[Token] = []
    while index < len(tokens) and tokens[index].tag == "NOUN":
        nouns.append(tokens[index])
        index += 1
    if not nouns:
        return (None, start)
    # "a flock of ducks": as many ducks.
    if (nouns[-1].low in v.BUNCHES or nouns[-1].low in v.NUMBERS) and index < len(tokens) and tokens[index].low == "of":
        inner, end = _noun_phrase(tokens, index + 1)
        if inner is not None and not inner.pronoun and inner.plural:
            inner.count = inner.count or phrase.count or v.BUNCHES.get(nouns[-1].low) or v.NUMBERS[nouns[-1].low]
            inner.determiner, inner.start = phrase.determiner, start
            return inner, end
    last = nouns[-1].low.removesuffix("'s")
    single = lemma(last, "NOUN")
    phrase.plural = single != last
    phrase.words = " ".join([*(noun.low for noun in nouns[:-1]), single])
    phrase.surface = " ".join(noun.text for noun in nouns)
    phrase.adjectives, phrase.end = tuple(adjectives), index
    return phrase, index


def _adjective_next(tokens: list[Token], index: int) -> bool:
    return index + 1 < len(tokens) and tokens[index + 1].tag in ("ADJ", "NOUN")
