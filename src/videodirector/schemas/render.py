"""What a render is asked for, what it tells while it runs, and what it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypedDict

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from videodirector.errors import UsageError
from videodirector.schemas.plan import FileName, Id, Seed, Transition, TransitionFrames, VideoPlan
from videodirector.schemas.problems import issues_of
from videodirector.schemas.rate import FrameRate
from videodirector.schemas.request import CastMember

__all__ = [
    "BatchOptions",
    "Control",
    "Drawn",
    "Notice",
    "PlanOptions",
    "PlanReady",
    "RenderEvent",
    "RenderOptions",
    "RenderResult",
    "RenderSettings",
    "SceneDone",
    "SceneResult",
    "SceneStarted",
    "SeededPlanOptions",
    "SeededRenderOptions",
    "Seeds",
    "StepDone",
    "VideoDone",
]

MAX_SIDE = 8192
"""The most pixels of a side of a video."""

Count = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Frozen(BaseModel):
    # protected_namespaces: `model` is a field here, and means the weights.
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class RenderSettings(_Frozen):
    """How to draw a plan; None leaves a choice to the plan, then to the backend.

    Attributes:
        backend: which backend draws.
        model: folder, hub id or name of the model.
        options: settings of this backend alone.
        seed: in place of the plan's seed.
        steps: denoising steps a scene.
        fps: in place of the plan's frame rate.
        transition: between scenes that do not say how they pass into the next.
        transition_frames: length of transitions that do not say it, in frames.
        soundtrack: a sound file for the whole video, in place of the plan's.
        subtitles: whether what the scenes say is drawn into the video ("burn") or written beside it ("srt", "vtt").
        font: font file for subtitles that are drawn.
        width, height: size of the video in pixels; even, as H.264 with 4:2:0 asks.
        otio: whether an OpenTimelineIO file of the cut is written beside the video, with a folder of the scenes as
            clips of their own size and rate.
        coco: whether the boxes of every frame are written beside the video.
        contact_sheet: whether a picture with the frames of every scene is written beside the video.
        save_plan: whether the plan is written beside the video.
        manifest: whether a manifest is written beside the video (an mp4 carries one in itself, too).
    """

    backend: Annotated[str, Field(strict=True, min_length=1)] = "layout2vid"
    model: str | None = None
    options: Mapping[str, JsonValue] = Field(default_factory=dict)
    seed: Seed | None = None
    steps: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    fps: FrameRate | None = None
    transition: Transition | None = None
    transition_frames: TransitionFrames | None = None
    soundtrack: FileName | None = None
    subtitles: Literal["none", "burn", "srt", "vtt"] = "none"
    font: FileName | None = None
    otio: bool = False
    coco: bool = False
    width: Annotated[int, Field(strict=True, ge=16, le=MAX_SIDE, multiple_of=2)] | None = None
    height: Annotated[int, Field(strict=True, ge=16, le=MAX_SIDE, multiple_of=2)] | None = None
    contact_sheet: bool = True
    save_plan: bool = True
    manifest: bool = True

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Settings from plain values, such as command-line options.

        Raises:
            UsageError: naming every setting that cannot be meant.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            issues = issues_of(error, (cls,))
            raise UsageError("; ".join(map(str, issues)), hint="see `videodirector render --help`") from None


class Control(_Frozen):
    """What became of one thing that a plan asks of a scene, such as its boxes.

    Attributes:
        name: what was asked for: "boxes", "references", "groups", "steps", ...
        status: whether the backend did it, did something near it, or left it out.
        detail: by which means, or why not; may be empty.
    """

    name: Annotated[str, Field(strict=True, min_length=1)]
    status: Literal["honoured", "approximated", "ignored"]
    detail: str = ""


class Drawn(_Frozen):
    """A clip as the model drew it, before it was fitted to the plan.

    Attributes:
        frames: its length.
        width, height: its size in pixels.
        frame_rate: frames a second; None where the model knows of no rate.
    """

    frames: Annotated[int, Field(strict=True, ge=1)]
    width: Annotated[int, Field(strict=True, ge=1)]
    height: Annotated[int, Field(strict=True, ge=1)]
    frame_rate: FrameRate | None = None


class SceneResult(_Frozen):
    """One scene as it was drawn.

    Attributes:
        id: the scene.
        frames: frames that it has in the video.
        planned_frames: frames that the plan asks for; 0 where nobody said.
        drawn: what the model drew, where that had to be fitted to the plan; None where it drew just what was asked.
        seconds: time it took.
        seed: the seed actually used.
        backend: the backend that drew it.
        controls: what became of everything that the plan asks of the scene.
        notes: what else the reader should know.
        key: its key in the scene cache: equal keys, equal frames.
        cached: whether it came out of the cache.
        drawing_seconds: time that it took to draw it, now or when it was put into the cache.
        threads: CPU threads that it was drawn with, where that has a say in the last bits.
    """

    id: Id
    frames: Annotated[int, Field(strict=True, ge=1)]
    planned_frames: Count = 0
    drawn: Drawn | None = None
    seconds: Seconds
    seed: Seed
    backend: str
    controls: tuple[Control, ...] = ()
    notes: tuple[str, ...] = ()
    key: str = ""
    cached: bool = False
    drawing_seconds: Seconds = 0.0
    threads: int | None = None


class RenderResult(_Frozen):
    """A finished video.

    Attributes:
        path: the video.
        plan_path: the plan written beside it, if any.
        sheet_path: the contact sheet written beside it, if any.
        beside: what else was asked for and is written beside it: subtitles, boxes, timeline, clips.
        scenes: one result a scene, in order.
        frames: frames in the video (a crossfade shares some between two scenes).
        frame_rate: frames a second.
        width, height: size in pixels.
        seconds: time the whole render took.
    """

    path: Path
    plan_path: Path | None = None
    sheet_path: Path | None = None
    beside: tuple[Path, ...] = ()
    scenes: tuple[SceneResult, ...]
    frames: Annotated[int, Field(strict=True, ge=1)]
    frame_rate: FrameRate
    width: Annotated[int, Field(strict=True, ge=1)]
    height: Annotated[int, Field(strict=True, ge=1)]
    seconds: Seconds


class PlanReady(_Frozen):
    """The plan to be drawn is settled and valid."""

    event: Literal["plan_ready"] = "plan_ready"
    plan: VideoPlan


class SceneStarted(_Frozen):
    """A scene is about to be drawn: number `index` (from 0) of `scenes`."""

    event: Literal["scene_started"] = "scene_started"
    scene: Id
    index: Count
    scenes: Count


class StepDone(_Frozen):
    """One step of a scene is done: number `step` (from 1) of `steps`."""

    event: Literal["step_done"] = "step_done"
    scene: Id
    step: Count
    steps: Count


class Notice(_Frozen):
    """Something that the user should know and that stops nothing, such as a damaged file in the cache.

    ``scene`` is the scene that it is about, if it is about one.
    """

    event: Literal["notice"] = "notice"
    scene: Id | None = None
    message: str


class SceneDone(_Frozen):
    """A scene is drawn."""

    event: Literal["scene_done"] = "scene_done"
    result: SceneResult


class VideoDone(_Frozen):
    """The video is written: always the last event."""

    event: Literal["video_done"] = "video_done"
    result: RenderResult


RenderEvent = PlanReady | SceneStarted | StepDone | Notice | SceneDone | VideoDone


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
