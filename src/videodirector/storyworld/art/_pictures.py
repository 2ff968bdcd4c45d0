"""Pictures on disk: AVIF files, each with the poses of a loop, decoded when first needed."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

Poses = NDArray[np.uint8]

__all__ = ["FRAME_RATE", "Picture", "Poses", "picture", "pictures"]

FRAME_RATE = 24
"""Frames a second of the original animations."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A drawing that may move: ``phases`` poses, evenly spaced over a loop.

    Attributes:
        code: Unicode code points, as the file is named.
        width, height: of every pose, in pixels; the crop holds what is visible in any of them.
        phases: number of poses, 1 for a still.
        seconds: length of the loop at its own pace; 0 for a still.
    """

    code: str
    width: int
    height: int
    phases: int
    seconds: float

    def frames(self) -> Poses:
        """All poses, (phases, height, width, 4), straight alpha, read-only."""
        return _decode(self.code)


@lru_cache(maxsize=1)
def pictures() -> Mapping[str, Picture]:
    """All pictures by code."""
    index = json.loads(_folder().joinpath("index.json").read_text(encoding="utf-8"))
    return MappingProxyType({code: Picture(code=code, **row) for code, row in index.items()})


def picture(code: str) -> Picture:
    """The picture of these code points.

    Raises:
        KeyError: no such picture.
    """
    return pictures()[code]


@lru_cache(maxsize=1024)
def _decode(code: str) -> Poses:
    if not features.check("avif"):
        raise ImportError("this Pillow cannot read AVIF, in which the storyworld's art is kept: pip install -U pillow")
    with Image.open(io.BytesIO(_folder().joinpath(f"{code}.avif").read_bytes())) as file:
        frames = []
        for number in range(getattr(file, "n_frames", 1)):
            file.seek(number)
            frames.append(np.array(file.convert("RGBA")))
    poses = np.stack(frames)
    poses[poses[..., 3] < 3] = 0  # a lossy codec leaves traces where nothing is
    poses.setflags(write=False)
    return poses


def _folder() -> Any:  # the type of a resource folder moved between Python versions
    return files(__package__).joinpath("pictures")
