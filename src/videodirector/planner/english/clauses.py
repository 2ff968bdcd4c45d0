"""A shallow grammar of English: tagged words -> clauses of noun phrases, a verb and its phrases.

It does not parse the whole structure of a sentence: the planner needs to know who moves how and where, from any text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from videodirector.planner.english import vocabulary as v
from videodirector.planner.english.noun_phrases import NounPhrase, parse_noun_phrases
from videodirector.planner.english.tokens import Token, is_finite, is_inflected
from videodirector.planner.english.vocabulary import lemmatise, split_words

__all__ = ["Clause", "NounPhrase", "Phrase", "parse_clauses", "split_asides"]


@dataclass(slots=True)
class Phrase:
    """A preposition with its nouns; ``figure`` is the noun phrase before it of which it says something."""

    preposition: str
    ground: list[NounPhrase]
    figure: NounPhrase | None = None


@dataclass(slots=True)
class Clause:
    """Who does what, and where."""

    tokens: list[Token]
    link: str = ""  # the connective it began with: "and", "then", "while", ...
    tight: bool = False  # it began with "and" alone, without a comma
    accompanies: bool = False  # "Venturing on, ...", "..., nestled in a corner": not a separate event
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

    def list_noun_phrases(self) -> list[NounPhrase]:
        """Return all of them, in the order of mention."""
        everything = [*self.subject, *self.objects, *(noun for phrase in self.phrases for noun in phrase.ground)]
        return sorted(everything, key=lambda noun: noun.start)


def parse_clauses(tokens: list[Token]) -> list[Clause]:
    """Parse a tagged sentence to clauses with at most one main verb each; asides follow their clause."""
    tokens, asides = split_asides(tokens)
    found: list[Clause] = []
    ends: list[int] = []
    begin, link, tight = 0, "", False
    index = 0
    has_verb = False
    while index < len(tokens):
        width, connective = _match_boundary(tokens, index, has_verb)
        if width:
            if begin < index:
                found.append(_parse_clause(tokens[begin:index], link, tight=tight))
                ends.append(index)
            tight = width == 1 and tokens[index].lower == "and"
            begin, link, has_verb = index + width, connective, False
            index += width
            continue
        has_verb = (
            has_verb or tokens[index].tag == "VERB" or (tokens[index].tag == "AUX" and tokens[index].lower in v.BE)
        )
        index += 1
    if begin < len(tokens):
        found.append(_parse_clause(tokens[begin:], link, tight=tight))
        ends.append(len(tokens))
    for place, words in reversed(asides):
        aside = _parse_clause(words, "", tight=False)
        aside.accompanies = True
        found.insert(next((number for number, end in enumerate(ends, 1) if place <= end), len(ends)), aside)
    _merge_list_after_colon(found)
    return [clause for clause in found if clause.verb or clause.list_noun_phrases() or clause.adjectives]


def _merge_list_after_colon(found: list[Clause]) -> None:
    """ "Three animals sit there: a cat, a dog and a rabbit": the list belongs to the subject."""
    for before, clause in pairwise(list(found)):
        is_summary = len(before.subject) == 1 and before.subject[0].plural and before.verb
        if clause.link == ":" and is_summary and not clause.verb and len(clause.subject) > 1 and not clause.phrases:
            colon = Token(":", "PUNCT")
            for noun in clause.subject:
                noun.start, noun.end = noun.start + len(before.tokens) + 1, noun.end + len(before.tokens) + 1
            before.tokens = [*before.tokens, colon, *clause.tokens]
            before.subject += clause.subject
            found.remove(clause)
        elif clause.link == ":":
            clause.link = "and"


def _match_boundary(tokens: list[Token], index: int, has_verb: bool) -> tuple[int, str]:
    """Return how many words form a boundary between clauses here (0: none), and the connective among them."""
    token = tokens[index]
    if token.tag == "SUB" and (index == 0 or _is_clause_start(tokens, index + 1)):
        return 1, token.lower
    if token.text == ";" or (token.text == ":" and has_verb):
        return 1, "and" if token.text == ";" else ":"
    if not has_verb or not (token.text == "," or token.tag == "CONJ" or token.lower == "then"):
        return 0, ""
    end, link = index, "and"
    while end < len(tokens) and (
        tokens[end].text == ","
        or tokens[end].tag == "CONJ"
        or tokens[end].lower in ("then", "finally", "next", "eventually", "suddenly", "afterwards", "later", "soon")
    ):
        link = "then" if tokens[end].lower == "then" else link
        end += 1
    if _is_clause_start(tokens, end):
        return end - index, link
    if token.text == "," and end < len(tokens) and tokens[end].tag == "SUB":
        return end - index, "and"
    return 0, ""


def _is_clause_start(tokens: list[Token], index: int) -> bool:
    """Return whether the tags from here on read as a clause: [adverbs] verb, or [noun phrase] verb."""
    seen_noun = False
    for position in range(index, min(index + 14, len(tokens))):
        token = tokens[position]
        if token.tag == "VERB":
            return not token.lower.endswith("ing") or (position > index and tokens[position - 1].tag == "AUX")
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


def _parse_clause(tokens: list[Token], link: str, *, tight: bool) -> Clause:
    clause = Clause(tokens=tokens, link=link, tight=tight)
    index = 0
    last: NounPhrase | None = None  # the noun phrase that ends just here
    while index < len(tokens):
        token = tokens[index]
        if beside := _match_possessive_side(tokens, index):
            figure = last or (clause.phrases[-1].ground[-1] if clause.phrases else None)
            clause.phrases.append(Phrase(beside[1], [beside[0]], figure if figure not in clause.subject else None))
            index, last = beside[0].end, None
            continue
        width, preposition = _match_preposition(tokens, index)
        if width:
            # "In the kitchen, the kitten ...": a phrase before the subject ends at its comma.
            nouns, end = parse_noun_phrases(
                tokens, index + width, commas=bool(clause.verb or clause.subject), ground=True
            )
            if len(nouns) > 1 and nouns[0].words in _SIDES:  # "on the left and a bus on the right"
                nouns, end = nouns[:1], nouns[0].end
            if nouns:
                figure = last if last is not None and (not clause.verb or last in clause.objects) else None
                figure = figure or _find_phrase_ground(clause, preposition, index)
                clause.phrases.append(Phrase(preposition, nouns, figure))
                index = end
            else:
                clause.adverbs.append("to" if preposition == "to" else tokens[index].lower)
                index += width
            last = None
            continue
        nouns, end = parse_noun_phrases(tokens, index)
        if nouns:
            if clause.verb or clause.subject:
                clause.objects += nouns
            else:
                clause.subject += nouns
            last, index = nouns[-1], end
            continue
        _add_word(clause, tokens, index, last)
        relative = index + 1 < len(tokens) and tokens[index + 1].tag == "REL"
        after_relative = token.tag == "AUX" and index and tokens[index - 1].tag == "REL"  # "the book, which is on ..."
        last = last if token.tag == "REL" or relative or after_relative else None
        index += 1
    if clause.verb == "be" and not clause.subject and ("there" in clause.adverbs or _has_phrase_before_object(clause)):
        clause.subject, clause.objects = clause.objects, []  # "there is a fox", "on the table are a cup and a cake"
    if not clause.subject and clause.objects and _is_inverted(clause, tokens):
        says = clause.verb in _SPEECH_VERBS
        clause.subject, clause.objects = (clause.objects[:1], clause.objects[1:]) if says else (clause.objects, [])
    clause.negated = clause.negated or any(token.lower in ("neither", "nobody", "none") for token in tokens)
    return clause


_SPEECH_VERBS = split_words(
    """say ask whisper shout cry answer reply call exclaim sigh laugh murmur mutter yell scream think add explain growl
    squeak roar sing"""
)
_POSTURE_VERBS = split_words("live stand sit lie come go hang sleep stay rest wait grow swim fly")


def _is_inverted(clause: Clause, tokens: list[Token]) -> bool:
    """Return whether the subject follows the verb: "said the fox", "in the garden lives a snail"."""
    if clause.verb in _SPEECH_VERBS and any(token.text == '"' for token in tokens):
        return True
    return clause.verb in _POSTURE_VERBS and _has_phrase_before_object(clause) and not clause.link


def _has_phrase_before_object(clause: Clause) -> bool:
    """Return whether a phrase precedes the first object: "in the garden lives a snail"."""
    first = clause.objects[0].start if clause.objects else 0
    return bool(clause.phrases) and clause.phrases[0].ground[0].start < first


_SIDES = split_words("left right middle center centre") | {"left side", "right side"}


_RELATIVE_PREPOSITIONS = split_words("above over behind under below beneath beside near between") | {
    "in front of", "next to", "left of", "right of",
}  # fmt: skip


def _find_phrase_ground(clause: Clause, preposition: str, index: int) -> NounPhrase | None:
    """Return what a phrase right behind another one speaks of: "books on a shelf above a desk"."""
    before = clause.phrases[-1] if clause.phrases else None
    if (
        before is None
        or before.preposition not in ("on", "in", "inside", "on top of")
        or preposition not in _RELATIVE_PREPOSITIONS
    ):
        return None
    return before.ground[-1] if before.ground[-1].end == index and not before.ground[-1].pronoun else None


def _match_possessive_side(tokens: list[Token], index: int) -> tuple[NounPhrase, str] | None:
    """ "A cat to its left": whose left it is, as a pronoun, and "left of"; none after "from the left of a dog"."""
    words = [token.lower for token in tokens[index : index + 4]]
    pronoun = v.PRONOUN_BY_POSSESSIVE.get(words[1] if len(words) > 2 else "", "")
    if words[:1] not in (["to"], ["on"], ["at"]) or not pronoun or words[2] not in ("left", "right"):
        return None
    if any(token.lower == "from" for token in tokens[:index]):
        return None
    width = 4 if words[3:] == ["side"] else 3
    owner = NounPhrase(pronoun=pronoun, determiner="own", surface=pronoun, start=index + 1, end=index + width)
    return owner, f"{words[2]} of"


def _add_word(clause: Clause, tokens: list[Token], index: int, last: NounPhrase | None) -> None:
    """A word that belongs to no noun phrase: the verb and what goes with it."""
    token = tokens[index]
    if token.tag == "VERB":
        _add_verb(clause, tokens, index, last)
    elif token.tag == "AUX":
        clause.negated = clause.negated or token.lower.endswith("n't")
        if token.lower in v.BE and not clause.verb and not _has_verb_next(tokens, index):
            clause.verb = "be"
    elif token.tag == "ADV":
        clause.negated = clause.negated or token.lower in ("not", "never")
        clause.adverbs.append(token.lower)
    elif token.tag == "ADJ":
        clause.adjectives.append(token.lower)


def _has_verb_next(tokens: list[Token], index: int) -> bool:
    """Return whether this helper has its verb behind it, in the same clause: "is running", not "was a girl who ran"."""
    for other in tokens[index:]:
        if other.tag == "VERB":
            return True
        if other.tag in ("REL", "SUB"):
            return False
    return False


def _add_verb(clause: Clause, tokens: list[Token], index: int, last: NounPhrase | None) -> None:
    token = tokens[index]
    verb = lemmatise(token.lower, "VERB")
    if clause.verb:
        clause.later_verbs.append((last, verb))
        return
    clause.verb, clause.form = verb, token.lower
    helpers = [other.lower for other in tokens[:index] if other.tag == "AUX"]
    clause.progressive = token.lower.endswith("ing")
    clause.passive = (
        bool(helpers) and helpers[-1] in v.BE and not token.lower.endswith("ing") and is_inflected(token.lower)
    )


def _match_preposition(tokens: list[Token], index: int) -> tuple[int, str]:
    for width in (5, 4, 3, 2):
        words = tuple(token.lower for token in tokens[index : index + width])
        if len(words) == width and words in v.COMPOUND_PREPOSITIONS:
            return width, v.COMPOUND_PREPOSITIONS[words]
    token = tokens[index]
    if token.tag == "TO":
        follower = tokens[index + 1].tag if index + 1 < len(tokens) else ""
        return (1, "to") if follower != "VERB" else (0, "")
    return (1, token.lower) if token.tag == "PREP" else (0, "")


_PREMODIFIER_TAGS = ("DET", "POSS", "ADJ", "NUM")
_MAX_ASIDE_WORDS = 14  # words of an aside between two commas


def split_asides(tokens: list[Token]) -> tuple[list[Token], list[tuple[int, list[Token]]]]:
    """Return a tagged sentence without what stands aside in it.

    Returns:
        What is left, and each aside with the place in it from which it was cut: a participle between a subject and its
        verb ("the man, leaning on his cane, pauses"), or a noun with one ("..., its antlers gleaming, ...").
    """
    left: list[Token] = []
    asides: list[tuple[int, list[Token]]] = []
    index = 0
    while index < len(tokens):
        end = _find_aside_end(tokens, index, left)
        if end:
            asides.append((len(left), tokens[index + 1 : end]))
            # Between subject and verb both commas go; otherwise the second one still divides.
            index = end + 1 if end < len(tokens) and _is_interruption(tokens, end, left) else end
        else:
            left.append(tokens[index])
            index += 1
    return left, asides


def _find_aside_end(tokens: Sequence[Token], index: int, before: Sequence[Token]) -> int:
    """Return where the aside ends that begins with this comma; 0 for none."""
    if tokens[index].text != "," or not before:
        return 0
    begin = index + 1
    end = next((place for place in range(begin, len(tokens)) if _is_stop(tokens[place])), len(tokens))
    if end == begin or end - begin > _MAX_ASIDE_WORDS:
        return 0
    participle = tokens[begin].tag == "VERB" and _is_participle(tokens[begin])
    if participle:  # without a noun only between a subject and its verb
        return end if _is_interruption(tokens, end, before) else 0
    return end if _is_absolute_construction(tokens[begin:end]) else 0


def _is_stop(token: Token) -> bool:
    return token.text in (",", ";", ".", "!", "?", '"') or token.tag == "SUB" or token.lower == "then"


def _is_participle(token: Token) -> bool:
    return token.lower.endswith(("ing", "ed", "en")) and is_inflected(token.lower)


def _is_absolute_construction(words: Sequence[Token]) -> bool:
    """ "its antlers gleaming in the sun": a noun phrase, then a participle in -ing, and no other verb before it."""
    place = 0
    while place < len(words) and words[place].tag in _PREMODIFIER_TAGS:
        place += 1
    nouns = place
    while place < len(words) and words[place].tag == "NOUN":
        place += 1
    if place == nouns or place == len(words) or words[0].lower == "and":
        return False
    follows = words[place]
    if any(word.tag in ("VERB", "AUX") and is_finite(word.lower) for word in words):
        return False
    return follows.tag == "VERB" and follows.lower.endswith("ing") and is_inflected(follows.lower)


def _is_interruption(tokens: Sequence[Token], end: int, before: Sequence[Token]) -> bool:
    """Return whether a subject without a verb precedes, and its verb follows."""
    if end >= len(tokens) or tokens[end].text != ",":
        return False
    behind = next((token for token in tokens[end + 1 :] if token.tag != "ADV"), None)
    if behind is None or not (behind.tag == "AUX" or (behind.tag == "VERB" and not behind.lower.endswith("ing"))):
        return False
    for token in reversed(before):
        if token.tag in ("SUB", "REL", "CONJ") or token.text in (";", ","):
            break
        if token.tag in ("VERB", "AUX"):
            return False
    return any(token.tag in ("NOUN", "PRON") for token in before)
