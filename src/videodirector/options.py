"""The options of Director's methods, as types: what may be given by keyword, and what editors complete."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal, TypedDict

from videodirector.schemas import CastMember, Transition

__all__ = ["BatchOptions", "PlanOptions", "RenderOptions", "SeededPlanOptions", "SeededRenderOptions", "Seeds"]


class PlanOptions(TypedDict, total=False):
    """What the plan of a story shall keep; the fields mean what they mean in ``PlanRequest``."""

    scenes: int | None
    max_entities: int | None
    cast: Sequence[CastMember]
    style: str
    backgrounds: Sequence[str]


class Seeds(TypedDict, total=False):
    """What a story may begin with besides words: a file, an array, a typed input of ``schemas``, or a list of them."""

    image: Any
    audio: Any
    video: Any
    depth: Any
    thermal: Any
    imu: Any


class RenderOptions(TypedDict, total=False):
    """How to draw a plan; the fields mean what they mean in ``RenderSettings``."""

    seed: int | None
    steps: int | None
    fps: Fraction | int | str | None
    transition: Transition | None
    transition_frames: int | None
    soundtrack: str | None
    subtitles: Literal["none", "burn", "srt", "vtt"]
    font: str | None
    otio: bool
    coco: bool
    width: int | None
    height: int | None
    save_plan: bool
    contact_sheet: bool
    manifest: bool


class BatchOptions(PlanOptions, RenderOptions, total=False):
    """What holds for all storyboards of a batch that do not say otherwise."""


class SeededPlanOptions(PlanOptions, Seeds, total=False):
    """Seeds and wishes together."""


class SeededRenderOptions(RenderOptions, Seeds, total=False):
    """Seeds and render settings together."""
