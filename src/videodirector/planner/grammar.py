"""A shallow grammar of English: tagged words -> clauses of noun phrases, a verb and its phrases.

No parser is asked for the whole structure of a sentence: the planner needs to know who moves how and where, and must
make something of any text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from videodirector.planner import vocabulary as v
from videodirector.planner.tagging import Token, inflected
from videodirector.planner.vocabulary import lemma

__all__ = ["Clause", "NounPhrase", "Phrase", "clauses"]


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
        alias: the proper name it is given, in small letters ("a fox named Rusty").
        pronoun: the pronoun in small letters, when it is one.
    """

    words: str = ""
    surface: str = ""
    adjectives: tuple[str, ...] = ()
    determiner: str = ""
    count: int | None = None
    plural: bool = False
    pronoun: str = ""
    alias: str = ""
    start: int = 0
    end: int = 0


@dataclass(slots=True)
class Phrase:
    """A preposition with its nouns; `figure` is the noun phrase before it of which it says something."""

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
        _word(clause, tokens, index, last)
        last = last if token.tag == "REL" else None
        index += 1
    if clause.verb == "be" and not clause.subject and "there" in clause.adverbs:
        clause.subject, clause.objects = clause.objects, []  # "there is a fox"
    return clause


def _word(clause: Clause, tokens: list[Token], index: int, last: NounPhrase | None) -> None:
    """A word that belongs to no noun phrase: the verb and what goes with it."""
    token = tokens[index]
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


def _verb(clause: Clause, tokens: list[Token], index: int, last: NounPhrase | None) -> None:
    token = tokens[index]
    verb = lemma(token.low, "VERB")
    if clause.verb:
        clause.later_verbs.append((last, verb))
        return
    clause.verb = verb
    helpers = [other.low for other in tokens[:index] if other.tag == "AUX"]
    clause.progressive = token.low.endswith("ing")
    clause.passive = bool(helpers) and helpers[-1] in v.BE and not token.low.endswith("ing") and inflected(token.low)


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


def _noun_phrase(tokens: list[Token], index: int, *, bunched: bool = False) -> tuple[NounPhrase | None, int]:
    start = index
    phrase, index = _premodifiers(tokens, index)
    if index < len(tokens) and tokens[index].tag == "PRON" and (index == start or phrase.determiner):
        phrase.pronoun = tokens[index].low
        phrase.surface, phrase.end = tokens[index].text, index + 1
        return phrase, index + 1
    nouns: list[Token] = []
    while index < len(tokens) and tokens[index].tag == "NOUN":
        nouns.append(tokens[index])
        index += 1
    if not nouns:
        return None, start
    bunch = v.BUNCHES.get(nouns[-1].low) or v.NUMBERS.get(nouns[-1].low)
    if bunch and not bunched and index < len(tokens) and tokens[index].low == "of":
        # "a flock of ducks": as many ducks.
        inner, end = _noun_phrase(tokens, index + 1, bunched=True)
        if inner is not None and not inner.pronoun and inner.plural:
            inner.count = inner.count or phrase.count or bunch
            inner.determiner, inner.start = phrase.determiner, start
            return inner, end
    last = nouns[-1].low.removesuffix("'s")
    single = lemma(last, "NOUN")
    phrase.plural = single != last
    if phrase.determiner in ("a", "an", "another", "each", "every") and phrase.count is None:
        phrase.plural = False  # "a triceratops"
        single = single if v.is_known(last) else last
    phrase.words = " ".join([*(noun.low for noun in nouns[:-1]), single])
    phrase.surface = " ".join(noun.text for noun in nouns)
    while index < len(tokens) and tokens[index].tag == "NAME":
        if tokens[index].text[:1].isupper():
            phrase.alias = f"{phrase.alias} {tokens[index].low}".strip()
        index += 1
    phrase.end = index
    return phrase, index


def _premodifiers(tokens: list[Token], index: int) -> tuple[NounPhrase, int]:
    """What stands before a noun, and where it ends."""
    phrase = NounPhrase(start=index)
    adjectives: list[str] = []
    while index < len(tokens):
        token = tokens[index]
        if token.tag in ("DET", "POSS"):
            phrase.determiner = "another" if token.low in ("other", "another") else phrase.determiner or token.low
        elif token.tag == "NUM":
            phrase.count = int(token.low[:9]) if token.low.isdecimal() else v.NUMBERS.get(token.low)
        elif token.tag == "ADJ" or (token.tag == "ADV" and index > phrase.start and _adjective_next(tokens, index)):
            adjectives.append(token.low)
        elif token.low != "of" or index == phrase.start or tokens[index - 1].tag != "NUM":
            break  # "a pair of ducks" goes on
        index += 1
    phrase.adjectives = tuple(adjectives)
    return phrase, index


def _adjective_next(tokens: list[Token], index: int) -> bool:
    return index + 1 < len(tokens) and tokens[index + 1].tag in ("ADJ", "NOUN")
