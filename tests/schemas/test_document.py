"""Plan files: what is read, what is refused with which words, and that writing is all or nothing."""

import os
from pathlib import Path

import pytest

from videodirector.errors import OutputError, PlanError
from videodirector.schemas import VideoPlan, canonical_json, write_atomically
from videodirector.schemas.document import MAX_BYTES

PLAN = '{"schema_version": 1, "scenes": [{"id": "s1", "description": "Öl"}]}'


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(PLAN, encoding="utf-8-sig")
    assert VideoPlan.load(path).scenes[0].description == "Öl"
    assert VideoPlan.from_json("\ufeff" + PLAN) == VideoPlan.load(path)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (PLAN.encode("utf-16"), "UTF-16"),
        (PLAN.encode("utf-32"), "UTF-"),
        (PLAN.encode("latin-1"), "not UTF-8 text: byte"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "not UTF-8"),
        (b"", "line 1, column 1"),
        (b'{"schema_version": 1,\n "scenes": [}', "line 2, column 13"),
        (PLAN.encode()[:-1], "not JSON"),
        (b"[1, 2]", "not a list"),
        (b"null", "not a null"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"schema_version": ' + b"9" * 5000 + b"}", "digits"),
        (b'{"schema_version": 1, "schema_version": 1}', "schema_version: this key is given twice"),
        (b'{"scenes": [{"id": "a", "id": "b"}]}', "scenes[0].id: this key is given twice"),
        (b'{"schema_version": 1, "scenes": [{"id": "s1", "description": "\\ud800"}]}', "lone surrogate"),
        (
            PLAN.encode()[:-3] + b', "entities": [{"id": "a", "name": "a", "layout": [[NaN, 0, 1, Infinity]]}]}]}',
            "scenes[0].entities[0].layout[0]: box coordinates must be finite",
        ),
    ],
)
def test_files_that_are_no_plan(tmp_path: Path, content: bytes, part: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(PlanError) as caught:
        VideoPlan.load(path)
    assert part in str(caught.value)
    assert caught.value.source == path
    assert str(path) in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no such file"):
        VideoPlan.load(tmp_path / "none.json")
    with pytest.raises(PlanError, match="is a directory"):
        VideoPlan.load(tmp_path)
    with pytest.raises(PlanError, match="cannot be read"):
        VideoPlan.load("a\0b")
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(PlanError, match="larger than 64 MiB"):
        VideoPlan.load(large)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests may run as root, who may read anything.
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("videodirector.schemas.document.open_regular", refuse, raising=False)
    with pytest.raises(PlanError, match="may not be read"):
        VideoPlan.load(tmp_path / "plan.json")


def test_canonical_json_reads_well() -> None:
    assert canonical_json({"b": [[0.5, 1], None], "a": [], "c": {}, "d": ["x"]}) == (
        '{\n  "b": [\n    [0.5, 1],\n    null\n  ],\n  "a": [],\n  "c": {},\n  "d": ["x"]\n}\n'
    )


def test_writing_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    assert write_atomically(path, b"one") == path
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    link.symlink_to(target)
    write_atomically(link, b"plan")
    assert link.is_symlink()
    assert target.read_bytes() == b"plan"


@pytest.mark.parametrize(("place", "hint"), [(".", "name a file"), ("no/plan.json", "make the directory")])
def test_places_that_cannot_be_written_to(tmp_path: Path, place: str, hint: str) -> None:
    with pytest.raises(OutputError) as caught:
        write_atomically(tmp_path / place, b"plan")
    assert hint in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "hint"), [(28, "disk is full"), (30, "read-only")])
def test_a_failure_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, hint: str
) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError) as caught:
        write_atomically(path, b"new")
    assert hint in caught.value.hint
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
