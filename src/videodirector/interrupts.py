"""Ends a command within two seconds of Ctrl-C or SIGTERM, whatever it is doing.

A signal raises KeyboardInterrupt in the main thread, and the work unwinds. Where it cannot (a long call of a library, a
thread that somebody joins) a watching thread ends the process after ``GRACE`` seconds: it hears of the signal through
``signal.set_wakeup_fd``, which works while the main thread is busy outside the interpreter.

At its top it imports next to nothing: until the handlers are there, Ctrl-C ends in a traceback.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # that of typing takes 20 ms to import
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import FrameType, TracebackType
    from typing import Any, Self

__all__ = ["GRACE", "Flag", "Guard", "at_forced_end", "requested"]

GRACE = 1.2
"""Seconds that the work may take to unwind."""


class Flag:
    """A flag that all threads see; like ``threading.Event``, without a lock."""

    def __init__(self) -> None:
        self._up = False

    def set(self) -> None:
        self._up = True

    def clear(self) -> None:
        self._up = False

    def is_set(self) -> bool:
        return self._up


requested = Flag()
"""Set as soon as a signal has arrived; loops of other threads look at it."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN = 0.2  # seconds until an exception that was swallowed is raised again
_last_acts: dict[object, Callable[[], object]] = {}


class at_forced_end:
    """Calls ``act`` if the process has to be ended by force during the block: kill a child, remove a file."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act

    def __enter__(self) -> None:
        _last_acts[self] = self._act

    def __exit__(self, *_: object) -> None:
        _last_acts.pop(self, None)


class Guard:
    """Handles SIGINT and SIGTERM for the length of a command; a context manager.

    Until ``allow_unwinding`` is called nothing needs to unwind, and a signal ends the process at once. Signals that are
    ignored (as shells have it for what they start in the background) stay ignored. Outside the main thread it does
    nothing.

    Args:
        code: exit code of an interrupted command.
        report: writes the message for the user; it may be the last thing that the process does.
        lasting: the process ends with the command: signals that arrive afterwards end it with the command's own code.
    """

    def __init__(self, *, code: int, report: Callable[[], object], lasting: bool) -> None:
        self.code = code
        self._report, self._lasting = report, lasting
        self._started = self._ended = False
        self._swallowed = False
        self._before: dict[signal.Signals, Any] = {}
        self._hooks: tuple[Any, Any] = (None, None)
        self._wakeup = -1
        self._sockets: tuple[socket.socket, socket.socket] | None = None

    def __enter__(self) -> Self:
        requested.clear()
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                try:
                    self._before[number] = signal.signal(number, self._handle_signal)
                except ValueError:  # not the main thread
                    return self
        import socket
        import threading

        self._hooks = sys.unraisablehook, threading.excepthook
        sys.unraisablehook, threading.excepthook = self._handle_unraisable, self._handle_thread_error
        self._sockets = heard, woken = socket.socketpair()
        woken.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(heard,), name="interrupts", daemon=True).start()
        return self

    def allow_unwinding(self) -> None:
        """Let signals raise KeyboardInterrupt in the main thread from now on."""
        self._started = True

    def finish(self, code: int) -> None:
        """Note that the command is over and has reported its result: only the end of the process is left."""
        self.code, self._ended = code, True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        if self._sockets is None or self._lasting:
            return
        import threading

        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        sys.unraisablehook, threading.excepthook = self._hooks
        self._sockets[1].close()  # which ends the watching thread, and that closes the other

    def _handle_signal(self, _number: int, _frame: FrameType | None) -> None:
        requested.set()
        if self._ended:
            os._exit(self.code)
        if not self._started:
            self._exit_now()
        raise KeyboardInterrupt

    def _watch(self, heard: socket.socket) -> None:
        import threading
        import time

        while numbers := heard.recv(1):
            if numbers[0] in self._before:
                break
        else:
            heard.close()
            return
        requested.set()
        until = time.monotonic() + GRACE
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _AGAIN))
            if self._swallowed and not self._ended:
                self._swallowed = False
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        if self._lasting or not self._ended:
            self._exit_now()
        heard.close()

    def _exit_now(self) -> None:
        """End the process, now."""
        for act in list(_last_acts.values()):
            _call_quietly(act)
        if not self._ended:
            _call_quietly(self._report)
        for stream in (sys.stdout, sys.stderr):
            _call_quietly(stream.flush)
        os._exit(self.code)

    def _handle_unraisable(self, fault: Any) -> None:
        if requested.is_set() and issubclass(fault.exc_type, KeyboardInterrupt):
            self._swallowed = True  # it came while an object was destroyed, where exceptions have no effect
        else:
            self._hooks[0](fault)

    def _handle_thread_error(self, fault: Any) -> None:
        if not requested.is_set():  # errors of threads during an interrupt are noise
            self._hooks[1](fault)


def _call_quietly(act: Callable[[], object]) -> None:
    try:  # noqa: SIM105  contextlib would have to be imported first
        act()
    except Exception:  # noqa: S110  nothing is left to report to
        pass
