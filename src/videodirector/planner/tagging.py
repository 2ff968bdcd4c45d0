"""One class for each word of a sentence: names, the closed classes, and (in `openclass`) the open ones."""

from __future__ import annotations

from videodirector.lexicon.words import noun
from videodirector.planner import vocabulary as v
from videodirector.planner.openclass import open_class
from videodirector.planner.tokens import IsThing, Token, finite, may_be, split
from videodirector.planner.vocabulary import classes_of, lemma

__all__ = ["tag"]


def tag(sentence: str, is_thing: IsThing, names: frozenset[str] = frozenset()) -> list[Token]:
    """The words of a sentence with one class each.

    Args:
        sentence: one sentence.
        is_thing: whether a word (in its dictionary form) is a thing or place that can be drawn; breaks ties for NOUN.
        names: words that are somebody's name in this text.
    """
    tokens = [Token(text) for text in split(sentence)]
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
        if previous is not None and _names(tokens, index):
            token.tag = "NAME"
            continue
        if _is_name(tokens, index, names, is_thing):
            token.tag, token.proper = "NOUN", True
            continue
        token.tag = _closed(tokens, index) or open_class(tokens, index, had_verb, is_thing)
        had_verb = had_verb or token.tag == "VERB" or (token.tag == "AUX" and token.low in v.BE)
        if token.low in ("and", "then", "but") and had_verb and _starts_clause(tokens, index + 1):
            had_verb = False
        if token.text == "," and had_verb and _starts_clause(tokens, index + 1):
            had_verb = False
    return tokens


def _is_name(tokens: list[Token], index: int, names: frozenset[str], is_thing: IsThing) -> bool:
    """Whether this word is somebody's name: one that the text writes with a capital, or a strange one that begins."""
    token = tokens[index]
    previous = tokens[index - 1] if index else None
    if not token.text[:1].isupper() or not token.text[:1].isalpha():
        return False
    if token.text in names:
        known = is_thing(lemma(token.low, "NOUN"))
        behind = previous is not None and previous.tag in ("DET", "ADJ", "NUM")
        return not (known and behind)  # "the Fox" is a fox, Robin is somebody
    if index and not (previous is not None and previous.text == '"'):
        return False
    after = tokens[index + 1].low if index + 1 < len(tokens) else ""
    if token.low in v.FUNCTION_WORDS or token.low in v.ADVERBS or token.low in v.NUMBERS or token.low in v.BUNCHES:
        return False
    if not classes_of(token.low):
        return token.text.isalpha() and not token.text.isupper() and not token.low.endswith("ly")
    # "Jack runs": a thing that can be counted has an article
    single = token.low in classes_of(token.low).get("NOUN", ()) and not is_thing(token.low)
    sense = noun(token.low) if single else None
    countable = sense is None or sense.kind in ("artifact", "person", "animal", "plant")
    if not single or not countable:
        return False
    later = tokens[index + 2] if index + 2 < len(tokens) else None
    if len(tokens) > 2 and tokens[1].text in names and "ADJ" not in classes_of(token.low) and not finite(token.low):
        return index == 0  # "Peter Rabbit runs"
    if after == "the" and later is not None and "NOUN" in classes_of(later.low):
        return True  # "Molly the mole"
    if after in (",", "and") and later is not None:  # "Tom, a small boy", "Tom and Anna"
        return later.low in ("a", "an", "the") if after == "," else later.text in names
    is_verb = finite(after) and not (len(tokens) > 2 and "NOUN" in classes_of(after))
    return is_verb or after in ("was", "is", "has", "had")


def _names(tokens: list[Token], index: int) -> bool:
    """Whether this word belongs to "named Rusty" after a noun."""
    previous, token = tokens[index - 1], tokens[index]
    if token.low in ("named", "called") and previous.tag == "NOUN" and index + 1 < len(tokens):
        return tokens[index + 1].text[:1].isupper()
    return previous.tag == "NAME" and token.text[:1].isupper()


def _closed(tokens: list[Token], index: int) -> str:
    low = tokens[index].low
    after = tokens[index + 1].low if index + 1 < len(tokens) else ""
    before = tokens[index - 1] if index else None
    if low == "'s":
        return "POSS"
    if low == "both" and _both_alone(after):
        return "PRON"
    if low in v.PHRASAL_SUBORDINATORS.values() or (
        low == "once" and _clause_follows(tokens, index) and not _verb_before(before)
    ):
        return "SUB"
    if not any(character.isalnum() for character in low):
        return "CONJ" if low == "&" else "PUNCT"
    if low.isdecimal():
        return "NUM"
    if low == "to":
        return "TO"
    if low in ("left", "right") and before:
        return _side(low, before)
    if (low == "that" and before and before.tag == "NOUN") or (
        low == "which" and before and (before.tag == "NOUN" or before.text == ",")
    ):
        return "REL"
    if low == "that" and before and any(token.low == "so" for token in tokens[max(index - 4, 0) : index]):
        return "SUB"  # "so loudly that they woke up"
    if low == "more" and before and before.tag == "NUM" and "VERB" in classes_of(after):
        return "PRON"  # "and six more fly above"
    if low in (*v.ORDINALS, "last") and before and before.low == "the":
        return "ADJ"  # "the first carries a candle"
    return _before_noun(low, after, before) or _listed(tokens, index)


def _side(low: str, before: Token) -> str:
    """Left and right: "on the left", "flies left", but "he left"."""
    if before.tag in ("DET", "ADJ") or before.low in ("lower", "upper", "top", "bottom"):
        return "NOUN"
    return "ADV" if before.tag in ("VERB", "ADV") or low == "right" else ""


def _before_noun(low: str, after: str, before: Token | None) -> str:
    """Words that are one thing before a noun and another without it: her hat, the other one."""
    nominal = bool(after) and may_be(after, "NOUN", "ADJ")
    if low in ("her", "his", "its"):
        return "POSS" if low != "her" or (nominal and after not in v.ADVERBS) else "PRON"
    if low in v.POSSESSIVES:
        return "POSS"
    if low == "one" and before is not None and before.tag == "ADJ":
        return "PRON"  # "the red one pops"
    if low == "one" and after == "of":
        return "NUM"  # "one of the ducks"
    if (low in ("other", "others", "another", "one") and not nominal) or (low == "one" and finite(after)):
        return "PRON"
    return "NUM" if low in v.NUMBERS else ""


def _listed(tokens: list[Token], index: int) -> str:
    low = tokens[index].low
    for table, kind in _CLOSED:
        if low in table:
            two_ways = low in ("after", "before", "until", "since", "as")
            if kind == "SUB" and two_ways and not _clause_follows(tokens, index):
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


_BEFORE_NOUNS = v.DETERMINERS | v.POSSESSIVES | frozenset(v.NUMBERS)


def _nominal_follows(tokens: list[Token], index: int) -> bool:
    if index + 1 >= len(tokens):
        return False
    low = tokens[index + 1].low
    if low in v.ADVERBS or low in v.PREPOSITIONS or not low[:1].isalnum():
        return False
    return low in _BEFORE_NOUNS or low in v.PRONOUNS or may_be(low, "NOUN", "ADJ")


def _both_alone(after: str) -> bool:
    """Whether "both" stands for two by itself: "both run", not "both cats"."""
    if after in v.AUXILIARIES or after in v.ADVERBS or after in ("of", "") or not after[0].isalnum():
        return True
    found = classes_of(after)
    plural = bool(found.get("NOUN")) and after not in found["NOUN"]
    return "VERB" in found and not plural and "ADJ" not in found


def _verb_before(before: Token | None) -> bool:
    return before is not None and before.tag in ("VERB", "AUX")


def _clause_follows(tokens: list[Token], index: int) -> bool:
    """Whether a verb comes before the next mark: "after the sun sets", not "after the storm"."""
    begin = index + 1
    if begin + 1 < len(tokens) and tokens[begin].low in v.PRONOUNS and tokens[begin + 1].low in ("and", ",", "."):
        return False  # "rolls after it and gets tangled"
    comma = next((place for place in range(begin, min(index + 6, len(tokens))) if tokens[place].text == ","), 0)
    if tokens[index].low == "as" and comma and tokens[comma + 1 : comma + 2]:  # "as a stag, its antlers gleaming, ..."
        after = tokens[comma + 1].low
        closing = next((place for place in range(comma + 1, len(tokens)) if tokens[place].text == ","), 0)
        begin = closing + 1 if closing and (after in v.POSSESSIVES or after.endswith("ing")) else begin
    for other in tokens[begin : begin + 8]:
        if not other.text[0].isalnum():
            return False
        if finite(other.low) or other.low in v.AUXILIARIES:
            return True
        if set(classes_of(other.low)) == {"VERB"} and not other.low.endswith("ing"):
            return True  # "until a hat and a carrot remain"
    return False


def _starts_clause(tokens: list[Token], index: int) -> bool:
    """Whether a new clause begins here: a finite verb, or a subject with one."""
    seen_noun = False
    for other in tokens[index : index + 9]:
        low = other.low
        if (
            low in v.CONJUNCTIONS
            or low in ("then", "finally", "of")
            or (low in v.ADVERBS and not seen_noun)
            or _manner(low)
        ):
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
        if not seen_noun and finite(low) and other is tokens[index]:
            return True
        seen_noun = seen_noun or "NOUN" in found or not found
    return False


def _manner(low: str) -> bool:
    return low.endswith("ly") and set(classes_of(low)) <= {"ADV"}
