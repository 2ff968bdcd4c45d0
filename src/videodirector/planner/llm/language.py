"""Whether a text is in English: descriptions must be, for the models that draw understand little else."""

from __future__ import annotations

import re

from videodirector.planner.vocabulary import is_known

__all__ = ["is_english"]

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def is_english(text: str) -> bool:
    """Whether at least half of the words are English; names are allowed for, a text of two words may be all names."""
    words = _WORD.findall(text)[:400]
    if any(ord(character) > 0x24F for word in words for character in word if character not in "’"):
        return False  # another script than Latin
    strange = [word for word in words if not is_known(word) and not word[0].isupper()]
    spoken = [word for word in words if not word[0].isupper() or is_known(word)]
    return len(words) <= 2 or not spoken or len(strange) <= 0.5 * len(spoken)
