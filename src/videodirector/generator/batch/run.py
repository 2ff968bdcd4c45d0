"""Runs a batch: one storyboard after the other, or with several workers side by side."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter

from videodirector.errors import RenderError
from videodirector.ffmpeg import find_ffmpeg
from videodirector.generator.batch.journal import Journal
from videodirector.generator.batch.painter import DrawTask, Worker, WorkerDiedError
from videodirector.generator.batch.storyboards import Storyboard
from videodirector.generator.batch.studio import Job, Studio
from videodirector.schemas import Notice, RenderEvent, RenderResult, SceneDone, VideoDone
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

_AHEAD = 32  # storyboards that are planned before their turn comes; memory stays the same however many there are

_LIVES = 3  # workers that a task may cost before it counts as what kills them


def render_batch(
    storyboards: Sequence[Storyboard], studio: Studio, *, workers: Sequence[Worker] = (), retry_failed: bool = False
) -> Generator[BatchEvent, None, None]:
    """Make the video of every storyboard.

    What fails is reported, and the others go on. What an earlier run finished is left as it is, and scenes that it drew
    are taken from the cache; so after a kill, the same call finishes the work. What failed before is tried again when
    it asks for something else now, or when ``retry_failed`` says so.

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
        OutputError: the folder cannot be written to.
        MissingDependencyError: there is no ffmpeg.
    """
    try:
        find_ffmpeg(studio.ffmpeg)
        journal = Journal(studio.folder / REPORT, [storyboard.id for storyboard in storyboards])
        batch = _Batch(storyboards, studio, journal, retry_failed=retry_failed)
        yield BatchStarted(storyboards=len(storyboards))
        yield from batch.side_by_side(workers) if workers else batch.one_by_one()
        journal.compact()
    finally:
        for worker in workers:
            worker.close()


@dataclass(frozen=True)
class _Looked:
    """A storyboard has been looked at: there is a job, or it is settled already."""

    outcome: Job | StoryboardResult


@dataclass(frozen=True)
class _Drawing:
    keys: tuple[str, ...]
    event: RenderEvent


@dataclass(frozen=True)
class _Drawn:
    keys: tuple[str, ...]
    error: Exception | None = None


@dataclass(frozen=True)
class _Written:
    job: Job
    outcome: RenderResult | Exception


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
            if before is not None and before.status == "failed" and before.asked == asked and not self._retry_failed:
                return before.model_copy(update={"kept": True})
            planned = before is not None and before.asked == asked
            job = self._studio.prepare(storyboard, asked, planned=planned, tell=self._journal.record)
            if self._studio.stands(job, before):
                assert before is not None, "nothing stands that was not there"
                return before.model_copy(update={"kept": True})
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
        for storyboard in self._storyboards:
            job = self._look(storyboard)
            if isinstance(job, StoryboardResult):
                yield self._settle(job)
                continue
            to_draw = sum(len(task.scenes) for task in job.tasks(self._studio.cache).values())
            yield StoryboardReady(id=storyboard.id, scenes=len(job.plan.scenes), to_draw=to_draw)
            outcome: RenderResult | Exception
            try:
                with closing(self._studio.render(job)) as events:
                    for event in events:
                        if isinstance(event, SceneDone) and not event.result.cached:
                            job.drawn += 1
                            yield SceneDrawn(id=storyboard.id, scene=event.result.id, result=event.result)
                        elif isinstance(event, Notice):
                            yield event
                        elif isinstance(event, VideoDone):
                            outcome = event.result
            except Exception as error:  # one bad storyboard never ends the batch
                outcome = error
            yield self._settle(self._result(job, outcome))

    # -- side by side

    def side_by_side(self, workers: Sequence[Worker]) -> Generator[BatchEvent, None, None]:
        floor = _Floor(workers, self._studio, self._look, self._storyboards)
        try:
            for happening in floor.happenings():
                if isinstance(happening, StoryboardResult):
                    yield self._settle(happening)
                elif isinstance(happening, _Written):
                    yield self._settle(self._result(happening.job, happening.outcome))
                else:
                    yield happening
        finally:
            floor.close()


class _Floor:
    """Workers drawing, a thread that looks at storyboards ahead of them, and one that puts finished videos together."""

    def __init__(
        self,
        workers: Sequence[Worker],
        studio: Studio,
        look: Callable[[Storyboard], Job | StoryboardResult],
        storyboards: Sequence[Storyboard],
    ) -> None:
        self._studio, self._look, self._storyboards = studio, look, storyboards
        self._news: queue.SimpleQueue[_Looked | _Drawing | _Drawn | _Written] = queue.SimpleQueue()
        self._tasks = _Tasks()
        self._places = threading.Semaphore(_AHEAD)
        self._over = threading.Event()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._threads = [threading.Thread(target=self._prepare, daemon=True, name="planner")]
        self._threads += [
            threading.Thread(target=self._work, args=(worker,), daemon=True, name=f"worker {number}")
            for number, worker in enumerate(workers)
        ]
        self._workers = workers
        self._waiting: dict[tuple[str, ...], list[Job]] = {}

    def happenings(self) -> Generator[BatchEvent | StoryboardResult | _Written, None, None]:
        for thread in self._threads:
            thread.start()
        left = len(self._storyboards)
        while left:
            news = self._news.get()
            if isinstance(news, _Looked):
                if isinstance(news.outcome, Job):
                    yield self._begin(news.outcome)
                    continue
                yield news.outcome
            elif isinstance(news, _Drawing):
                yield from self._tell(news)
                continue
            elif isinstance(news, _Drawn):
                given_up = self._end(news)
                yield from given_up
                left -= len(given_up)
                for _ in given_up:
                    self._places.release()
                continue
            else:
                yield news
            left -= 1
            self._places.release()

    def close(self) -> None:
        self._over.set()
        self._places.release()
        self._tasks.close()
        for worker in self._workers:
            worker.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)
        self._writer.shutdown(cancel_futures=True)

    # -- what the one thread that follows the news does

    def _begin(self, job: Job) -> StoryboardReady:
        tasks = job.tasks(self._studio.cache)
        job.waits = set(tasks)
        to_draw = 0
        for keys, task in tasks.items():
            if keys not in self._waiting:
                self._waiting[keys] = []
                to_draw += len(task.scenes)
                self._tasks.put(keys, task)
            self._waiting[keys].append(job)
        if not job.waits:
            self._writer.submit(self._write, job)
        return StoryboardReady(id=job.storyboard.id, scenes=len(job.plan.scenes), to_draw=to_draw)

    def _tell(self, news: _Drawing) -> Generator[SceneDrawn | Notice, None, None]:
        event = news.event
        if isinstance(event, Notice):
            yield event
        if isinstance(event, SceneDone) and not event.result.cached and (jobs := self._waiting.get(news.keys)):
            jobs[0].drawn += 1
            yield SceneDrawn(id=jobs[0].storyboard.id, scene=event.result.id, result=event.result)

    def _end(self, news: _Drawn) -> list[_Written]:
        """A task is done or has failed: videos that waited for it alone are written, or given up."""
        given_up: list[_Written] = []
        for job in self._waiting.pop(news.keys, []):
            if news.error is None:
                job.waits.discard(news.keys)
                if not job.waits:
                    self._writer.submit(self._write, job)
                continue
            for keys in job.waits - {news.keys}:
                self._waiting[keys].remove(job)
                if not self._waiting[keys] and self._tasks.drop(keys):
                    del self._waiting[keys]
            given_up.append(_Written(job, news.error))
        return given_up

    # -- what the other threads do

    def _prepare(self) -> None:
        for storyboard in self._storyboards:
            self._places.acquire()
            if self._over.is_set():
                return
            self._news.put(_Looked(self._look(storyboard)))

    def _work(self, worker: Worker) -> None:
        while (taken := self._tasks.take()) is not None:
            keys, task = taken
            self._news.put(_Drawn(keys, self._draw(worker, keys, task)))

    def _draw(self, worker: Worker, keys: tuple[str, ...], task: DrawTask) -> Exception | None:
        reason = ""
        for _ in range(_LIVES):
            if self._over.is_set():
                break
            try:
                with closing(worker.draw(task)) as events:
                    for event in events:
                        self._news.put(_Drawing(keys, event))
                return None
            except WorkerDiedError as death:
                reason = str(death)
            except Exception as error:  # one bad scene never ends the batch
                return error
        scenes = ", ".join(task.scenes)
        return RenderError(
            f"{_LIVES} workers died over the scene {scenes}; the last one: {reason}",
            hint="was there too little memory? Try fewer workers",
        )

    def _write(self, job: Job) -> None:
        outcome: RenderResult | Exception
        try:
            *_, last = self._studio.render(job)
            assert isinstance(last, VideoDone), "a render ends with it or with an error"
            outcome = last.result
        except Exception as error:  # one bad storyboard never ends the batch
            outcome = error
        self._news.put(_Written(job, outcome))


class _Tasks:
    """The queue of what is to be drawn; tasks that nobody waits for any more can be taken out."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[tuple[str, ...], DrawTask]] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, keys: tuple[str, ...], task: DrawTask) -> None:
        with self._changed:
            self._waiting.append((keys, task))
            self._changed.notify()

    def take(self) -> tuple[tuple[str, ...], DrawTask] | None:
        """The next one, waited for if need be; None when all is over."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return None if self._closed else self._waiting.popleft()

    def drop(self, keys: tuple[str, ...]) -> bool:
        """Take out a task; False if somebody has begun it."""
        with self._changed:
            for item in self._waiting:
                if item[0] == keys:
                    self._waiting.remove(item)
                    return True
        return False

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
