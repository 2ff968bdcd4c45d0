"""What a sentence says aside: "a stag, its antlers gleaming, emerges": cut out, so that the rest reads on."""

from __future__ import annotations

from collections.abc import Sequence

from videodirector.planner.tokens import Token, finite, inflected

__all__ = ["without_asides"]

_BEFORE_NOUN = ("DET", "POSS", "ADJ", "NUM")
_LONGEST = 14  # words of an aside between two commas


def without_asides(tokens: list[Token]) -> tuple[list[Token], list[tuple[int, list[Token]]]]:
    """A tagged sentence without what stands aside in it.

    Returns:
        What is left, and each aside with the place in it from which it was cut: a participle between a subject and its
        verb ("the man, leaning on his cane, pauses"), or a noun with one ("..., its antlers gleaming, ...").
    """
    left: list[Token] = []
    asides: list[tuple[int, list[Token]]] = []
    index = 0
    while index < len(tokens):
        end = _aside(tokens, index, left)
        if end:
            asides.append((len(left), tokens[index + 1 : end]))
            # Between subject and verb both commas go; otherwise the second one still divides.
            index = end + 1 if end < len(tokens) and _interrupts(tokens, end, left) else end
        else:
            left.append(tokens[index])
            index += 1
    return left, asides


def _aside(tokens: Sequence[Token], index: int, before: Sequence[Token]) -> int:
    """Where the aside ends that begins with this comma; 0 for none."""
    if tokens[index].text != "," or not before:
        return 0
    begin = index + 1
    end = next((place for place in range(begin, len(tokens)) if _stops(tokens[place])), len(tokens))
    if end == begin or end - begin > _LONGEST:
        return 0
    participle = tokens[begin].tag == "VERB" and _is_participle(tokens[begin])
    if participle:  # without a noun of its own only between a subject and its verb
        return end if _interrupts(tokens, end, before) else 0
    return end if _noun_with_participle(tokens[begin:end]) else 0


def _stops(token: Token) -> bool:
    return token.text in (",", ";", ".", "!", "?", '"') or token.tag == "SUB" or token.low == "then"


def _is_participle(token: Token) -> bool:
    return token.low.endswith(("ing", "ed", "en")) and inflected(token.low)


def _noun_with_participle(words: Sequence[Token]) -> bool:
    """ "its antlers gleaming in the sun": a noun phrase, then a participle in -ing, and no other verb before it."""
    place = 0
    while place < len(words) and words[place].tag in _BEFORE_NOUN:
        place += 1
    nouns = place
    while place < len(words) and words[place].tag == "NOUN":
        place += 1
    if place == nouns or place == len(words) or words[0].low == "and":
        return False
    follows = words[place]
    if any(word.tag in ("VERB", "AUX") and finite(word.low) for word in words):
        return False
    return follows.tag == "VERB" and follows.low.endswith("ing") and inflected(follows.low)


def _interrupts(tokens: Sequence[Token], end: int, before: Sequence[Token]) -> bool:
    """Whether a subject without a verb stands before, and its verb behind."""
    if end >= len(tokens) or tokens[end].text != ",":
        return False
    behind = next((token for token in tokens[end + 1 :] if token.tag != "ADV"), None)
    if behind is None or not (behind.tag == "AUX" or (behind.tag == "VERB" and not behind.low.endswith("ing"))):
        return False
    for token in reversed(before):
        if token.tag in ("SUB", "REL", "CONJ") or token.text in (";", ","):
            break
        if token.tag in ("VERB", "AUX"):
            return False
    return any(token.tag in ("NOUN", "PRON") for token in before)
