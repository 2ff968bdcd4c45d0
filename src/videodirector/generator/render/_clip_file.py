"""Packs a rendered clip into bytes: small, lossless, with a checksum.

The layout of a clip file: eight bytes that identify it; a SHA-256 of all that follows; the length of a JSON header,
four bytes, little end first; the header, with the clip's key, shape and notes; and the frames, each but the first as
its difference from the one before it (modulo 256), compressed with Zstandard.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
import zstandard
from pydantic import BaseModel, ConfigDict, Field

from videodirector.generator.backends.frames import Frames
from videodirector.generator.backends.protocol import Clip
from videodirector.schemas import Control, Drawn

__all__ = ["DamagedClipError", "check", "is_outdated", "max_packed_bytes", "pack", "unpack"]

MAGIC = b"VDclip2\n"
_DIGEST = slice(len(MAGIC), len(MAGIC) + 32)
_LENGTH = slice(_DIGEST.stop, _DIGEST.stop + 4)

LEVEL = 3  # of Zstandard: measured in docs/log.md

_BESIDE = 16 * 2**20
"""Bytes of a clip file beside its frames: the header, and what Zstandard adds to frames that it cannot compress."""


class DamagedClipError(Exception):
    """The bytes are not a clip file, or incomplete, or those of another clip."""


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    key: str
    shape: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=4, max_length=4)]
    notes: list[str]
    controls: list[dict[str, Any]]
    drawn: dict[str, Any] | None
    about: dict[str, Any]


def pack(key: str, clip: Clip, about: dict[str, Any]) -> bytes:
    """Pack a clip into bytes.

    Args:
        key: its cache key; it is written into the file, so that the file cannot pass for that of another.
        clip: frames, notes and controls.
        about: what else to keep with it, plain data.
    """
    header = _Header(
        key=key,
        shape=list(clip.frames.shape),
        notes=list(clip.notes),
        controls=[control.model_dump(mode="json") for control in clip.controls],
        drawn=None if clip.drawn is None else clip.drawn.model_dump(mode="json"),
        about=about,
    )
    text = json.dumps(header.model_dump(), sort_keys=True).encode()
    rest = b"".join([len(text).to_bytes(4, "little"), text, *_compress_frames(clip.frames)])
    return MAGIC + hashlib.sha256(rest).digest() + rest


def _compress_frames(frames: Frames) -> Iterator[bytes]:
    """The differences between the frames, compressed one at a time: a second copy of a long clip may not fit."""
    compressor = zstandard.ZstdCompressor(level=LEVEL).compressobj(size=frames.nbytes)
    for number, frame in enumerate(frames):
        difference = frame - frames[number - 1] if number else np.ascontiguousarray(frame)
        yield compressor.compress(difference.data)
    yield compressor.flush()


def max_packed_bytes(shape: Sequence[int]) -> int:
    """Compute how many bytes the file of a clip of this shape has at most."""
    return math.prod(shape) * 257 // 256 + _BESIDE


def check(content: bytes, key: str) -> dict[str, Any]:
    """Verify the checksum and key of a clip file, and return what was kept with the clip.

    Raises:
        DamagedClipError: it is damaged, or holds the clip of another key.
    """
    return _read_header(content, key).about


def unpack(content: bytes, key: str, shape: Sequence[int] | None = None) -> tuple[Clip, dict[str, Any]]:
    """Unpack a clip, and what was kept with it.

    Args:
        content: the bytes of a clip file.
        key: what the clip is kept under.
        shape: the expected shape of the frames; None allows any.

    Raises:
        DamagedClipError: see ``check``; or it has another shape, or its frames are fewer or more than it says.
    """
    header = _read_header(content, key)
    if shape is not None and list(shape) != header.shape:
        raise DamagedClipError(f"a clip of shape {header.shape}, where {list(shape)} is expected")
    compressed = memoryview(content)[_LENGTH.stop + _read_header_length(content) :]
    try:
        size = zstandard.frame_content_size(compressed)
        if size != math.prod(header.shape):  # checked before anything is decompressed
            raise DamagedClipError(f"frames of {size} bytes, where the header says {math.prod(header.shape)}")
        frames = _decompress_frames(compressed, header.shape)
        controls = tuple(Control.model_validate(control) for control in header.controls)
        drawn = Drawn.model_validate(header.drawn) if header.drawn else None
    except (ValueError, zstandard.ZstdError) as error:
        raise DamagedClipError(f"its content cannot be read: {str(error)[:200]}") from error
    return Clip(frames, tuple(header.notes), controls, drawn), header.about


def _decompress_frames(compressed: memoryview, shape: Sequence[int]) -> Frames:
    frames: Frames = np.empty(shape, dtype=np.uint8)
    with zstandard.ZstdDecompressor().stream_reader(compressed) as reader:
        for number, frame in enumerate(frames):
            view = memoryview(frame).cast("B")
            while view:
                if not (read := reader.readinto(view)):
                    raise DamagedClipError("its frames end early")
                view = view[read:]
            if number:
                frames[number] += frames[number - 1]
        if reader.read(1):
            raise DamagedClipError("there is more in it than its frames")
    return frames


def is_outdated(content: bytes) -> bool:
    """Whether this is a clip file of an earlier version of this package, in which no key was written."""
    return content.startswith(b"VDclip1\n")


def _read_header(content: bytes, key: str) -> _Header:
    rest = memoryview(content)[_DIGEST.stop :]
    if not content.startswith(MAGIC) or hashlib.sha256(rest).digest() != content[_DIGEST]:
        raise DamagedClipError(f"{len(content)} bytes that are not those that were written")
    try:
        header = _Header.model_validate(json.loads(content[_LENGTH.stop : _LENGTH.stop + _read_header_length(content)]))
    except (ValueError, RecursionError) as error:
        raise DamagedClipError(f"its header cannot be read: {str(error)[:200]}") from error
    if header.key != key:
        raise DamagedClipError(f"the clip of another key, {header.key[:16]}")
    return header


def _read_header_length(content: bytes) -> int:
    return int.from_bytes(content[_LENGTH], "little")
