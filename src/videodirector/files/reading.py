"""Open files that data names: regular files only, with a bound on their size.

What is refused raises an ``OSError`` whose ``strerror`` is one line for people, as the operating system's own are, so
that callers word it once for both.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

__all__ = ["MEBIBYTE", "is_inside", "open_regular", "read_bounded", "read_bounded_text"]

MEBIBYTE = 2**20

_KINDS = {
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def open_regular(path: str | os.PathLike[str]) -> io.BufferedReader:
    """Open a regular file, or a link to one, for reading.

    Opening waits for nobody: a FIFO without a writer is refused at once, by what the open descriptor is.

    Raises:
        OSError: it cannot be opened, or is a directory, pipe, device or socket; a name with a NUL byte is none either.
    """
    name = os.fspath(path)
    try:
        descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except ValueError as error:
        raise OSError(errno.EINVAL, "this is no file name", name) from error
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.EOPNOTSUPP):
            raise OSError(errno.EINVAL, "is a socket or device, not a regular file", name) from None
        raise
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        if not stat.S_ISREG(mode):
            kind = _KINDS.get(stat.S_IFMT(mode), "something else")
            raise OSError(errno.EINVAL, f"is {kind}, not a regular file", name)
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_bounded(path: str | os.PathLike[str], *, most: int = 64 * MEBIBYTE) -> bytes:
    """Read a regular file once, whole.

    Args:
        path: the file.
        most: bytes that it may have.

    Raises:
        OSError: as ``open_regular``; or it is larger, and then not read to its end.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"is larger than {most // MEBIBYTE} MiB", os.fspath(path))
    return content


def read_bounded_text(path: str | os.PathLike[str], *, most: int = 64 * MEBIBYTE) -> str:
    """Read a text in UTF-8, with or without a byte order mark; line ends become line feeds.

    Raises:
        OSError: as ``read_bounded``.
        UnicodeDecodeError: it is not UTF-8.
    """
    return read_bounded(path, most=most).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def is_inside(path: str | os.PathLike[str], *folders: str | os.PathLike[str]) -> bool:
    """Whether a path lies in one of the folders, once all links and ``..`` are resolved."""
    try:
        place = Path(path).resolve()
        return any(place.is_relative_to(Path(folder).resolve()) for folder in folders)
    except (OSError, ValueError, RuntimeError):
        return False
