"""Results of a batch of storyboards, and what it reports while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from videodirector.schemas._base import Count, FrozenModel, Seconds
from videodirector.schemas.events import Notice
from videodirector.schemas.plan import Id
from videodirector.schemas.results import SceneResult

__all__ = [
    "BatchEvent",
    "BatchStarted",
    "Failure",
    "SceneDrawn",
    "StoryboardDone",
    "StoryboardReady",
    "StoryboardResult",
]


class Failure(FrozenModel):
    """Why there is no video: the code and class of the error, what is wrong, and what to do; see ``docs/errors.md``."""

    code: str = ""  # lines of older reports have none
    type: str
    message: str
    hint: str = ""


class StoryboardResult(FrozenModel):
    """One storyboard of a batch, as it is in ``report.jsonl``.

    Attributes:
        id: the storyboard; its video is called so.
        source: where it came from: ``storyboards.jsonl:3``.
        status: whether there is a video; "planned" is a story while its scenes are rendered.
        error: why there is none.
        video: the video.
        frames: its length.
        scenes: scenes in it.
        drawn: scenes that were rendered for it; the others were rendered before, or for another storyboard.
        seconds: from the first look at it to its end, with the time that it waited for others.
        asked: a digest of the request and its options; a storyboard that failed is tried again when it changes.
        made_of: a digest of everything that the video depends on.
        sha256: of the video; one that was changed or damaged since is rendered again.
        kept: whether the video of an earlier run was found in order, and left.
    """

    id: str
    source: str
    status: Literal["planned", "done", "failed"]
    error: Failure | None = None
    video: Path | None = None
    frames: Count = 0
    scenes: Count = 0
    drawn: Count = 0
    seconds: Seconds = 0.0
    asked: str
    made_of: str = ""
    sha256: str = ""
    kept: bool = False


class BatchStarted(FrozenModel):
    """The storyboards have been read: so many there are."""

    event: Literal["batch_started"] = "batch_started"
    storyboards: Count


class StoryboardReady(FrozenModel):
    """A storyboard has a valid plan of so many scenes, of which so many have to be rendered."""

    event: Literal["storyboard_ready"] = "storyboard_ready"
    id: str
    scenes: Annotated[int, Field(ge=1)]
    to_draw: Count


class SceneDrawn(FrozenModel):
    """A scene was rendered, for this storyboard and all others that show the same."""

    event: Literal["scene_drawn"] = "scene_drawn"
    id: str
    scene: Id
    result: SceneResult


class StoryboardDone(FrozenModel):
    """A storyboard has its video, or has failed for good."""

    event: Literal["storyboard_done"] = "storyboard_done"
    result: StoryboardResult


BatchEvent = BatchStarted | StoryboardReady | SceneDrawn | Notice | StoryboardDone
