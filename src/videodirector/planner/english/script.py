"""From any text to shots and sentences: cleaning, emoji, scripts that list their scenes."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from videodirector.lexicon import trained_things
from videodirector.planner.english.vocabulary import (
    ADVERBS,
    FUNCTION_WORDS,
    choose_article,
    find_word_classes,
    split_words,
)

__all__ = ["Shot", "clean_story", "expand_scene_headings", "find_names", "split_sentences", "split_shots"]

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|<!--.{0,2000}?-->|<!\[CDATA\[|\]\]>", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]]{0,500})\]\([^()\s]{0,500}\)|https?://\S+")
_EMPHASIS = re.compile(r"(?<!\w)[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}(?!\w)|^\s*#{1,6}\s+|^\s*>+\s?", re.MULTILINE)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "…": "...", "—": ", ", "–": "-"})

# "Scene 1:", "SHOT 3 -", "1.", "2)", "- ", "* ", "•"
_LABEL = re.compile(
    r"^\s*(?:[-*•‣▪+]\s+)?(?:(?:scene|shot|panel|frame|part|act|clip)\s*(?:\d{1,4}|[ivx]{1,5}|one|two|three|four|five|six"
    r"|seven|eight|nine|ten)\b\s*(?:[:.)\-]|$)|\(?\d{1,4}[.):](?=\s|$)|[-*•‣▪+]\s+)\s*",
    re.IGNORECASE,
)
_INLINE_LABEL = re.compile(r"(?<=[.!?\s])\s*(?=\b(?:scene|shot)\s+\d{1,4}\s*[:.])", re.IGNORECASE)
_INLINE_NUMBER = re.compile(r"(?:^|(?<=[.!?:;,\"'][ ])|(?<=\s)(?=\(?\d{1,3}\)))\(?(\d{1,3})[.):]\s+(?=\D)")

# "A realistic lively video of a scene in which ...": talk about the film, not the story.
_META = re.compile(
    r"^\s*(?:(?:please\s+)?(?:make|create|generate|show|draw)\s+(?:me\s+)?)?(?:(?:a|an|the)\s+)?(?:[\w-]+\s+){0,3}"
    r"(?:video|clip|movie|film|animation|footage)\s+"
    r"(?:of\s+(?:a|the)\s+(?:[\w-]+\s+){0,3}?scene\s+(?:with|in\s+which|where|of)|of|with|in\s+which|where|showing|about|that\s+shows)\s+",
    re.IGNORECASE,
)


# "Close-up of ...", "Sunset shot of ..."
_CAMERA = re.compile(r"^\s*(?:(?:an?|the)\s+)?(?:[\w-]+\s+){0,3}(?:shot|view|close-?up|footage)\s+of\s+", re.IGNORECASE)

# How tales begin; it names no thing and no place.
_OPENING = re.compile(
    r"^\s*(?:once upon a time|long ago|one (?:\w+ )?(?:day|night|morning|evening))\b[\s,]*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Shot:
    """A part of the story that is one scene (``is_listed``: the script says so) or more."""

    text: str
    is_listed: bool


def clean_story(story: str) -> str:
    """Return the story as plain text: no markup or control characters, known emoji as words."""
    text = story.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # pairs become whole, halves become �
    text = html.unescape(_TAG.sub(" ", text)).translate(_QUOTES)
    text = "".join(
        character
        if character in "\n\t" or unicodedata.category(character)[0] != "C" or character == "\u200d"
        else ("\n" if character == "\r" else " ")
        for character in text.replace("\r\n", "\n")
    )
    text = _EMPHASIS.sub("", _LINK.sub(r"\1", text))
    return _replace_emoji(text).replace("\ufffd", " ").replace("\u200d", "")


@lru_cache(maxsize=1)
def _compile_emoji_pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    names = {thing.emoji: thing.name for thing in trained_things().values()}
    longest_first = sorted(names, key=len, reverse=True)
    pattern = "|".join(map(re.escape, longest_first))
    return re.compile(f"(?:{pattern})[\\ufe0f\\U0001f3fb-\\U0001f3ff]*"), names


def _replace_emoji(text: str) -> str:
    pattern, names = _compile_emoji_pattern()

    def word(match: re.Match[str]) -> str:
        bare = match[0].rstrip("\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
        name = names.get(bare, names.get(match[0], ""))
        return f" {choose_article(name)} {name} "

    if pattern.search(text) is None:
        return text
    text = pattern.sub(word, text)
    return re.sub(
        r"\b(the|a|an|my|his|her|its|one)\s+an?\s+", r"\1 ", re.sub(r"[ \t]{2,}", " ", text), flags=re.IGNORECASE
    )


def split_shots(text: str) -> list[Shot]:
    """Return the parts of a cleaned story: its listed scenes where it is a script, otherwise its sentences."""
    parts = [line for part in _INLINE_LABEL.split(text) for line in part.split("\n")]
    lines = [line.strip() for part in parts for line in _split_at_numbers(part) if line.strip()]
    labels = [_LABEL.match(line) for line in lines]
    named = sum(1 for label in labels if label and any(character.isalpha() for character in label[0]))
    if sum(map(bool, labels)) < (1 if named else 2):
        return [Shot(sentence, is_listed=False) for sentence in split_sentences(" ".join(lines))]
    found: list[str] = []  # lines before the first label are a title
    for line, label in zip(lines, labels, strict=True):
        if label:
            found.append(line[label.end() :].strip())
        elif found:
            found[-1] = f"{found[-1]} {line}".strip()
    return [Shot(part, is_listed=True) for part in found if part]


def _split_at_numbers(line: str) -> list[str]:
    """Return a line that counts "1. ... 2. ... 3. ..." as a line for each number; any other line as it is."""
    starts: list[int] = []
    for match in _INLINE_NUMBER.finditer(line):
        if int(match[1]) == len(starts) + 1:
            starts.append(match.start())
    if len(starts) < 2:
        return [line]
    return [line[start:end] for start, end in pairwise([0, *[start for start in starts if start], len(line)])]


_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[^\sa-z])|(?<=[。！？])\s*|\n{2,}")
_ANY_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+|(?<=[。！？])\s*|\n{2,}")  # of texts without any capital
_ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|st|prof|vs|etc|e\.g|i\.e|no)\.$", re.IGNORECASE)


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text, without talk about the film itself."""
    found: list[str] = []
    end = _ANY_END if text == text.lower() else _END
    for part in end.split(text):
        sentence = " ".join(part.split())
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] += f" {sentence}"
        elif any(character.isalnum() for character in sentence):
            found.append(sentence)
    return [_strip_preamble(sentence) or sentence for sentence in found]


_SCENE_HEADING = re.compile(
    r"\b(?:INT|EXT)\b[./ ]*(?:(?:INT|EXT)\b[. ]*)?([A-Z][A-Z' ]*?)\s*-\s*"
    r"(DAY|NIGHT|MORNING|EVENING|DUSK|DAWN|SUNSET|SUNRISE)\b[.:]?\s*"
)


def expand_scene_headings(text: str) -> str:
    """Return a scene of a script as it is read: "INT. KITCHEN - NIGHT" says where and when."""

    def said(match: re.Match[str]) -> str:
        time = "" if match[2] in ("DAY", "MORNING") else f" at {match[2].lower()}"
        return f"In the {match[1].strip().lower()}{time}, "

    return _SCENE_HEADING.sub(said, text)


def _strip_preamble(sentence: str) -> str:
    for talk in (_META, _CAMERA, _OPENING):
        sentence = talk.sub("", sentence, count=1)
    return sentence


_MID_SENTENCE_NAME = re.compile(
    r"(?<=[a-z,;] )[A-Z][a-zé]+(?:-?[A-Z][a-z]+)*\b|(?<=[a-z] )[B-HJ-Z]\b(?!\.)"
    r"|(?<=\b(?:Mr|Ms|Dr)[. ])\s?[A-Z][a-zé]+(?:[A-Z][a-z]+)*\b|(?<=\bMrs[. ])\s?[A-Z][a-zé]+(?:[A-Z][a-z]+)*\b"
)
_APPOSITION_NAME = re.compile(r"\b([A-Z][a-z]+) the [a-z]")  # "Molly the mole"
_NOT_NAMES = split_words(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december christmas easter halloween english french german spanish chinese i earth"""
)


def find_names(text: str) -> frozenset[str]:
    """Return the words that a text writes with a capital where no sentence begins; none for a text in Title Case."""
    words = re.findall(r"[^\W\d_]+", text[:200_000])
    capitals = sum(word[0].isupper() for word in words)
    if capitals > 0.65 * len(words) and len(words) > 3:
        return frozenset()
    apposed = {found for found in _APPOSITION_NAME.findall(text) if found.lower() not in FUNCTION_WORDS | ADVERBS}
    apposed = {found for found in apposed if set(find_word_classes(found)) <= {"NOUN"}}
    midway = {found.strip() for found in _MID_SENTENCE_NAME.findall(text)}
    return frozenset(found for found in midway | apposed if found.lower() not in _NOT_NAMES)
