"""Reads and writes caches and journals, which no other user may have written.

A file or folder is trusted if it belongs to this user (or to the superuser, who can do anything anyway) and nobody else
may write to it. On Windows folders of a user are private by themselves, and nothing is checked.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = [
    "UntrustedError",
    "check_folder",
    "check_owner",
    "create_private",
    "make_private_folder",
    "read_private",
    "remove_path",
    "write_private",
]


class UntrustedError(OSError):
    """A file or folder is not one that only this user can have written."""


def check_owner(owner: int, mode: int, name: str | os.PathLike[str]) -> None:
    """Check an owner and permissions.

    Args:
        owner: the number of the user.
        mode: as ``st_mode`` has it.
        name: for the error.

    Raises:
        UntrustedError: it belongs to another user, or others may write to it.
    """
    if not hasattr(os, "geteuid"):
        return
    if owner not in (os.geteuid(), 0):
        raise UntrustedError(f"{os.fspath(name)} belongs to another user (number {owner})")
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UntrustedError(f"others may write to {os.fspath(name)} (its mode is {stat.S_IMODE(mode):o})")


def check_folder(folder: Path) -> None:
    """Check that a folder is trusted.

    A folder of this user to which its group may write, as a umask of 002 makes them, is closed to the group.

    Raises:
        FileNotFoundError: it is not there.
        UntrustedError: see ``check_owner``.
        NotADirectoryError: it is not a folder.
    """
    status = os.stat(folder)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(f"{folder} is not a folder")
    mode = status.st_mode
    if hasattr(os, "geteuid") and status.st_uid == os.geteuid() and mode & stat.S_IWGRP and not mode & stat.S_IWOTH:
        mode &= ~stat.S_IWGRP
        os.chmod(folder, stat.S_IMODE(mode))
    check_owner(status.st_uid, mode, folder)


def make_private_folder(folder: Path, *within: str) -> Path:
    """Create a folder, and those nested within it, for this user alone; existing ones are checked.

    Returns:
        The innermost.

    Raises:
        UntrustedError: see ``check_folder``.
        OSError: one cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for name in ("", *within):
        folder = folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        check_folder(folder)
    return folder


def read_private(path: Path, limit: int) -> bytes:
    """Read a trusted regular file.

    Args:
        path: the file; a link is not followed.
        limit: bytes that it may have.

    Raises:
        FileNotFoundError, NotADirectoryError: there is none.
        UntrustedError: see ``check_owner``.
        OSError: it is not a regular file, is larger, or cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is not a regular file")
        check_owner(status.st_uid, status.st_mode, path)
        content = file.read(limit + 1) if status.st_size <= limit else b""
        if len(content) > limit or status.st_size > limit:
            raise OSError(f"{path} has {max(status.st_size, len(content))} bytes, more than the {limit} it may have")
    return content


@contextmanager
def create_private(path: Path) -> Iterator[BinaryIO]:
    """Create a file that only this user can read or write.

    Raises:
        FileExistsError: there is one of this name.
        OSError: it cannot be made.
    """
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb") as file:
        yield file


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only this user can read, whole or not at all, and bring it to the disk.

    What is in its place, a folder even, is replaced. Its folder must be there.

    Raises:
        OSError: it cannot be written; nothing partial is left.
    """
    partial = path.with_name(f"{secrets.token_hex(8)}.partial")
    try:
        with create_private(partial) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.is_dir() and not path.is_symlink():
            remove_path(path)
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def remove_path(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it, if possible."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
