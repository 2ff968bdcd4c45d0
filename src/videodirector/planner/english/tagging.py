"""One class for each word of a sentence: names, the closed classes, and the open ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from videodirector.lexicon.wordnet import find_noun
from videodirector.planner.english import vocabulary as v
from videodirector.planner.english.tokens import IsThing, Token, can_be, is_finite, is_inflected, tokenise
from videodirector.planner.english.vocabulary import find_word_classes, lemmatise

__all__ = ["_tag_open_class", "tag_words"]


def tag_words(sentence: str, is_thing: IsThing, names: frozenset[str] = frozenset()) -> list[Token]:
    """Return the words of a sentence with one class each.

    Args:
        sentence: one sentence.
        is_thing: whether a word (in its dictionary form) is a thing or place of the lexicon; breaks ties for NOUN.
        names: proper names in this text.
    """
    tokens = [Token(text) for text in tokenise(sentence)]
    quoted = False
    had_verb = False
    for index, token in enumerate(tokens):
        if token.text == '"':
            quoted = not quoted and any(other.text == '"' for other in tokens[index + 1 :])
        if quoted:
            token.tag = "PUNCT"  # what somebody says is not what is seen
            continue
        previous = tokens[index - 1] if index else None
        if previous is None or previous.tag in ("SUB", "REL") or previous.lower in (";", ":"):
            had_verb = False
        if previous is not None and _introduces_name(tokens, index):
            token.tag = "NAME"
            continue
        if _is_name(tokens, index, names, is_thing):
            token.tag, token.is_proper = "NOUN", True
            continue
        token.tag = _tag_closed_class(tokens, index) or _tag_open_class(tokens, index, had_verb, is_thing)
        had_verb = had_verb or token.tag == "VERB" or (token.tag == "AUX" and token.lower in v.BE)
        if token.lower in ("and", "then", "but") and had_verb and _is_clause_start(tokens, index + 1):
            had_verb = False
        if token.text == "," and had_verb and _is_clause_start(tokens, index + 1):
            had_verb = False
    return tokens


def _is_name(tokens: list[Token], index: int, names: frozenset[str], is_thing: IsThing) -> bool:
    """Return whether this word is a proper name: capitalised in the text, or an unknown first word."""
    token = tokens[index]
    previous = tokens[index - 1] if index else None
    if not token.text[:1].isupper() or not token.text[:1].isalpha():
        return False
    if token.text in names:
        known = is_thing(lemmatise(token.lower, "NOUN"))
        behind = previous is not None and previous.tag in ("DET", "ADJ", "NUM")
        return not (known and behind)  # "the Fox" is a fox, Robin is somebody
    if index and not (previous is not None and previous.text == '"'):
        return False
    after = tokens[index + 1].lower if index + 1 < len(tokens) else ""
    if (
        token.lower in v.FUNCTION_WORDS
        or token.lower in v.ADVERBS
        or token.lower in v.NUMBERS
        or token.lower in v.GROUP_NOUNS
    ):
        return False
    if not find_word_classes(token.lower):
        return token.text.isalpha() and not token.text.isupper() and not token.lower.endswith("ly")
    # "Jack runs": a thing that can be counted has an article
    single = token.lower in find_word_classes(token.lower).get("NOUN", ()) and not is_thing(token.lower)
    sense = find_noun(token.lower) if single else None
    countable = sense is None or sense.kind in ("artifact", "person", "animal", "plant")
    if not single or not countable:
        return False
    later = tokens[index + 2] if index + 2 < len(tokens) else None
    if (
        len(tokens) > 2
        and tokens[1].text in names
        and "ADJ" not in find_word_classes(token.lower)
        and not is_finite(token.lower)
    ):
        return index == 0  # "Peter Rabbit runs"
    if after == "the" and later is not None and "NOUN" in find_word_classes(later.lower):
        return True  # "Molly the mole"
    if after in (",", "and") and later is not None:  # "Tom, a small boy", "Tom and Anna"
        return later.lower in ("a", "an", "the") if after == "," else later.text in names
    is_verb = is_finite(after) and not (len(tokens) > 2 and "NOUN" in find_word_classes(after))
    return is_verb or after in ("was", "is", "has", "had")


def _introduces_name(tokens: list[Token], index: int) -> bool:
    """Return whether this word belongs to "named Rusty" after a noun."""
    previous, token = tokens[index - 1], tokens[index]
    if token.lower in ("named", "called") and previous.tag == "NOUN" and index + 1 < len(tokens):
        return tokens[index + 1].text[:1].isupper()
    return previous.tag == "NAME" and token.text[:1].isupper()


def _tag_closed_class(tokens: list[Token], index: int) -> str:
    low = tokens[index].lower
    after = tokens[index + 1].lower if index + 1 < len(tokens) else ""
    before = tokens[index - 1] if index else None
    if low == "'s":
        return "POSS"
    if low == "both" and _is_both_alone(after):
        return "PRON"
    if low in v.PHRASAL_SUBORDINATORS.values() or (
        low == "once" and _has_clause_after(tokens, index) and not _is_verb(before)
    ):
        return "SUB"
    if not any(character.isalnum() for character in low):
        return "CONJ" if low == "&" else "PUNCT"
    if low.isdecimal():
        return "NUM"
    if low == "to":
        return "TO"
    if low in ("left", "right") and before:
        return _tag_side(low, before)
    if (low == "that" and before and before.tag == "NOUN") or (
        low == "which" and before and (before.tag == "NOUN" or before.text == ",")
    ):
        return "REL"
    if low == "that" and before and any(token.lower == "so" for token in tokens[max(index - 4, 0) : index]):
        return "SUB"  # "so loudly that they woke up"
    if low == "more" and before and before.tag == "NUM" and "VERB" in find_word_classes(after):
        return "PRON"  # "and six more fly above"
    if low in (*v.ORDINALS, "last") and before and before.lower == "the":
        return "ADJ"  # "the first carries a candle"
    return _tag_before_noun(low, after, before) or _look_up_closed_class(tokens, index)


def _tag_side(low: str, before: Token) -> str:
    """Left and right: "on the left", "flies left", but "he left"."""
    if before.tag in ("DET", "ADJ") or before.lower in ("lower", "upper", "top", "bottom"):
        return "NOUN"
    return "ADV" if before.tag in ("VERB", "ADV") or low == "right" else ""


def _tag_before_noun(low: str, after: str, before: Token | None) -> str:
    """Words that are one thing before a noun and another without it: her hat, the other one."""
    nominal = bool(after) and can_be(after, "NOUN", "ADJ")
    if low in ("her", "his", "its"):
        return "POSS" if low != "her" or (nominal and after not in v.ADVERBS) else "PRON"
    if low in v.POSSESSIVES:
        return "POSS"
    if low == "one" and before is not None and before.tag == "ADJ":
        return "PRON"  # "the red one pops"
    if low == "one" and after == "of":
        return "NUM"  # "one of the ducks"
    if (low in ("other", "others", "another", "one") and not nominal) or (low == "one" and is_finite(after)):
        return "PRON"
    return "NUM" if low in v.NUMBERS else ""


def _look_up_closed_class(tokens: list[Token], index: int) -> str:
    low = tokens[index].lower
    for table, kind in _CLOSED_CLASSES:
        if low in table:
            two_ways = low in ("after", "before", "until", "since", "as")
            if kind == "SUB" and two_ways and not _has_clause_after(tokens, index):
                return "PREP"
            if kind == "ADV" and low in v.PREPOSITIONS and _is_nominal_next(tokens, index):
                return "PREP"
            return kind
    return ""


_CLOSED_CLASSES = (
    (v.DETERMINERS, "DET"),
    (v.PRONOUNS, "PRON"),
    (v.AUXILIARIES, "AUX"),
    (v.CONJUNCTIONS, "CONJ"),
    (v.SUBORDINATORS, "SUB"),
    (v.RELATIVES, "REL"),
    (v.ADVERBS, "ADV"),
    (v.PREPOSITIONS, "PREP"),
)


_BEFORE_NOUNS = v.DETERMINERS | v.POSSESSIVES | frozenset(v.NUMBERS)


def _is_nominal_next(tokens: list[Token], index: int) -> bool:
    if index + 1 >= len(tokens):
        return False
    low = tokens[index + 1].lower
    if low in v.ADVERBS or low in v.PREPOSITIONS or not low[:1].isalnum():
        return False
    return low in _BEFORE_NOUNS or low in v.PRONOUNS or can_be(low, "NOUN", "ADJ")


def _is_both_alone(after: str) -> bool:
    """Return whether "both" is a pronoun: "both run", not "both cats"."""
    if after in v.AUXILIARIES or after in v.ADVERBS or after in ("of", "") or not after[0].isalnum():
        return True
    found = find_word_classes(after)
    plural = bool(found.get("NOUN")) and after not in found["NOUN"]
    return "VERB" in found and not plural and "ADJ" not in found


def _is_verb(before: Token | None) -> bool:
    return before is not None and before.tag in ("VERB", "AUX")


def _has_clause_after(tokens: list[Token], index: int) -> bool:
    """Return whether a verb comes before the next mark: "after the sun sets", not "after the storm"."""
    begin = index + 1
    if begin + 1 < len(tokens) and tokens[begin].lower in v.PRONOUNS and tokens[begin + 1].lower in ("and", ",", "."):
        return False  # "rolls after it and gets tangled"
    comma = next((place for place in range(begin, min(index + 6, len(tokens))) if tokens[place].text == ","), 0)
    if (
        tokens[index].lower == "as" and comma and tokens[comma + 1 : comma + 2]
    ):  # "as a stag, its antlers gleaming, ..."
        after = tokens[comma + 1].lower
        closing = next((place for place in range(comma + 1, len(tokens)) if tokens[place].text == ","), 0)
        begin = closing + 1 if closing and (after in v.POSSESSIVES or after.endswith("ing")) else begin
    for other in tokens[begin : begin + 8]:
        if not other.text[0].isalnum():
            return False
        if is_finite(other.lower) or other.lower in v.AUXILIARIES:
            return True
        if set(find_word_classes(other.lower)) == {"VERB"} and not other.lower.endswith("ing"):
            return True  # "until a hat and a carrot remain"
    return False


def _is_clause_start(tokens: list[Token], index: int) -> bool:
    """Return whether a new clause begins here: a finite verb, or a subject with one."""
    seen_noun = False
    for other in tokens[index : index + 9]:
        low = other.lower
        if (
            low in v.CONJUNCTIONS
            or low in ("then", "finally", "of")
            or (low in v.ADVERBS and not seen_noun)
            or _is_manner_adverb(low)
        ):
            continue
        if low in v.DETERMINERS or low in v.POSSESSIVES or low in v.PRONOUNS or low in v.NUMBERS:
            seen_noun = seen_noun or low in v.PRONOUNS
            continue
        if low in v.AUXILIARIES:
            return True
        if not low[0].isalnum() or low in v.PREPOSITIONS:
            return False
        found = find_word_classes(low)
        if seen_noun and "VERB" in found:
            return True
        if not seen_noun and is_finite(low) and other is tokens[index]:
            return True
        seen_noun = seen_noun or "NOUN" in found or not found
    return False


def _is_manner_adverb(low: str) -> bool:
    return low.endswith("ly") and set(find_word_classes(low)) <= {"ADV"}


@dataclass(slots=True)
class _OpenWord:
    """A word of an open class, with what its neighbours say."""

    tokens: list[Token]
    index: int
    found: dict[str, tuple[str, ...]]
    thing: bool  # it names a thing of the lexicon
    thing_next: bool  # the next word does
    had_verb: bool  # its clause has a verb already

    @property
    def low(self) -> str:
        return self.tokens[self.index].lower

    @property
    def before(self) -> Token | None:
        return self.tokens[self.index - 1] if self.index else None

    @property
    def after(self) -> str:
        return self.tokens[self.index + 1].lower if self.index + 1 < len(self.tokens) else ""

    @property
    def noun(self) -> bool:
        return "NOUN" in self.found

    @property
    def verb(self) -> bool:
        return "VERB" in self.found

    @property
    def participle(self) -> bool:
        return self.verb and self.low.endswith(("ing", "ed", "en"))

    @property
    def adjective(self) -> bool:
        return "ADJ" in self.found or self.participle

    def first_of(self, *kinds: str) -> str:
        """Return the first of these classes that the word may have."""
        has = {"NOUN": self.noun, "VERB": self.verb, "ADJ": self.adjective, "ADV": "ADV" in self.found}
        return next((kind for kind in kinds if has[kind]), "NOUN")


def _tag_open_class(tokens: list[Token], index: int, had_verb: bool, is_thing: IsThing) -> str:
    low = tokens[index].lower
    found = find_word_classes(low)
    if not found:
        return "ADV" if low.endswith("ly") and len(low) > 4 else "NOUN"
    if _is_compound(tokens, index):
        return "NOUN"
    following = tokens[index + 1].lower if index + 1 < len(tokens) else ""
    thing, thing_next = (is_thing(lemmatise(other, "NOUN")) for other in (low, following))
    word = _OpenWord(tokens, index, found, "NOUN" in found and thing, thing_next, had_verb)
    return _TAGGERS.get(word.before.tag if word.before else "", _tag_at_start)(word)


def _is_compound(tokens: list[Token], index: int) -> bool:
    """Return whether this and the noun before it name one thing, and the verb is yet to come: "a wind chime sways"."""
    before = tokens[index - 1] if index else None
    if before is None or before.tag not in ("NOUN", "ADJ") or before.is_proper:
        return False
    sense = find_noun(f"{before.lower} {lemmatise(tokens[index].lower, 'NOUN')}")
    if (
        sense is None
        or sense.kind not in ("artifact", "animal", "person", "food", "plant", "object")
        or sense.share < 0.5
    ):
        return False
    for other in tokens[index + 1 : index + 6]:
        if not other.text[0].isalnum():
            return False
        if is_finite(other.lower) or other.lower in v.AUXILIARIES:
            return True
    return False


_BASE_FORM_AUXILIARIES = frozenset(
    ["do", "does", "did", "can", "could", "will", "would", "should", "must", "may", "might"]
)
"""Auxiliaries whose verb is in its base form, also behind the subject: "why did the chicken cross"."""


def _tag_in_noun_phrase(word: _OpenWord) -> str:
    before = word.before
    if (
        before is not None
        and before.tag == "NUM"
        and word.index > 1
        and word.tokens[word.index - 2].lower in ("the", "other")
    ):
        plural = word.low not in word.found.get("NOUN", (word.low,))
        if word.verb and not plural and word.low in word.found["VERB"] and not word.thing:
            return "VERB"  # "the two fall"
    if word.after == "and" and word.index + 2 < len(word.tokens) and "ADJ" in word.found:
        other = find_word_classes(word.tokens[word.index + 2].lower)
        if "ADJ" in other and "NOUN" not in other:
            return "ADJ"  # "a dark and stormy night"
    if (
        word.low in v.COLOURS
        and (word.after.endswith("ing") or can_be(word.after, "NOUN"))
        and not is_finite(word.after)
    ):
        return "ADJ"
    more = can_be(word.after, "NOUN", "ADJ") and word.after not in v.ADVERBS
    if word.noun and is_finite(word.after) and not word.thing_next and word.low not in ("upper", "lower"):
        more = False  # "the orange rolls"; but "small ducks", "the lower left"
    if word.adjective and (more or not word.noun):
        return "ADJ"
    return word.first_of("NOUN", "ADV", "VERB")


def _tag_after_auxiliary(word: _OpenWord) -> str:
    if word.verb and not word.thing and (word.participle or not word.adjective or not word.noun):
        return "VERB"
    return word.first_of("ADJ", "NOUN", "ADV")


def _tag_after_to(word: _OpenWord) -> str:
    base = word.verb and word.low in word.found["VERB"]
    catenative = word.index > 1 and lemmatise(word.tokens[word.index - 2].lower, "VERB") in v.CATENATIVES
    if base and (catenative or not word.noun or (_is_closed_word(word.after) and not word.thing)):
        return "VERB"
    if (
        base
        and not word.thing
        and can_be(word.after, "NOUN")
        and find_noun(f"{word.low} {lemmatise(word.after, 'NOUN')}") is None
    ):
        return "VERB"  # "stops to pick flowers"
    if base and not word.thing and not word.after[:1].isalnum() and _is_action_noun(word.low):
        return "VERB"  # "lowers its head to drink."
    return word.first_of("NOUN", "ADJ", "VERB", "ADV")


def _is_action_noun(low: str) -> bool:
    """Return whether a noun names something done: a drink, a rest."""
    sense = find_noun(low)
    return low in ("drink", "eat") or (sense is not None and sense.dominant_kind in ("act", "state", "process"))


def _tag_after_preposition(word: _OpenWord) -> str:
    if word.verb and word.low.endswith("ing") and (not word.noun or _is_closed_word(word.after)):
        return "VERB"
    if "ADJ" in word.found and not word.thing and can_be(word.after, "NOUN"):
        return "ADJ"  # "with keen senses"
    return _tag_in_noun_phrase(word)


def _tag_after_noun(word: _OpenWord) -> str:
    if "ADJ" in word.found and word.after in ("of", "with") and not word.thing and not is_inflected(word.low):
        return "ADJ"  # "a field full of flowers"
    if word.verb and (word.low.endswith("ing") or not word.noun):
        return "VERB"
    name = word.before.lower if word.before else ""
    if word.verb and not word.had_verb and not _has_verb_ahead(word):
        plural = lemmatise(name, "NOUN") != name or name in v.PLURALS or _is_coordinated(word.tokens, word.index)
        asked = any(other.lower in _BASE_FORM_AUXILIARIES for other in word.tokens[: word.index]) and not word.thing
        if is_inflected(word.low) or plural or asked:
            return "VERB"
    return word.first_of("NOUN", "ADV", "ADJ", "VERB")


def _tag_after_pronoun(word: _OpenWord) -> str:
    return word.first_of("VERB", "ADV", "NOUN", "ADJ")


def _tag_after_verb(word: _OpenWord) -> str:
    if word.verb and word.low.endswith("ing"):
        return "VERB"
    if "ADV" in word.found and not word.noun:
        return "ADV"
    return "NOUN" if word.noun and word.thing else word.first_of("ADJ", "NOUN", "VERB", "ADV")


def _tag_at_start(word: _OpenWord) -> str:
    """At the start of a clause, or after a comma, a conjunction, an adverb."""
    closed = v.DETERMINERS | v.POSSESSIVES | {"it", "them", "him"}
    if word.verb and word.after in closed and (word.index or word.low.endswith("ing")):
        return "VERB"  # ", waters the plants": a noun is not followed by an article
    before = word.before.lower if word.before else ""
    if (
        word.verb
        and word.noun
        and not word.thing
        and before == "then"
        and _has_base_verb_before(word.tokens, word.index)
    ):
        return "VERB"  # "the words float off, and then form ..."
    if before == "and" and word.verb and not word.thing and word.low in word.found["VERB"] and _is_verb_continued(word):
        return "VERB"  # "they tumble out and race towards the pond"
    if (
        before == ","
        and word.had_verb
        and word.verb
        and word.low.endswith("ing")
        and word.after not in ("", ",", "and")
    ):
        return "VERB"  # "a dragon blocks his way, breathing fire"
    if word.noun and word.verb and not word.thing and (word.index == 0 or word.had_verb) and _is_body_part_noun(word):
        return "NOUN"  # "Eyes wide with wonder", ", tires screeching"
    if _is_plural_subject(word):
        return "NOUN"
    if "ADJ" in word.found and word.after == "to":
        return "ADJ"  # ", ready to go"
    if word.verb and is_inflected(word.low) and not _prefers_noun(word) and not _prefers_adjective(word):
        return "VERB"
    if word.first_of("NOUN", "VERB", "ADV") == "ADV":
        return "ADV"
    if word.adjective and is_finite(word.after) and not word.noun and word.tokens[word.index].text[:1].isupper():
        return "NOUN"  # "Rusty meets ..."
    if word.adjective and can_be(word.after, "NOUN") and not (word.noun and is_finite(word.after)):
        return "ADJ"
    return word.first_of("NOUN", "VERB", "ADJ", "ADV")


def _is_verb_continued(word: _OpenWord) -> bool:
    """Return whether a second verb in its base form may be here: after a plural's verb, before a closed-class word."""
    sense = find_noun(word.low)
    thing = sense is not None and sense.dominant_kind in ("artifact", "food", "animal", "person", "plant", "substance")
    closed = word.after in v.PREPOSITIONS or word.after in v.ADVERBS or word.after in v.DETERMINERS
    return closed and not thing and _has_base_verb_before(word.tokens, word.index)


def _is_body_part_noun(word: _OpenWord) -> bool:
    if word.low in word.found["NOUN"]:
        return False
    participle = word.after.endswith("ing") and is_inflected(word.after)
    sense = find_noun(lemmatise(word.low, "NOUN"))
    return sense is not None and ("body part" in sense.hypernyms or (participle and sense.dominant_kind == "artifact"))


def _is_plural_subject(word: _OpenWord) -> bool:
    """Return whether this is a plural with its verb behind it: "waves splash", but not "catches fish"."""
    plural = word.noun and word.low not in word.found["NOUN"] and word.low not in v.FUNCTION_WORDS
    after = find_word_classes(word.after) if word.after else {}
    if not plural or word.after not in after.get("VERB", ()) or word.after in v.FUNCTION_WORDS:
        return False
    sense = find_noun(word.after)
    return sense is None or sense.share < 0.5


def _prefers_noun(word: _OpenWord) -> bool:
    """Return whether "ducks" means the birds here: where a verb is not expected, or another one follows."""
    if not word.thing:
        return False
    expected = word.had_verb or word.index == 0 or (word.before is not None and word.before.tag == "ADV")
    return not expected or word.after in ("and", ",") or word.after in v.AUXILIARIES or can_be(word.after, "VERB")


def _prefers_adjective(word: _OpenWord) -> bool:
    return word.low.endswith("ing") and word.adjective and can_be(word.after, "NOUN")


_TAGGERS: dict[str, Callable[[_OpenWord], str]] = {
    "DET": _tag_in_noun_phrase,
    "POSS": _tag_in_noun_phrase,
    "NUM": _tag_in_noun_phrase,
    "ADJ": _tag_in_noun_phrase,
    "AUX": _tag_after_auxiliary,
    "TO": _tag_after_to,
    "PREP": _tag_after_preposition,
    "NOUN": _tag_after_noun,
    "NAME": _tag_after_noun,
    "PRON": _tag_after_pronoun,
    "REL": _tag_after_pronoun,
    "VERB": _tag_after_verb,
}


def _is_coordinated(tokens: list[Token], index: int) -> bool:
    """Return whether the nouns before this word are joined by "and": "a red car and a blue car"."""
    for other in reversed(tokens[max(index - 9, 0) : index]):
        if other.lower == "and":
            return True
        if other.tag in ("VERB", "PUNCT", "SUB", "REL", "PREP"):
            return False
    return False


def _has_base_verb_before(tokens: list[Token], index: int) -> bool:
    """Return whether the last verb is in its base form, as after a plural subject."""
    last = next((other.lower for other in reversed(tokens[:index]) if other.tag == "VERB"), "")
    return last in find_word_classes(last).get("VERB", ())


def _is_closed_word(low: str) -> bool:
    return (
        low in v.DETERMINERS or low in v.POSSESSIVES or low in v.PREPOSITIONS or low in v.PRONOUNS or low in v.ADVERBS
    )


def _has_verb_ahead(word: _OpenWord) -> bool:
    """Return whether the next word is the verb, so that this one belongs to the noun: "the fire trucks race"."""
    return (
        word.thing and bool(word.after) and "VERB" in find_word_classes(word.after) and not _is_closed_word(word.after)
    )
