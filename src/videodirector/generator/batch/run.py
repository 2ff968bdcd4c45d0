"""Runs a batch: reads what is done already, schedules the rest, and keeps the report."""

from __future__ import annotations

from collections.abc import Generator, Sequence, Set
from contextlib import closing
from pathlib import Path
from time import perf_counter

from videodirector.errors import PlanError, PlannerError, RenderError, UsageError
from videodirector.files.atomic import lock_folder, remove_abandoned
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.generator.batch._context import BatchContext, Job
from videodirector.generator.batch._report import BatchReport
from videodirector.generator.batch._scheduler import Scheduler
from videodirector.generator.batch.storyboards import Storyboard
from videodirector.generator.batch.workers.worker import Worker
from videodirector.schemas.batch import BatchEvent, BatchStarted, StoryboardDone, StoryboardResult

__all__ = ["REPORT", "render_batch"]

REPORT = "report.jsonl"
"""The file, beside the videos, that lists the result of every storyboard."""

_LASTING = {kind.__name__ for kind in (UsageError, PlanError, PlannerError, RenderError)}


def render_batch(
    storyboards: Sequence[Storyboard], context: BatchContext, *, workers: Sequence[Worker], retry_failed: bool = False
) -> Generator[BatchEvent, None, None]:
    """Make the video of every storyboard.

    Failures are reported and do not stop the others. Videos that an earlier run finished are kept, and scenes that it
    rendered are taken from the cache; so after a kill or on a disk that was full, the same call finishes the work. A
    storyboard whose failure does not depend on the machine is tried again when its request has changed, or with
    ``retry_failed``.

    Args:
        storyboards: what to make; their ids differ.
        context: what they share.
        workers: who renders, see ``create_workers``. They are closed at the end.
        retry_failed: whether to try again what failed before.

    Yields:
        ``BatchStarted``; for each storyboard ``StoryboardReady``, unless it fails before; ``SceneDrawn``;
        ``StoryboardDone``, always.

    Raises:
        OutputError: the folder cannot be written to, or another batch is writing to it.
        MissingDependencyError: there is no ffmpeg.
    """
    try:
        find_ffmpeg(context.ffmpeg)
        with lock_folder(context.folder, "a batch"):
            _remove_partials(context.folder, {storyboard.id for storyboard in storyboards} | {Path(REPORT).stem})
            report = BatchReport(context.folder / REPORT, [storyboard.id for storyboard in storyboards])
            yield BatchStarted(storyboards=len(storyboards))
            scheduler = Scheduler(
                storyboards,
                workers,
                cache=context.cache,
                prepare=lambda storyboard: _prepare(storyboard, context, report, retry_failed=retry_failed),
                finish=context.finish,
            )
            with closing(scheduler), closing(scheduler.events()) as events:
                for event in events:
                    if isinstance(event, StoryboardDone):
                        report.record(event.result.model_copy(update={"kept": False}))
                    yield event
            report.compact()
    finally:
        for worker in workers:
            worker.close()


def _remove_partials(folder: Path, ids: Set[str]) -> None:
    """Remove what a run that was killed had begun to write; whatever is whole has its name."""
    partials = folder.glob(".*.part*")
    remove_abandoned(path for path in partials if any(path.name.startswith(f".{name}.") for name in ids))


def _is_lasting_failure(result: StoryboardResult) -> bool:
    """Whether the same storyboard would fail again, as far as one can tell; a disk that was full may have room now."""
    return result.error is not None and result.error.type in _LASTING


def _prepare(
    storyboard: Storyboard, context: BatchContext, report: BatchReport, *, retry_failed: bool
) -> Job | StoryboardResult:
    """Plan a storyboard, or return the result that it has already: kept from an earlier run, or a failure."""
    started, request = perf_counter(), ""
    previous = report.previous(storyboard.id)
    try:
        request = context.request_digest(storyboard)
        is_same = previous is not None and previous.asked == request
        if previous is not None and is_same and _is_lasting_failure(previous) and not retry_failed:
            return previous.model_copy(update={"kept": True})
        job = context.prepare(storyboard, request, is_planned=is_same, record=report.record)
        if previous is not None and context.is_up_to_date(job, previous):
            return previous.model_copy(update={"kept": True, "video": job.path})
    except Exception as error:  # one bad storyboard never ends the batch
        return context.build_failure(storyboard, request, error, perf_counter() - started)
    return job
