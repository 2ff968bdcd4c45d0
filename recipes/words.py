"""Build the word tables of the lexicon from WordNet: what kind of thing a noun names, and what kind of motion a verb.

    python recipes/words.py WORDNET_FOLDER      # with data.noun, data.verb, cntlist.rev, as WordNet 3.0 has them

Writes ``nouns.tsv.gz`` and ``verbs.tsv.gz`` into ``videodirector/lexicon/``; ``lexicon.wordnet`` says what
the columns are. A word is given its commonest sense that can be seen (noun) or that moves (verb), and beside it how
common that kind of sense is. How common a sense is: its count in the semantic concordance, plus 1 / rank for words that
were never counted. Proper names and words of more than three parts are left out.
"""

from __future__ import annotations

import argparse
import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from videodirector import lexicon

KINDS = {
    "04": "act", "05": "animal", "06": "artifact", "07": "attribute", "08": "body", "09": "cognition",
    "10": "communication", "11": "event", "12": "feeling", "13": "food", "14": "group", "15": "location",
    "16": "motive", "17": "object", "18": "person", "19": "phenomenon", "20": "plant", "21": "possession",
    "22": "process", "23": "quantity", "24": "relation", "25": "shape", "26": "state", "27": "substance", "28": "time",
    "38": "motion",
}  # fmt: skip
"""The lexicographer's files, by number."""

SEEN = {
    "animal": 3.0, "person": 1.0, "artifact": 1.0, "food": 1.0, "plant": 0.7, "object": 1.0, "body": 0.6,
    "substance": 0.6, "phenomenon": 1.0, "location": 0.5, "group": 0.1, "natural object": 1.0, "body of water": 1.0,
    "motion": 1.0,
}  # fmt: skip
"""Kinds that can be seen, and how likely a story means them: an alpaca is an animal before it is a wool."""

TOPS = {"animal", "artifact", "food", "object", "person", "plant", "substance", "natural object", "body of water"}
"""Of the nouns above all files, those that can be seen."""


@dataclass(frozen=True)
class Synset:
    """A sense: its words as in the file, its kind, and the sense above it; an instance is somebody in particular."""

    words: tuple[str, ...]
    kind: str
    above: str
    keys: tuple[str, ...]
    instance: bool


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wordnet", type=Path)
    parser.add_argument("--out", type=Path, default=Path(lexicon.__file__).parent)
    options = parser.parse_args()
    counts = dict(counted(options.wordnet / "cntlist.rev"))
    for name, number in (("noun", "1"), ("verb", "2")):
        synsets = dict(read(options.wordnet / f"data.{name}", number))
        ranks = dict(ranked(options.wordnet / f"index.{name}"))
        lines = table(synsets, ranks, counts)
        path = options.out / f"{name}s.tsv.gz"
        path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))
        print(f"{path}: {len(lines)} words, {path.stat().st_size / 1024:.0f} KB")


def counted(path: Path) -> Iterable[tuple[str, int]]:
    """Sense keys and how often each was met."""
    for line in path.read_text().splitlines():
        key, _, count = line.split()
        yield key, int(count)


def ranked(path: Path) -> Iterable[tuple[str, list[str]]]:
    """Words and their synsets, the commonest first."""
    for line in path.read_text().splitlines():
        if not line.startswith(" "):
            fields = line.split()
            yield fields[0], fields[-int(fields[2]) :]


def read(path: Path, number: str) -> Iterable[tuple[str, Synset]]:
    """Synsets by their offset."""
    for line in path.read_text().splitlines():
        if line.startswith(" "):
            continue
        fields = line.split("|")[0].split()
        offset, file = fields[0], fields[1]
        size = int(fields[3], 16)
        pairs = [(fields[4 + 2 * place], fields[5 + 2 * place]) for place in range(size)]
        rest = fields[4 + 2 * size :]
        pointers = [(rest[1 + 4 * place], rest[2 + 4 * place]) for place in range(int(rest[0]))]
        above = next((target for symbol, target in pointers if symbol in ("@", "@i")), "")
        words = tuple(word for word, _ in pairs)
        kind = KINDS.get(file, "")
        if file == "03" and words[0].replace("_", " ") in TOPS:
            kind = words[0].replace("_", " ")
        keys = tuple(f"{word.lower()}%{number}:{file}:{int(sense, 16):02d}::" for word, sense in pairs)
        yield offset, Synset(words, kind, above, keys, any(symbol == "@i" for symbol, _ in pointers))


def table(synsets: dict[str, Synset], ranks: dict[str, list[str]], counts: dict[str, int]) -> list[str]:
    """One sorted line a word; see ``videodirector.lexicon.wordnet`` for the columns."""
    best: dict[str, tuple[str, int]] = {}
    commonest: dict[str, str] = {}
    for word, offsets in ranks.items():
        if not re.fullmatch(r"[a-z][a-z'-]*(?:_[a-z'-]+){0,2}", word):
            continue
        if all(name[0].isupper() for offset in offsets for name in synsets[offset].words if name.lower() == word):
            continue
        common = [offset for offset in offsets if not synsets[offset].instance]
        weights = [_weight(synsets[offset], word, rank, counts) for rank, offset in enumerate(common, 1)]
        seen = [(w, offset) for w, offset in zip(weights, common, strict=True) if synsets[offset].kind in SEEN]
        chosen = max(seen, key=lambda pair: pair[0] * SEEN[synsets[pair[1]].kind])[1] if seen else offsets[0]
        commonest[word] = synsets[(common or offsets)[weights.index(max(weights)) if weights else 0]].kind
        best[word] = chosen, round(9 * sum(weight for weight, _ in seen) / sum(weights)) if weights else 0
    owners: dict[str, str] = {}  # synset -> the first word that stands for it
    for offset, synset in synsets.items():
        names = [word.lower() for word in synset.words]
        owners[offset] = next((word for word in names if best.get(word, ("", 0))[0] == offset), f"{names[0]}#{offset}")
    needed: dict[str, str] = {}
    lines = []
    for word, (offset, share) in best.items():
        own = owners[offset] == word
        above = owners.get(synsets[offset].above, "") if own else owners[offset]
        lines.append((word, share, synsets[offset].kind if own else "=", above, commonest[word]))
        step = synsets[offset].above if own else offset
        while step:
            if "#" in owners[step]:
                needed[step] = owners[step]
            step = synsets[step].above
    for offset, owner in needed.items():
        lines.append((owner, 0, synsets[offset].kind, owners.get(synsets[offset].above, ""), ""))
    rows = sorted((_spaced(word), str(share), kind, _spaced(above), usual) for word, share, kind, above, usual in lines)
    return ["\t".join(row) for row in rows]


def _weight(synset: Synset, word: str, rank: int, counts: dict[str, int]) -> float:
    key = next(key for key in synset.keys if key.split("%")[0] == word)
    return counts.get(key, 0) + 1 / rank


def _spaced(word: str) -> str:
    return word.replace("_", " ")


if __name__ == "__main__":
    main()
