"""All commands: importing this registers them with ``app``; and how one of them is run."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import typer

from videodirector import interrupts
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
from videodirector.cli._output import print_error
from videodirector.errors import RenderInterrupted, UsageError, VideoDirectorError

__all__ = ["app", "run"]


def run(arguments: Sequence[str], *, as_json: bool) -> int:
    """Run a command to its end, and print its errors.

    Returns:
        The exit code.
    """
    try:
        code = app(list(arguments), prog_name="videodirector", standalone_mode=False)
    except VideoDirectorError as error:
        if not interrupts.requested.is_set():
            return print_error(error, as_json=as_json)
        code = RenderInterrupted.exit_code  # whatever broke on the way out
    except typer.TyperException as error:  # wrong options, in typer's words
        if not error.format_message():  # no command at all, and the help has been printed
            return error.exit_code
        return print_error(UsageError(error.format_message(), hint="see videodirector --help"), as_json=as_json)
    except BaseException:
        if not interrupts.requested.is_set():
            raise
        code = RenderInterrupted.exit_code
    finally:
        gc.freeze()  # the process ends: searching langchain's or torch's classes for garbage takes 0.2 s
    if code == RenderInterrupted.exit_code:  # also what typer makes of a KeyboardInterrupt
        return print_error(RenderInterrupted("interrupted; nothing partial was left behind"), as_json=as_json)
    return code if isinstance(code, int) else 0
