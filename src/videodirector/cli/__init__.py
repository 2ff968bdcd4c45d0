"""The command line: arguments to ``Director``, events to progress bars, results to text or JSON.

One file a group of commands; importing a file registers its commands with ``app``.
"""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import typer

from videodirector.cli import backends as _backends  # noqa: F401  registers its commands
from videodirector.cli import batch as _batch  # noqa: F401  registers its commands
from videodirector.cli import cache as _cache  # noqa: F401  registers its commands
from videodirector.cli import doctor as _doctor  # noqa: F401  registers its commands
from videodirector.cli import evaluate as _evaluate  # noqa: F401  registers its commands
from videodirector.cli import evaluate_videos as _evaluate_videos  # noqa: F401  registers its commands
from videodirector.cli import make as _make  # noqa: F401  registers its commands
from videodirector.cli import prompts as _prompts  # noqa: F401  registers its commands
from videodirector.cli import refine as _refine  # noqa: F401  registers its commands
from videodirector.cli import render as _render  # noqa: F401  registers its commands
from videodirector.cli import senses as _senses  # noqa: F401  registers its commands
from videodirector.cli._app import app
from videodirector.cli._output import report
from videodirector.errors import RenderInterrupted, UsageError, VideoDirectorError

__all__ = ["app", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: what stands after the program's name; None takes those of the process.

    Returns:
        The exit code. Errors have been printed to standard error and, with ``--json``, as an object to standard output.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    before = signal.signal(signal.SIGTERM, _interrupt)  # so that a kill leaves no partial file either
    try:
        code = app(given, prog_name="videodirector", standalone_mode=False)
    except VideoDirectorError as error:
        return report(error, as_json=as_json)
    except typer.TyperException as error:  # wrong options: typer's own words are good
        if not error.format_message():  # no command at all, and the help has been printed
            return error.exit_code
        return report(UsageError(error.format_message(), hint="see videodirector --help"), as_json=as_json)
    finally:
        signal.signal(signal.SIGTERM, before)
        gc.freeze()  # the process ends: searching langchain's or torch's classes for garbage takes 0.2 s
    if code == RenderInterrupted.exit_code:  # what typer makes of a KeyboardInterrupt
        return report(RenderInterrupted("interrupted; nothing partial was left behind"), as_json=as_json)
    return code if isinstance(code, int) else 0


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
