"""A small cache on disk: JSON objects by their keys, in an SQLite file that several processes may use at once.

Nothing that is read is ever executed: values are JSON, checked on read. A file that is damaged, or something else than
such a cache, is reported, set aside and started anew; one that others may have written is not used at all.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from videodirector.files.private import UntrustedError, check_owner, create_private, make_private_folder, remove_path

__all__ = ["DiskCache"]

_log = logging.getLogger(__name__)

_PATIENCE = 10.0  # seconds to wait for other processes
_FRESH = 3600.0  # seconds in which a second use is not written down
_MACHINE = {  # what is wrong with the machine, and not with the file
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_PROTOCOL,
}


class DiskCache:
    """JSON objects by key. Whatever goes wrong, it is as good as empty; that is logged once, as a warning.

    Args:
        file: the database; it and its folder are made when the first value is stored.
        limit: bytes that it may grow to; what was not used for longest goes first.
    """

    def __init__(self, file: Path, *, limit: int) -> None:
        self.file = file
        self._limit = limit
        self._reported: set[str] = set()

    def get(self, key: str) -> dict[str, Any] | None:
        """The value of a key, or None; it counts as used now."""
        if not os.path.lexists(self.file):
            return None
        found: list[tuple[object, float]] = []

        def read(database: sqlite3.Connection) -> None:
            found[:] = database.execute("SELECT value, used FROM entries WHERE key = ?", (key,)).fetchall()
            if found and not time.time() - _FRESH < found[0][1] <= time.time():
                with database:
                    database.execute("UPDATE entries SET used = ? WHERE key = ?", (time.time(), key))

        self._try(read)
        if not found:
            return None
        try:
            value = json.loads(found[0][0])  # type: ignore[arg-type]  # anything else raises a TypeError
            if isinstance(value, dict):
                return value
        except (ValueError, TypeError, RecursionError):
            pass
        self._report(f"{self.file}: the entry {key[:16]} is damaged; it is removed")
        self.delete(key)
        return None

    def put(self, key: str, value: Mapping[str, Any]) -> None:
        """Keep a value that JSON can hold. One that takes up more than a tenth of the limit is not kept."""
        content = json.dumps(dict(value)).encode()
        if len(content) > self._limit // 10:
            return

        def write(database: sqlite3.Connection) -> None:
            with database:
                database.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", (key, content, time.time()))
                while _size(database) > self._limit:
                    database.execute(
                        "DELETE FROM entries WHERE key IN (SELECT key FROM entries ORDER BY used"
                        " LIMIT (SELECT count(*) / 10 + 1 FROM entries))"
                    )

        self._try(write)

    def delete(self, key: str) -> None:
        """Keep a value no longer."""

        def forget(database: sqlite3.Connection) -> None:
            with database:
                database.execute("DELETE FROM entries WHERE key = ?", (key,))

        if os.path.lexists(self.file):
            self._try(forget)

    def _try(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do something with the database; where the file is damaged, once more with a new one."""
        for _ in range(2):
            opened = self._inode()
            try:
                with closing(self._open()) as database:
                    work(database)
            except UntrustedError as error:
                self._report(f"the cache is not used: {error}")
            except (sqlite3.Error, OverflowError, TypeError) as error:
                code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
                if code not in _MACHINE:
                    self._set_aside(error, opened)
                    continue
                self._report(f"{self.file}: {error}; going on without")
            except OSError as error:
                self._report(f"{self.file}: {error.strerror or error}; going on without")
            return

    def _open(self) -> sqlite3.Connection:
        folder = make_private_folder(self.file.parent)
        with suppress(FileExistsError), create_private(self.file):
            pass
        status = self.file.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise sqlite3.DatabaseError("it is not a regular file")
        check_owner(status.st_uid, status.st_mode, self.file)
        database = sqlite3.connect(folder / self.file.name, timeout=_PATIENCE, isolation_level="IMMEDIATE")
        try:
            database.execute("PRAGMA trusted_schema = OFF")  # the file's schema calls no functions
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            with database:
                database.execute(
                    "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, used REAL NOT NULL)"
                )
        except BaseException:
            database.close()
            raise
        return database

    def _inode(self) -> int | None:
        with suppress(OSError):
            return os.lstat(self.file).st_ino
        return None

    def _set_aside(self, error: Exception, opened: int | None) -> None:
        if opened is not None and self._inode() != opened:
            return  # another process has just done so
        aside = self.file.with_name(f"{self.file.name}.damaged")
        self._report(f"{self.file} is damaged ({error}); it is set aside as {aside.name} and started anew")
        with suppress(OSError):
            remove_path(aside)
            os.replace(self.file, aside)
            for suffix in ("-wal", "-shm", "-journal"):
                remove_path(self.file.with_name(self.file.name + suffix))

    def _report(self, message: str) -> None:
        if message not in self._reported:
            self._reported.add(message)
            _log.warning("%s", message)


def _size(database: sqlite3.Connection) -> int:
    pages, unused, size = (
        int(database.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - unused) * size
