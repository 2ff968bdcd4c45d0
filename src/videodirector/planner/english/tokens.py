"""A sentence as words and marks, and which forms a word may be: "it's" is two words, "as soon as" is one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from videodirector.planner.english import vocabulary as v
from videodirector.planner.english.vocabulary import find_word_classes

__all__ = ["IsThing", "Token", "can_be", "is_finite", "is_inflected", "tokenise"]

IsThing = Callable[[str], bool]


@dataclass(slots=True)
class Token:
    """A word or mark, and its class: DET POSS NUM PRON ADJ NOUN VERB AUX ADV PREP CONJ SUB REL TO PUNCT.

    ``proper`` marks the NOUN that is somebody's name; the POSS of "the boy's dog" is a separate token, "'s".
    """

    text: str
    tag: str = ""
    is_proper: bool = False

    @property
    def lower(self) -> str:
        """The word in small letters."""
        return self.text.lower()


_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[.,;:!?()\"&-]|\S")


_TITLE = re.compile(r"\b(Mr|Mrs|Ms|Dr|St|Prof)\.(?=\s)")
_HALF_A_DOZEN = re.compile(r"\bhalf (?:a|of a) dozen\b", re.IGNORECASE)


def tokenise(sentence: str) -> list[str]:
    """Words and marks; "it's" is two words, and so is "boy's"."""
    found: list[str] = []
    sentence = _TITLE.sub(r"\1", sentence)
    sentence = _HALF_A_DOZEN.sub(lambda match: "Six" if match[0][0] == "H" else "six", sentence)
    for text in _TOKEN.findall(sentence):
        stem, mark, ending = text.rpartition("'")
        low = stem.lower()
        if not mark or f"'{ending.lower()}" not in v.CONTRACTIONS:
            found.append(text)
        elif low in v.PRONOUNS or low in _CONTRACTED:
            found += [stem, v.CONTRACTIONS[f"'{ending.lower()}"]]
        elif ending.lower() == "s":
            found += [stem, "'s"]
        else:
            found.append(text)
    return _join_phrases(found)


def _join_phrases(texts: list[str]) -> list[str]:
    """Connectives of several words as one: "as soon as"."""
    if "as" not in texts and "As" not in texts and "even" not in texts:
        return texts
    found: list[str] = []
    for text in texts:
        found.append(text)
        for phrase, one in v.PHRASAL_SUBORDINATORS.items():
            if tuple(word.lower() for word in found[-len(phrase) :]) == phrase:
                found[-len(phrase) :] = [one if found[-len(phrase)].islower() else one.capitalize()]
    return found


_CONTRACTED = v.RELATIVES | frozenset(["there", "here", "what", "where", "how"])


def can_be(word: str, *kinds: str) -> bool:
    if not word or word in v.FUNCTION_WORDS:
        return False
    found = find_word_classes(word)
    return any(kind in found for kind in kinds) or (not found and word[:1].isalpha() and "NOUN" in kinds)


def is_inflected(word: str) -> bool:
    """Return whether a verb form shows that it is one: walks, walked, flew - not walk."""
    return bool(verbs := find_word_classes(word).get("VERB", ())) and word.lower() not in verbs


def is_finite(word: str) -> bool:
    return is_inflected(word) and not word.lower().endswith("ing")
