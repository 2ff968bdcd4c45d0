"""A disk cache of answers, by model, messages and schema."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videodirector.files.disk_cache import DiskCache

__all__ = ["AnswerCache", "get_default_folder"]

_SIZE_LIMIT = 256 * 2**20  # the least recently used go first


def get_default_folder() -> Path:
    """Return where answers are kept: below VIDEODIRECTOR_CACHE, or else in the user's cache folder."""
    from platformdirs import user_cache_path

    named = os.environ.get("VIDEODIRECTOR_CACHE")
    return (Path(named) if named else user_cache_path("videodirector")) / "answers"


class AnswerCache:
    """A folder of answers, safe for threads and processes; an unusable folder caches nothing.

    Args:
        folder: None caches nothing.
        fresh: whether to ignore earlier entries.
    """

    def __init__(self, folder: Path | None, *, fresh: bool = False) -> None:
        self._store = None if folder is None else DiskCache(folder / "answers.sqlite3", limit=_SIZE_LIMIT)
        self._known: set[str] | None = set() if fresh else None

    @staticmethod
    def make_key(*parts: object) -> str:
        """Return the key of a question, a hash of its parts."""
        text = json.dumps(parts, ensure_ascii=True, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def get(self, key: str) -> Mapping[str, Any] | None:
        """Return what is kept under a key, or None."""
        if self._store is None or (self._known is not None and key not in self._known):
            return None
        return self._store.get(key)

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        """Store a value."""
        if self._known is not None:
            self._known.add(key)
        if self._store is not None:
            self._store.put(key, value)

    def forget(self, key: str) -> None:
        """Remove a value."""
        if self._store is not None:
            self._store.delete(key)

    def close(self) -> None:
        """Lets go of the files: nothing is held open between uses."""
