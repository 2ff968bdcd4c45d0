"""One call of a chat model, come what may: with a deadline, tried again where that can help, refused in clear words.

The deadline holds for the call as a whole, with all its tries and pauses. Whoever waits gives up then, and a client
that this package has made ends with it (``transport``), so that no thread outlives its call.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TypeVar

from videodirector.errors import PlannerError, VideoDirectorError
from videodirector.files.transport import (
    ForbiddenAnswerError,
    find_cause,
    limit_requests,
    make_printable,
    read_retry_after,
)
from videodirector.interrupts import Flag, requested
from videodirector.planner.llm.client.secrets import Scrubber

__all__ = ["Caller", "NotSupported", "concurrently"]

T = TypeVar("T")
Item = TypeVar("Item")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0  # seconds between tries, where the server asks for none; they double
_SHOWN = 300  # characters of a server's own words
_LARGEST_ANSWER = 4_000_000  # bytes; a story of 1,000 scenes, with all that a model thinks aloud, stays below
_REFUSED_FORM = (400, 404, 405, 415, 422, 501)
_TRIED_AGAIN = (408, 409, 425, 429)
_MEANS_FORM = ("response_format", "json_schema", "grammar", "schema", "tool", "function")


class NotSupported(Exception):
    """The server does not take this way of asking; another may do."""


@dataclass(slots=True)
class Caller:
    """Calls with a deadline and a bounded number of tries; a pause that a server asks for holds for all threads.

    Attributes:
        timeout: seconds that one call may take, its tries and the pauses between them included.
        tries: tries of one call in all.
        longest_wait: the longest pause in seconds that a server may ask for.
        acquire: blocks until the rate limit lets one more call pass.
        scrub: takes secrets out of a server's words.
    """

    timeout: float
    tries: int
    longest_wait: float
    acquire: Callable[[], object]
    scrub: Scrubber
    _not_before: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, function: Callable[[], T], *, form_matters: bool) -> T:
        """What the function returns.

        Args:
            function: does one call; it runs in a thread of its own, and may come too late.
            form_matters: whether a refused request may be one whose form the server does not know.

        Raises:
            NotSupported: the server does not take requests of this form.
            PlannerError: it could not be reached, refused, or failed too often.
        """
        until = time.monotonic() + self.timeout
        for number in range(1, self.tries + 1):
            while (pause := self._not_before - time.monotonic()) > 0:
                time.sleep(min(pause, 1.0, max(until - time.monotonic(), 0.0)))
                if time.monotonic() >= until:
                    raise self._error(TimeoutError(), number - 1)
            self.acquire()
            try:
                return _before(until - time.monotonic(), function)
            except (VideoDirectorError, NotSupported):
                raise
            except Exception as error:
                again, wait = self._judged(error, form_matters=form_matters)
                delay = _pause(number) if wait is None else wait
                late = time.monotonic() + (delay if wait is None else 0.0) >= until
                if not again or number == self.tries or late:
                    raise self._error(error, number) from error
                if delay > self.longest_wait or time.monotonic() + delay >= until:
                    raise PlannerError(
                        f"the server asks to wait {delay:.0f} seconds before the next request",
                        hint="try again then; answers that came already are kept and not paid for again",
                    ) from error
                with self._lock:
                    self._not_before = max(self._not_before, time.monotonic() + delay)
        raise AssertionError("the last try returns or raises")

    def _judged(self, error: Exception, *, form_matters: bool) -> tuple[bool, float | None]:
        """Whether to try again, and after how many seconds if the server says so."""
        if find_cause(error, ForbiddenAnswerError) is not None:
            return False, None
        status, words = _status(error), str(error).lower()
        if form_matters and isinstance(error, (NotImplementedError, Warning)):
            raise NotSupported(str(error)) from error
        if form_matters and "context" not in words:
            about_form = any(word in words for word in _MEANS_FORM)
            if (status in _REFUSED_FORM and (status != 404 or about_form)) or (status == 500 and about_form):
                raise NotSupported(str(error)) from error
        if status is not None:
            spent = "insufficient_quota" in words or "billing" in words
            again = (status in _TRIED_AGAIN or status >= 500) and not spent
            headers = getattr(getattr(error, "response", None), "headers", None)
            return again, read_retry_after(headers) if again else None
        return not isinstance(error, NotImplementedError), None

    def _error(self, error: Exception, tries: int) -> PlannerError:
        status = _status(error)
        if (forbidden := find_cause(error, ForbiddenAnswerError)) is not None:
            return PlannerError(
                f"what the server sends is not taken: {self.scrub(str(forbidden))}",
                hint="check --base-url; is this the address of a chat model?",
            )
        said = make_printable(self.scrub(str(error)[: 100 * _SHOWN]), _SHOWN)
        if isinstance(error, TimeoutError) or "timeout" in type(error).__name__.lower():
            return PlannerError(
                f"the chat model did not answer within {self.timeout:g} seconds, asked {_times(tries)}",
                hint="try again later, or give it longer: LLMPlanner(..., timeout=...), --planner-timeout",
            )
        if status in (401, 403):
            return PlannerError(
                f"the server does not accept the key ({status}): {said}",
                hint="set the provider's key in the environment, such as OPENAI_API_KEY",
            )
        if status == 404:
            return PlannerError(f"the server does not know this model or address (404): {said}", hint="check --planner")
        if status == 429:
            return PlannerError(f"too many requests, or no credit left (429): {said}", hint="try again later")
        if status is not None and status >= 500:
            return PlannerError(f"the server failed ({status}), asked {_times(tries)}: {said}", hint="try again later")
        if status is not None:
            return PlannerError(f"the server refused the request ({status}): {said}", hint=_hint_for_refused(said))
        if "connect" in type(error).__name__.lower() or isinstance(error, ConnectionError):
            return PlannerError(f"the server cannot be reached: {said}", hint="check the network and --base-url")
        return PlannerError(
            f"what came back is no chat answer, asked {_times(tries)}: {type(error).__name__}: {said}",
            hint="check --base-url; it ends in /v1 for most servers",
        )


def _hint_for_refused(said: str) -> str:
    if "context" in said.lower():
        return "the story is too long for this model: plan it in parts, or take a model with a longer context"
    return "check the model's name and settings"


def _pause(number: int) -> float:
    return float(min(_FIRST_PAUSE * 2 ** (number - 1), _LONGEST_PAUSE) * random.uniform(0.75, 1.0))  # noqa: S311


def _times(number: int) -> str:
    return "once" if number <= 1 else f"{number} times"


def _status(error: BaseException) -> int | None:
    for owner in (error, getattr(error, "response", None)):
        status = getattr(owner, "status_code", None)
        if isinstance(status, int) and status >= 400:
            return status
    return None


def _before(seconds: float, function: Callable[[], T]) -> T:
    """What the function returns; TimeoutError when it takes longer, and its requests are abandoned."""
    done: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
    over = Flag()

    def run() -> None:
        try:
            with limit_requests(seconds, _LARGEST_ANSWER, cancelled=lambda: over.is_set() or requested.is_set()):
                value = function()
            done.put((value, None))
        except BaseException as error:
            done.put((None, error))

    threading.Thread(target=run, name="chat-call", daemon=True).start()
    try:
        value, error = done.get(timeout=max(seconds, 0.0))
    except Empty:
        raise TimeoutError(f"no answer within {seconds:g} seconds") from None
    finally:
        over.set()
    if error is not None:
        raise error
    return value  # type: ignore[return-value]  # without an error it is a T


def concurrently(function: Callable[[Item], T], items: list[Item], *, workers: int) -> list[T]:
    """The function of every item, in order, with so many at a time.

    After a failure nothing new is begun, but what is under way is waited for, since it is paid for. The threads are
    daemons: Ctrl-C ends the program at once.

    Raises:
        BaseException: the first failure, in the order of the items.
    """
    waiting: SimpleQueue[tuple[int, Item]] = SimpleQueue()
    for pair in enumerate(items):
        waiting.put(pair)
    done: SimpleQueue[int] = SimpleQueue()
    results: dict[int, T] = {}
    failures: dict[int, BaseException] = {}

    def run() -> None:
        while not failures:
            try:
                number, item = waiting.get_nowait()
            except Empty:
                break
            try:
                results[number] = function(item)
            except BaseException as error:
                failures[number] = error
        done.put(0)

    threads = min(workers, len(items))
    for _ in range(threads):
        threading.Thread(target=run, name="plan-scene", daemon=True).start()
    for _ in range(threads):
        done.get()
    if failures:
        raise failures[min(failures)]
    return [results[number] for number in range(len(items))]
