"""Makes file names readable for every program."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

__all__ = ["make_readable", "make_values_readable"]

_HALF = re.compile("[\ud800-\udfff]")


def make_readable(name: str | os.PathLike[str]) -> str:
    """Write out the bytes of a name that are not UTF-8: ``f\\xfcchs.mp4``.

    Python carries such bytes as lone surrogates, which neither JSON nor UTF-8 can hold.
    """
    return _HALF.sub(_write_out, os.fspath(name))


def make_values_readable(value: object) -> object:
    """Apply ``make_readable`` to every text in plain data."""
    if isinstance(value, (str, os.PathLike)):
        return make_readable(value)
    if isinstance(value, Mapping):
        return {
            make_readable(key) if isinstance(key, str) else key: make_values_readable(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [make_values_readable(item) for item in value]
    return value


def _write_out(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number - 0xDC00:02x}" if 0xDC80 <= number <= 0xDCFF else f"\\u{number:04x}"
