"""The pictures that a plan refers to."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image, UnidentifiedImageError

from videodirector.errors import PlanError, PlanIssue
from videodirector.schemas import VideoPlan

__all__ = ["load_references"]


def load_references(plan: VideoPlan) -> Mapping[str, Image.Image]:
    """Every picture that an entity of the plan shall look like, as RGBA, by the file name the plan gives.

    File names are relative to the working folder. Pictures that no entity uses are not read.

    Raises:
        PlanError: naming every reference whose file is missing or no picture.
    """
    pictures: dict[str, Image.Image] = {}
    issues: list[PlanIssue] = []
    used = {file for scene, entity in plan.appearances() if (file := plan.reference_of(scene, entity)) is not None}
    for key, file in plan.references.items():
        if file in used and file not in pictures:
            try:
                with Image.open(file) as picture:
                    pictures[file] = picture.convert("RGBA")
            except FileNotFoundError:
                issues.append(PlanIssue(f"references.{key}", "there is no such file", repr(file), "check the path"))
            except UnidentifiedImageError:
                issues.append(PlanIssue(f"references.{key}", "this is no picture", repr(file), "use PNG, JPEG or WebP"))
            except (OSError, ValueError, Image.DecompressionBombError) as error:
                issues.append(PlanIssue(f"references.{key}", f"the picture cannot be read: {error}", repr(file)))
    if issues:
        raise PlanError(issues)
    return pictures
