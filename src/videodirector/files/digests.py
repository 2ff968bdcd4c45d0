"""Digests of data, folders and machines."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from importlib import metadata
from pathlib import Path

from videodirector.errors import ModelNotFoundError
from videodirector.files.persistent_cache import load_or_compute

__all__ = ["describe_machine", "digest", "file_digest", "folder_revision"]


def digest(value: object) -> str:
    """SHA-256 of plain data, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe_machine(library: str) -> list[str]:
    """Describe what decides how a numerical library rounds on this machine, without loading it."""
    try:
        processor = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
        features = [line for line in processor if line.startswith(("model name", "flags", "Features", "CPU part"))]
    except OSError:
        features = [platform.node()]  # elsewhere a name must do
    devices = sorted(str(path) for path in Path("/dev").glob("nvidia[0-9]*"))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
    return [platform.platform(), metadata.version(library), visible, *devices, *features]


def folder_revision(folder: Path) -> str:
    """Compute the revision of a model: the commit of a folder from the hub, else a digest of its files.

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
    return load_or_compute(
        "folder",
        stamps,
        lambda: "sha256:" + digest([[str(path.relative_to(folder)), file_digest(path)] for path in files]),
    )


def _stamp(path: Path) -> list[str | int]:
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]
