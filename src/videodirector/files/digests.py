"""Digests of data, folders and machines."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from importlib import metadata
from pathlib import Path

from videodirector.errors import ModelNotFoundError, missing_library
from videodirector.files.memo import remembered

__all__ = ["digest", "folder_revision", "machine"]


def digest(value: object) -> str:
    """SHA-256 of plain data, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def machine(library: str) -> list[str]:
    """Collect what decides how a numerical library computes here, as far as that is known without loading it.

    Raises:
        MissingDependencyError: the library is not installed.
    """
    try:
        version = metadata.version(library)
    except metadata.PackageNotFoundError:
        raise missing_library(library) from None
    try:
        processor = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
        features = [line for line in processor if line.startswith(("model name", "flags", "Features", "CPU part"))]
    except OSError:
        features = [platform.node()]  # elsewhere a name must do
    devices = sorted(str(path) for path in Path("/dev").glob("nvidia[0-9]*"))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
    return [platform.platform(), version, visible, *devices, *features]


def folder_revision(folder: Path) -> str:
    """The revision of a model: the commit of a folder that came from the hub, else a hash of the files in it.

    An adapter may be a single file instead.

    Raises:
        ModelNotFoundError: there is no such folder.
    """
    if folder.parent.name == "snapshots" and len(folder.name) == 40:
        return f"commit:{folder.name}"
    if not folder.exists():
        raise ModelNotFoundError(f"there is no model folder {folder}", hint="check the path")
    inside = [folder] if folder.is_file() else sorted(folder.rglob("*"))
    files = [path for path in inside if path.is_file() and path.suffix.lower() != ".md"]
    stamps = [_stamp(path) for path in files]
    return remembered(
        "folder",
        stamps,
        lambda: "sha256:" + digest([[str(path.relative_to(folder)), _read_digest(path)] for path in files]),
    )


def _stamp(path: Path) -> list[str | int]:
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]


def _read_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
