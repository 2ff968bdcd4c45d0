"""Plans the storyboards of a batch and writes their videos; rendering the scenes is the workers' part."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from videodirector.errors import UsageError, VideoDirectorError
from videodirector.files.digests import digest, file_digest
from videodirector.files.names import make_readable
from videodirector.generator.backends.source import BackendSource
from videodirector.generator.batch.storyboards import Storyboard
from videodirector.generator.batch.workers.worker import RenderTask
from videodirector.generator.render.cache import SceneCache
from videodirector.generator.render.plan_renderer import PlanRenderer
from videodirector.generator.render.render import apply_settings, render_video
from videodirector.generator.render.scene_key import SceneKey
from videodirector.generator.video.soundtrack import check_sounds, list_sounds
from videodirector.generator.video.timeline import build_timeline
from videodirector.generator.video.writer import WRITER_VERSION
from videodirector.schemas import RenderSettings, VideoDone, VideoPlan
from videodirector.schemas.batch import Failure, StoryboardResult

__all__ = ["BatchContext", "Job"]

PLANNER_OPTIONS = ("scenes", "max_entities", "cast", "style", "backgrounds")
"""Options that are for the planner, and so for stories only; see ``PlanRequest``."""


@dataclass(kw_only=True)
class Job:
    """A storyboard that is planned and has no video yet.

    Attributes:
        storyboard: what to make.
        started: when its preparation began, by ``perf_counter``.
        request_digest, output_digest: ``asked`` and ``made_of`` of ``StoryboardResult``.
        plan: its plan, with the seed and frame rate of the settings.
        settings: how to render it.
        keys: cache keys of its scenes, by id.
        path: of its video.
        rendered: number of scenes rendered for it.
        pending: tasks that are not done; when none are left, the video can be written.
    """

    storyboard: Storyboard
    started: float
    request_digest: str
    output_digest: str
    plan: VideoPlan
    settings: RenderSettings
    keys: Mapping[str, SceneKey]
    path: Path
    rendered: int = 0
    pending: set[tuple[str, ...]] = field(default_factory=set)

    def tasks(self, cache: SceneCache) -> dict[tuple[str, ...], RenderTask]:
        """List what is not in the cache, by the keys of the scenes; scenes that continue one another are one task."""
        chains: dict[str, list[str]] = {}
        heads: dict[str, str] = {}
        for scene in self.plan.scenes:
            heads[scene.id] = scene.id if scene.continues is None else heads[scene.continues]
            chains.setdefault(heads[scene.id], []).append(scene.id)
        found: dict[tuple[str, ...], RenderTask] = {}
        for chain in chains.values():
            keys = tuple(self.keys[scene].key for scene in chain)
            if keys in found or all(key in cache for key in keys):
                continue
            wanted = {scene: self.keys[scene] for scene in chain}
            found[keys] = RenderTask(
                plan=self.plan,
                output_digest=self.output_digest,
                scenes=tuple(chain),
                keys=wanted,
                settings=self.settings,
            )
        return found


@dataclass(frozen=True, kw_only=True)
class BatchContext:
    """What all storyboards of a batch share.

    Attributes:
        planner: makes a plan of a story, with options by their names in Python.
        settings: makes settings of options.
        options: defaults of all storyboards.
        source: the backends.
        cache: where rendered scenes are kept.
        folder: where the videos go.
        ffmpeg: the program to use, see ``find_ffmpeg``.
    """

    planner: Callable[[str, Mapping[str, Any]], VideoPlan]
    settings: Callable[[Mapping[str, Any]], RenderSettings]
    options: Mapping[str, Any]
    source: BackendSource
    cache: SceneCache
    folder: Path
    ffmpeg: str | os.PathLike[str] | None

    def request_digest(self, storyboard: Storyboard) -> str:
        """Digest everything that is requested of a storyboard."""
        return digest([storyboard.digest(), repr(sorted(self.options.items())), repr(self.settings({}))])

    def prepare(
        self, storyboard: Storyboard, request: str, *, is_planned: bool, record: Callable[[StoryboardResult], None]
    ) -> Job:
        """Plan a storyboard, and work out the settings and cache keys of its scenes.

        Args:
            storyboard: what to make.
            request: see ``request_digest``.
            is_planned: whether an earlier run planned the same story: its plan, beside the video, is then used.
            record: called when a story has been planned and its plan is on the disk.

        Raises:
            VideoDirectorError: it cannot be planned or rendered, whatever the reason.
        """
        started = perf_counter()
        if storyboard.error is not None:
            raise storyboard.error
        own = dict(storyboard.options)
        if storyboard.story is None and (unfit := [name for name in PLANNER_OPTIONS if name in own]):
            raise UsageError(f"{unfit[0]} is for stories, and this is a plan", hint="leave it out, or edit the plan")
        options = {**self.options, **own}
        settings = self.settings({name: value for name, value in options.items() if name not in PLANNER_OPTIONS})
        plan = storyboard.read_plan()
        if plan is None:
            plan = self._plan_story(
                storyboard, request, options, keep=settings.save_plan, reuse=is_planned, record=record
            )
        plan = apply_settings(plan, settings)
        check_sounds(list_sounds(plan, build_timeline(plan), settings))
        drawing = PlanRenderer(plan, self.source.get(settings), steps=settings.steps)
        keys = {scene.id: drawing.key(scene) for scene in plan.scenes}
        return Job(
            storyboard=storyboard,
            started=started,
            request_digest=request,
            output_digest=_output_digest(plan, settings, keys),
            plan=plan,
            settings=settings,
            keys=keys,
            path=self.folder / f"{storyboard.id}.mp4",
        )

    def _plan_story(
        self,
        storyboard: Storyboard,
        request: str,
        options: Mapping[str, Any],
        *,
        keep: bool,
        reuse: bool,
        record: Callable[[StoryboardResult], None],
    ) -> VideoPlan:
        """Plan a story once: a planner may be slow, costly, and never give the same plan twice."""
        assert storyboard.story is not None, "a storyboard has a plan or a story"
        file = self.folder / f"{storyboard.id}.plan.json"
        if keep and reuse and file.exists():
            return VideoPlan.load(file)
        plan = self.planner(storyboard.story, options)
        if keep:
            plan.save(file)
            record(StoryboardResult(id=storyboard.id, source=storyboard.source, status="planned", asked=request))
        return plan

    def finish(self, job: Job, error: Exception | None = None) -> StoryboardResult:
        """Write the video of a job, unless it has failed, and build its result."""
        try:
            if error is None:
                return self._write_video(job)
        except Exception as fault:  # one bad storyboard never ends the batch
            error = fault
        return self.build_failure(job.storyboard, job.request_digest, error, perf_counter() - job.started)

    def _write_video(self, job: Job) -> StoryboardResult:
        # A backend of its own, for scenes that are no longer in the cache: two threads must not share a model.
        backend = copy(self.source).get(job.settings)
        *_, last = render_video(
            job.plan, job.path, backend=backend, settings=job.settings, ffmpeg=self.ffmpeg, cache=self.cache
        )
        assert isinstance(last, VideoDone), "a render ends with it or with an error"
        return StoryboardResult(
            id=job.storyboard.id,
            source=job.storyboard.source,
            status="done",
            video=job.path,
            frames=last.result.frames,
            scenes=len(job.plan.scenes),
            drawn=job.rendered,
            seconds=perf_counter() - job.started,
            asked=job.request_digest,
            made_of=job.output_digest,
            sha256=file_digest(job.path),
        )

    def build_failure(
        self, storyboard: Storyboard, request: str, error: Exception, seconds: float = 0.0
    ) -> StoryboardResult:
        """Build the result of a storyboard that has no video."""
        if isinstance(error, VideoDirectorError):
            message, hint = error.message, error.hint
        elif isinstance(error, MemoryError):
            message, hint = "there is too little memory for it", "make it smaller or shorter, or use fewer workers"
        else:
            message, hint = str(error) or type(error).__name__, "this is a fault; please report it"
        failure = Failure(type=type(error).__name__, message=make_readable(message), hint=make_readable(hint))
        return StoryboardResult(
            id=storyboard.id,
            source=storyboard.source,
            status="failed",
            error=failure,
            seconds=seconds,
            asked=request,
        )

    def is_up_to_date(self, job: Job, previous: StoryboardResult) -> bool:
        """Whether the video that an earlier run wrote is undamaged and what this job would write."""
        if previous.status != "done" or previous.made_of != job.output_digest:
            return False
        try:
            return file_digest(job.path) == previous.sha256
        except OSError:
            return False


def _output_digest(plan: VideoPlan, settings: RenderSettings, keys: Mapping[str, SceneKey]) -> str:
    """Digest everything that decides the bytes of a video."""
    files = [plan.audio, settings.soundtrack, settings.font, *(scene.audio for scene in plan.scenes)]
    return digest(
        [
            WRITER_VERSION,
            plan.model_dump(mode="json"),
            repr(settings),
            [key.key for key in keys.values()],
            [file_digest(Path(file)) if file is not None and os.path.isfile(file) else None for file in files],
        ]
    )
