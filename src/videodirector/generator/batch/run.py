"""Runs a batch: one storyboard after the other, or with several workers side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import perf_counter

from videodirector.errors import PlanError, PlannerError, RenderError, UsageError
from videodirector.files.atomic import alone_in, remove_abandoned
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.generator.batch._context import Job, Studio
from videodirector.generator.batch._report import Journal
from videodirector.generator.batch._scheduler import Floor, Written
from videodirector.generator.batch.storyboards import Storyboard
from videodirector.generator.batch.workers.worker import Painter, Worker
from videodirector.schemas import Notice, RenderResult, SceneDone
from videodirector.schemas.batch import (
    BatchEvent,
    BatchStarted,
    SceneDrawn,
    StoryboardDone,
    StoryboardReady,
    StoryboardResult,
)

__all__ = ["REPORT", "render_batch"]

REPORT = "report.jsonl"
"""The file, beside the videos, that says what became of every storyboard."""

_LASTING = {kind.__name__ for kind in (UsageError, PlanError, PlannerError, RenderError)}

_WAITING = 2  # storyboards that are not written when another one is drawn


def render_batch(
    storyboards: Sequence[Storyboard], studio: Studio, *, workers: Sequence[Worker] = (), retry_failed: bool = False
) -> Generator[BatchEvent, None, None]:
    """Make the video of every storyboard.

    What fails is reported, and the others go on. What an earlier run finished is left as it is, and scenes that it drew
    are taken from the cache; so after a kill or on a disk that was full, the same call finishes the work. What failed
    for what it is, and not for the machine, is tried again when it asks for something else now, or when
    ``retry_failed`` says so.

    Args:
        storyboards: what to make; their ids differ.
        studio: how.
        workers: who draws; the scenes of all storyboards are one queue, so that nobody waits while there is work. None:
            this process draws, one scene after the other. They are closed at the end.
        retry_failed: whether to try again what failed before.

    Yields:
        ``BatchStarted``; for each storyboard ``StoryboardReady``, unless it fails before; ``SceneDrawn``;
        ``StoryboardDone``, always.

    Raises:
        OutputError: the folder cannot be written to, or another batch is writing to it.
        MissingDependencyError: there is no ffmpeg.
    """
    try:
        find_ffmpeg(studio.ffmpeg)
        with alone_in(studio.folder, "a batch"):
            _sweep(studio.folder, {storyboard.id for storyboard in storyboards} | {Path(REPORT).stem})
            journal = Journal(studio.folder / REPORT, [storyboard.id for storyboard in storyboards])
            batch = _Batch(storyboards, studio, journal, retry_failed=retry_failed)
            yield BatchStarted(storyboards=len(storyboards))
            yield from batch.side_by_side(workers) if workers else batch.one_by_one()
            journal.compact()
    finally:
        for worker in workers:
            worker.close()


def _sweep(folder: Path, ids: Set[str]) -> None:
    """Remove what a run that was killed had begun to write; everything that is whole has its name."""
    partials = folder.glob(".*.part*")
    remove_abandoned(path for path in partials if any(path.name.startswith(f".{name}.") for name in ids))


def _lasts(result: StoryboardResult) -> bool:
    """Whether the same storyboard would fail again, as far as one can tell; a disk that was full may have room now."""
    return result.error is not None and result.error.type in _LASTING


class _Batch:
    def __init__(
        self, storyboards: Sequence[Storyboard], studio: Studio, journal: Journal, *, retry_failed: bool
    ) -> None:
        self._storyboards, self._studio, self._journal = storyboards, studio, journal
        self._retry_failed = retry_failed

    def _look(self, storyboard: Storyboard) -> Job | StoryboardResult:
        started, asked = perf_counter(), ""
        before = self._journal.before(storyboard.id)
        try:
            asked = self._studio.asked(storyboard)
            if before is not None and before.asked == asked and _lasts(before) and not self._retry_failed:
                return before.model_copy(update={"kept": True})
            planned = before is not None and before.asked == asked
            job = self._studio.prepare(storyboard, asked, planned=planned, tell=self._journal.record)
            if self._studio.stands(job, before):
                assert before is not None, "nothing stands that was not there"
                return before.model_copy(update={"kept": True, "video": job.path})
        except Exception as error:  # one bad storyboard never ends the batch
            return self._studio.failed(storyboard, asked, error, perf_counter() - started)
        return job

    def _settle(self, result: StoryboardResult) -> StoryboardDone:
        self._journal.record(result.model_copy(update={"kept": False}))
        return StoryboardDone(result=result)

    def _result(self, job: Job, outcome: RenderResult | Exception) -> StoryboardResult:
        try:
            if isinstance(outcome, RenderResult):
                return self._studio.done(job, outcome)
        except OSError as error:  # the video went while we looked at it
            outcome = error
        return self._studio.failed(job.storyboard, job.asked, outcome, perf_counter() - job.started)

    # -- in this process

    def one_by_one(self) -> Generator[BatchEvent, None, None]:
        """This thread draws; another one puts together what is drawn. Results come in order."""
        painter = Painter(self._studio.source, self._studio.cache, alone=True)
        results: deque[Future[StoryboardResult]] = deque()
        writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        try:
            for storyboard in self._storyboards:
                job = self._look(storyboard)
                if isinstance(job, Job):
                    for event in self._painted(painter, job):
                        yield event
                        yield from self._settled(results, waiting=_WAITING)
                results.append(writer.submit(self._finished, job))
                yield from self._settled(results, waiting=_WAITING)
            yield from self._settled(results, waiting=0)
        finally:
            writer.shutdown(cancel_futures=True)

    def _painted(self, painter: Painter, job: Job) -> Generator[BatchEvent, None, None]:
        name, tasks = job.storyboard.id, job.tasks(self._studio.cache).values()
        to_draw = sum(len(task.scenes) for task in tasks)
        yield StoryboardReady(id=name, scenes=len(job.plan.scenes), to_draw=to_draw)
        try:
            for task in tasks:
                with closing(painter.draw(task)) as events:
                    for event in events:
                        if isinstance(event, SceneDone) and not event.result.cached:
                            job.drawn += 1
                            yield SceneDrawn(id=name, scene=event.result.id, result=event.result)
                        elif isinstance(event, Notice):
                            yield event
        except Exception as error:  # one bad storyboard never ends the batch
            job.fault = error

    def _finished(self, job: Job | StoryboardResult) -> StoryboardResult:
        return job if isinstance(job, StoryboardResult) else self._result(job, job.fault or self._studio.write(job))

    def _settled(
        self, results: deque[Future[StoryboardResult]], *, waiting: int
    ) -> Generator[StoryboardDone, None, None]:
        """Those that are there, and the first ones until no more than ``waiting`` are left."""
        while results and (len(results) > waiting or results[0].done()):
            yield self._settle(results.popleft().result())

    # -- side by side

    def side_by_side(self, workers: Sequence[Worker]) -> Generator[BatchEvent, None, None]:
        floor = Floor(workers, self._studio, self._look, self._storyboards)
        try:
            for happening in floor.happenings():
                if isinstance(happening, StoryboardResult):
                    yield self._settle(happening)
                elif isinstance(happening, Written):
                    yield self._settle(self._result(happening.job, happening.outcome))
                else:
                    yield happening
        finally:
            floor.close()
