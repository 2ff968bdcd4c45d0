"""Loads the reference pictures of a plan."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from videodirector.errors import PlanError, PlanIssue
from videodirector.schemas import VideoPlan
from videodirector.senses.image import cut_out, to_rgba
from videodirector.senses.sensed import SIDE

__all__ = ["References", "load_references"]


class References(Mapping[str, Image.Image]):
    """Pictures by the file names that a plan gives, as RGBA, cut out, and a digest of each file's bytes."""

    def __init__(self, pictures: Mapping[str, tuple[Image.Image, str]]) -> None:
        self._pictures = dict(pictures)

    def __getitem__(self, file: str) -> Image.Image:
        return self._pictures[file][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._pictures)

    def __len__(self) -> int:
        return len(self._pictures)

    def digest(self, file: str) -> str:
        """SHA-256 of the bytes that the picture was read from."""
        return self._pictures[file][1]


def load_references(plan: VideoPlan) -> References:
    """Load the reference pictures that entities use, cut out where their ground is clear or of one colour.

    File names are relative to the working folder. Pictures that no entity uses are not read.

    Raises:
        PlanError: naming every reference whose file is missing or not a picture.
    """
    pictures: dict[str, tuple[Image.Image, str]] = {}
    issues: list[PlanIssue] = []
    used = {file for scene, entity in plan.appearances() if (file := plan.reference_of(scene, entity)) is not None}
    for key, file in plan.references.items():
        if file in used and file not in pictures:
            try:
                content = Path(file).read_bytes()
                with Image.open(io.BytesIO(content)) as picture:
                    picture.draft("RGB", (SIDE, SIDE))
                    pictures[file] = cut_out(to_rgba(picture)), hashlib.sha256(content).hexdigest()
            except FileNotFoundError:
                issues.append(PlanIssue(f"references.{key}", "there is no such file", repr(file), "check the path"))
            except UnidentifiedImageError:
                issues.append(
                    PlanIssue(f"references.{key}", "this is not a picture", repr(file), "use PNG, JPEG or WebP")
                )
            except (OSError, ValueError, Image.DecompressionBombError) as error:
                issues.append(PlanIssue(f"references.{key}", f"the picture cannot be read: {error}", repr(file)))
    if issues:
        raise PlanError(issues)
    return References(pictures)
