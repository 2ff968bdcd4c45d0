"""From pydantic's errors to the plan issues that a person reads: a path, what is wrong, what was found, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ValidationError

from videodirector.errors import PlanIssue

__all__ = ["issues_of", "json_path", "shorten"]

_FOUND = 60  # characters of the offending value that a message shows


def json_path(location: Sequence[int | str]) -> str:
    """A location as a path into the document: `scenes[1].entities[0].layout[3]`."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step.isidentifier():
            path += f".{step}" if path else step
        else:
            path += f'["{step}"]'
    return path


def issues_of(error: ValidationError, models: Iterable[type[BaseModel]] = ()) -> list[PlanIssue]:
    """The issues of a pydantic error; the fields of `models` serve to say which name a misspelt field may stand for."""
    known = sorted({name for model in models for name in model.model_fields})
    issues: list[PlanIssue] = []
    for line in error.errors(include_url=False):
        location, kind, problem = line["loc"], line["type"], line["msg"]
        found, hint = shorten(line["input"]), str(line.get("ctx", {}).get("hint", ""))
        if kind == "extra_forbidden":
            problem = "unknown field"
            near = difflib.get_close_matches(str(location[-1]), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "remove it"
        elif kind == "missing":
            problem, found = "missing", ""
        elif kind == "string_pattern_mismatch":
            problem = "an id is made of letters, digits, _ . and -, at most 64, and begins with a letter, digit or _"
        elif kind == "string_unicode":
            problem = "holds half of a character (a lone surrogate)"
        elif kind == "recursion_loop":
            problem, found = "contains itself", ""
        issues.append(PlanIssue(json_path(location), problem[:1].lower() + problem[1:], found, hint))
    return issues


def shorten(value: object) -> str:
    """A value as it may stand in a message: one line, ASCII where the text cannot be printed, of bounded length."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return f"a number of {value.bit_length()} bits"  # printing one of more than 4300 digits is an error in Python
    if isinstance(value, (dict, list, tuple, str)) and len(value) > 1000:
        value = value[:1000] if isinstance(value, (str, list, tuple)) else f"an object of {len(value)} fields"
    try:
        text = repr(value)
        text.encode()
    except (ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= _FOUND else text[: _FOUND - 3] + "..."
