"""The scene cache: rendered clips by their keys, in a folder that several processes may use at once.

Every clip is a file of its own, ``scenes/ab/abcd....clip``, written whole or not at all; later damage shows in its
checksum. There are no locks: two processes that render the same scene write the same frames. Only their user may write
to the folders, and files that others may have written are not used. A file's modification time is that of its last use.
When the folder exceeds its limit, the least recently used files are removed.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videodirector.errors import OutputError, UsageError
from videodirector.files.atomic import build_output_error
from videodirector.files.persistent_cache import CACHE_VARIABLE, cache_folder
from videodirector.files.private import (
    UntrustedError,
    check_folder,
    make_private_folder,
    read_private,
    remove_path,
    write_private,
)
from videodirector.generator.backends.protocol import Clip
from videodirector.generator.render._clip_file import (
    DamagedClipError,
    check,
    is_outdated,
    max_packed_bytes,
    pack,
    unpack,
)

__all__ = [
    "LIMIT",
    "LIMIT_VARIABLE",
    "CacheInfo",
    "CachedClip",
    "DamagedEntryError",
    "Removed",
    "SceneCache",
    "parse_size",
]

LIMIT = 4 * 10**9
"""Default limit of a cache, in bytes."""

LIMIT_VARIABLE = "VIDEODIRECTOR_CACHE_LIMIT"
"""The environment variable that sets another limit, like ``500MB``."""

_STALE = 3600.0  # seconds after which a partial file is abandoned


class DamagedEntryError(Exception):
    """A clip in the cache is damaged; it has been removed."""


@dataclass(frozen=True, kw_only=True)
class CachedClip:
    """A clip out of the cache, and what was kept with it."""

    clip: Clip
    about: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class CacheInfo:
    """What a cache holds: the number of clips, their bytes, the limit, and when any was first and last used."""

    folder: Path
    scenes: int
    bytes: int
    limit: int
    oldest: float | None
    newest: float | None


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What was removed from a cache: clips and bytes."""

    scenes: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class _File:
    used: float
    size: int
    path: Path


class SceneCache:
    """A folder of rendered clips.

    Args:
        folder: its path; None is that of ``cache_folder``. It is created when the first clip is stored.
        limit: in bytes; None is the environment variable ``VIDEODIRECTOR_CACHE_LIMIT``, else ``LIMIT``. Enforced after
            every clip stored by this object; other processes may exceed it meanwhile.

    Raises:
        UsageError: the environment variable is not a size.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None, *, limit: int | None = None) -> None:
        self.folder = cache_folder() if folder is None else Path(folder).absolute()
        if limit is None:
            named = os.environ.get(LIMIT_VARIABLE)
            limit = parse_size(named, LIMIT_VARIABLE) if named else LIMIT
        self.limit = limit
        self._held: int | None = None  # bytes in the folder, as far as is known

    def load(self, key: str, *, shape: Sequence[int] | None = None) -> CachedClip | None:
        """Load the clip of a key, or None, and mark it as used now.

        Args:
            key: what it is kept under.
            shape: the expected shape of its frames, which bounds what is read. None allows any within the limit.

        Raises:
            DamagedEntryError: it is damaged, has another key or shape, may have been written by another user, or cannot
                be read; it has been removed, if possible.
            OutputError: another user may have written to the cache's folder, so it is not used.
        """
        path = self._path(key)
        content = b""
        try:
            self._check_folders(path)
            content = read_private(path, self.limit if shape is None else max_packed_bytes(shape))
            clip, about = unpack(content, key, shape)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (DamagedClipError, OSError, MemoryError) as error:
            remove_path(path)
            if is_outdated(content):
                return None
            raise DamagedEntryError(f"{path}: {error}") from error
        with suppress(OSError):
            os.utime(path)
        return CachedClip(clip=clip, about=about)

    def about(self, key: str) -> dict[str, Any] | None:
        """Read what was kept with the clip of a key; None if there is none, or it is damaged. Changes nothing."""
        path = self._path(key)
        try:
            self._check_folders(path)
            return check(read_private(path, self.limit), key)
        except (DamagedClipError, OSError, MemoryError, OutputError):
            return None

    def __contains__(self, key: str) -> bool:
        return self.about(key) is not None

    @property
    def problem(self) -> str | None:
        """Why the folder cannot be trusted; None if it can, or does not exist yet."""
        try:
            check_folder(self.folder)
        except FileNotFoundError:
            return None
        except OSError as error:
            return str(error)
        return None

    def store(self, key: str, clip: Clip, about: dict[str, Any]) -> None:
        """Store a clip under its key, with plain data about it, unless it is larger than the limit.

        Raises:
            OutputError: the folder cannot be written to or trusted, or the disk is full; nothing partial is left.
        """
        content = pack(key, clip, about)
        if len(content) > self.limit:
            return
        path = self._path(key)
        try:
            make_private_folder(self.folder, *path.parent.relative_to(self.folder).parts)
            write_private(path, content)
        except UntrustedError as error:
            raise _explain_untrusted(error) from error
        except OSError as error:
            raise build_output_error(self.folder, error) from error
        self._keep_within_limit(len(content))

    def _check_folders(self, path: Path) -> None:
        for folder in (self.folder, path.parent.parent, path.parent):
            try:
                check_folder(folder)
            except UntrustedError as error:
                raise _explain_untrusted(error) from error

    def info(self) -> CacheInfo:
        """Count what it holds."""
        files = list(self._files())
        times = [file.used for file in files]
        return CacheInfo(
            folder=self.folder,
            scenes=len(files),
            bytes=sum(file.size for file in files),
            limit=self.limit,
            oldest=min(times, default=None),
            newest=max(times, default=None),
        )

    def prune(self, limit: int | None = None) -> Removed:
        """Remove the least recently used clips, until at most ``limit`` bytes (None: the cache's own) are left.

        Partial files of crashed processes are removed too.

        Raises:
            OutputError: the folder cannot be written to.
        """
        limit = self.limit if limit is None else limit
        for partial in self._scenes().glob("*/*.partial"):
            with suppress(OSError):
                if time.time() - partial.stat().st_mtime > _STALE:
                    partial.unlink()
        files = sorted(self._files(), key=lambda file: file.used)
        held = sum(file.size for file in files)
        scenes = removed = 0
        for file in files:
            if held - removed <= limit:
                break
            try:
                if file.path.is_dir() and not file.path.is_symlink():
                    remove_path(file.path)
                file.path.unlink(missing_ok=True)
            except OSError as error:
                raise build_output_error(file.path, error) from error
            scenes, removed = scenes + 1, removed + file.size
        self._held = held - removed
        return Removed(scenes=scenes, bytes=removed)

    def clear(self) -> Removed:
        """Remove every clip, and what else was remembered.

        Raises:
            OutputError: the folder cannot be written to.
        """
        for memo in self.folder.glob("memo/*"):
            with suppress(OSError):
                memo.unlink()
        return self.prune(0)

    def _keep_within_limit(self, added: int) -> None:
        self._held = sum(file.size for file in self._files()) if self._held is None else self._held + added
        if self._held > self.limit:
            with suppress(OutputError):
                self.prune(self.limit * 9 // 10)  # so that not every further clip has to prune

    def _scenes(self) -> Path:
        return self.folder / "scenes"

    def _path(self, key: str) -> Path:
        return self._scenes() / key[:2] / f"{key}.clip"

    def _files(self) -> Iterator[_File]:
        for path in self._scenes().glob("*/*.clip"):
            with suppress(OSError):  # another process has just removed it
                status = path.lstat()
                yield _File(status.st_mtime, status.st_size, path)


def _explain_untrusted(error: UntrustedError) -> OutputError:
    return OutputError(
        f"the cache is not used, for its clips may be somebody else's: {error}",
        hint=f"take it away from others (chmod -R go-w), or name a folder of your own by {CACHE_VARIABLE}",
    )


_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def parse_size(text: str, name: str) -> int:
    """The bytes of a size like ``500MB`` or ``2 GiB``.

    Args:
        text: the size.
        name: for the error: where the text comes from.

    Raises:
        UsageError: it is none.
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]i?)?b?", text.strip().lower())
    if found is None:
        raise UsageError(f"{name} is {text!r}, which is not a size", hint="give one like 500MB or 2GiB")
    return int(float(found[1]) * _UNITS[found[2] or ""])
