"""A shallow grammar of English: tagged words -> clauses of noun phrases, a verb and its phrases.

No parser is asked for the whole structure of a sentence: the planner needs to know who moves how and where, and must
make something of any text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from videodirector.planner import vocabulary as v
from videodirector.planner.tokens import Token, inflected
from videodirector.planner.vocabulary import lemma, word_set

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
        proper: whether it is a name ("Mia", "Captain Hook"); then `words` are as written.
        kind: what somebody with a name is said to be ("Rex the dog").
        possessor: whose it is, when that is said by a noun ("the boy's dog").
    """

    words: str = ""
    surface: str = ""
    adjectives: tuple[str, ...] = ()
    determiner: str = ""
    count: int | None = None
    plural: bool = False
    pronoun: str = ""
    alias: str = ""
    proper: bool = False
    kind: str = ""
    possessor: NounPhrase | None = None
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
    tight: bool = False  # it began with "and" alone, without a comma
    accompanies: bool = False  # "Venturing on, ...", "..., nestled in a corner": no event of its own
    subject: list[NounPhrase] = field(default_factory=list)
    verb: str = ""
    form: str = ""  # of the verb, as written
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
    found: list[Clause] = []
    begin, link, tight = 0, "", False
    index = 0
    has_verb = False
    while index < len(tokens):
        width, connective = _boundary(tokens, index, has_verb)
        if width:
            if begin < index:
                found.append(_clause(tokens[begin:index], link, tight=tight))
            tight = width == 1 and tokens[index].low == "and"
            begin, link, has_verb = index + width, connective, False
            index += width
            continue
        has_verb = has_verb or tokens[index].tag == "VERB" or (tokens[index].tag == "AUX" and tokens[index].low in v.BE)
        index += 1
    if begin < len(tokens):
        found.append(_clause(tokens[begin:], link, tight=tight))
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


def _clause(tokens: list[Token], link: str, *, tight: bool) -> Clause:
    clause = Clause(tokens=tokens, link=link, tight=tight)
    index = 0
    last: NounPhrase | None = None  # the noun phrase that ends just here
    while index < len(tokens):
        token = tokens[index]
        width, preposition = _preposition(tokens, index)
        if width:
            # "In the kitchen, the kitten ...": what stands before the subject ends at its comma.
            nouns, end = _noun_phrases(tokens, index + width, commas=bool(clause.verb or clause.subject), ground=True)
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
    if not clause.subject and clause.objects and _inverted(clause, tokens):
        clause.subject, clause.objects = clause.objects[:1], clause.objects[1:]
    clause.negated = clause.negated or any(token.low in ("neither", "nobody", "none") for token in tokens)
    return clause


_SAYS = word_set(
    """say ask whisper shout cry answer reply call exclaim sigh laugh murmur mutter yell scream think add explain growl
    squeak roar sing"""
)
_STANDS = word_set("live stand sit lie come go hang sleep stay rest wait grow swim fly")


def _inverted(clause: Clause, tokens: list[Token]) -> bool:
    """Whether the subject stands behind the verb: "said the fox", "in the garden lives a snail"."""
    if clause.verb in _SAYS and any(token.text == '"' for token in tokens):
        return True
    behind = bool(clause.phrases) and clause.phrases[0].ground[0].start < clause.objects[0].start
    return clause.verb in _STANDS and behind and not clause.link


def _word(clause: Clause, tokens: list[Token], index: int, last: NounPhrase | None) -> None:
    """A word that belongs to no noun phrase: the verb and what goes with it."""
    token = tokens[index]
    if token.tag == "VERB":
        _verb(clause, tokens, index, last)
    elif token.tag == "AUX":
        clause.negated = clause.negated or token.low.endswith("n't")
        if token.low in v.BE and not clause.verb and not _verb_next(tokens, index):
            clause.verb = "be"
    elif token.tag == "ADV":
        clause.negated = clause.negated or token.low in ("not", "never")
        clause.adverbs.append(token.low)
    elif token.tag == "ADJ":
        clause.adjectives.append(token.low)


def _verb_next(tokens: list[Token], index: int) -> bool:
    """Whether this helper has its verb behind it, in the same clause: "is running", not "was a girl who ran"."""
    for other in tokens[index:]:
        if other.tag == "VERB":
            return True
        if other.tag in ("REL", "SUB"):
            return False
    return False


def _verb(clause: Clause, tokens: list[Token], index: int, last: NounPhrase | None) -> None:
    token = tokens[index]
    verb = lemma(token.low, "VERB")
    if clause.verb:
        clause.later_verbs.append((last, verb))
        return
    clause.verb, clause.form = verb, token.low
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


def _noun_phrases(
    tokens: list[Token], index: int, *, commas: bool = True, ground: bool = False
) -> tuple[list[NounPhrase], int]:
    """The noun phrases joined by commas and "and" that begin here, and where they end."""
    found: list[NounPhrase] = []
    noun, end = _noun_phrase(tokens, index)
    while noun is not None:
        found.append(noun)
        index = end
        gap = index
        while gap < len(tokens) and (tokens[gap].text in (",", "&") or tokens[gap].low in ("and", "or", "nor")):
            gap += 1
        if ground and len(found) == 1 and gap - index > 1:
            break  # "to the left of a fork, and a knife to its right": two things need no comma
        if tokens[gap - 1].text == "," and not (commas and _list_goes_on(tokens, gap)):
            break
        if gap == index:
            break
        noun, end = _noun_phrase(tokens, gap)
    return found, index


def _list_goes_on(tokens: list[Token], index: int) -> bool:
    """Whether "and" or "or" joins a last noun to a list before a verb comes."""
    for token in tokens[index : index + 40]:
        if token.low in ("and", "or", "&"):
            return True
        if token.tag in ("VERB", "AUX", "PREP", "SUB", "REL") or token.text in (";", ":", "."):
            return False
    return False


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
    if not nouns and phrase.count and phrase.determiner == "the":
        phrase.pronoun, phrase.surface, phrase.end = "they", "the two", index  # "the two fight"
        return phrase, index
    if not nouns:
        return None, start
    bunch = v.BUNCHES.get(nouns[-1].low) or v.NUMBERS.get(nouns[-1].low)
    if bunch and not bunched and index < len(tokens) and tokens[index].low == "of":
        # "a flock of ducks": as many ducks.
        inner, end = _noun_phrase(tokens, index + 1, bunched=True)
        if inner is not None and not inner.pronoun and inner.plural and nouns[-1].low not in v.PARTITIVES:
            inner.count = inner.count or phrase.count or bunch
            inner.determiner, inner.start = phrase.determiner, start
            return inner, end
    if nouns[-1].low in v.PARTITIVES and index < len(tokens) and tokens[index].low == "of":
        inner, end = _noun_phrase(tokens, index + 1, bunched=True)  # "a piece of fruit" is fruit
        if inner is not None and not inner.pronoun:
            inner.start, inner.determiner = start, inner.determiner or phrase.determiner
            return inner, end
    _name_it(phrase, nouns)
    if index < len(tokens) and tokens[index].low == "'s":  # "the boy's dog"
        phrase.end = index
        owned, end = _noun_phrase(tokens, index + 1, bunched=bunched)
        if owned is not None and not owned.pronoun:
            owned.possessor, owned.determiner, owned.start = phrase, "its", start
            return owned, end
        index += 1
    while index < len(tokens) and tokens[index].tag == "NAME":
        if tokens[index].text[:1].isupper():
            phrase.alias = f"{phrase.alias} {tokens[index].low}".strip()
        index += 1
    index = _apposition(phrase, tokens, index)
    phrase.end = index
    return phrase, index


def _name_it(phrase: NounPhrase, nouns: list[Token]) -> None:
    """What the nouns of a phrase call it: "palm trees", "Captain Hook", "her dog Rex"."""
    phrase.surface = " ".join(noun.text for noun in nouns)
    common = [noun for noun in nouns if not noun.proper]
    named = [noun for noun in nouns if noun.proper]
    if named and not (common and nouns[0] is common[0] and phrase.determiner):
        if nouns[-1].proper:
            phrase.proper, phrase.words = True, phrase.surface
            return
    elif named:
        phrase.alias = " ".join(noun.low for noun in named)
        nouns = common
    last = nouns[-1].low
    single = last if last in v.PAIRS else lemma(last, "NOUN")
    phrase.plural = single != last
    if phrase.determiner in ("a", "an", "another", "each", "every") and phrase.count is None:
        phrase.plural = False  # "a triceratops"
        single = single if v.is_known(last) else last
    phrase.words = " ".join([*(noun.low for noun in nouns[:-1]), single])


def _apposition(phrase: NounPhrase, tokens: list[Token], index: int) -> int:
    """ "Rex the dog", "Mia, a little girl,": what a name is said to be; returns where it ends."""
    if not phrase.proper:
        return index
    comma = index < len(tokens) and tokens[index].text == ","
    begin = index + comma
    if begin >= len(tokens) or tokens[begin].low not in (("a", "an", "the") if comma else ("the",)):
        return index
    other, end = _noun_phrase(tokens, begin)
    closed = end < len(tokens) and tokens[end].text == ","
    ends = closed or (end < len(tokens) and tokens[end].tag in ("VERB", "AUX", "ADV")) or not comma
    listed = comma and closed and any(token.low == "and" for token in tokens[end : end + 8])
    if other is None or other.pronoun or other.proper or not ends or listed:
        return index
    phrase.kind, phrase.adjectives = other.words, other.adjectives
    return end + closed


def _premodifiers(tokens: list[Token], index: int) -> tuple[NounPhrase, int]:
    """What stands before a noun, and where it ends."""
    phrase = NounPhrase(start=index)
    adjectives: list[str] = []
    while index < len(tokens):
        token = tokens[index]
        if token.tag in ("DET", "POSS"):
            wide = phrase.determiner in ("", "all", "neither", "either", "such")
            phrase.determiner = (
                "another" if token.low in ("other", "another") else token.low if wide else phrase.determiner
            )
        elif token.tag == "NUM":
            phrase.count = int(token.low[:9]) if token.low.isdecimal() else v.NUMBERS.get(token.low)
        elif token.tag == "ADJ" or (token.tag == "ADV" and index > phrase.start and _adjective_next(tokens, index)):
            adjectives.append(token.low)
        elif token.low == "and" and adjectives and index + 1 < len(tokens) and tokens[index + 1].tag == "ADJ":
            pass  # "a dark and stormy night"
        elif token.low != "of" or index == phrase.start or tokens[index - 1].tag != "NUM":
            break  # "a pair of ducks" goes on
        index += 1
    phrase.adjectives = tuple(adjectives)
    return phrase, index


def _adjective_next(tokens: list[Token], index: int) -> bool:
    return index + 1 < len(tokens) and tokens[index + 1].tag in ("ADJ", "NOUN")
