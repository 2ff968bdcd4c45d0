"""What any word of English names or does, from WordNet: the kinds of things, the kinds of motions.

Two tables, built by ``recipes/words.py``, sorted by word, with the columns

1. the word (a sense that no word has as its own is marked ``word#number``),
2. the share of the word's use, 0 to 9, in which it names something that can be seen (a verb: in which it moves),
3. the kind of its chosen sense ("animal", "artifact", "feeling"), or ``=`` for a synonym of the next column,
4. the word for the sense above it,
5. the kind of the commonest sense of all ("act" for a chase, which is also the name of a person).
"""

from __future__ import annotations

import gzip
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

__all__ = ["Sense", "find_noun", "find_verb"]

_MAX_DEPTH = 30  # levels; WordNet has 20


@dataclass(frozen=True, slots=True)
class Sense:
    """The commonest sense of a word that can be seen, or else the commonest.

    Attributes:
        kind: WordNet's file ("animal", "artifact", "location", "feeling", "time").
        dominant_kind: the kind of the commonest sense, whether it can be seen or not.
        share: how much of the word's use it is, or others that can be seen are, in [0, 1].
        lineage: synonyms and the ever wider classes it belongs to, nearest first: husky -> working dog, dog, canid ...
    """

    kind: str
    dominant_kind: str
    share: float
    hypernyms: tuple[str, ...]


def find_noun(word: str) -> Sense | None:
    """Return the sense of a noun in the singular, in small letters; None for a word that WordNet does not have."""
    return _find_sense("nouns.tsv.gz", word)


def find_verb(word: str) -> Sense | None:
    """Return the sense of a verb in its base form; None for a word that WordNet does not have."""
    return _find_sense("verbs.tsv.gz", word)


@lru_cache(maxsize=16384)
def _find_sense(table: str, word: str) -> Sense | None:
    row = _find_row(table, word)
    if row is None:
        return None
    share, kind, above, usual = row
    lineage: list[str] = []
    while above and len(lineage) < _MAX_DEPTH:
        lineage.append(above.partition("#")[0])
        row = _find_row(table, above)
        if row is None:
            break
        kind, above = row[1] if kind == "=" else kind, row[2]
    return Sense(kind, usual or kind, int(share) / 9, tuple(lineage))


def _find_row(table: str, word: str) -> tuple[str, str, str, str] | None:
    lines = _read_table(table)
    place = bisect_left(lines, f"{word}\t")
    if place == len(lines) or not lines[place].startswith(f"{word}\t"):
        return None
    _, share, kind, above, usual = lines[place].split("\t")
    return share, kind, above, usual


@lru_cache(maxsize=2)
def _read_table(table: str) -> list[str]:
    return gzip.decompress(files(__package__).joinpath(table).read_bytes()).decode().splitlines()
