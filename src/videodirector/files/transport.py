"""Limits HTTP requests: a deadline that counts from the start of a call, and a bound on the bytes of the response.

The timeouts of httpx and its successor httpx2 begin anew with every byte that arrives, and neither bounds a body. Here
the sockets below a client are watched: inside ``limit_requests`` every read, write and handshake ends when the time is
over, the bytes are used up, or the request is cancelled. This holds for headers as for bodies, and through redirects.
"""

from __future__ import annotations

import math
import re
import ssl
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import import_module
from typing import Any, TypeVar

from videodirector.interrupts import requested

__all__ = [
    "AbandonedError",
    "ForbiddenAnswerError",
    "bind_limits",
    "find_cause",
    "limit_requests",
    "make_printable",
    "read_retry_after",
]

_POLL = 0.1  # seconds between two checks for cancellation
_PIECE = 1 << 16  # bytes that are written at a time
_HEADERS = 1 << 16  # bytes allowed beside a body
_HOME = "videodirector.home"
_ANONYMOUS = {"host", "accept", "accept-encoding", "connection"}  # headers that do not identify the user

_C = TypeVar("_C")
_E = TypeVar("_E", bound=BaseException)


class ForbiddenAnswerError(Exception):
    """A response that is refused: too large, compressed against the request, or a redirect to another host."""


class AbandonedError(Exception):
    """The request was cancelled."""


@dataclass(slots=True)
class _Allowance:
    until: float
    bytes_left: int
    most: int
    cancelled: Callable[[], bool]


_allowance: ContextVar[_Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def limit_requests(seconds: float, most: int, *, cancelled: Callable[[], bool] = requested.is_set) -> Iterator[None]:
    """Limit the requests of this thread, through clients of ``bind_limits``, while the block runs, all together.

    Args:
        seconds: from now.
        most: bytes of the responses' bodies.
        cancelled: whether the request is cancelled; checked ten times a second.
    """
    token = _allowance.set(_Allowance(time.monotonic() + seconds, most + _HEADERS, most, cancelled))
    try:
        yield
    finally:
        _allowance.reset(token)


def bind_limits(client: _C) -> _C:
    """Bind a client of httpx or httpx2 to the limits of ``limit_requests``; it takes no key to another host.

    A redirect to another host is followed only for what is fetched (GET), and without any header that names the user.
    Answers may not be compressed, for a few bytes can become any number.
    """
    http: Any = client
    core = import_module(type(http).__mro__[-2].__module__.split(".")[0].replace("httpx", "httpcore"))
    transports = [transport for transport in (http._transport, *http._mounts.values()) if transport is not None]
    for transport in transports:
        transport._pool._network_backend = _Backend(transport._pool._network_backend, core)
    weakref.finalize(http, _close, transports).atexit = False

    def check_request(request: Any) -> None:
        request.headers["accept-encoding"] = "identity"
        origin = (request.url.scheme, request.url.host, request.url.port)
        home, method = request.extensions.setdefault(_HOME, (origin, request.method))  # redirects share extensions
        if origin == home:
            return
        if method != "GET":
            raise ForbiddenAnswerError(
                f"it sends the request on to another host: {make_printable(str(request.url), 200)}"
            )
        for name in set(request.headers) - _ANONYMOUS:
            del request.headers[name]

    def check_response(response: Any) -> None:
        coding = response.headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise ForbiddenAnswerError(
                f"the answer is compressed ({make_printable(coding, 40)}), which was not requested"
            )
        allowance = _allowance.get()
        length = response.headers.get("content-length", "")
        if allowance is not None and re.fullmatch(r"[0-9]{1,18}", length) and int(length) > allowance.most:
            raise _too_large(allowance)

    http.event_hooks = {"request": [check_request], "response": [check_response]}
    return client


def _close(transports: list[Any]) -> None:
    for transport in transports:
        transport.close()


class _Backend:
    """Opens connections whose streams look at what is allowed; see ``httpcore.NetworkBackend``."""

    def __init__(self, inner: Any, core: Any) -> None:
        self._inner, self._core = inner, core

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **settings: Any) -> _Stream:
        timeout = _remaining(timeout, self._core.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, timeout=timeout, **settings), self._core)

    def connect_unix_socket(self, path: str, timeout: float | None = None, **settings: Any) -> _Stream:
        return _Stream(self._inner.connect_unix_socket(path, timeout=timeout, **settings), self._core)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream:
    """See ``httpcore.NetworkStream``."""

    def __init__(self, inner: Any, core: Any) -> None:
        self._inner, self._core = inner, core

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        silent = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            left = _remaining(silent - time.monotonic(), self._core.ReadTimeout)
            try:
                data: bytes = self._inner.read(max_bytes, timeout=left and min(left, _POLL))
            except self._core.ReadTimeout:
                continue
            if (allowance := _allowance.get()) is not None:
                allowance.bytes_left -= len(data)
                if allowance.bytes_left < 0:
                    raise _too_large(allowance)
            return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._inner.write(buffer[start : start + _PIECE], timeout=_remaining(timeout, self._core.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Stream:
        left = _remaining(timeout, self._core.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._core)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _remaining(timeout: float | None, timed_out: type[Exception]) -> float | None:
    """Compute the seconds that the next step may take.

    Raises:
        AbandonedError: the request was cancelled.
        Exception: ``timed_out``, with no time left.
    """
    allowance = _allowance.get()
    seconds = math.inf if timeout is None else timeout
    if allowance is not None:
        if allowance.cancelled():
            raise AbandonedError("nobody waits for the answer any more")
        seconds = min(seconds, allowance.until - time.monotonic())
    if seconds <= 0:
        raise timed_out("it took too long")
    return None if math.isinf(seconds) else seconds


def _too_large(allowance: _Allowance) -> ForbiddenAnswerError:
    return ForbiddenAnswerError(f"the answer is larger than {allowance.most:,} bytes, which is the most that is read")


def find_cause(error: BaseException | None, kind: type[_E]) -> _E | None:
    """Find the error of this kind that another one is, or was raised from."""
    for _ in range(20):
        if error is None or isinstance(error, kind):
            return error
        error = error.__cause__ or error.__context__
    return None


def make_printable(words: str, most: int) -> str:
    """Shorten a server's text to one line of at most ``most`` characters, with control characters escaped."""
    line = " ".join(words[: 10 * most].split())
    line = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line[:most])
    return line if len(line) <= most and len(words) <= 10 * most else f"{line[:most]}..."


def read_retry_after(headers: Mapping[str, str] | None) -> float | None:
    """Read the seconds, not below 0, that a server requests to wait: a number, or a date. None if it requests none."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = (headers or {}).get(name, "")
        try:
            seconds = float(value) * unit
        except ValueError:
            try:
                seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
            except (ValueError, TypeError, OverflowError, IndexError):
                continue
        if not math.isnan(seconds):
            return max(seconds, 0.0)
    return None
