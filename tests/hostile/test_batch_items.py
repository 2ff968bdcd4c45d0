"""One bad item never stops the others: each has its own line in the report, and the rest are done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import GreyBackend, grey_plan
from videodirector import Director
from videodirector.files.names import make_readable, make_values_readable
from videodirector.generator import Clip, Progress
from videodirector.generator.batch.storyboards import read_storyboards
from videodirector.schemas import Scene

FOX = os.fsdecode(b"f\xfcchs")


@dataclass
class ExhaustedBackend(GreyBackend):
    """Runs out of memory over level 66, out of stack over 77."""

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
        if scene.description == "66":
            raise MemoryError
        if scene.description == "77":
            raise RecursionError("maximum recursion depth exceeded")
        return (yield from super().render(scene, seed=seed, steps=steps))


def lines(folder: Path) -> dict[str, dict[str, Any]]:
    text = (folder / "report.jsonl").read_bytes().decode("utf-8", "strict")
    found = [json.loads(line) for line in text.splitlines()]
    json.dumps(found, ensure_ascii=False).encode("utf-8", "strict")
    return {line["id"]: line for line in found}


@pytest.mark.parametrize("workers", [1, 2])
def test_each_bad_item_has_its_line(tmp_path: Path, workers: int) -> None:
    (tmp_path / "damaged.json").write_bytes(b'{"schema_version": 1, "scenes": [')
    (tmp_path / "deep.json").write_bytes(b"[" * 100_000)
    items: list[Any] = [
        {"plan": grey_plan(10), "id": "first"},
        {"plan": grey_plan(66), "id": "memory"},
        {"plan": grey_plan(77), "id": "stack"},
        {"path": str(tmp_path / "damaged.json"), "id": "damaged"},
        {"path": str(tmp_path / "deep.json"), "id": "deep"},
        {"path": "a\0b.json", "id": "nul"},
        {"path": "\ud800.json", "id": "half"},
        {"story": "A fox \ud800 walks.", "id": "half-story"},
        {"plan": grey_plan(10), "id": "../evil"},
        {"plan": grey_plan(10), "id": "x" * 300},
        {"plan": grey_plan(30), "id": "FIRST"},
        {"plan": grey_plan(40), "id": "first-11"},
        {"plan": grey_plan(20), "id": "last"},
    ]
    director = Director(backend=ExhaustedBackend(), cache=tmp_path / "cache")
    found = {result.id: result for result in director.render_many(items, tmp_path / "out", workers=workers)}
    assert len(found) == len(items)
    done = {name for name, result in found.items() if result.status == "done"}
    assert {"first", "first-11", "last"} <= done
    failed = {name: line["error"]["type"] for name, line in lines(tmp_path / "out").items() if "error" in line}
    assert {"memory", "stack", "damaged", "deep", "nul", "half"} <= failed.keys()
    assert failed["damaged"] == failed["deep"] == "PlanError"
    assert not list(tmp_path.rglob("evil*"))


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    folder = tmp_path / FOX
    folder.mkdir()
    grey_plan(10).save(folder / f"{FOX}.json")
    grey_plan(20).save(folder / "good.json")
    (folder / f"bad{FOX}.json").write_text("{")
    out = tmp_path / f"out{FOX}"
    director = Director(backend=GreyBackend(), cache=tmp_path / "cache")
    for kept in (False, True):  # what is told once is found again
        found = {result.id: result for result in director.render_many(folder, out)}
        assert sorted(result.status for result in found.values()) == ["done", "done", "failed"]
        assert [found["good"].kept, found["f-chs"].kept] == [kept, kept]
        assert lines(out)["f-chs"]["source"].endswith("/f\\xfcchs.json")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_plan_that_may_not_be_read(tmp_path: Path) -> None:
    for name in ("a", "b"):
        grey_plan(10).save(tmp_path / f"{name}.json")
    (tmp_path / "a.json").chmod(0)
    director = Director(backend=GreyBackend(), cache=tmp_path / "cache")
    found = {result.id: result for result in director.render_many(tmp_path, tmp_path / "out")}
    assert (found["a"].status, found["b"].status) == ("failed", "done")
    assert found["a"].error is not None
    assert found["a"].error.type == "PlanError"


def test_ids_stay_apart() -> None:
    from videodirector.generator.batch.storyboards import build_storyboards

    items = [{"story": "A fox.", "id": name} for name in ("x-3", "x", "x", "X", "x-4")]
    ids = [storyboard.id.casefold() for storyboard in build_storyboards(items)]
    assert len(set(ids)) == len(ids)


def test_a_batch_file_of_an_odd_name(tmp_path: Path) -> None:
    file = tmp_path / f"{FOX}.jsonl"
    file.write_text('"A fox."\nnot json\n')
    assert [storyboard.source for storyboard in read_storyboards(file)] == [
        f"{tmp_path}/f\\xfcchs.jsonl:{line}" for line in (1, 2)
    ]


def test_readable() -> None:
    assert make_readable(FOX) == "f\\xfcchs"
    assert make_readable("füchs\ud800") == "füchs\\ud800"
    assert make_values_readable({"a": [Path(FOX), 1, None]}) == {"a": ["f\\xfcchs", 1, None]}


@pytest.mark.slow
def test_single_commands(tmp_path: Path) -> None:
    grey_plan(10).save(tmp_path / f"{FOX}.json")
    for arguments, code in (
        (["render", f"{FOX}.json", "-o", f"{FOX}.mp4", "--backend", "storyboard", "--json"], 0),
        (["render", f"{FOX}.json", "-o", f"{FOX}.gif", "--backend", "storyboard", "--soundtrack", f"no{FOX}.wav"], 2),
        (["inspect", f"{FOX}.mp4"], 0),
        (["validate", f"no{FOX}.json"], 2),
        (["plan", f"@no{FOX}.txt", "-o", f"p{FOX}.json"], 2),
        (["batch", f"no{FOX}.jsonl", "-o", f"out{FOX}"], 2),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "videodirector.cli", *arguments],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
        )
        assert done.returncode == code, (arguments, done.stderr)
        assert b"Traceback" not in done.stderr
        done.stdout.decode("utf-8", "strict")
