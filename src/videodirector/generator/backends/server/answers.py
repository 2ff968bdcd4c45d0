"""Parses the responses of a server: JSON with a few known fields, each of the right type."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from videodirector.files.transport import make_printable

__all__ = ["GarbledAnswerError", "Job", "read_job", "read_jobs"]

_ID = re.compile(r"(?!\.+\Z)[\w.:@=+-]{1,200}", re.ASCII)
"""Ids that are safe in a path: they cannot lead to another endpoint."""


class GarbledAnswerError(Exception):
    """The response is not a JSON object, or has fields of other types: cut off, or not of this API."""


@dataclass(frozen=True)
class Job:
    """A job, as a server reports it.

    Attributes:
        id: its name there.
        status: its state in the server's own word, in lower case; "" where it names none.
        progress: per cent.
        error: why it failed, in the server's words; "" where it gives none.
        prompt, model: of the request; None where it names none.
        created: seconds since 1970.
    """

    id: str
    status: str = ""
    progress: int = 0
    error: str = ""
    prompt: str | None = None
    model: str | None = None
    created: float = 0.0


def read_job(content: bytes) -> Job:
    """Parse the job in a response.

    Raises:
        GarbledAnswerError: there is none; the message says what was found.
    """
    return _parse_job(_parse_object(content))


def read_jobs(content: bytes) -> list[Job]:
    """Parse the jobs of a listing; invalid entries are left out.

    Raises:
        GarbledAnswerError: it is not a JSON object.
    """
    listed = _parse_object(content).get("data")
    jobs = []
    for entry in listed if isinstance(listed, list) else []:
        try:
            jobs.append(_parse_job(entry))
        except GarbledAnswerError:
            continue
    return jobs


def _parse_object(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content.decode(), object_pairs_hook=_check_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise GarbledAnswerError(f"what it answers is not UTF-8: {_show(content)}") from None
    except RecursionError:
        raise GarbledAnswerError(f"what it answers is nested too deeply: {_show(content)}") from None
    except ValueError as error:
        raise GarbledAnswerError(
            f"what it answers is no JSON object: {_show(content)} ({make_printable(str(error), 80)})"
        ) from None
    if not isinstance(answer, dict):
        raise GarbledAnswerError(f"what it answers is no JSON object: {_show(content)}")
    return answer


def _check_unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for number, name in enumerate(names) if name in names[:number])
        raise ValueError(f"{twice[:40]!r} is given twice")
    return found


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _show(content: bytes) -> str:
    return repr(make_printable(content[:200].decode(errors="replace"), 80))


def _parse_job(about: object) -> Job:
    if not isinstance(about, dict):
        raise GarbledAnswerError(f"what it says of a job is {_describe_value(about)}")
    identity, status = about.get("id"), about.get("status")
    if isinstance(identity, int) and not isinstance(identity, bool) and 0 <= identity < 10**18:
        identity = str(identity)
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise GarbledAnswerError(f"the id of a job must be a word, and is {_describe_value(identity)}")
    if status is not None and not isinstance(status, str):
        raise GarbledAnswerError(f"the status of a job must be a word, and is {_describe_value(status)}")
    reason = about.get("error")
    if isinstance(reason, dict):
        reason = reason.get("message")
    prompt, model = about.get("prompt"), about.get("model")
    return Job(
        id=identity,
        status=(status or "").strip().lower(),
        progress=round(min(max(_parse_number(about.get("progress")), 0.0), 100.0)),
        error=make_printable(reason, 300) if isinstance(reason, str) else "",
        prompt=prompt if isinstance(prompt, str) else None,
        model=model if isinstance(model, str) else None,
        created=_parse_number(about.get("created_at")),
    )


def _parse_number(value: object) -> float:
    """Parse a number, also in quotes; 0 for anything else."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return number if math.isfinite(number) else 0.0


def _describe_value(value: object) -> str:
    """Describe a value for an error: its type, and how it begins."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "missing"}
    name = names.get(type(value), "a number")
    if value is None or isinstance(value, bool):
        return name
    try:
        shown = json.dumps(value)
    except (ValueError, RecursionError):
        return name
    return f"{name}: {make_printable(shown, 80)}"
