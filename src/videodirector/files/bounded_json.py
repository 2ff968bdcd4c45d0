"""Parse JSON from strangers within bounds: bytes, values and depth are checked before or beside the parser.

Every file and answer of unknown origin is parsed here and not by ``json.loads``, which takes all memory for a long text
of brackets, leaves a ``RecursionError`` for a deep one, and returns trees that later code cannot walk.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_OBJECTS", "MAX_VALUES", "parse_bounded"]

MAX_BYTES = 64 * 2**20
"""The longest text that is parsed; a plan of 10,000 busy scenes stays below it."""

MAX_DEPTH = 64
"""The deepest nesting of lists and objects; a plan has 7 levels, a manifest around it 8."""

MAX_VALUES = 4_000_000
"""The most values in one text; a plan of 10,000 busy scenes has about half as many."""


MAX_OBJECTS = 500_000
"""The most objects in one text, such as scenes, entities and records: they take the most time and memory."""


def parse_bounded(
    text: str | bytes,
    *,
    max_bytes: int = MAX_BYTES,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """Parse JSON in linear time and bounded memory: bytes and values are counted before anything is parsed.

    Args:
        text: JSON; bytes are UTF-8, with or without a byte-order mark.
        max_bytes: longest text; characters are counted where it is decoded already.
        object_pairs_hook: as for ``json.loads``; it must return dictionaries.

    Raises:
        ValueError: saying which bound is broken; ``json.JSONDecodeError`` and ``UnicodeDecodeError`` are such, too.
    """
    if len(text) > max_bytes:
        raise ValueError(f"longer than {max_bytes // 2**20} MiB" if max_bytes >= 2**20 else f"longer than {max_bytes}")
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    # A mark inside a string counts, too: the bounds are far above what a real text holds.
    objects = text.count("{")
    containers = objects + text.count("[")
    values = 1 + containers + text.count(",")
    for kind, number, most in (("objects", objects, MAX_OBJECTS), ("values", values, MAX_VALUES)):
        if number > most:
            raise ValueError(f"has about {number:,} {kind}, and {most:,} are the most")
    try:
        data = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=object_pairs_hook)
    except RecursionError:
        raise _TOO_DEEP from None
    if containers > MAX_DEPTH:
        _check_depth(data)
    return data


def _check_depth(data: object) -> None:
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for value in level for inner in _children(value) if isinstance(inner, (list, dict))]
        if not level:
            return
    raise _TOO_DEEP


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


_TOO_DEEP = ValueError(f"nested too deeply: more than {MAX_DEPTH} levels")
