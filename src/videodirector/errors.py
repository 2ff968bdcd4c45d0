"""The errors that videodirector raises on purpose, in one tree.

```
VideoDirectorError                 1
├── UsageError                     2
├── PlanError                      2
├── PlannerError                   3
├── ModelError                     4
│   ├── ModelNotFoundError
│   └── ModelFormatError
├── MissingDependencyError         4
├── RenderError                    5
│   └── EncodeError
├── BatchError                     5
├── OutputError                    5
└── RenderInterrupted            130
```

The figure is the exit code of the command line; ``docs/errors.md`` says what each means. The message says what is wrong
and where, ``.hint`` says what to do, and ``str(error)`` shows both:

    >>> print(UsageError("--steps is 0", hint="give 1 or more"))
    --steps is 0
    hint: give 1 or more
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

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

    code: ClassVar[str] = "error"
    """Names the kind of error for programs; it never changes. A subclass without one has that of its base."""
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


@dataclass(frozen=True, slots=True)
class PlanIssue:
    """One problem of a plan.

    Attributes:
        path: where in the JSON document: ``scenes[1].entities[0].layout[3]``; empty for the whole.
        problem: what is wrong.
        found: the value there, shortened; empty when there is none.
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


class UsageError(VideoDirectorError):
    """An argument, option or setting is not valid.

    Attributes:
        issues: each field that is not valid, where several were checked together.
    """

    code = "usage"
    exit_code = 2
    issues: tuple[PlanIssue, ...] = ()

    @classmethod
    def from_issues(cls, issues: Iterable[PlanIssue], *, hint: str = "") -> Self:
        """Create an error that lists every field that is not valid."""
        found = tuple(issues)
        error = cls("; ".join(map(str, found)), hint=hint)
        error.issues = found
        return error


class PlanError(VideoDirectorError):
    """A plan is not valid.

    Args:
        issues: every problem found; at least one.
        source: the file the plan was read from, if any.
        hint: what to do, for the plan as a whole; each issue has its own beside it.
    """

    code = "plan-invalid"
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
    """No plan could be made from the story."""

    code = "planner-failed"
    exit_code = 3


class ModelError(VideoDirectorError):
    """Something is wrong with the weights."""

    code = "model-unusable"
    exit_code = 4


class ModelNotFoundError(ModelError):
    """There are no weights at the place named."""

    code = "model-missing"


class ModelFormatError(ModelError):
    """The weights are there, but damaged, incomplete, foreign or in a format that is not safe to read."""

    code = "model-invalid"


class MissingDependencyError(VideoDirectorError):
    """An optional package or program is needed and not installed."""

    code = "dependency-missing"
    exit_code = 4


class RenderError(VideoDirectorError):
    """The scenes of a plan could not be rendered."""

    code = "render-failed"
    exit_code = 5


class EncodeError(RenderError):
    """The frames could not be written as a video."""

    code = "encode-failed"


class BatchError(VideoDirectorError):
    """Some storyboards of a batch failed; the others are done."""

    code = "batch-incomplete"
    exit_code = 5


class OutputError(VideoDirectorError):
    """The place to write to is read-only, full, missing or a directory."""

    code = "output-failed"
    exit_code = 5


class RenderInterrupted(VideoDirectorError):
    """The user stopped the work (Ctrl-C, SIGTERM)."""

    code = "interrupted"
    exit_code = 130
