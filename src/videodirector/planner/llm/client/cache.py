"""Answers that were paid for are kept on disk: by model, messages and schema."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videodirector.files.disk_cache import DiskCache

__all__ = ["AnswerCache", "default_folder"]

_SIZE = 256 * 2**20  # what has not been asked for longest goes first


def default_folder() -> Path:
    """Where answers are kept: below VIDEODIRECTOR_CACHE, or else in the user's cache folder."""
    from platformdirs import user_cache_path

    named = os.environ.get("VIDEODIRECTOR_CACHE")
    return (Path(named) if named else user_cache_path("videodirector")) / "answers"


class AnswerCache:
    """A folder of answers, safe for several threads and processes; one that cannot be used is as good as none.

    Args:
        folder: where; None keeps nothing.
        fresh: what was kept before is not looked at.
    """

    def __init__(self, folder: Path | None, *, fresh: bool = False) -> None:
        self._store = None if folder is None else DiskCache(folder / "answers.sqlite3", limit=_SIZE)
        self._known: set[str] | None = set() if fresh else None

    @staticmethod
    def key(*parts: object) -> str:
        """The key of a question; it reveals nothing of its parts."""
        text = json.dumps(parts, ensure_ascii=True, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def get(self, key: str) -> Mapping[str, Any] | None:
        """What is kept under a key, or None."""
        if self._store is None or (self._known is not None and key not in self._known):
            return None
        return self._store.get(key)

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        """Keeps a value."""
        if self._known is not None:
            self._known.add(key)
        if self._store is not None:
            self._store.put(key, value)

    def forget(self, key: str) -> None:
        """Keeps it no longer."""
        if self._store is not None:
            self._store.delete(key)

    def close(self) -> None:
        """Lets go of the files: nothing is held open between uses."""
