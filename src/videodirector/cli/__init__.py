"""The command line: arguments to ``Director``, events to progress bars, results to text or JSON.

One file a group of commands; importing ``commands`` registers them all. Nothing is imported here but what answers
Ctrl-C, so that it is there before anything that takes time.
"""

from __future__ import annotations

import os
import sys

from videodirector.interrupts import Guard

TYPE_CHECKING = False  # that of typing takes 20 ms to import
if TYPE_CHECKING:
    from collections.abc import Sequence

    from videodirector.cli.commands import app

__all__ = ["app", "main"]

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: those after the program's name; None takes those of the process, which ends with the command.

    Returns:
        The exit code. Errors have been printed to standard error and, with ``--json``, as an object to standard output.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given

    def report_interrupt() -> None:
        """Write what ``commands.run`` would print, without anything that may have to be loaded or unlocked first."""
        if as_json:
            described = b'"code": "interrupted", "type": "RenderInterrupted", "message": "interrupted", "hint": ""'
            os.write(1, b'{"error": {' + described + b"}}\n")
        os.write(2, b"error: interrupted\n")

    with Guard(code=_INTERRUPTED, report=report_interrupt, lasting=arguments is None) as guard:
        from videodirector.cli.commands import run

        guard.allow_unwinding()
        code = run(given, as_json=as_json)
        guard.finish(code)
    return code


def __getattr__(name: str) -> object:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from videodirector.cli.commands import app

    globals()["app"] = app
    return app
