"""Extract JSON from a chat model's answer: out of prose and fences, despite trailing commas, comments or odd quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["CUT_OFF", "MAX_ANSWER", "extract_json", "replace_look_alikes"]

MAX_ANSWER = 1_000_000
"""The maximum length of an answer in characters; a film of 1,000 scenes stays below it."""

CUT_OFF = "the answer ends in the middle"
"""The repair of an answer whose brackets are never closed."""

_FENCE = re.compile(r"```[\w-]*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_MAX_TRIES = 64  # opening brackets at which strict JSON is looked for
_MAX_DEPTH = 100  # deeper nesting is not a plan, and slow to repair

# Look-alikes of JSON's signs; they are replaced only outside of quoted text.
_LOOK_ALIKES = {
    '"': "“”„‟″＂«»",
    "'": "‘’‚‛′＇",
    ":": "：﹕꞉∶",
    ",": "，﹐、､",
    "[": "［【〔",
    "]": "］】〕",
    "{": "｛﹛",
    "}": "｝﹜",
    "-": "−–—‐‑‒﹣－",
    ".": "．｡",
    " ": "\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000",
    "": "\u200b\u200c\u200d\u2060\ufeff",
}
_LOOK_ALIKE_TABLE = {ord(sign): ascii_sign for ascii_sign, signs in _LOOK_ALIKES.items() for sign in signs}
_LOOK_ALIKE_TABLE |= {ord(digit): str(value) for value, digit in enumerate("０１２３４５６７８９")}
_CLOSING = {'"': '"', "“": "”", "„": "”“", "‟": "”", "＂": "＂", "«": "»", "”": "”"}


def extract_json(text: str) -> tuple[Any, list[str]]:
    """Return the JSON object or list in an answer.

    Args:
        text: the answer.

    Returns:
        The data, and the repairs made to read it, in a few words each; none for plain JSON.

    Raises:
        ValueError: it has no JSON.
    """
    text = text[:MAX_ANSWER].strip("\ufeff \t\r\n")
    repairs: list[str] = []
    try:
        data = json.loads(text, object_pairs_hook=_ObjectBuilder(repairs))
        if isinstance(data, (dict, list)):
            return data, repairs
    except (ValueError, RecursionError):
        repairs.clear()
    for part in _iter_json_parts(text):
        opened, closed = _count_brackets(part)
        found = (
            list(_parse_strict(part, repairs)) if opened <= closed else []
        )  # the inside of half an answer is not the answer
        covered = sum(length for _, length in found)
        if found and covered >= 0.5 * len(part.strip()):
            if len(part.strip()) < len(text):
                repairs.append("text around the JSON was left out")
            largest, length = max(found, key=lambda value: value[1])
            return (largest if length >= 0.75 * covered else [data for data, _ in found]), repairs
        repairs.clear()
    for part in _iter_json_parts(text):
        data = _parse_lenient(part)
        if data:
            opened, closed = _count_brackets(part)
            return data, [CUT_OFF if opened > closed else "what was not JSON was read as it was probably meant"]
    raise ValueError("there is no JSON in the answer")


def replace_look_alikes(text: str) -> str:
    """Return a text outside of JSON with look-alikes of signs and digits replaced by the ASCII ones."""
    return text.translate(_LOOK_ALIKE_TABLE)


class _ObjectBuilder:
    """Builds objects, and notes duplicate keys; the last one is used."""

    def __init__(self, repairs: list[str]) -> None:
        self._repairs = repairs

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data = dict(pairs)
        if len(data) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = sorted({key for key in keys if keys.count(key) > 1})
            self._repairs.append(f"given twice, the last one counts: {', '.join(twice)[:80]}")
        return data


def _iter_json_parts(text: str) -> Iterator[str]:
    """Yield the parts that may be JSON: code fences, the longest first, then from the first bracket to the last."""
    yield from sorted((match[1] for match in _FENCE.finditer(text) if match[1].strip()), key=len, reverse=True)
    first = min((place for bracket in "{[｛［" if (place := text.find(bracket)) >= 0), default=-1)
    if first >= 0:
        last = max(text.rfind(bracket) for bracket in "}]｝］")
        whole = text[first : last + 1]
        opened, closed = _count_brackets(whole)
        yield whole if opened == closed else text[first:]  # an answer that was cut off ends with no bracket


def _count_brackets(text: str) -> tuple[int, int]:
    opened, closed = (sum(map(text.count, brackets)) for brackets in ("{[｛［", "}]｝］"))
    return opened, closed


def _parse_strict(part: str, repairs: list[str]) -> Iterator[tuple[Any, int]]:
    """Yield the JSON values in a text, one after the other, with the length that each takes up."""
    decoder = json.JSONDecoder(object_pairs_hook=_ObjectBuilder(repairs))
    place = tries = 0
    while tries < _MAX_TRIES:
        match = re.compile(r"[{\[]").search(part, place)
        if match is None:
            return
        tries += 1
        try:
            data, end = decoder.raw_decode(part, match.start())
        except (ValueError, RecursionError):
            if _measure_span(part, match.start()) > 0.5 * len(part):
                return  # this is the answer, and not strict JSON: what is inside of it is not the answer
            place = match.start() + 1
            continue
        if data:
            yield data, end - match.start()
        place = end


def _measure_span(part: str, start: int) -> int:
    """Return the length from an opening bracket to where it is closed, or to the end."""
    depth = 0
    for match in re.compile(r"[\[{]|[\]}]").finditer(part, start):
        depth += 1 if match[0] in "[{" else -1
        if depth == 0:
            return match.end() - start
    return len(part) - start


def _parse_lenient(part: str) -> Any:
    from json_repair import repair_json

    if _measure_depth(part) > _MAX_DEPTH:
        return None
    try:
        data = repair_json(_replace_signs(part), return_objects=True, skip_json_loads=True)
    except Exception:  # it promises none, but its input here is anything at all
        return None
    return data if isinstance(data, (dict, list)) else None


def _measure_depth(part: str) -> int:
    """Return the nesting depth of brackets, including those in texts."""
    deepest = depth = 0
    for match in re.finditer(r"[\[{]|[\]}]", part):
        depth += 1 if match[0] in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _replace_signs(part: str) -> str:
    """Replace look-alikes of JSON's signs outside of quoted texts."""
    out: list[str] = []
    closing = ""
    escaped = False
    for character in part:
        if closing:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character in closing:
                closing = ""
                out.append('"')
                continue
            out.append('\\"' if character == '"' and '"' not in closing else character)
        elif character in _CLOSING:
            closing = _CLOSING[character]
            out.append('"')
        else:
            out.append(character.translate(_LOOK_ALIKE_TABLE))
    return "".join(out)
