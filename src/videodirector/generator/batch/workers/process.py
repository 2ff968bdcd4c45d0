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
from videodirector.generator.batch.workers.worker import DrawTask, Painter, WorkerDiedError
from videodirector.generator.render.cache import SceneCache
from videodirector.interrupts import at_forced_end
from videodirector.schemas import RenderEvent

__all__ = ["ProcessWorker", "main"]

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class ProcessWorker:
    """A worker in a process of its own, started when it is first needed.

    It is a fresh interpreter that is spoken to through pipes: what the main module of the program does is not done
    again in it, and it ends when this process does, however that may be.

    Args:
        source: what draws.
        cache: where the scenes go.
        threads: how many threads it may compute with.
        device: the one GPU that it shall see, by the name that CUDA gives it; None changes nothing.

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
            assert self._process.stdin is not None, "asked for above"
            self._process.stdin.write(self._equipment)
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerDiedError(f"it could not be started: {error}") from error

    def draw(self, task: DrawTask) -> Generator[RenderEvent, None, None]:
        """See ``Worker``."""
        process = self._process
        if process is None:
            raise WorkerDiedError("it was not started")
        assert process.stdin is not None, "asked for below"
        assert process.stdout is not None, "asked for below"
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
        assert pipe is not None, "asked for above"
        with suppress(OSError, ValueError):  # what was on its way to it is lost, as it should be
            pipe.close()
    return status


def main() -> None:
    """A worker: takes tasks from standard input, and tells what becomes of them on standard output."""
    tasks, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print goes elsewhere
    source, cache = pickle.load(tasks)  # noqa: S301  from the process that started this one
    painter = Painter(source, cache)
    arrived: list[Any] = []
    ready = threading.Semaphore(0)
    threading.Thread(target=_receive, args=(tasks, arrived, ready), daemon=True).start()
    while True:
        ready.acquire()
        _answer(painter, arrived.pop(0), answers)


def _receive(tasks: IO[bytes], arrived: list[Any], ready: threading.Semaphore) -> None:
    """Listens all the time, and so learns at once when the parent has gone: nobody waits for a scene any more then."""
    while True:
        try:
            arrived.append(pickle.load(tasks))  # noqa: S301  from the process that started this one
        except (EOFError, OSError, pickle.UnpicklingError):
            os._exit(0)
        ready.release()


def _answer(painter: Painter, task: DrawTask, answers: IO[bytes]) -> None:
    def say(kind: str, value: object) -> None:
        pickle.dump((kind, value), answers)
        answers.flush()

    try:
        for event in painter.draw(task):
            say("event", event)
        say("done", None)
    except BrokenPipeError:
        os._exit(0)
    except VideoDirectorError as error:
        say("failed", error)
    except Exception as error:  # a fault of the backend: the batch goes on without this scene
        say("failed", unforeseen(error))


def unforeseen(error: Exception) -> RenderError:
    """An error that is none of ours, in words for the user."""
    if isinstance(error, MemoryError):
        return RenderError("there is too little memory for it", hint="make it smaller or shorter, or use fewer workers")
    return RenderError(f"{type(error).__name__}: {error}", hint="this is a fault of the backend; please report it")
