"""Schedules a batch: plans storyboards ahead, hands scenes to workers, and has the finished videos written."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from videodirector.errors import RenderError
from videodirector.generator.batch._context import Job
from videodirector.generator.batch.storyboards import Storyboard
from videodirector.generator.batch.workers.worker import LocalWorker, RenderTask, Worker, WorkerDiedError
from videodirector.generator.render.cache import SceneCache
from videodirector.schemas import Notice, RenderEvent, SceneDone
from videodirector.schemas.batch import BatchEvent, SceneDrawn, StoryboardDone, StoryboardReady, StoryboardResult

__all__ = ["Scheduler"]

_UNFINISHED = 32  # storyboards planned and not yet written, so that memory does not grow with their number
_UNFINISHED_LOCALLY = 3  # one being rendered, and two that wait for the writer

_MAX_WORKER_CRASHES = 3  # that a task may cause before it is given up, and that a worker may have in a row


@dataclass(frozen=True)
class _Prepared:
    """A storyboard is planned, or has its result already."""

    outcome: Job | StoryboardResult


@dataclass(frozen=True)
class _TaskEvent:
    keys: tuple[str, ...]
    event: RenderEvent


@dataclass(frozen=True)
class _TaskEnded:
    keys: tuple[str, ...]
    error: Exception | None = None


@dataclass(frozen=True)
class _WorkerLost:
    """A worker has gone, and cannot be replaced."""

    reason: str


@dataclass(frozen=True)
class _Finished:
    """A storyboard has its final result."""

    result: StoryboardResult


_Message = _Prepared | _TaskEvent | _TaskEnded | _WorkerLost | _Finished


class Scheduler:
    """Shares out the scenes of all storyboards among the workers, as one queue.

    The thread that iterates over ``events`` owns the state and handles messages. One thread plans, one writes videos,
    and every worker has one that renders. A ``LocalWorker`` has none: it renders in the caller's thread, where Ctrl-C
    reaches it, and storyboards are then planned there too, since two threads must not share a model.

    Args:
        storyboards: what to make.
        workers: who renders; with a ``LocalWorker`` there are no others.
        cache: where the scenes go.
        prepare: plans a storyboard, or returns the result that it has already.
        finish: writes the video of a job whose scenes are rendered, or builds the result of one that failed.
    """

    def __init__(
        self,
        storyboards: Sequence[Storyboard],
        workers: Sequence[Worker],
        *,
        cache: SceneCache,
        prepare: Callable[[Storyboard], Job | StoryboardResult],
        finish: Callable[[Job, Exception | None], StoryboardResult],
    ) -> None:
        self._cache, self._prepare, self._finish = cache, prepare, finish
        self._left = len(storyboards)
        self._storyboards = iter(storyboards)
        self._workers = workers
        self._local = next((worker for worker in workers if isinstance(worker, LocalWorker)), None)
        self._messages: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._tasks = _TaskQueue()
        self._places = threading.Semaphore(_UNFINISHED if self._local is None else _UNFINISHED_LOCALLY)
        self._closed = threading.Event()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._threads: list[threading.Thread] = []
        if self._local is None:
            self._threads = [threading.Thread(target=self._prepare_all, daemon=True, name="planner")]
            self._threads += [
                threading.Thread(target=self._run_worker, args=(worker,), daemon=True, name=f"worker {number}")
                for number, worker in enumerate(workers)
            ]
        self._lost_workers = 0
        self._no_workers: RenderError | None = None
        self._crashes: dict[tuple[str, ...], int] = {}
        self._waiting: dict[tuple[str, ...], list[Job]] = {}

    def events(self) -> Generator[BatchEvent, None, None]:
        """Run the batch until every storyboard has a result.

        Yields:
            ``StoryboardReady``, ``SceneDrawn``, ``Notice`` and ``StoryboardDone``; with a ``LocalWorker`` results come
            in the order of the storyboards.
        """
        for thread in self._threads:
            thread.start()
        with closing(self._receive()) as messages:
            for message in messages:
                yield from self._handle(message)

    def close(self) -> None:
        """Stop the workers and wait for the video that is being written."""
        self._closed.set()
        self._places.release()
        self._tasks.close()
        for worker in self._workers:
            worker.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)
        self._writer.shutdown(cancel_futures=True)

    # -- in the thread of the caller

    def _receive(self) -> Generator[_Message, None, None]:
        """The messages of other threads; while there are none, a local worker's work is done and its messages come."""
        while self._left:
            yield from self._receive_waiting()
            if not self._left:
                return
            if self._local is None:
                yield self._messages.get()
            elif (taken := self._tasks.take(wait=False)) is not None:
                for message in self._render(self._local, *taken):
                    yield message
                    yield from self._receive_waiting()
            elif self._places.acquire(blocking=False) and (storyboard := next(self._storyboards, None)) is not None:
                yield _Prepared(self._prepare(storyboard))
            else:
                yield self._messages.get()

    def _receive_waiting(self) -> Generator[_Message, None, None]:
        while not self._messages.empty():
            yield self._messages.get()

    def _handle(self, message: _Message) -> Generator[BatchEvent, None, None]:
        if isinstance(message, _Prepared):
            if isinstance(message.outcome, Job):
                yield self._queue_tasks(message.outcome)
            else:
                self._report(message.outcome)
        elif isinstance(message, _TaskEvent):
            yield from self._handle_event(message)
        elif isinstance(message, _TaskEnded):
            self._end_task(message)
        elif isinstance(message, _WorkerLost):
            self._lose_worker(message.reason)
        else:
            self._left -= 1
            self._places.release()
            yield StoryboardDone(result=message.result)

    def _queue_tasks(self, job: Job) -> StoryboardReady:
        tasks = job.tasks(self._cache)
        job.pending = set(tasks)
        to_render = 0
        for keys, task in tasks.items():
            if keys not in self._waiting:
                self._waiting[keys] = []
                to_render += len(task.scenes)
                self._tasks.put(keys, task)
            self._waiting[keys].append(job)
        if not job.pending:
            self._write(job)
        elif self._no_workers is not None:
            self._messages.put(_TaskEnded(next(iter(job.pending)), self._no_workers))
        return StoryboardReady(id=job.storyboard.id, scenes=len(job.plan.scenes), to_draw=to_render)

    def _handle_event(self, message: _TaskEvent) -> Generator[SceneDrawn | Notice, None, None]:
        event = message.event
        if isinstance(event, Notice):
            yield event
        if isinstance(event, SceneDone) and not event.result.cached and (jobs := self._waiting.get(message.keys)):
            jobs[0].rendered += 1
            yield SceneDrawn(id=jobs[0].storyboard.id, scene=event.result.id, result=event.result)

    def _end_task(self, message: _TaskEnded) -> None:
        """Write the videos that waited for this task alone; if it failed, give up the jobs that needed it."""
        for job in self._waiting.pop(message.keys, []):
            job.pending.discard(message.keys)
            if message.error is None:
                if not job.pending:
                    self._write(job)
                continue
            for keys in job.pending:
                self._waiting[keys].remove(job)
                if not self._waiting[keys] and self._tasks.drop(keys):
                    del self._waiting[keys]
            self._write(job, message.error)

    def _lose_worker(self, reason: str) -> None:
        self._lost_workers += 1
        if self._lost_workers == len(self._workers):
            self._no_workers = RenderError(f"no workers are left: {reason}", hint="run it again with --retry-failed")
            for keys in self._waiting:
                self._messages.put(_TaskEnded(keys, self._no_workers))

    def _write(self, job: Job, error: Exception | None = None) -> None:
        self._writer.submit(lambda: self._messages.put(_Finished(self._finish(job, error))))

    def _report(self, result: StoryboardResult) -> None:
        """Queue a result behind those that are being written, which keeps the order of the storyboards."""
        self._writer.submit(self._messages.put, _Finished(result))

    # -- in other threads, or for a local worker

    def _prepare_all(self) -> None:
        for storyboard in self._storyboards:
            self._places.acquire()
            if self._closed.is_set():
                return
            self._messages.put(_Prepared(self._prepare(storyboard)))

    def _run_worker(self, worker: Worker) -> None:
        reason, failures = "", 0
        while failures < _MAX_WORKER_CRASHES:
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
                for message in self._render(worker, *taken):
                    self._messages.put(message)
            except WorkerDiedError as death:
                self._retry_task(*taken, str(death))
        self._messages.put(_WorkerLost(reason))

    def _render(
        self, worker: Worker, keys: tuple[str, ...], task: RenderTask
    ) -> Generator[_TaskEvent | _TaskEnded, None, None]:
        error: Exception | None = None
        try:
            with closing(worker.render(task)) as events:
                for event in events:
                    yield _TaskEvent(keys, event)
        except WorkerDiedError:
            raise
        except Exception as fault:  # one bad scene never ends the batch
            error = fault
        yield _TaskEnded(keys, error)

    def _retry_task(self, keys: tuple[str, ...], task: RenderTask, reason: str) -> None:
        """Queue a task again whose worker died, unless it has killed too many."""
        self._crashes[keys] = self._crashes.get(keys, 0) + 1
        if self._crashes[keys] < _MAX_WORKER_CRASHES:
            self._tasks.put(keys, task, first=True)
            return
        message = f"{_MAX_WORKER_CRASHES} workers died over the scene {', '.join(task.scenes)}; the last one: {reason}"
        error = RenderError(message, hint="was there too little memory? Try fewer workers, and --retry-failed")
        self._messages.put(_TaskEnded(keys, error))


class _TaskQueue:
    """The tasks that no worker has begun; those that nobody needs any more can be taken out."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[tuple[str, ...], RenderTask]] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, keys: tuple[str, ...], task: RenderTask, *, first: bool = False) -> None:
        with self._changed:
            if first:
                self._waiting.appendleft((keys, task))
            else:
                self._waiting.append((keys, task))
            self._changed.notify_all()

    def wait(self) -> bool:
        """Wait for a task; False when the queue is closed."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            return not self._closed

    def take(self, *, wait: bool = True) -> tuple[tuple[str, ...], RenderTask] | None:
        """Take out the next task; None when the queue is closed, or empty and ``wait`` is false."""
        with self._changed:
            while wait and not self._waiting and not self._closed:
                self._changed.wait()
            return None if self._closed or not self._waiting else self._waiting.popleft()

    def drop(self, keys: tuple[str, ...]) -> bool:
        """Take out a task; False if a worker has begun it."""
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
