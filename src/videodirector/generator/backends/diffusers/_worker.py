"""Runs a pipeline in a thread of its own, to report its steps while it works and to stop it between them."""

from __future__ import annotations

import queue
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from videodirector.generator.backends.protocol import Progress

__all__ = ["PipelineThread", "Stopped"]


class Stopped(Exception):
    """Raised in the thread when its result is no longer needed."""


class PipelineThread:
    """One thread, kept, for torch makes a pool of its own for every thread that computes."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="videodirector-diffusers")

    def run(self, work: Callable[[Callable[[], None]], Any], steps: int) -> Generator[Progress, None, Any]:
        """Run a function in the thread.

        Args:
            work: called with a function to call after each step; that raises ``Stopped`` to end the work.
            steps: how many steps there will be.

        Yields:
            The progress. Closing the generator, or an exception thrown into it (Ctrl-C), stops the work at its next
            step and waits for that.

        Returns:
            What ``work`` returned.

        Raises:
            What ``work`` raised.
        """
        events: queue.SimpleQueue[int] = queue.SimpleQueue()
        done = 0
        stopping = False

        def stepped() -> None:
            nonlocal done
            if stopping:
                raise Stopped
            done += 1
            events.put(done)

        job: Future[Any] = self._threads.submit(work, stepped)
        job.add_done_callback(lambda _: events.put(0))
        try:
            while number := events.get():
                yield Progress(min(number, steps), steps)
        finally:
            stopping = True
            if not job.done():
                job.exception()  # waits for the end of the step
        return job.result()
