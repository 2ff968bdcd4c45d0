"""How a plan is rendered: the one definition of every render option.

The command line, Python keywords, lines of a batch and the manifest all follow from ``RenderSettings``. To add an
option, add a field with its ``Option``, and the key of ``RenderOptions``, which gives Python callers its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal, Self, TypedDict

from pydantic import Field, JsonValue, ValidationError

from videodirector.errors import UsageError
from videodirector.schemas._base import FrozenModel
from videodirector.schemas._option import Option
from videodirector.schemas.inputs import InputOptions
from videodirector.schemas.plan import FileName, Seed, Transition, TransitionFrames
from videodirector.schemas.problems import issues_of
from videodirector.schemas.rate import FrameRate
from videodirector.schemas.request import PlanOptions

__all__ = [
    "MAX_SIDE",
    "BatchOptions",
    "BatchRunOptions",
    "MakeOptions",
    "RenderOptions",
    "RenderSettings",
    "RunOptions",
    "StoryOptions",
]

MAX_SIDE = 8192
"""The most pixels of a side of a video."""

Side = Annotated[int, Field(strict=True, ge=16, le=MAX_SIDE, multiple_of=2)]
"""A side of the video in pixels; even, because H.264 with 4:2:0 needs it."""


class RenderSettings(FrozenModel):
    """How to render a plan; None leaves a choice to the plan, then to the backend.

    Attributes:
        backend: name of the backend.
        model: folder, hub id or name of the model.
        options: settings of this backend alone.
        contact_sheet: whether a picture with the frames of every scene is written beside the video.
        save_plan: whether the plan is written beside the video.
        manifest: whether a manifest is written beside the video (an mp4 carries one in itself, too).
    """

    backend: Annotated[str, Field(strict=True, min_length=1)] = "layout2vid"
    model: str | None = None
    options: Mapping[str, JsonValue] = Field(default_factory=dict)
    seed: Annotated[
        Seed | None, Option("Another seed gives another video of the same story.", default="the plan's")
    ] = None
    steps: Annotated[
        Annotated[int, Field(strict=True, ge=1, le=1000)] | None,
        Option("Denoising steps a scene: more is finer and slower.", default="the model's"),
    ] = None
    fps: Annotated[
        FrameRate | None,
        Option("Frames a second, like 8, 23.976 or 30000/1001.", metavar="RATE", default="the plan's"),
    ] = None
    transition: Annotated[
        Transition | None,
        Option(
            "Between scenes that have none of their own; a crossfade shortens the video, a fade goes through black, "
            "a hold repeats the last frame.",
            default="cut",
        ),
    ] = None
    transition_frames: Annotated[TransitionFrames | None, Option("Length of transitions in frames.", default="4")] = (
        None
    )
    soundtrack: Annotated[
        FileName | None,
        Option("Sound for the whole video, cut or padded to it.", metavar="FILE", default="the plan's"),
    ] = None
    subtitles: Annotated[
        Literal["none", "burn", "srt", "vtt"],
        Option("The words of the scenes, burned into the video or in a file beside it."),
    ] = "none"
    font: Annotated[FileName | None, Option("Font for burned subtitles; needed beyond Latin.", metavar="FILE")] = None
    otio: Annotated[bool, Option("Write the cut beside the video for editing programs, with the scenes as clips.")] = (
        False
    )
    coco: Annotated[bool, Option("Write the boxes of every frame beside the video.")] = False
    width: Annotated[Side | None, Option("Width of the video in pixels.", default="the model's, 256 at least")] = None
    height: Annotated[Side | None, Option("Height of the video in pixels.")] = None
    contact_sheet: bool = True
    save_plan: bool = True
    manifest: bool = True

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Read settings from plain values, such as command-line options.

        Raises:
            UsageError: with every setting that is not valid.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise UsageError.from_issues(issues_of(error, (cls,)), hint="see `videodirector render --help`") from None


class RenderOptions(TypedDict, total=False):
    """Keywords that mean what the fields of ``RenderSettings`` mean."""

    seed: int | None
    steps: int | None
    fps: Fraction | float | str | None
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
    """Options for all storyboards of a batch that have none of their own."""


class RunOptions(TypedDict, total=False):
    """Options of a batch as a whole.

    Attributes:
        workers: how many processes render, each with a model of its own; None or 1 renders in this one.
        retry_failed: whether what failed before is tried again though nothing has changed.
        ray: address of a Ray cluster that renders instead, or "auto", or "local" for one that is started here.
        shared: with ``ray``, a folder or URL (of any kind that fsspec knows) that all its machines reach.
    """

    workers: int | None
    retry_failed: bool
    ray: str | None
    shared: str | None


class BatchRunOptions(BatchOptions, RunOptions, total=False):
    """Options of a batch and of its storyboards."""


class StoryOptions(PlanOptions, InputOptions, total=False):
    """Inputs of a story besides its text, and requests for its plan."""


class MakeOptions(RenderOptions, InputOptions, total=False):
    """Inputs of a story besides its text, and render options."""
