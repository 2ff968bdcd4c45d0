"""What chat models are told: versioned templates and in-context examples, as files that people may replace.

A folder of prompts holds the files of `FILES`. Templates are text with `${placeholders}`; examples are JSON. The ones
in this package are used unless an argument, the environment variable VIDEODIRECTOR_PROMPTS or `use()` names others.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from videodirector.errors import OutputError, UsageError
from videodirector.files.bounded_json import parse_bounded
from videodirector.files.reading import MEBIBYTE, read_bounded_text

__all__ = ["FILES", "Prompts", "current_folder", "export", "load", "use"]

_OWN = "v1"

FILES: Mapping[str, frozenset[str]] = {
    "story.md": frozenset({"wishes", "begin", "end", "format"}),
    "story_as_json.md": frozenset(),
    "story_as_text.md": frozenset(),
    "layout.md": frozenset({"wishes", "begin", "end", "format"}),
    "layout_as_json.md": frozenset(),
    "layout_as_text.md": frozenset(),
    "refine.md": frozenset({"begin", "end", "format"}),
    "refine_as_json.md": frozenset(),
    "again.md": frozenset({"problems"}),
}
"""The template files of a folder of prompts, and the placeholders that each must have."""


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """The templates and examples of one folder.

    Attributes:
        version: what `prompts.json` calls them; plans say with which they were made.
        folder: where they are.
        templates: the text of each file of `FILES`.
        story_examples: `{"story": text, "answer": {"scenes": [...]}}`.
        layout_examples: `{"shows": text, "scene": {...}, "answer": {...}}`, boxes as lists of four.
    """

    version: str
    folder: Path
    templates: Mapping[str, str]
    story_examples: tuple[dict[str, Any], ...]
    layout_examples: tuple[dict[str, Any], ...]

    def fill(self, name: str, **values: str) -> str:
        """The template of this file name with its placeholders filled; none of `values` is read as a template."""
        return Template(self.templates[name]).substitute(values).strip()


def load(folder: str | os.PathLike[str] | None = None) -> Prompts:
    """The prompts of a folder.

    Args:
        folder: None takes those in use: see `current_folder`.

    Raises:
        UsageError: a file is missing or not text, a template lacks a placeholder or has an unknown one, an example is
            not of the form that it must have.
    """
    place = current_folder() if folder is None else Path(folder)
    templates = {name: _text(place / name) for name in FILES}
    for name, wanted in FILES.items():
        _check_placeholders(place / name, templates[name], wanted)
    about = _json(place / "prompts.json")
    if not isinstance(about, dict) or not isinstance(about.get("version"), str):
        raise UsageError(f"{place / 'prompts.json'}: no version", hint='write {"version": "mine-1"} into it')
    stories = _examples(place / "story_examples.json", {"story": str, "answer": dict})
    layouts = _examples(place / "layout_examples.json", {"scene": dict, "answer": dict})
    for number, example in enumerate(stories):
        if not isinstance(example["answer"].get("scenes"), list):
            raise UsageError(f"{place / 'story_examples.json'}: the answer of example {number} has no list of scenes")
    for number, example in enumerate(layouts):
        _check_layouts(place / "layout_examples.json", number, example)
    return Prompts(
        version=about["version"],
        folder=place,
        templates=templates,
        story_examples=stories,
        layout_examples=layouts,
    )


def current_folder() -> Path:
    """The folder in use: that of VIDEODIRECTOR_PROMPTS, else the one that `use` has set, else the package's own."""
    if named := os.environ.get("VIDEODIRECTOR_PROMPTS"):
        return Path(named)
    setting = _setting()
    if setting.is_file():
        return Path(read_bounded_text(setting, most=MEBIBYTE).strip())
    return Path(str(resources.files(__name__))) / _OWN


def use(folder: str | os.PathLike[str] | None) -> Path:
    """From now on the prompts of this folder are in use; None goes back to the package's own.

    Returns:
        The folder now in use.

    Raises:
        UsageError: the folder holds no usable prompts; nothing is changed.
        OutputError: the setting cannot be written.
    """
    setting = _setting()
    try:
        if folder is None:
            setting.unlink(missing_ok=True)
        else:
            place = load(folder).folder.resolve()
            setting.parent.mkdir(parents=True, exist_ok=True)
            setting.write_text(f"{place}\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{setting} cannot be written: {error.strerror}", hint="set VIDEODIRECTOR_PROMPTS") from error
    return current_folder()


def export(folder: str | os.PathLike[str]) -> Path:
    """Copies the prompts in use to a new folder, to be changed there.

    Raises:
        OutputError: the folder exists and is not empty, or cannot be written.
    """
    target = Path(folder)
    prompts = load()
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise OutputError(f"{target} exists already", hint="name a new folder")
        target.mkdir(parents=True, exist_ok=True)
        for name in (*FILES, "prompts.json", "story_examples.json", "layout_examples.json"):
            shutil.copyfile(prompts.folder / name, target / name)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror}", hint="choose another place") from error
    return target


def _setting() -> Path:
    from platformdirs import user_config_path

    return user_config_path("videodirector") / "prompts-folder"


def _text(path: Path) -> str:
    try:
        return read_bounded_text(path, most=MEBIBYTE)
    except FileNotFoundError:
        hint = "`videodirector prompts export DIR` writes a complete folder; `videodirector prompts use` resets"
        raise UsageError(f"{path}: there is no such file", hint=hint) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text", hint="save it as UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", hint="check the path") from None


def _json(path: Path) -> Any:
    try:
        return parse_bounded(_text(path))
    except ValueError as error:
        raise UsageError(f"{path}: not JSON: {error}") from None


def _check_placeholders(path: Path, text: str, wanted: frozenset[str]) -> None:
    template = Template(text)
    if not template.is_valid():
        raise UsageError(f"{path}: a $ that begins no placeholder", hint="write $$ for a dollar sign")
    found = set(template.get_identifiers())
    for name in sorted(wanted - found):
        raise UsageError(f"{path}: the placeholder ${{{name}}} is missing", hint="put it where it belongs")
    for name in sorted(found - wanted):
        known = ", ".join(f"${{{known}}}" for known in sorted(wanted)) or "none"
        raise UsageError(f"{path}: unknown placeholder ${{{name}}}", hint=f"known here: {known}")


def _examples(path: Path, form: Mapping[str, type]) -> tuple[dict[str, Any], ...]:
    examples = _json(path)
    if not isinstance(examples, list):
        raise UsageError(f"{path}: a list of examples is needed")
    for number, example in enumerate(examples):
        for field, kind in form.items():
            if not isinstance(example, dict) or not isinstance(example.get(field), kind):
                raise UsageError(f"{path}: example {number} has no {field!r}, or one of another form")
    return tuple(examples)


def _check_layouts(path: Path, number: int, example: dict[str, Any]) -> None:
    layouts, entities = example["answer"].get("layouts"), example["scene"].get("entities")
    if not isinstance(layouts, dict) or not isinstance(entities, dict) or set(layouts) != set(entities):
        raise UsageError(f"{path}: example {number}: 'layouts' and 'entities' must be objects with the same keys")
    for entity, layout in layouts.items():
        if not isinstance(layout, list) or len(layout) != 9 or not all(map(_is_key, layout)):
            problem = "nine boxes [x0, y0, x1, y1] in [0, 1], or null, are needed"
            raise UsageError(f"{path}: example {number}: {entity}: {problem}")


def _is_key(key: object) -> bool:
    if key is None:
        return True
    if not isinstance(key, list) or len(key) != 4 or not all(isinstance(side, (int, float)) for side in key):
        return False
    x0, y0, x1, y1 = key
    return bool(0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1)
