"""Reads the storyboards of a batch from JSON lines, CSV, a folder, or Python."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videodirector.errors import PlannerError, UsageError, VideoDirectorError
from videodirector.files.bounded_json import parse_bounded
from videodirector.files.digests import file_digest
from videodirector.files.names import make_readable
from videodirector.schemas import VideoPlan

__all__ = ["Storyboard", "build_storyboards", "read_storyboards"]

_ID = re.compile(r"\w[\w.\-]{0,99}")
_TEXTS = {"story", "plan", "path", "id"}  # columns that are words; the others of a CSV may be numbers and lists


@dataclass(frozen=True, kw_only=True)
class Storyboard:
    """One video to make.

    Attributes:
        id: its name, and that of its video.
        source: where it came from, for people.
        story: a text to be planned; or else
        plan: a plan, or the path of one.
        options: its own settings of the plan and of the render, by their names in Python.
        error: why it cannot be used, if reading has shown that.
    """

    id: str
    source: str
    story: str | None = None
    plan: VideoPlan | Mapping[str, Any] | Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    error: VideoDirectorError | None = None

    def read_plan(self) -> VideoPlan | None:
        """Read its plan, if it has one.

        Raises:
            PlanError: it is not valid, or its file cannot be read.
        """
        if isinstance(self.plan, Path):
            return VideoPlan.load(self.plan)
        if isinstance(self.plan, VideoPlan):
            return self.plan.checked()
        return None if self.plan is None else VideoPlan.parse(self.plan, source=self.source)

    def digest(self) -> str:
        """Digest what it requests; of a plan file the content counts."""
        plan: object = self.plan
        if isinstance(plan, Path):
            try:
                plan = file_digest(plan) if plan.is_file() else "missing"
            except OSError:  # the reader of the plan reports why
                plan = "unreadable"
        elif isinstance(plan, VideoPlan):
            plan = plan.model_dump(mode="json", warnings=False)
        request = [self.story, plan, dict(self.options), str(self.error or "")]
        return hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()


def read_storyboards(path: str | os.PathLike[str]) -> list[Storyboard]:
    """Read the storyboards of a file of JSON lines, a CSV file, or a folder of plans (.json) and stories (.txt).

    A line of JSON is a story as text; or an object with ``story``, ``plan`` (an object, or a file) or ``path`` (a plan
    or a text file), an ``id``, and options; or a plan. A CSV has columns of these names. Paths are relative to
    the folder of the file. A line that cannot be used becomes a storyboard with an error, and the others are kept.

    Raises:
        UsageError: there is no such file, it is not text, or there is nothing in it.
    """
    file = Path(path)
    if file.is_dir():
        try:
            found = sorted(item for item in file.iterdir() if item.suffix in (".json", ".txt") and item.is_file())
        except OSError as error:
            raise UsageError(f"the folder {str(file)!r} cannot be read: {error.strerror}") from None
        storyboards = [
            build_storyboard(item, number, source=make_readable(item)) for number, item in enumerate(found, start=1)
        ]
        hint = "a folder has plans that end in .json or stories that end in .txt"
    else:
        text = _read_text(file, "the storyboards")
        lines = _csv_lines(text) if file.suffix.lower() == ".csv" else _json_lines(text)
        storyboards = [
            build_storyboard(item, number, source=f"{make_readable(file)}:{line}", folder=file.parent)
            for number, (line, item) in enumerate(lines, start=1)
        ]
        hint = "write one storyboard a line"
    if not storyboards:
        raise UsageError(f"there are no storyboards in {os.fspath(path)!r}", hint=hint)
    return _make_ids_unique(storyboards)


def build_storyboards(items: Iterable[object]) -> list[Storyboard]:
    """Build storyboards from stories, plans, paths, or mappings such as a line of JSON holds."""
    found = [
        build_storyboard(item, number, source=f"storyboard {number}") for number, item in enumerate(items, start=1)
    ]
    if not found:
        raise UsageError("there are no storyboards", hint="name at least one")
    return _make_ids_unique(found)


def build_storyboard(item: object, number: int, *, source: str, folder: Path = Path()) -> Storyboard:
    """Build the storyboard of one item.

    Args:
        item: a story, a plan, a path, or a mapping; an error gives a storyboard with that error.
        number: of the item, its id if it names none.
        source: where it came from.
        folder: what paths are relative to.
    """
    try:
        return _parse_item(item, f"{number:04}", source, folder)
    except Exception as fault:  # one bad item never stops the others
        error = fault if isinstance(fault, VideoDirectorError) else _describe_fault(source, fault)
        name = item.get("id") if isinstance(item, Mapping) else None
        known = isinstance(name, str) and _ID.fullmatch(name)
        return Storyboard(id=str(name) if known else f"{number:04}", source=source, error=error)


def _describe_fault(source: str, fault: Exception) -> UsageError:
    """Explain an unexpected failure: a name with a NUL in it, lists nested too deeply, an item that is too large."""
    return UsageError(f"{source}: cannot be used: {type(fault).__name__}: {str(fault)[:200]}", hint="look at this item")


def _parse_item(item: object, name: str, source: str, folder: Path) -> Storyboard:
    if isinstance(item, VideoDirectorError):
        raise item
    if isinstance(item, VideoPlan):
        return Storyboard(id=name, source=source, plan=item)
    if isinstance(item, str):
        return Storyboard(id=name, source=source, story=_check_story(item, source))
    if isinstance(item, os.PathLike):
        return _read_file(folder / item, source, {}, None)
    if not isinstance(item, Mapping):
        raise UsageError(f"{source}: a storyboard is a story, a plan or an object, not {item!r}")
    if "scenes" in item and isinstance(item["scenes"], list):
        return Storyboard(id=name, source=source, plan=item)
    given = [key for key in ("story", "plan", "path") if item.get(key) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise UsageError(f"{source}: one of story, plan and path is needed, found {found}", hint="keep one of them")
    options = {key: value for key, value in item.items() if key not in _TEXTS}
    chosen = item.get("id")
    if chosen is not None and not (isinstance(chosen, str) and _ID.fullmatch(chosen)):
        raise UsageError(
            f"{source}: the id {chosen!r} cannot be the name of a video",
            hint="use letters, digits, _ . and -, and begin with a letter or digit",
        )
    value = item[given[0]]
    if given == ["path"] or (given == ["plan"] and isinstance(value, str)):
        if not isinstance(value, str):
            raise UsageError(f"{source}: path is a text, not {value!r}")
        return _read_file(folder / value, source, options, chosen)
    if given == ["plan"]:
        if not isinstance(value, (Mapping, VideoPlan)):
            raise UsageError(f"{source}: plan is an object or the name of a file, not {value!r}")
        return Storyboard(id=chosen or name, source=source, plan=value, options=options)
    return Storyboard(id=chosen or name, source=source, story=_check_story(value, source), options=options)


def _read_file(file: Path, source: str, options: Mapping[str, Any], name: str | None) -> Storyboard:
    name = name or re.sub(r"[^\w.\-]+", "-", file.name.removesuffix(file.suffix).removesuffix(".plan"))[:100].lstrip(
        ".-"
    )
    name = name or "storyboard"
    if file.suffix.lower() == ".json":
        return Storyboard(id=name, source=source, plan=file, options=options)
    text = _read_text(file, f"{source}: the story")
    return Storyboard(id=name, source=source, story=_check_story(text, source), options=options)


def _check_story(text: object, source: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise PlannerError(f"{source}: the story is empty" if isinstance(text, str) else f"{source}: a story is a text")
    return text


def _read_text(file: Path, what: str) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{what} cannot be read from {str(file)!r}: {error.strerror}", hint="check the path") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} in {str(file)!r}: not UTF-8 at byte {error.start}", hint="save it as UTF-8") from None


def _json_lines(text: str) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, parse_bounded(line)
            except ValueError as error:
                where = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
                reason = getattr(error, "msg", str(error))
                yield number, UsageError(f"line {number} is not JSON: {reason}{where}", hint="write one object a line")


def _csv_lines(text: str) -> Iterator[tuple[int, object]]:
    rows = csv.reader(io.StringIO(text), strict=True)
    header: list[str] = []
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield rows.line_num, UsageError(f"line {rows.line_num} is not CSV: {error}", hint="check its quotes")
            continue
        if not header:
            header = [name.strip() for name in row]
        elif len(row) > len(header):
            yield rows.line_num, UsageError(f"line {rows.line_num} has {len(row)} columns, the first {len(header)}")
        elif any(row):
            cells = zip(header, row, strict=False)
            yield rows.line_num, {name: _parse_cell(name, cell) for name, cell in cells if cell.strip()}


def _parse_cell(name: str, cell: str) -> object:
    """Parse a cell that is JSON, such as a number, truth value or list; the settings check it."""
    if name in _TEXTS:
        return cell
    try:
        value: object = parse_bounded(cell)
    except ValueError:
        return cell
    return value


def _make_ids_unique(storyboards: list[Storyboard]) -> list[Storyboard]:
    """Let the later of two storyboards of one id fail, rather than overwrite the video of the first."""
    seen: dict[str, str] = {}
    found: list[Storyboard] = []
    taken = {storyboard.id.casefold() for storyboard in storyboards}
    for number, storyboard in enumerate(storyboards, start=1):
        folded = storyboard.id.casefold()
        if folded in seen:
            error = UsageError(
                f"{storyboard.source}: {seen[folded]} is called {storyboard.id!r} as well",
                hint="give each storyboard an id of its own",
            )
            name = next(
                name
                for name in (f"{storyboard.id[:80]}-{count}" for count in itertools.count(number))
                if name.casefold() not in taken
            )
            taken.add(name.casefold())
            found.append(Storyboard(id=name, source=storyboard.source, error=error))
        else:
            seen[folded] = storyboard.source
            found.append(storyboard)
    return found
