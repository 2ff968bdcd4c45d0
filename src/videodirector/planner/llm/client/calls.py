"""Calls of a chat model with deadline, retries and clear errors."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from videodirector.errors import PlannerError, VideoDirectorError
from videodirector.planner.llm.client._secrets import SecretRedactor

__all__ = ["Caller", "FormNotSupported", "map_concurrently"]

T = TypeVar("T")
Item = TypeVar("Item")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0  # seconds between tries without Retry-After; doubled each time
_MAX_SHOWN = 300  # characters of a server's message
_REFUSED_FORM_STATUSES = (400, 404, 405, 415, 422, 501)
_RETRIED_STATUSES = (408, 409, 425, 429)
_FORM_WORDS = ("response_format", "json_schema", "grammar", "schema", "tool", "function")


class FormNotSupported(Exception):
    """The server does not support this output method; another may work."""


@dataclass(slots=True)
class Caller:
    """Calls with a deadline and a bounded number of tries; a server's Retry-After applies to all threads.

    Attributes:
        timeout: of one try, in seconds.
        tries: maximum tries of one call.
        longest_wait: the longest Retry-After in seconds.
        acquire: blocks until the rate limit allows a call.
        scrub: removes secrets from a server's message.
    """

    timeout: float
    tries: int
    longest_wait: float
    acquire: Callable[[], object]
    redact: SecretRedactor
    _not_before: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, function: Callable[[], T], *, form_matters: bool) -> T:
        """Return what the function returns.

        Args:
            function: makes one call in its own thread; it may end after the deadline.
            form_matters: whether a refused request may be one whose form the server does not know.

        Raises:
            FormNotSupported: the server does not support requests of this form.
            PlannerError: it could not be reached, refused, or failed too often.
        """
        for number in range(1, self.tries + 1):
            while (pause := self._not_before - time.monotonic()) > 0:
                time.sleep(min(pause, 1.0))
            self.acquire()
            try:
                return _call_with_deadline(self.timeout, function)
            except (VideoDirectorError, FormNotSupported):
                raise
            except Exception as error:
                again, wait = self._decide_retry(error, form_matters=form_matters)
                if not again or number == self.tries:
                    raise self._build_error(error, number) from error
                delay = _compute_pause(number) if wait is None else wait
                if delay > self.longest_wait:
                    raise PlannerError(
                        f"the server asks to wait {delay:.0f} seconds before the next request",
                        hint="try again then; answers that came already are kept and not paid for again",
                    ) from error
                with self._lock:
                    self._not_before = max(self._not_before, time.monotonic() + delay)
        raise AssertionError("the last try returns or raises")

    def _decide_retry(self, error: Exception, *, form_matters: bool) -> tuple[bool, float | None]:
        """Return whether to try again, and after how many seconds if the server says so."""
        status, words = _get_status(error), str(error).lower()
        if form_matters and isinstance(error, (NotImplementedError, Warning)):
            raise FormNotSupported(str(error)) from error
        if form_matters and "context" not in words:
            about_form = any(word in words for word in _FORM_WORDS)
            if (status in _REFUSED_FORM_STATUSES and (status != 404 or about_form)) or (status == 500 and about_form):
                raise FormNotSupported(str(error)) from error
        if status is not None:
            spent = "insufficient_quota" in words or "billing" in words
            again = (status in _RETRIED_STATUSES or status >= 500) and not spent
            return again, _parse_retry_after(error) if again else None
        return not isinstance(error, NotImplementedError), None

    def _build_error(self, error: Exception, tries: int) -> PlannerError:
        status = _get_status(error)
        said = " ".join(self.redact(str(error)).split())[:_MAX_SHOWN]
        if isinstance(error, TimeoutError) or "timeout" in type(error).__name__.lower():
            return PlannerError(
                f"the chat model did not answer within {self.timeout:g} seconds, asked {_format_times(tries)}",
                hint="try again later, or give it longer: LLMPlanner(..., timeout=...), --timeout",
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
            return PlannerError(
                f"the server failed ({status}), asked {_format_times(tries)}: {said}", hint="try again later"
            )
        if status is not None:
            return PlannerError(f"the server refused the request ({status}): {said}", hint=_choose_hint(said))
        if "connect" in type(error).__name__.lower() or isinstance(error, ConnectionError):
            return PlannerError(f"the server cannot be reached: {said}", hint="check the network and --base-url")
        return PlannerError(
            f"the response is not a chat answer, asked {_format_times(tries)}: {type(error).__name__}: {said}",
            hint="check --base-url; it ends in /v1 for most servers",
        )


def _choose_hint(said: str) -> str:
    if "context" in said.lower():
        return "the story is too long for this model: plan it in parts, or take a model with a longer context"
    return "check the model's name and settings"


def _compute_pause(number: int) -> float:
    return float(min(_FIRST_PAUSE * 2 ** (number - 1), _LONGEST_PAUSE) * random.uniform(0.75, 1.0))  # noqa: S311


def _format_times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _get_status(error: BaseException) -> int | None:
    for owner in (error, getattr(error, "response", None)):
        status = getattr(owner, "status_code", None)
        if isinstance(status, int) and status >= 400:
            return status
    return None


def _parse_retry_after(error: BaseException) -> float | None:
    """Return the seconds that a Retry-After header asks to wait: a number, or a date."""
    headers: Any = getattr(getattr(error, "response", None), "headers", None)
    if headers is None:
        return None
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * unit
        except ValueError:
            try:
                seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
            except (ValueError, TypeError):
                continue
        if not math.isnan(seconds):
            return max(seconds, 0.0)
    return None


def _call_with_deadline(seconds: float, function: Callable[[], T]) -> T:
    """Return what the function returns; TimeoutError when it takes longer. It is then left to end on its own."""
    done: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            done.put((function(), None))
        except BaseException as error:
            done.put((None, error))

    threading.Thread(target=run, name="chat-call", daemon=True).start()
    try:
        value, error = done.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no answer within {seconds:g} seconds") from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]  # without an error it is a T


def map_concurrently(function: Callable[[Item], T], items: list[Item], *, workers: int) -> list[T]:
    """Return the function of every item, in order, with so many at a time.

    After a failure no new call is started, but running ones are awaited, since they are paid for. The threads are
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
