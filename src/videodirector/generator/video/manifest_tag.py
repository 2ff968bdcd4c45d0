"""A manifest in the metadata of an mp4: write it, read it back; and the record of a finished file."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from videodirector.errors import EncodeError, UsageError
from videodirector.files.atomic import build_output_error
from videodirector.files.bounded_json import parse_bounded
from videodirector.files.digests import file_digest
from videodirector.files.ffmpeg import run_ffmpeg
from videodirector.files.persistent_cache import load_or_compute
from videodirector.schemas import FileRecord, Manifest

__all__ = ["build_file_record", "embed_manifest", "read_comment", "read_ffmpeg_version"]


def build_file_record(path: Path) -> FileRecord:
    """Build the record of a finished file: its size and SHA-256."""
    return FileRecord(bytes=path.stat().st_size, sha256=file_digest(path))


def embed_manifest(video: Path, manifest: Manifest, *, program: str) -> None:
    """Write a manifest into the metadata of an mp4, as its comment; pictures and sound are copied unchanged.

    Raises:
        EncodeError: ffmpeg fails.
        OutputError: the disk is full.
    """
    escaped = re.sub(r"([\\=;#])", r"\\\1", manifest.embedded())
    tagged = video.with_name(f"{video.name}.tagged")
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="ascii") as metadata:
            metadata.write(f";FFMETADATA1\ncomment={escaped}\n")
            metadata.flush()
            sources = ["-i", str(video), "-f", "ffmetadata", "-i", metadata.name]
            as_it_is = ["-map", "0", "-map_metadata", "1", "-c", "copy", "-fflags", "+bitexact"]
            _run(program, ["-y", *sources, *as_it_is, "-movflags", "+faststart", "-f", "mp4", str(tagged)])
        tagged.replace(video)
    except OSError as error:
        raise build_output_error(video, error) from error
    finally:
        tagged.unlink(missing_ok=True)


def read_comment(video: Path, program: str) -> str | None:
    """Read the comment of an mp4, if it is JSON."""
    try:
        metadata = _run(program, ["-i", str(video.absolute()), "-f", "ffmetadata", "-"]).decode("utf-8", "replace")
    except EncodeError as error:
        raise UsageError(f"{video} is not a video that ffmpeg can read", hint=error.message) from None
    found = re.search(r"^comment=(\{.*\})$", metadata, re.MULTILINE)
    text = found and re.sub(r"\\(.)", r"\1", found[1])
    try:
        return text if text and isinstance(parse_bounded(text), dict) else None
    except ValueError:
        return None


def read_ffmpeg_version(program: str) -> str:
    """Read the version of an ffmpeg; it is cached for this file."""
    status = Path(program).stat()
    stamp = [program, status.st_size, status.st_mtime_ns]
    return load_or_compute("ffmpeg", stamp, lambda: _run(program, ["-version"]).decode().partition(" Copyright")[0])


def _run(program: str, arguments: list[str]) -> bytes:
    done = run_ffmpeg(arguments, program=program)
    if done.status:
        raise EncodeError(f"ffmpeg failed: {done.log[-2000:]}", hint=f"the words are those of {program}")
    return done.output
