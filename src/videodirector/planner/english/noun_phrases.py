"""Noun phrases: what is named, how many, and what is said of it before its name."""

from __future__ import annotations

from dataclasses import dataclass

from videodirector.lexicon.wordnet import find_noun
from videodirector.planner.english import vocabulary as v
from videodirector.planner.english.tokens import Token
from videodirector.planner.english.vocabulary import lemmatise

__all__ = ["NounPhrase", "parse_noun_phrases"]


@dataclass(slots=True)
class NounPhrase:
    """A noun with its modifiers, or a pronoun.

    Attributes:
        words: the nouns that name it, the last one in its dictionary form ("palm tree").
        surface: the same as written ("palm trees").
        adjectives: in lower case.
        determiner: "a", "the", "another", "" ...
        count: how many are meant, when the phrase says so.
        plural: whether the noun is one.
        alias: the proper name it is given, as written ("a fox named Rusty").
        pronoun: the pronoun in small letters, when it is one.
        proper: whether it is a name ("Mia", "Captain Hook"); then ``words`` are as written.
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


def parse_noun_phrases(
    tokens: list[Token], index: int, *, commas: bool = True, ground: bool = False
) -> tuple[list[NounPhrase], int]:
    """Return the noun phrases joined by commas and "and" that begin here, and where they end."""
    found: list[NounPhrase] = []
    noun, end = _parse_noun_phrase(tokens, index)
    while noun is not None:
        found.append(noun)
        index = end
        gap = index
        while gap < len(tokens) and (tokens[gap].text in (",", "&") or tokens[gap].lower in ("and", "or", "nor")):
            gap += 1
        if ground and len(found) == 1 and gap - index > 1:
            break  # "to the left of a fork, and a knife to its right": two things need no comma
        if tokens[gap - 1].text == "," and not (commas and _is_list_continued(tokens, gap)):
            break
        if gap == index:
            break
        noun, end = _parse_noun_phrase(tokens, gap)
    return found, index


def _is_list_continued(tokens: list[Token], index: int) -> bool:
    """Return whether "and" or "or" joins a last noun to a list before a verb comes."""
    for token in tokens[index : index + 40]:
        if token.lower in ("and", "or", "&"):
            return True
        if token.tag in ("VERB", "AUX", "PREP", "SUB", "REL") or token.text in (";", ":", "."):
            return False
    return False


def _parse_noun_phrase(tokens: list[Token], index: int, *, bunched: bool = False) -> tuple[NounPhrase | None, int]:
    start = index
    phrase, index = _parse_premodifiers(tokens, index)
    if (
        index < len(tokens)
        and tokens[index].tag == "PRON"
        and (index == start or phrase.determiner or tokens[index].lower == "more")
    ):
        phrase.pronoun = tokens[index].lower
        phrase.surface, phrase.end = tokens[index].text, index + 1
        return phrase, index + 1
    nouns: list[Token] = []
    while index < len(tokens) and tokens[index].tag == "NOUN":
        nouns.append(tokens[index])
        index += 1
    if not nouns and (pronoun := _find_elliptic_pronoun(phrase, tokens, index)):
        phrase.pronoun, phrase.surface, phrase.end = pronoun, f"the {pronoun}", index
        return phrase, index
    if not nouns:
        return None, start
    bunch = v.GROUP_NOUNS.get(nouns[-1].lower) or v.NUMBERS.get(nouns[-1].lower) or _count_group(nouns[-1].lower)
    if bunch and not bunched and index < len(tokens) and tokens[index].lower == "of":
        # "a flock of ducks": as many ducks.
        inner, end = _parse_noun_phrase(tokens, index + 1, bunched=True)
        if inner is not None and not inner.pronoun and inner.plural and nouns[-1].lower not in v.PARTITIVES:
            inner.count = inner.count or phrase.count or bunch
            inner.determiner, inner.start = phrase.determiner, start
            return inner, end
    if nouns[-1].lower in v.PARTITIVES and index < len(tokens) and tokens[index].lower == "of":
        inner, end = _parse_noun_phrase(tokens, index + 1, bunched=True)  # "a piece of fruit" is fruit
        if inner is not None and not inner.pronoun:
            inner.start, inner.determiner = start, inner.determiner or phrase.determiner
            return inner, end
    _set_words(phrase, nouns)
    if index < len(tokens) and tokens[index].lower == "'s":  # "the boy's dog"
        phrase.end = index
        owned, end = _parse_noun_phrase(tokens, index + 1, bunched=bunched)
        if owned is not None and not owned.pronoun:
            owned.possessor, owned.determiner, owned.start = phrase, "its", start
            return owned, end
        index += 1
    while index < len(tokens) and tokens[index].tag == "NAME":
        if tokens[index].text[:1].isupper():
            phrase.alias = f"{phrase.alias} {tokens[index].text}".strip()
        index += 1
    index = _parse_apposition(phrase, tokens, index)
    phrase.end = index
    return phrase, index


def _find_elliptic_pronoun(phrase: NounPhrase, tokens: list[Token], index: int) -> str:
    """Return the pronoun for "the two", "the other four", "the first" without a noun, or ""."""
    if phrase.determiner == "the" and phrase.count:
        return "they"  # "the two fight"
    if phrase.determiner == "another" and phrase.count and phrase.count > 1:
        return "others"
    ordinal = phrase.adjectives[-1:] and phrase.adjectives[-1] in (*v.ORDINALS, "last")
    verb_next = index < len(tokens) and tokens[index].tag in ("VERB", "AUX", "ADV")
    return "one" if ordinal and phrase.determiner == "the" and verb_next else ""


def _count_group(word: str) -> int:
    """Return how many a word for a group means before "of": a gaggle of geese; 0 if it is not a group."""
    sense = find_noun(word)
    return 4 if sense is not None and sense.dominant_kind == "group" and word not in v.PARTITIVES else 0


def _set_words(phrase: NounPhrase, nouns: list[Token]) -> None:
    """What the nouns of a phrase call it: "palm trees", "Captain Hook", "her dog Rex"."""
    phrase.surface = " ".join(noun.text for noun in nouns)
    common = [noun for noun in nouns if not noun.is_proper]
    named = [noun for noun in nouns if noun.is_proper]
    if named and not (common and nouns[0] is common[0] and phrase.determiner):
        if nouns[-1].is_proper:
            phrase.proper, phrase.words = True, phrase.surface
            return
    elif named:
        phrase.alias = " ".join(noun.text for noun in named)
        nouns = common
    last = nouns[-1].lower
    single = last if last in v.PAIRS else lemmatise(last, "NOUN")
    phrase.plural = single != last
    if phrase.determiner in ("a", "an", "another", "each", "every") and phrase.count is None:
        phrase.plural = False  # "a triceratops"
        single = single if v.is_english_word(last) else last
    phrase.words = " ".join([*(noun.lower for noun in nouns[:-1]), single])


def _parse_apposition(phrase: NounPhrase, tokens: list[Token], index: int) -> int:
    """ "Rex the dog", "Mia, a little girl,": what a name is said to be, or a thing: "the parrot, a wise old bird,".

    Returns:
        Where it ends.
    """
    comma = index < len(tokens) and tokens[index].text == ","
    begin = index + comma
    if begin >= len(tokens) or tokens[begin].lower not in (("a", "an", "the") if comma else ("the",)):
        return index
    other, end = _parse_noun_phrase(tokens, begin)
    closed = end < len(tokens) and tokens[end].text == ","
    ends = closed or (end < len(tokens) and tokens[end].tag in ("VERB", "AUX", "ADV")) or not comma
    listed = comma and closed and any(token.lower == "and" for token in tokens[end : end + 8])
    if other is None or other.pronoun or other.proper or not ends or listed:
        return index
    if not phrase.proper:
        verb_next = closed and end + 1 < len(tokens) and tokens[end + 1].tag in ("VERB", "AUX")
        if not verb_next or not phrase.determiner or other.count or other.plural:
            return index
        phrase.adjectives += other.adjectives
        return end + 1
    phrase.kind, phrase.adjectives = other.words, other.adjectives
    return end + closed


def _parse_premodifiers(tokens: list[Token], index: int) -> tuple[NounPhrase, int]:
    """Return the modifiers before a noun, and where they end."""
    phrase = NounPhrase(start=index)
    adjectives: list[str] = []
    while index < len(tokens):
        token = tokens[index]
        if token.tag in ("DET", "POSS"):
            wide = phrase.determiner in ("", "all", "neither", "either", "such")
            phrase.determiner = (
                "another" if token.lower in ("other", "another") else token.lower if wide else phrase.determiner
            )
        elif token.tag == "NUM":
            phrase.count = int(token.lower[:9]) if token.lower.isdecimal() else v.NUMBERS.get(token.lower)
        elif token.tag == "ADJ" or (token.tag == "ADV" and index > phrase.start and _is_adjective_next(tokens, index)):
            adjectives.append(token.lower)
        elif token.lower == "and" and adjectives and index + 1 < len(tokens) and tokens[index + 1].tag == "ADJ":
            pass  # "a dark and stormy night"
        elif token.lower != "of" or index == phrase.start or tokens[index - 1].tag != "NUM":
            break  # "a pair of ducks" goes on
        index += 1
    phrase.adjectives = tuple(adjectives)
    return phrase, index


def _is_adjective_next(tokens: list[Token], index: int) -> bool:
    return index + 1 < len(tokens) and tokens[index + 1].tag in ("ADJ", "NOUN")
