"""Every error videodirector raises on purpose, in one tree.

```
VideoDirectorError              1    anything below
├── UsageError                  2    an argument or setting that cannot be meant
├── PlanError                   2    a plan that is not valid: `.issues` lists every problem, `.source` is the file
├── PlannerError                3    no plan could be made of the story
├── ModelError                  4    the weights
│   ├── ModelNotFoundError           ... are not where they were said to be
│   └── ModelFormatError             ... are there, but damaged, foreign or unsafe
├── MissingDependencyError      4    an optional package or program is not installed
├── RenderError                 5    the pictures could not be made
│   └── EncodeError                  ... or not be written as a video
├── BatchError                  5    some storyboards of a batch failed; its report says which and why
├── OutputError                 5    the place to write to is read-only, full, missing or a directory
└── RenderInterrupted           130  the user stopped the work
```

The figure is the exit code of the command line. Each error is written for the person who meets it: the message says
what is wrong and where, `.hint` says what to do, and `str(error)` shows both:

    >>> print(UsageError("--steps is 0", hint="give 1 or more"))
    --steps is 0
    hint: give 1 or more
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

__all__ = [
    "BatchError",
    "EncodeError",
    "MissingDependencyError",
    "ModelError",
    "ModelFormatError",
    "ModelNotFoundError",
    "OutputError",
    "PlanError",
    "PlanIssue",
    "PlannerError",
    "RenderError",
    "RenderInterrupted",
    "UsageError",
    "VideoDirectorError",
]


class VideoDirectorError(Exception):
    """Base of the tree.

    Args:
        message: what is wrong: which file, which field, what was found.
        hint: what to do about it; may be empty.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling of exceptions, and workers send errors home.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[VideoDirectorError], args: tuple[object, ...], state: dict[str, object]) -> VideoDirectorError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class UsageError(VideoDirectorError):
    """An argument, option or setting that cannot be meant."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class PlanIssue:
    """One problem of a plan.

    Attributes:
        path: where, as a path into the JSON document: `scenes[1].entities[0].layout[3]`; empty for the whole document.
        problem: what is wrong.
        found: what stands there, shortened; empty when nothing does.
        hint: what to do; may be empty.
    """

    path: str
    problem: str
    found: str = ""
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.path}: {self.problem}" if self.path else self.problem
        if self.found:
            text += f", found {self.found}"
        return f"{text} ({self.hint})" if self.hint else text


class PlanError(VideoDirectorError):
    """A plan that is not valid.

    Args:
        issues: every problem found; at least one.
        source: the file the plan was read from, if any.
        hint: what to do, for the plan as a whole; each issue has its own beside it.
    """

    exit_code = 2
    _SHOWN: ClassVar[int] = 20

    def __init__(
        self, issues: Iterable[PlanIssue], *, source: str | os.PathLike[str] | None = None, hint: str = ""
    ) -> None:
        self.issues = tuple(issues)
        self.source = None if source is None else Path(source)
        where = f"{self.source}: " if self.source is not None else ""
        if len(self.issues) == 1:
            message = f"{where}the plan is not valid: {self.issues[0]}"
        else:
            lines = [f"  {issue}" for issue in self.issues[: self._SHOWN]]
            if len(self.issues) > self._SHOWN:
                lines.append(f"  ... and {len(self.issues) - self._SHOWN} more")
            message = "\n".join([f"{where}the plan is not valid, {len(self.issues)} problems:", *lines])
        super().__init__(message, hint=hint)


class PlannerError(VideoDirectorError):
    """No plan could be made of the story."""

    exit_code = 3


class ModelError(VideoDirectorError):
    """Something is wrong with the weights."""

    exit_code = 4


class ModelNotFoundError(ModelError):
    """There are no weights at the place named."""


class ModelFormatError(ModelError):
    """The weights are there, but damaged, incomplete, foreign or in a format that is not safe to read."""


class MissingDependencyError(VideoDirectorError):
    """An optional package or program is needed and not installed."""

    exit_code = 4


MODEL_LIBRARIES = {"torch", "diffusers", "transformers", "accelerate", "huggingface_hub", "safetensors", "tokenizers"}
"""Libraries that models run on; planning, editing and storyboards do without them."""


def missing_library(name: str) -> MissingDependencyError:
    """Build the error for a library of models that is not installed."""
    return MissingDependencyError(
        f"this needs {name}, which is not installed",
        hint="pip install --upgrade videodirector; planning, editing and --backend storyboard work without it",
    )


class RenderError(VideoDirectorError):
    """The pictures of a plan could not be made."""

    exit_code = 5


class EncodeError(RenderError):
    """The frames could not be written as a video."""


class BatchError(VideoDirectorError):
    """Some storyboards of a batch failed; the others are done."""

    exit_code = 5


class OutputError(VideoDirectorError):
    """The place to write to is read-only, full, missing or a directory."""

    exit_code = 5


class RenderInterrupted(VideoDirectorError):
    """The user stopped the work (Ctrl-C, SIGTERM)."""

    exit_code = 130
