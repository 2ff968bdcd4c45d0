"""The prompts: whole, geometrically right, and replaceable."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from videodirector import prompts
from videodirector.cli import main
from videodirector.errors import OutputError, UsageError
from videodirector.schemas import Box


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("VIDEODIRECTOR_PROMPTS", raising=False)


def layouts(shows: str) -> dict[str, list[Box | None]]:
    (example,) = [example for example in prompts.load_prompts().layout_examples if example["shows"] == shows]
    found: dict[str, Any] = example["answer"]["layouts"]
    return {name: [None if key is None else Box.checked(key) for key in keys] for name, keys in found.items()}


def test_five_layouts_and_one_story() -> None:
    used = prompts.load_prompts()
    assert used.version == "1"
    assert len(used.story_examples) == 1
    shows = [example["shows"] for example in used.layout_examples]
    assert shows == ["entering", "leaving", "growing", "passing", "standing still"]


def test_the_story_example_is_one() -> None:
    (example,) = prompts.load_prompts().story_examples
    scenes = example["answer"]["scenes"]
    assert " ".join(scene["words"] for scene in scenes) == example["story"]
    looks: dict[str, str] = {}
    for entity in (entity for scene in scenes for entity in scene["entities"]):
        assert looks.setdefault(entity["name"], entity["description"]) == entity["description"]
    assert {scene["background"] for scene in scenes} == {"pond"}


def test_entering() -> None:
    fox, rock = layouts("entering").values()
    assert fox[0] is None
    assert fox[1] is not None
    assert fox[1].x0 == 0, "cut off by the edge that it comes over"
    seen = [box for box in fox if box]
    assert all(a.x1 < b.x1 or a == b for a, b in pairwise(seen)), "to the right, then still"
    assert seen[-1] == seen[-2]
    assert rock.count(rock[0]) == 9
    assert rock[0] is not None
    assert seen[-1].overlap(rock[0]) == 0, "in front of it, not in it"


def test_leaving() -> None:
    owl, post, cat = layouts("leaving").values()
    assert owl[0] is not None
    assert post[0] is not None
    assert owl[0].y1 == post[0].y0, "it sits on top"
    assert post[0].x0 < owl[0].centre[0] < post[0].x1
    seen = [box for box in owl if box]
    assert owl[-1] is None
    assert (seen[-1].x1, seen[-1].y0) == (1, 0), "out at the upper right corner"
    steps = [b.centre[0] - a.centre[0] for a, b in pairwise(seen[:-1])]
    assert all(0 < step < 0.1 for step in steps)
    assert cat.count(cat[0]) == 9


def test_growing() -> None:
    bus, mailbox = layouts("growing").values()
    boxes = [box for box in bus if box]
    assert len(boxes) == 9
    for a, b in pairwise(boxes):
        assert a.width < b.width
        assert a.y0 > b.y0
        assert a.y1 < b.y1
    assert all(box.overlap(other) == 0 for box, other in zip(boxes, mailbox, strict=True) if other)


def test_passing() -> None:
    girl, boy = layouts("passing").values()
    distances = [a.centre[0] - b.centre[0] for a, b in zip(girl, boy, strict=True) if a and b]
    assert distances[0] > 0 > distances[-1]
    assert any(a.overlap(b) > 0 for a, b in zip(girl, boy, strict=True) if a and b)
    assert all(a.y1 > b.y1 and a.height > b.height for a, b in zip(girl, boy, strict=True) if a and b)


def test_standing_still() -> None:
    found = layouts("standing still")
    assert all(keys.count(keys[0]) == 9 for keys in found.values())
    first = {name: keys[0] for name, keys in found.items()}
    assert all(a.overlap(b) == 0 for a in first.values() for b in first.values() if a and b and a is not b)
    assert len({box.y1 for name, box in first.items() if box and name != "moon"}) == 1, "on one ground"


def test_show_export_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine"
    assert main(["prompts", "export", str(mine)]) == 0
    (mine / "prompts.json").write_text('{"version": "mine-1"}')
    assert main(["prompts", "use", str(mine), "--quiet"]) == 0
    capsys.readouterr()
    assert main(["prompts", "show", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["version"], shown["folder"]) == ("mine-1", str(mine))
    assert main(["prompts", "show"]) == 0
    assert "5 (entering, leaving, growing, passing, standing still)" in capsys.readouterr().out
    assert main(["prompts", "use"]) == 0
    assert prompts.load_prompts().version == "1"


def test_the_environment_names_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = prompts.export_prompts(tmp_path / "mine")
    monkeypatch.setenv("VIDEODIRECTOR_PROMPTS", str(mine))
    assert prompts.load_prompts().folder == mine


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for target in (tmp_path, tmp_path / "file"):
        with pytest.raises(OutputError, match="exists already"):
            prompts.export_prompts(target)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("story.md", None, "no such file"),
        ("story.md", b"${wishes} ${begin} ${end}", "the placeholder ${format} is missing"),
        ("again.md", b"${problems} ${problem}", "unknown placeholder ${problem}"),
        ("again.md", b"${problems} costs $5", "does not begin a placeholder"),
        ("refine.md", b"\xff", "not UTF-8"),
        ("prompts.json", b"{}", "no version"),
        ("story_examples.json", b"[{}]", "example 0 has no valid 'story'"),
        ("story_examples.json", b'[{"story": "A fox.", "answer": {}}]', "no list of scenes"),
        ("layout_examples.json", b"[", "not JSON"),
        ("layout_examples.json", b'[{"scene": {"entities": {"fox": ""}}, "answer": {"layouts": {}}}]', "the same keys"),
        (
            "layout_examples.json",
            b'[{"scene": {"entities": {"fox": ""}}, "answer": {"layouts": {"fox": [[0, 0, 1, 2]]}}}]',
            "example 0: fox: nine boxes",
        ),
    ],
)
def test_folders_that_cannot_be_used(tmp_path: Path, name: str, content: bytes | None, problem: str) -> None:
    mine = prompts.export_prompts(tmp_path / "mine")
    (mine / name).unlink() if content is None else (mine / name).write_bytes(content)
    with pytest.raises(UsageError) as caught:
        prompts.use_folder(mine)
    assert problem in caught.value.message
    assert str(mine / name) in caught.value.message
    assert prompts.load_prompts().version == "1", "nothing is changed"
