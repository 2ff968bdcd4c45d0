"""A storyboard's way to its video: what is done for it beside the drawing of scenes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from videodirector.errors import UsageError, VideoDirectorError
from videodirector.files.digests import digest
from videodirector.files.names import readable
from videodirector.generator.backends.source import BackendSource
from videodirector.generator.batch.storyboards import Storyboard
from videodirector.generator.batch.workers.worker import DrawTask
from videodirector.generator.render.cache import SceneCache
from videodirector.generator.render.plan_renderer import Drawing
from videodirector.generator.render.render import render_video, settled
from videodirector.generator.render.scene_key import SceneKey
from videodirector.generator.video.soundtrack import need, sounds
from videodirector.generator.video.timeline import timeline
from videodirector.generator.video.writer import WRITER_VERSION
from videodirector.schemas import PlanOptions, RenderResult, RenderSettings, VideoDone, VideoPlan
from videodirector.schemas.batch import Failure, StoryboardResult

__all__ = ["Job", "Studio"]

WISHES = tuple(PlanOptions.__annotations__)
"""Options that are for the planner, and so for stories only; see ``PlanRequest``."""


@dataclass(kw_only=True)
class Job:
    """A storyboard that is being worked on.

    Attributes:
        storyboard: what is wanted.
        started: when it was first looked at, by ``perf_counter``.
        asked, made_of: see ``StoryboardResult``.
        plan: its plan, with the seed and frame rate of the settings.
        settings: how to draw it.
        keys: of its scenes in the cache.
        path: its video.
        drawn: scenes drawn for it.
        fault: why they could not all be drawn, if so.
        waits: for these tasks; when there are none left, the video can be put together.
    """

    storyboard: Storyboard
    started: float
    asked: str
    made_of: str
    plan: VideoPlan
    settings: RenderSettings
    keys: Mapping[str, SceneKey]
    path: Path
    drawn: int = 0
    fault: Exception | None = None
    waits: set[tuple[str, ...]] = field(default_factory=set)

    def tasks(self, cache: SceneCache) -> dict[tuple[str, ...], DrawTask]:
        """What has to be drawn, by the keys of the scenes; scenes that continue one another are one task."""
        chains: dict[str, list[str]] = {}
        heads: dict[str, str] = {}
        for scene in self.plan.scenes:
            heads[scene.id] = scene.id if scene.continues is None else heads[scene.continues]
            chains.setdefault(heads[scene.id], []).append(scene.id)
        found: dict[tuple[str, ...], DrawTask] = {}
        for chain in chains.values():
            keys = tuple(self.keys[scene].key for scene in chain)
            if keys in found or all(key in cache for key in keys):
                continue
            wanted = {scene: self.keys[scene] for scene in chain}
            found[keys] = DrawTask(
                plan=self.plan, made_of=self.made_of, scenes=tuple(chain), keys=wanted, settings=self.settings
            )
        return found


@dataclass(frozen=True, kw_only=True)
class Studio:
    """What all storyboards of a batch share.

    Attributes:
        planner: makes a plan of a story, with options by their names in Python.
        settings: makes settings of options.
        options: what holds for every storyboard that does not say otherwise.
        source: what draws.
        cache: where drawn scenes are kept.
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

    def asked(self, storyboard: Storyboard) -> str:
        """A digest of what a storyboard asks for."""
        return digest([storyboard.digest(), repr(sorted(self.options.items())), repr(self.settings({}))])

    def prepare(
        self, storyboard: Storyboard, asked: str, *, planned: bool, tell: Callable[[StoryboardResult], None]
    ) -> Job:
        """The plan of a storyboard, and how to draw it.

        Args:
            storyboard: what is wanted.
            asked: see ``asked``.
            planned: whether an earlier run planned the same story: then its plan, beside the video, is taken.
            tell: is told when a story has been planned and its plan is on the disk.

        Raises:
            VideoDirectorError: it cannot be planned or drawn, whatever the reason.
        """
        started = perf_counter()
        if storyboard.error is not None:
            raise storyboard.error
        own = dict(storyboard.options)
        if storyboard.story is None and (wishes := [name for name in WISHES if name in own]):
            raise UsageError(f"{wishes[0]} is for stories, and this is a plan", hint="leave it out, or edit the plan")
        options = {**self.options, **own}
        settings = self.settings({name: value for name, value in options.items() if name not in WISHES})
        plan = storyboard.read_plan()
        if plan is None:
            plan = self._planned(storyboard, asked, options, keep=settings.save_plan, again=not planned, tell=tell)
        plan = settled(plan, settings)
        need(sounds(plan, timeline(plan), settings))
        drawing = Drawing(plan, self.source.of(settings), steps=settings.steps)
        keys = {scene.id: drawing.key(scene) for scene in plan.scenes}
        return Job(
            storyboard=storyboard,
            started=started,
            asked=asked,
            made_of=_made_of(plan, settings, keys),
            plan=plan,
            settings=settings,
            keys=keys,
            path=self.folder / f"{storyboard.id}.mp4",
        )

    def _planned(
        self,
        storyboard: Storyboard,
        asked: str,
        options: Mapping[str, Any],
        *,
        keep: bool,
        again: bool,
        tell: Callable[[StoryboardResult], None],
    ) -> VideoPlan:
        """The plan of a story. A planner may be slow, dear, and never say the same twice: it is asked once."""
        assert storyboard.story is not None, "a storyboard has a plan or a story"
        file = self.folder / f"{storyboard.id}.plan.json"
        if keep and not again and file.exists():
            return VideoPlan.load(file)
        plan = self.planner(storyboard.story, options)
        if keep:
            plan.save(file)
            tell(StoryboardResult(id=storyboard.id, source=storyboard.source, status="planned", asked=asked))
        return plan

    def write(self, job: Job) -> RenderResult | Exception:
        """The video of a job, or why there is none."""
        try:
            # A backend of its own, for scenes that are no longer in the cache: two threads must not share a model.
            backend = copy(self.source).of(job.settings)
            *_, last = render_video(
                job.plan, job.path, backend=backend, settings=job.settings, ffmpeg=self.ffmpeg, cache=self.cache
            )
        except Exception as error:  # one bad storyboard never ends the batch
            return error
        assert isinstance(last, VideoDone), "a render ends with it or with an error"
        return last.result

    def done(self, job: Job, result: RenderResult) -> StoryboardResult:
        """What there is to say of a job whose video is written."""
        return StoryboardResult(
            id=job.storyboard.id,
            source=job.storyboard.source,
            status="done",
            video=job.path,
            frames=result.frames,
            scenes=len(job.plan.scenes),
            drawn=job.drawn,
            seconds=perf_counter() - job.started,
            asked=job.asked,
            made_of=job.made_of,
            sha256=_sha256(job.path),
        )

    def failed(self, storyboard: Storyboard, asked: str, error: Exception, seconds: float = 0.0) -> StoryboardResult:
        """What there is to say of a storyboard that will have no video."""
        if isinstance(error, VideoDirectorError):
            code, message, hint = error.code, error.message, error.hint
        elif isinstance(error, MemoryError):
            code = "out-of-memory"
            message, hint = "there is too little memory for it", "make it smaller or shorter, or use fewer workers"
        else:
            code = "internal"
            message, hint = str(error) or type(error).__name__, "this is a fault; please report it"
        failure = Failure(code=code, type=type(error).__name__, message=readable(message), hint=readable(hint))
        return StoryboardResult(
            id=storyboard.id,
            source=storyboard.source,
            status="failed",
            error=failure,
            seconds=seconds,
            asked=asked,
        )

    def stands(self, job: Job, before: StoryboardResult | None) -> bool:
        """Whether the video that an earlier run wrote is what this job would write, and whole."""
        if before is None or before.status != "done" or before.made_of != job.made_of:
            return False
        try:
            return _sha256(job.path) == before.sha256
        except OSError:
            return False


def _made_of(plan: VideoPlan, settings: RenderSettings, keys: Mapping[str, SceneKey]) -> str:
    files = [plan.audio, settings.soundtrack, settings.font, *(scene.audio for scene in plan.scenes)]
    return digest(
        [
            WRITER_VERSION,
            plan.model_dump(mode="json"),
            repr(settings),
            [key.key for key in keys.values()],
            [_sha256(Path(file)) if file is not None and os.path.isfile(file) else None for file in files],
        ]
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
