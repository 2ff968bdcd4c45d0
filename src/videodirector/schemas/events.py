"""What a render reports while it runs."""

from __future__ import annotations

from typing import Literal

from videodirector.schemas._base import Count, FrozenModel
from videodirector.schemas.plan import Id, VideoPlan
from videodirector.schemas.results import RenderResult, SceneResult

__all__ = ["Notice", "PlanReady", "RenderEvent", "SceneDone", "SceneStarted", "StepDone", "VideoDone"]


class PlanReady(FrozenModel):
    """The plan to be rendered is complete and valid."""

    event: Literal["plan_ready"] = "plan_ready"
    plan: VideoPlan


class SceneStarted(FrozenModel):
    """A scene is about to be rendered: number ``index`` (from 0) of ``scenes``."""

    event: Literal["scene_started"] = "scene_started"
    scene: Id
    index: Count
    scenes: Count


class StepDone(FrozenModel):
    """One step of a scene is done: number ``step`` (from 1) of ``steps``."""

    event: Literal["step_done"] = "step_done"
    scene: Id
    step: Count
    steps: Count


class Notice(FrozenModel):
    """Something that the user should know and that stops nothing, such as a damaged file in the cache.

    ``scene`` is the scene that it is about, if it is about one.
    """

    event: Literal["notice"] = "notice"
    scene: Id | None = None
    message: str


class SceneDone(FrozenModel):
    """A scene is rendered."""

    event: Literal["scene_done"] = "scene_done"
    result: SceneResult


class VideoDone(FrozenModel):
    """The video is written: always the last event."""

    event: Literal["video_done"] = "video_done"
    result: RenderResult


RenderEvent = PlanReady | SceneStarted | StepDone | Notice | SceneDone | VideoDone
