"""Caches results that are slow to compute on disk, from process to process."""

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

_LONGEST = 2**20  # bytes of a result

_log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Path of the cache folder: that of ``VIDEODIRECTOR_CACHE``, else the platform's for this package."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).absolute() if named else platformdirs.user_cache_path("videodirector", appauthor=False)


def load_or_compute(kind: str, signature: object, compute: Callable[[], str]) -> str:
    """Return ``compute()``, or its cached result for the same ``kind`` and ``signature``.

    Results are small files under the cache folder. If they cannot be written, or are damaged, they are computed again.

    Args:
        kind: what is cached, in a word.
        signature: plain data that changes whenever the result may.
        compute: returns the result, one line of text.
    """
    name = hashlib.sha256(json.dumps([kind, signature]).encode()).hexdigest()
    folder = cache_folder()
    file = folder / "memo" / name
    try:
        for path in (folder, file.parent):
            check_folder(path)
        check, _, result = read_private(file, _LONGEST).decode().partition(" ")
        if check == _checksum(name, result):
            return result
        raise ValueError("it is damaged")
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        _log.warning("%s is computed again: %s", file, error)
        remove_path(file)
    result = compute()
    with suppress(OSError):
        make_private_folder(folder, "memo")
        write_private(file, f"{_checksum(name, result)} {result}".encode())
    return result


def _checksum(name: str, result: str) -> str:
    return hashlib.sha256(f"{name} {result}".encode()).hexdigest()[:16]
