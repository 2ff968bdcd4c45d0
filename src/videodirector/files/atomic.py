"""Writes files and folders whole or not at all, and locks folders."""

from __future__ import annotations

import errno
import glob
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from videodirector.errors import OutputError
from videodirector.interrupts import at_forced_end

__all__ = ["atomic_file", "atomic_folder", "build_output_error", "lock_folder", "remove_abandoned"]


@contextmanager
def atomic_file(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a path to write to that becomes ``target`` when the block ends without an error.

    The block writes to a hidden file in the same folder. At its end that file is brought to the disk and renamed, in
    one step, so that others see the old file or the new one and never a part. When the block raises anything, Ctrl-C
    included, the hidden file is removed and ``target`` is as it was. Missing folders are made; a link is written
    through. The place is tested at once, before any costly work. Leftovers of killed processes are removed.

    Yields:
        The absolute path of an empty file. Write to it by name; replacing it is fine.

    Raises:
        OutputError: ``target`` is a directory or a device, or its folder cannot be written to, or the disk is full.
    """
    path = Path(os.path.realpath(target))
    with _explain_errors(target):
        _check_target(target, path)
    temporary = _partial_name(path)
    lock: int | None = None
    try:
        with _explain_errors(target):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_leftovers(path)
            # Not tempfile: that makes files which only their owner can read, and the mode would outlive the renaming.
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        lock = _lock(temporary)
        with at_forced_end(temporary.unlink):
            yield temporary
        with _explain_errors(target):
            _sync(temporary)
            temporary.replace(path)
        with suppress(OSError):  # some file systems do not sync folders; the file itself is safe
            _sync(path.parent)
    finally:
        with suppress(OSError):  # the folder may have gone, or never come to be
            temporary.unlink(missing_ok=True)
        if lock is not None:
            os.close(lock)


@contextmanager
def atomic_folder(target: str | os.PathLike[str], *, ours: re.Pattern[str]) -> Iterator[Path]:
    """Yield a folder to fill that becomes ``target`` when the block ends without an error; see ``atomic_file``.

    A folder of that name is replaced if it holds nothing but files of names that match ``ours`` as a whole, such as an
    earlier run left; any other is refused, so that nobody loses pictures of their own.

    Yields:
        The absolute path of an empty folder.

    Raises:
        OutputError: ``target`` is a file or holds other files, or its place cannot be written to, or the disk is full.
    """
    path = Path(os.path.realpath(target))
    with _explain_errors(target):
        if path.exists() and not path.is_dir():
            raise OutputError(f"{target} is a file", hint="name a folder, or remove it first")
        names = [item.name for item in path.iterdir()] if path.is_dir() else []
        strange = next((name for name in names if not ours.fullmatch(name)), None)
        if strange is not None:
            raise OutputError(f"{target} holds other files, such as {strange!r}", hint="name a new or an empty folder")
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _partial_name(path)
    old = temporary.with_suffix(".old")
    lock: int | None = None
    try:
        with _explain_errors(target):
            _remove_leftovers(path)
            temporary.mkdir()
        lock = _lock(temporary)
        with at_forced_end(lambda: shutil.rmtree(temporary, ignore_errors=True)):
            yield temporary
        with _explain_errors(target):
            if path.exists():  # there is no step that swaps two folders; the old one is there until the new one is
                path.replace(old)
            temporary.replace(path)
    finally:
        if old.exists() and not path.exists():
            old.replace(path)
        for folder in (temporary, old):
            shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _partial_name(path: Path) -> Path:
    return path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")


@contextmanager
def lock_folder(folder: str | os.PathLike[str], what: str) -> Iterator[None]:
    """Keep other processes out of a folder while the block runs.

    The lock is on the folder itself: there is no file to be left behind, and it ends with the process, however that
    ends. On systems and disks without such locks nothing is guarded.

    Args:
        folder: it is created if need be.
        what: what is done there, for the error of the second process: "a batch".

    Raises:
        OutputError: another process is, or the folder cannot be made.
    """
    with _explain_errors(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
        try:
            lock = _lock(Path(folder))
        except BlockingIOError:
            raise OutputError(
                f"{what} is at work in {os.fspath(folder)} already, in another process",
                hint="wait until it is done, stop it, or name another folder",
            ) from None
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def remove_abandoned(partials: Iterable[Path]) -> None:
    """Remove partial files and folders whose writers were killed; those that a living process holds stay."""
    for partial in partials:
        with suppress(OSError):
            lock = _lock(partial)
            if lock is None:
                continue
            if partial.is_dir():
                shutil.rmtree(partial, ignore_errors=True)
            else:
                partial.unlink()
            os.close(lock)


def _lock(path: Path) -> int | None:
    """Lock a file or folder until the descriptor is closed, or this process ends; None where there are no locks.

    Raises:
        BlockingIOError: it is locked already.
        OSError: it is not there.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return descriptor


def _remove_leftovers(path: Path) -> None:
    """Remove the partial files that killed processes left of this target."""
    remove_abandoned(path.parent.glob(f".{glob.escape(path.name[:100])}.*.part*"))


def _check_target(target: str | os.PathLike[str], path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"{target} is a directory", hint="name a file inside it")
    if path.exists() and not path.is_file():
        raise OutputError(f"{target} is a device or a pipe", hint="name an ordinary file")
    if path.exists() and not os.access(path, os.W_OK):
        raise OutputError(f"{target} exists and is read-only", hint="name another file, or allow writing to this one")


@contextmanager
def _explain_errors(target: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise build_output_error(target, error) from error


def build_output_error(target: str | os.PathLike[str], error: OSError) -> OutputError:
    """Turn an error of writing ``target`` into one for the user."""
    hints = {
        errno.ENOSPC: "the disk is full: make room, or name a file on another one",
        errno.EDQUOT: "your disk quota is used up: make room, or name a file on another disk",
        errno.EROFS: "this place is read-only: name a file elsewhere",
        errno.EACCES: "you may not write here: name a file elsewhere",
        errno.EPERM: "you may not write here: name a file elsewhere",
        errno.ENOTDIR: "a part of this path is a file, not a folder",
        errno.EEXIST: "there is a file of this name where a folder is needed",
        errno.ENAMETOOLONG: "choose a shorter name",
    }
    reason = error.strerror or str(error)
    return OutputError(f"cannot write {target}: {reason}", hint=hints.get(error.errno or 0, "name a file elsewhere"))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
