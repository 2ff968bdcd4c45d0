"""Plan documents as text and as files: strict reading, canonical writing, and files that are whole or not there."""

from __future__ import annotations

import errno
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from videodirector.errors import OutputError, PlanError, PlanIssue
from videodirector.files.bounded_json import MAX_BYTES, parse_bounded
from videodirector.schemas.problems import json_path, summarised

__all__ = ["MAX_BYTES", "canonical_json", "parse_json", "read_text", "write_atomically"]

_NOT_UTF8 = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe\x00\x00": "UTF-32"}


def read_text(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a plan file.

    Raises:
        PlanError: there is no such file, it cannot be read, or it is far too large.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _refused(path, "there is no such file", "check the path") from None
    except IsADirectoryError:
        raise _refused(path, "this is a directory", "name the plan file in it") from None
    except PermissionError:
        raise _refused(path, "this file may not be read", "check its permissions") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise _refused(path, f"cannot be read: {getattr(error, 'strerror', None) or error}", "check the path") from None
    if len(content) > MAX_BYTES:
        raise _refused(path, f"is larger than {MAX_BYTES // 2**20} MiB", "is this a plan?")
    return content


def parse_json(text: str | bytes, *, source: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """The JSON object in ``text``; strict, but for NaN and Infinity, which the fields refuse with their path.

    Raises:
        PlanError: not UTF-8, not JSON (with line and column), not an object, nested too deeply, or a key given twice.
    """
    if isinstance(text, bytes):
        text = _decoded(text, source)
    try:
        data = parse_bounded(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        place = f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise _refused(source, place, "a plan is a JSON object") from None
    except ValueError as error:  # a bound is broken, or an integer has more digits than Python converts
        raise _refused(source, f"not a plan: {error}") from None
    if not isinstance(data, dict):
        raise _refused(source, f"not a plan: a JSON object is needed, not a {_KINDS.get(type(data), 'value')}")
    if issues := summarised(_repeated(data)):
        raise PlanError(issues, source=source)
    return data


_KINDS = {list: "list", str: "text", int: "number", float: "number", bool: "truth value", type(None): "null"}


class _Repeating(dict[str, Any]):
    """A JSON object with keys that it was given twice; plain ``json`` silently keeps the last."""

    twice: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeating = _Repeating(found)
    counts = Counter(key for key, _ in pairs)
    repeating.twice = tuple(key for key, count in counts.items() if count > 1)
    return repeating


def _repeated(data: object) -> Iterator[PlanIssue]:
    stack: list[tuple[tuple[int | str, ...], object]] = [((), data)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict):
            for key in getattr(value, "twice", ()):
                yield PlanIssue(json_path((*path, key)), "this key is given twice", "", "keep one")
            stack += [((*path, key), item) for key, item in reversed(value.items()) if isinstance(item, (dict, list))]
        elif isinstance(value, list):
            inner = [((*path, index), item) for index, item in enumerate(value) if isinstance(item, (dict, list))]
            stack += reversed(inner)


def _decoded(content: bytes, source: str | os.PathLike[str] | None) -> str:
    for mark, encoding in _NOT_UTF8.items():
        if content.startswith(mark):
            raise _refused(source, f"this is {encoding} text", "save the file as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "is this a plan? If so, save it as UTF-8"
        raise _refused(source, f"not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}", hint) from None


def _refused(source: str | os.PathLike[str] | None, problem: str, hint: str = "") -> PlanError:
    return PlanError([PlanIssue("", problem, "", hint)], source=source)


def canonical_json(data: object) -> str:
    """JSON for people: two spaces a level, and lists of plain values (boxes, scene ids) on one line each."""
    return _pretty(data, "\n") + "\n"


def _pretty(value: object, newline: str) -> str:
    inner = newline + "  "
    if isinstance(value, dict) and value:
        items = [f"{json.dumps(str(key), ensure_ascii=False)}: {_pretty(item, inner)}" for key, item in value.items()]
        return "{" + inner + ("," + inner).join(items) + newline + "}"
    if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        return "[" + inner + ("," + inner).join(_pretty(item, inner) for item in value) + newline + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def write_atomically(path: str | os.PathLike[str], content: bytes) -> Path:
    """Writes a file that is whole or not there: beside its place first, then moved over it.

    A symbolic link is followed; a device or pipe is written to directly.

    Returns:
        The path as given.

    Raises:
        OutputError: the place is a directory, missing, read-only or full; what stood there before is left.
    """
    given = Path(path)
    try:
        target = Path(os.path.realpath(given))
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a directory")
        if target.exists() and not target.is_file():
            with open(target, "wb") as stream:
                stream.write(content)
            return given
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "may not be written")
        partial = target.with_name(f".{target.name[:200]}.{os.getpid()}.partial")
        try:
            with open(partial, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, target)
        finally:
            with suppress(OSError):
                partial.unlink()
    except (OSError, ValueError) as error:
        raise _unwritable(given, error) from error
    return given


_OUTPUT_HINTS = {
    errno.EISDIR: "name a file in it",
    errno.ENOENT: "make the directory first",
    errno.ENOTDIR: "a part of the path is a file, not a directory",
    errno.EACCES: "choose another place, or change its permissions",
    errno.EPERM: "choose another place, or change its permissions",
    errno.EROFS: "this place is read-only: choose another",
    errno.ENOSPC: "the disk is full: make room, or choose another place",
    errno.EDQUOT: "your quota is used up: make room, or choose another place",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def _unwritable(path: Path, error: OSError | ValueError) -> OutputError:
    number = error.errno if isinstance(error, OSError) else None
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return OutputError(
        f"{path} cannot be written: {reason}", hint=_OUTPUT_HINTS.get(number or 0, "choose another place")
    )
