"""From pydantic's errors to the plan issues that a person reads: a path, what is wrong, what was found, what to do."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from videodirector.errors import PlanIssue

__all__ = ["few_of_each_kind", "issues_of", "json_path", "shorten", "summarised"]

Item = TypeVar("Item")

_OF_A_KIND = 10  # problems of one kind that are listed one by one
_KINDS = 100  # kinds of problems that are counted apart
_FOUND = 60  # characters of the offending value that a message shows


def json_path(location: Sequence[int | str]) -> str:
    """A location as a path into the document: ``scenes[1].entities[0].layout[3]``."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif len(step) > _FOUND:
            path += f'["{step[: _FOUND - 3]}..."]'
        elif step.isidentifier():
            path += f".{step}" if path else step
        else:
            path += f'["{step}"]'
    return path


def issues_of(error: ValidationError, models: Iterable[type[BaseModel]] = ()) -> list[PlanIssue]:
    """The issues of a pydantic error, summarised.

    The fields of ``models`` serve to say which name a misspelt field may mean.
    """
    return summarised(
        _issues(error, sorted({field.alias or name for model in models for name, field in model.model_fields.items()}))
    )


def summarised(issues: Iterable[PlanIssue]) -> list[PlanIssue]:
    """The first issues of every kind, each kind followed by how many more there are: "1,999,990 more like it".

    Takes constant memory, whatever the number of issues.
    """
    return [
        PlanIssue("", issue) if isinstance(issue, str) else issue
        for issue in few_of_each_kind(issues, lambda issue: issue.problem)
    ]


def few_of_each_kind(items: Iterable[Item], problem: Callable[[Item], str]) -> list[Item | str]:
    """The first items of every kind, and after those of a kind how many more there are, in words.

    Args:
        items: any number of them.
        problem: the words of an item; what differs from others in its numbers alone is of their kind.
    """
    kept: dict[str, list[Item]] = {}
    more: Counter[str] = Counter()
    for item in items:
        kind = _kind(problem(item))
        kind = kind if kind in kept or len(kept) < _KINDS else ""
        of_this_kind = kept.setdefault(kind, [])
        if len(of_this_kind) < _OF_A_KIND:
            of_this_kind.append(item)
        else:
            more[kind] += 1
    summary: list[Item | str] = []
    for kind, found in kept.items():
        summary += found
        if more[kind]:
            summary.append(f"{more[kind]:,} more like it" if kind else f"{more[kind]:,} more problems")
    return summary


@lru_cache(maxsize=256)
def _kind(problem: str) -> str:
    return re.sub(r"\d[\d,]*", "0", problem)


def _issues(error: ValidationError, known: Sequence[str]) -> Iterator[PlanIssue]:
    for line in error.errors(include_url=False):
        location, kind, problem = line["loc"], line["type"], line["msg"]
        found, hint = shorten(line["input"]), str(line.get("ctx", {}).get("hint", ""))
        if kind == "extra_forbidden":
            problem = "unknown field"
            near = difflib.get_close_matches(str(location[-1])[:_FOUND], known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "remove it"
        elif kind == "missing":
            problem, found = "missing", ""
        elif kind == "string_pattern_mismatch":
            problem = "an id is made of letters, digits, _ . and -, at most 64, and begins with a letter, digit or _"
        elif kind == "string_unicode":
            problem = "holds half of a character (a lone surrogate)"
        elif kind == "more_like_it":
            found = ""
        elif kind == "recursion_loop":
            problem, found = "contains itself", ""
        yield PlanIssue(json_path(location), problem[:1].lower() + problem[1:], found, hint)


def shorten(value: object) -> str:
    """A value as it may be in a message: one line, ASCII where the text cannot be printed, of bounded length."""
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
