"""A thing's remembered pictures: one of it at rest, or one for each pose of its cycle of movement."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from PIL import Image, ImageOps
from torch import Tensor

from videodirector.errors import ModelFormatError
from videodirector.layout2vid.appearance.latents import VIEW_SIDE, rgba
from videodirector.lexicon.gait import Gait

__all__ = ["Album", "Poses", "pose_of", "recall"]

ALBUMS = {"storyworld": "videodirector.storyworld.album"}
"""The modules that hold pictures, by the names that a model's folder may call them."""


@dataclass(frozen=True, kw_only=True)
class Poses:
    """What is remembered of how a thing looks while it moves.

    Attributes:
        pictures: of one cycle, evenly spaced, looking to the left; all cropped alike.
        mirrors: whether it looks another way from the other side.
        gait: how it moves in its box; None where the picture fills any box.
    """

    pictures: Sequence[Image.Image]
    mirrors: bool = True
    gait: Gait | None = None

    @classmethod
    def of(cls, picture: Image.Image) -> Poses:
        """Of one picture, which keeps its form."""
        return cls(pictures=[picture], gait=Gait(aspect=picture.width / picture.height))

    def to_the(self, side: str) -> list[Image.Image]:
        """The pictures, looking to that side."""
        turned = side == "right" and self.mirrors
        return [ImageOps.mirror(picture) if turned else picture for picture in self.pictures]

    def views(self) -> Float[Tensor, "2 poses 4 side side"]:
        """The pictures as a canvas wants them, looking to the left and to the right."""
        sides = [torch.stack([rgba(picture, VIEW_SIDE) for picture in self.to_the(side)]) for side in ("left", "right")]
        return torch.stack(sides).float() / 255


@runtime_checkable
class Album(Protocol):
    """A module that holds the pictures of the things that a model's memory knows."""

    def poses(self, name: str) -> Any:
        """What is remembered of a thing, with the attributes of ``Poses``."""


def recall(album: str, name: str) -> Poses:
    """Recall the poses of a thing from the album that a model folder names.

    Raises:
        ModelFormatError: there is no such album; a folder does not choose which code is imported.
    """
    if album not in ALBUMS:
        raise ModelFormatError(
            f"the model's prior has its pictures from the album {album!r}, which this version does not have",
            hint=f"albums are {', '.join(ALBUMS)}; install the version of videodirector that the model was made with",
        )
    module: Album = importlib.import_module(ALBUMS[album])
    found = module.poses(name)
    return Poses(pictures=found.pictures, mirrors=found.mirrors, gait=found.gait)


def pose_of(phases: Sequence[float], poses: int) -> Int[Tensor, " frames"]:
    """The pose nearest to every phase, given in cycles."""
    return (torch.tensor(phases, dtype=torch.float64) % 1 * poses).round().long() % poses
