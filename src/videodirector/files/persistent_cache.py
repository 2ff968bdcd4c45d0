"""Remembers what is slow to work out and follows from things that are quick to look at, from process to process."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from videodirector.files.private import check_folder, make_private_folder, read_private, remove_path, write_private

__all__ = ["CACHE_VARIABLE", "cache_folder", "load_or_compute"]

CACHE_VARIABLE = "VIDEODIRECTOR_CACHE"
"""The environment variable that names the cache folder."""

_LONGEST = 2**20  # bytes of an answer

_log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Where drawn scenes are kept: as ``VIDEODIRECTOR_CACHE`` says, else where this platform keeps such things."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).absolute() if named else platformdirs.user_cache_path("videodirector", appauthor=False)


def load_or_compute(kind: str, signature: object, work_out: Callable[[], str]) -> str:
    """``work_out()``, or what it gave when it was last called for the same ``kind`` and ``signature``.

    Kept in small files under the cache folder. Where they cannot be written, or are damaged, the work is done again.

    Args:
        kind: what is remembered, in a word.
        signature: plain data; changes whenever the answer may.
        work_out: gives the answer, one line of text.
    """
    name = hashlib.sha256(json.dumps([kind, signature]).encode()).hexdigest()
    folder = cache_folder()
    file = folder / "memo" / name
    try:
        for path in (folder, file.parent):
            check_folder(path)
        check, _, answer = read_private(file, _LONGEST).decode().partition(" ")
        if check == _checksum(name, answer):
            return answer
        raise ValueError("it is not as it was written")
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        _log.warning("%s is worked out again: %s", file, error)
        remove_path(file)
    answer = work_out()
    with suppress(OSError):
        make_private_folder(folder, "memo")
        write_private(file, f"{_checksum(name, answer)} {answer}".encode())
    return answer


def _checksum(name: str, answer: str) -> str:
    return hashlib.sha256(f"{name} {answer}".encode()).hexdigest()[:16]
