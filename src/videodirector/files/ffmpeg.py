"""Find the ffmpeg program, and complete its commands."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from videodirector.errors import MissingDependencyError

__all__ = ["FFMPEG_VARIABLE", "find_ffmpeg", "with_files"]

FFMPEG_VARIABLE = "VIDEODIRECTOR_FFMPEG"
"""The environment variable that names the ffmpeg to use."""


def find_ffmpeg(setting: str | os.PathLike[str] | None = None) -> str:
    """The absolute path of the ffmpeg to use.

    Looked for in this order: ``setting``, the environment variable ``VIDEODIRECTOR_FFMPEG``, the search path, the
    binary that the package imageio-ffmpeg brings. The first two are orders: if they name no program, that is an error
    and nothing else is tried.

    Raises:
        MissingDependencyError: there is none.
    """
    for source, name in (("ffmpeg", setting), (FFMPEG_VARIABLE, os.environ.get(FFMPEG_VARIABLE))):
        if name:
            found = shutil.which(os.fspath(name))
            if found is None:
                raise MissingDependencyError(
                    f"{source} is {os.fspath(name)!r}, which is no program that can be run",
                    hint="give the path of an ffmpeg binary, or leave it out to have one found",
                )
            return str(Path(found).absolute())
    found = shutil.which("ffmpeg")
    if found is not None:
        return str(Path(found).absolute())
    return _packaged()


def with_files(command: Iterable[object], files: Mapping[str, str]) -> list[str]:
    """A compiled command in which files have taken the places of words that stood for them.

    ffmpeg-python fails over names with bytes that are not UTF-8, so its graphs are built without the real ones.
    """
    return [files.get(str(part), str(part)) for part in command]


def _packaged() -> str:
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise MissingDependencyError(
            "no ffmpeg was found, and it is needed to read and write videos and sounds",
            hint=f"install one (pip install imageio-ffmpeg), or set {FFMPEG_VARIABLE} to its path",
        ) from error
