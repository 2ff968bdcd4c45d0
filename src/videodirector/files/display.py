"""Make foreign text safe to print: nothing that a file or server says may steer a terminal."""

from __future__ import annotations

import unicodedata
from typing import Any

__all__ = ["escape_controls", "escape_line", "escape_values", "shorten"]

_JOINERS = "\u200c\u200d\u00ad"  # Persian words and emoji need the first two; the last is a hyphen


def escape_controls(text: str) -> str:
    """Write control characters as ``\\uXXXX``: ESC, BEL, C1, overrides of direction, surrogates, separators of lines.

    Line feeds and tabs are kept. The form is that of JSON, so JSON text stays the same JSON.
    """
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(_escaped(character) if _is_control(character) else character for character in text)


def escape_line(text: str) -> str:
    """``escape_controls``, and line feeds too: for text that must not pass for a line of our own."""
    return escape_controls(text).replace("\n", "\\n")


def escape_values(value: Any) -> Any:
    """``escape_controls`` for every text in plain data."""
    if isinstance(value, str):
        return escape_controls(value)
    if isinstance(value, dict):
        return {escape_controls(str(key)): escape_values(item) for key, item in value.items()}
    return [escape_values(item) for item in value] if isinstance(value, (list, tuple)) else value


def shorten(text: str, *, lines: int = 3, characters: int = 500) -> str:
    """The beginning of a foreign message, escaped: at most so many lines and characters; `` ...`` says that it goes on.

    Blank lines are left out.
    """
    head = text[: 4 * characters]
    kept = [line.strip() for line in head.splitlines() if line.strip()]
    short = escape_controls("\n".join(kept[:lines]))
    cut = len(head) < len(text) or len(kept) > lines or len(short) > characters
    return f"{short[:characters].rstrip()} ..." if cut else short


def _is_control(character: str) -> bool:
    if character in _JOINERS or character in "\n\t":
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
