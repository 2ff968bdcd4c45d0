"""What a render returns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from videodirector.schemas._base import Count, FrozenModel, Seconds
from videodirector.schemas.plan import Id, Seed
from videodirector.schemas.rate import FrameRate

__all__ = ["Control", "Drawn", "RenderResult", "SceneResult"]


class Control(FrozenModel):
    """What became of one thing that a plan requests for a scene, such as its boxes.

    Attributes:
        name: what was requested: "boxes", "references", "groups", "steps", ...
        status: whether the backend did it, did something near it, or left it out.
        detail: by which means, or why not; may be empty.
    """

    name: Annotated[str, Field(strict=True, min_length=1)]
    status: Literal["honoured", "approximated", "ignored"]
    detail: str = ""


class Drawn(FrozenModel):
    """A clip as the model rendered it, before it was fitted to the plan.

    Attributes:
        frames: its length.
        width, height: its size in pixels.
        frame_rate: frames a second; None where the model knows of no rate.
    """

    frames: Annotated[int, Field(strict=True, ge=1)]
    width: Annotated[int, Field(strict=True, ge=1)]
    height: Annotated[int, Field(strict=True, ge=1)]
    frame_rate: FrameRate | None = None


class SceneResult(FrozenModel):
    """One scene as it was rendered.

    Attributes:
        id: the scene.
        frames: frames that it has in the video.
        planned_frames: frames that the plan asks for; 0 where nobody said.
        drawn: what the model rendered, where that had to be fitted to the plan; None where it needed no fitting.
        seconds: time it took.
        seed: the seed actually used.
        backend: the backend that rendered it.
        controls: what became of everything that the plan requests for the scene.
        notes: what else the reader should know.
        key: its key in the scene cache: equal keys, equal frames.
        cached: whether it came out of the cache.
        drawing_seconds: time that rendering took, now or when it was put into the cache.
        threads: CPU threads that it was rendered with, where the last bits depend on them.
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


class RenderResult(FrozenModel):
    """A finished video.

    Attributes:
        path: the video.
        plan_path: the plan written beside it, if any.
        sheet_path: the contact sheet written beside it, if any.
        beside: the other files that are written beside it: subtitles, boxes, timeline, clips.
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
