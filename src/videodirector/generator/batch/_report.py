"""``report.jsonl``: a line for every storyboard that has a result, on the disk the moment it has."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from videodirector.files.atomic import atomic_file, build_output_error
from videodirector.files.names import make_values_readable
from videodirector.schemas.batch import StoryboardResult

__all__ = ["BatchReport"]


class BatchReport:
    """The report of a batch, from which the next run learns what is done.

    While a batch runs, lines are added; of several lines of one storyboard the last one counts. A line that was cut off
    in the middle counts as not written. At the end there is one line a storyboard, in order.

    Args:
        path: the file.
        ids: the storyboards of this batch, in order. Lines of others are removed.

    Raises:
        OutputError: it cannot be written.
    """

    def __init__(self, path: Path, ids: Iterable[str]) -> None:
        self._path = path
        known = _read(path)
        self._results = {name: known.get(name) for name in ids}
        self._lock = threading.Lock()  # plans and videos are recorded by different threads
        self.compact()

    def previous(self, name: str) -> StoryboardResult | None:
        """The last result of a storyboard, if it has one."""
        return self._results[name]

    def record(self, result: StoryboardResult) -> None:
        """Add a line.

        Raises:
            OutputError: the disk is full, or the place has gone.
        """
        self._results[result.id] = result
        try:
            with self._lock, open(self._path, "ab") as file:
                file.write(_line(result))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise build_output_error(self._path, error) from error

    def compact(self) -> None:
        """Write the file anew, with one line a storyboard."""
        with atomic_file(self._path) as partial:
            partial.write_bytes(b"".join(_line(result) for result in self._results.values() if result is not None))


def _line(result: StoryboardResult) -> bytes:
    data = make_values_readable(result.model_dump(mode="json", exclude_none=True))
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _read(path: Path) -> dict[str, StoryboardResult]:
    results: dict[str, StoryboardResult] = {}
    try:
        if path.exists() and not path.is_file():
            raise OSError("it is not a regular file")
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return results
    except OSError as error:
        raise build_output_error(path, error) from error
    for line in lines:
        try:
            result = StoryboardResult.model_validate_json(line)
        except ValidationError:
            continue  # the last line of a run that was killed while writing it
        results[result.id] = result
    return results
