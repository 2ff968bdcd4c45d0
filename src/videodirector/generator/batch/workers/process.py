"""Workers that are processes of this machine."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, suppress
from typing import IO, Any

from videodirector.errors import RenderError, UsageError, VideoDirectorError
from videodirector.generator.backends.source import BackendSource
from videodirector.generator.batch.workers.worker import RenderTask, SceneWorker, WorkerDiedError
from videodirector.generator.render.cache import SceneCache
from videodirector.interrupts import at_forced_end
from videodirector.schemas import RenderEvent

__all__ = ["ProcessWorker", "main"]

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class ProcessWorker:
    """A worker in a process of its own, started when it is first needed.

    It is a fresh interpreter behind pipes: the main module of the program is not run again in it, and it ends when this
    process does, however that may be.

    Args:
        source: the backends.
        cache: where the scenes go.
        threads: how many threads it may compute with.
        device: the one GPU that it sees, by CUDA's name for it; None changes nothing.

    Raises:
        UsageError: the backend cannot be sent to another process.
    """

    def __init__(self, source: BackendSource, cache: SceneCache, *, threads: int, device: str | None = None) -> None:
        try:
            self._equipment = pickle.dumps((source, cache))
        except Exception as error:  # whatever a foreign object raises when it is pickled
            raise UsageError(
                f"this backend cannot be sent to another process: {error}", hint="use one worker, or name the backend"
            ) from error
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        for name in _THREADS:
            self._environment.setdefault(name, str(threads))
        if device is not None:
            self._environment["CUDA_VISIBLE_DEVICES"] = device
        self._process: subprocess.Popen[bytes] | None = None
        self._last_acts = ExitStack()
        self._closed = False

    def start(self) -> None:
        """See ``Worker``."""
        if self._closed:
            raise WorkerDiedError("the batch is over")
        if self._process is not None:
            return
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"from {__name__} import main; main()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for the parent to handle
            )
            self._last_acts.enter_context(at_forced_end(self._process.kill))
            assert self._process.stdin is not None, "requested above"
            self._process.stdin.write(self._equipment)
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerDiedError(f"it could not be started: {error}") from error

    def render(self, task: RenderTask) -> Generator[RenderEvent, None, None]:
        """See ``Worker``."""
        process = self._process
        if process is None:
            raise WorkerDiedError("it was not started")
        assert process.stdin is not None, "requested in start"
        assert process.stdout is not None, "requested in start"
        try:
            pickle.dump(task, process.stdin)
            process.stdin.flush()
            while True:
                kind, value = pickle.load(process.stdout)  # noqa: S301  our own process
                if kind == "done":
                    return
                if kind == "failed":
                    raise value
                yield value
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            self._process = None
            raise WorkerDiedError(f"it ended with status {_end(process)}") from error

    def close(self) -> None:
        """See ``Worker``."""
        self._closed = True
        self._last_acts.close()
        process = self._process
        if process is not None:
            process.kill()  # whoever waits for its answer learns of it, and cleans up
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> int:
    process.kill()
    status = process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None, "requested above"
        with suppress(OSError, ValueError):  # what was on its way to it is lost, as it should be
            pipe.close()
    return status


def main() -> None:
    """Run a worker: read tasks from standard input, and write events and errors to standard output."""
    tasks, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print goes elsewhere
    source, cache = pickle.load(tasks)  # noqa: S301  from the process that started this one
    worker = SceneWorker(source, cache)
    arrived: list[Any] = []
    ready = threading.Semaphore(0)
    threading.Thread(target=_receive, args=(tasks, arrived, ready), daemon=True).start()
    while True:
        ready.acquire()
        _run_task(worker, arrived.pop(0), replies)


def _receive(tasks: IO[bytes], arrived: list[Any], ready: threading.Semaphore) -> None:
    """Read tasks all the time, and so end at once when the parent has gone."""
    while True:
        try:
            arrived.append(pickle.load(tasks))  # noqa: S301  from the process that started this one
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)
        ready.release()


def _run_task(worker: SceneWorker, task: RenderTask, replies: IO[bytes]) -> None:
    def send(kind: str, value: object) -> None:
        pickle.dump((kind, value), replies)
        replies.flush()

    try:
        for event in worker.render(task):
            send("event", event)
        send("done", None)
    except BrokenPipeError:
        os._exit(0)
    except VideoDirectorError as error:
        send("failed", error)
    except Exception as error:  # a fault of the backend: the batch goes on without this scene
        send("failed", wrap_unexpected(error))


def wrap_unexpected(error: Exception) -> RenderError:
    """Turn an error that is not of this package into one for the user."""
    if isinstance(error, MemoryError):
        return RenderError("there is too little memory for it", hint="make it smaller or shorter, or use fewer workers")
    return RenderError(f"{type(error).__name__}: {error}", hint="this is a fault of the backend; please report it")
