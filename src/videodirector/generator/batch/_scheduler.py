"""The floor on which a batch is drawn: workers side by side, and who prepares their work and who finishes it."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from videodirector.errors import RenderError
from videodirector.generator.batch._context import Job, Studio
from videodirector.generator.batch.storyboards import Storyboard
from videodirector.generator.batch.workers.worker import DrawTask, Worker, WorkerDiedError
from videodirector.schemas import Notice, RenderEvent, RenderResult, SceneDone
from videodirector.schemas.batch import BatchEvent, SceneDrawn, StoryboardReady, StoryboardResult

__all__ = ["Floor", "Written"]

_AHEAD = 32  # storyboards that are planned before their turn comes; memory stays the same however many there are

_LIVES = 3  # workers that a task may cost before it counts as what kills them


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
class _Left:
    """A worker has gone, and no other is to be had in its place."""

    reason: str


@dataclass(frozen=True)
class Written:
    """The video of a job is there, or there is none."""

    job: Job
    outcome: RenderResult | Exception


class Floor:
    """Workers drawing, a thread that looks at storyboards ahead of them, and one that puts finished videos together."""

    def __init__(
        self,
        workers: Sequence[Worker],
        studio: Studio,
        look: Callable[[Storyboard], Job | StoryboardResult],
        storyboards: Sequence[Storyboard],
    ) -> None:
        self._studio, self._look, self._storyboards = studio, look, storyboards
        self._news: queue.SimpleQueue[_Looked | _Drawing | _Drawn | _Left | Written] = queue.SimpleQueue()
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
        self._left = 0  # of the workers
        self._deserted: RenderError | None = None
        self._deaths: dict[tuple[str, ...], int] = {}
        self._waiting: dict[tuple[str, ...], list[Job]] = {}

    def happenings(self) -> Generator[BatchEvent | StoryboardResult | Written, None, None]:
        """What happens, until every storyboard has a result or is written (or not)."""
        for thread in self._threads:
            thread.start()
        left = len(self._storyboards)
        while left:
            for happening in self._follow(self._news.get()):
                if isinstance(happening, (StoryboardResult, Written)):
                    left -= 1
                    self._places.release()
                yield happening

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

    def _follow(
        self, news: _Looked | _Drawing | _Drawn | _Left | Written
    ) -> Generator[BatchEvent | StoryboardResult | Written, None, None]:
        if isinstance(news, _Looked):
            yield self._begin(news.outcome) if isinstance(news.outcome, Job) else news.outcome
        elif isinstance(news, _Drawing):
            yield from self._tell(news)
        elif isinstance(news, _Drawn):
            yield from self._end(news)
        elif isinstance(news, _Left):
            self._leave(news.reason)
        else:
            yield news

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
        elif self._deserted is not None:
            self._news.put(_Drawn(next(iter(job.waits)), self._deserted))
        return StoryboardReady(id=job.storyboard.id, scenes=len(job.plan.scenes), to_draw=to_draw)

    def _leave(self, reason: str) -> None:
        self._left += 1
        if self._left == len(self._workers):
            self._deserted = RenderError(
                f"there are no workers any more: {reason}", hint="run it again with --retry-failed"
            )
            for keys in self._waiting:
                self._news.put(_Drawn(keys, self._deserted))

    def _tell(self, news: _Drawing) -> Generator[SceneDrawn | Notice, None, None]:
        event = news.event
        if isinstance(event, Notice):
            yield event
        if isinstance(event, SceneDone) and not event.result.cached and (jobs := self._waiting.get(news.keys)):
            jobs[0].drawn += 1
            yield SceneDrawn(id=jobs[0].storyboard.id, scene=event.result.id, result=event.result)

    def _end(self, news: _Drawn) -> list[Written]:
        """A task is done or has failed: videos that waited for it alone are written, or given up."""
        given_up: list[Written] = []
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
            given_up.append(Written(job, news.error))
        return given_up

    # -- what the other threads do

    def _prepare(self) -> None:
        for storyboard in self._storyboards:
            self._places.acquire()
            if self._over.is_set():
                return
            self._news.put(_Looked(self._look(storyboard)))

    def _work(self, worker: Worker) -> None:
        reason, failures = "", 0
        while failures < _LIVES:
            if not self._tasks.wait():
                return
            try:
                worker.start()
            except WorkerDiedError as death:
                reason, failures = str(death), failures + 1
                continue
            failures = 0
            taken = self._tasks.take()
            if taken is None:
                return
            try:
                self._draw(worker, *taken)
            except WorkerDiedError as death:
                self._give_back(*taken, str(death))
        self._news.put(_Left(reason))

    def _draw(self, worker: Worker, keys: tuple[str, ...], task: DrawTask) -> None:
        error: Exception | None = None
        try:
            with closing(worker.draw(task)) as events:
                for event in events:
                    self._news.put(_Drawing(keys, event))
        except WorkerDiedError:
            raise
        except Exception as fault:  # one bad scene never ends the batch
            error = fault
        self._news.put(_Drawn(keys, error))

    def _give_back(self, keys: tuple[str, ...], task: DrawTask, reason: str) -> None:
        """A worker died over a task: somebody else takes it, unless it is the task that they die of."""
        self._deaths[keys] = self._deaths.get(keys, 0) + 1
        if self._deaths[keys] < _LIVES:
            self._tasks.put(keys, task, first=True)
            return
        message = f"{_LIVES} workers died over the scene {', '.join(task.scenes)}; the last one: {reason}"
        error = RenderError(message, hint="was there too little memory? Try fewer workers, and --retry-failed")
        self._news.put(_Drawn(keys, error))

    def _write(self, job: Job) -> None:
        self._news.put(Written(job, self._studio.write(job)))


class _Tasks:
    """The queue of what is to be drawn; tasks that nobody waits for any more can be taken out."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[tuple[str, ...], DrawTask]] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, keys: tuple[str, ...], task: DrawTask, *, first: bool = False) -> None:
        with self._changed:
            if first:
                self._waiting.appendleft((keys, task))
            else:
                self._waiting.append((keys, task))
            self._changed.notify_all()

    def wait(self) -> bool:
        """Until there is a task; False when all is over."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return not self._closed

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
