"""A drawn clip as bytes that are small, lossless, and known to be whole.

The layout of a clip file: eight bytes that say what it is; a SHA-256 of all that follows; the length of a JSON header,
four bytes, little end first; the header, with the clip's shape and notes; and the frames, each but the first as its
difference from the one before it (modulo 256), compressed with Zstandard.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import zstandard

from videodirector.generator.backends.frames import Frames
from videodirector.generator.backends.protocol import Clip
from videodirector.schemas import Control, Drawn

__all__ = ["DamagedClipError", "check", "pack", "unpack"]

MAGIC = b"VDclip1\n"
_DIGEST = slice(len(MAGIC), len(MAGIC) + 32)
_LENGTH = slice(_DIGEST.stop, _DIGEST.stop + 4)

LEVEL = 3  # of Zstandard: measured in docs/log.md


class DamagedClipError(Exception):
    """These bytes are not those of a clip file, or not all of them."""


def pack(clip: Clip, about: dict[str, Any]) -> bytes:
    """The bytes of a clip.

    Args:
        clip: frames, notes and controls.
        about: what else to keep with it, plain data.
    """
    header = {
        "shape": clip.frames.shape,
        "notes": clip.notes,
        "controls": [control.model_dump(mode="json") for control in clip.controls],
        "drawn": clip.drawn and clip.drawn.model_dump(mode="json"),
        "about": about,
    }
    text = json.dumps(header, sort_keys=True).encode()
    rest = b"".join([len(text).to_bytes(4, "little"), text, *_compressed(clip.frames)])
    return MAGIC + hashlib.sha256(rest).digest() + rest


def _compressed(frames: Frames) -> Iterator[bytes]:
    """The differences between the frames, compressed one at a time: a second copy of a long clip may not fit."""
    compressor = zstandard.ZstdCompressor(level=LEVEL).compressobj(size=frames.nbytes)
    for number, frame in enumerate(frames):
        difference = frame - frames[number - 1] if number else np.ascontiguousarray(frame)
        yield compressor.compress(difference.data)
    yield compressor.flush()


def check(content: bytes) -> dict[str, Any]:
    """The header of a clip file of which every byte is as it was written.

    Raises:
        DamagedClipError: one is not.
    """
    rest = memoryview(content)[_DIGEST.stop :]
    if not content.startswith(MAGIC) or hashlib.sha256(rest).digest() != content[_DIGEST]:
        raise DamagedClipError(f"{len(content)} bytes that are not those that were written")
    header: dict[str, Any] = json.loads(content[_LENGTH.stop : _LENGTH.stop + _header_length(content)])
    return header


def unpack(content: bytes) -> tuple[Clip, dict[str, Any]]:
    """The clip of these bytes, and what was kept with it.

    Raises:
        DamagedClipError: see ``check``.
    """
    header = check(content)
    compressed = memoryview(content)[_LENGTH.stop + _header_length(content) :]
    size = zstandard.frame_content_size(compressed)
    if size != math.prod(header["shape"]):
        raise DamagedClipError(f"{size} bytes are no frames of shape {header['shape']}")
    frames: Frames = np.empty(header["shape"], dtype=np.uint8)
    with zstandard.ZstdDecompressor().stream_reader(compressed) as reader:
        for number, frame in enumerate(frames):
            view = memoryview(frame).cast("B")
            while view:
                if not (read := reader.readinto(view)):
                    raise DamagedClipError("its frames end early")
                view = view[read:]
            if number:
                np.add(frame, frames[number - 1], out=frame)
    clip = Clip(
        frames,
        tuple(header["notes"]),
        tuple(Control.model_validate(control) for control in header["controls"]),
        Drawn.model_validate(header["drawn"]) if header["drawn"] else None,
    )
    return clip, header["about"]


def _header_length(content: bytes) -> int:
    return int.from_bytes(content[_LENGTH], "little")
