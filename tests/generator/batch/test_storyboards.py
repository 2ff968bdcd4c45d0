import json
from pathlib import Path

import pytest

from support import fox_plan, grey_plan
from videodirector.errors import PlanError, UsageError
from videodirector.generator.batch import Storyboard, build_storyboards, read_storyboards

STORY = "A fox walks."


def lines(path: Path, *items: object) -> Path:
    texts = [item if isinstance(item, str) and item.startswith("raw:") else json.dumps(item) for item in items]
    path.write_text("\n".join(text.removeprefix("raw:") for text in texts) + "\n", encoding="utf-8")
    return path


def complaints(storyboards: list[Storyboard]) -> dict[str, str]:
    return {storyboard.id: str(storyboard.error) for storyboard in storyboards if storyboard.error is not None}


def test_stories_plans_and_paths(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    plan = json.loads(fox_plan().to_json())
    fox_plan().save(folder / "my fox.plan.json")
    (folder / "owl.txt").write_text("An owl.\n", encoding="utf-8-sig")
    file = lines(
        folder / "all.jsonl",
        STORY,
        {"story": STORY, "id": "fox", "seed": 4, "transition": "fade"},
        "raw:",
        plan,
        {"plan": plan, "steps": 3},
        {"plan": "my fox.plan.json"},
        {"path": "owl.txt"},
        {"path": "my fox.plan.json", "id": "again"},
    )
    found = read_storyboards(file)
    assert complaints(found) == {}
    assert [storyboard.id for storyboard in found] == ["0001", "fox", "0003", "0004", "my-fox", "owl", "again"]
    assert [storyboard.source for storyboard in found][:3] == [f"{file}:1", f"{file}:2", f"{file}:4"]
    assert [storyboard.story for storyboard in found] == [STORY, STORY, None, None, None, "An owl.\n", None]
    assert found[1].options == {"seed": 4, "transition": "fade"}
    plans = [storyboard.read_plan() for storyboard in found]
    assert plans == [None, None, *[fox_plan().checked()] * 3, None, fox_plan().checked()]


def test_what_cannot_be_used_is_kept_apart(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "all.jsonl",
        "raw:{",
        {"story": " "},
        {"story": STORY, "plan": "x.json", "id": "both"},
        {"id": "nothing"},
        {"story": STORY, "id": "../../etc/passwd"},
        {"story": STORY, "id": 7},
        {"path": "missing.txt"},
        7,
        {"story": 7},
        {"plan": 7},
        {"story": STORY, "id": "twin"},
        {"story": STORY, "id": "Twin"},
        {"story": STORY, "id": "good"},
        "raw:" + "[" * 100_000,
    )
    found = read_storyboards(file)
    assert [storyboard.id for storyboard in found if storyboard.error is None] == ["twin", "good"]
    said = complaints(found)
    for name, part in {
        "0001": "line 1 is not JSON",
        "0002": "the story is empty",
        "both": "found story and plan",
        "nothing": "found none",
        "0005": "cannot be the name of a video",
        "0006": "cannot be the name of a video",
        "0007": "missing.txt",
        "0008": "a story, a plan or an object, not 7",
        "0009": "a story is a text",
        "0010": "an object or the name of a file",
        "Twin-12": "is called 'Twin' as well",
        "0014": "not JSON",
    }.items():
        assert part in said.pop(name)
    assert said == {}


def test_a_missing_plan_is_found_when_it_is_read(tmp_path: Path) -> None:
    (storyboard,) = read_storyboards(lines(tmp_path / "all.jsonl", {"plan": "none.json"}))
    with pytest.raises(PlanError, match="no such file"):
        storyboard.read_plan()


def test_csv(tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text(
        'id,story,seed,otio,backgrounds,subtitles\na,"A fox, and an owl.",4,true,"[""forest""]",srt\nb,A cat.,,,,\n\n'
        "c,A dog.,1,2,3,4,5\n,,7\n",
        encoding="utf-8",
    )
    found = read_storyboards(file)
    assert [storyboard.id for storyboard in found] == ["a", "b", "0003", "0004"]
    assert found[0].story == "A fox, and an owl."
    assert found[0].options == {"seed": 4, "otio": True, "backgrounds": ["forest"], "subtitles": "srt"}
    assert found[1].options == {}
    assert "7 columns" in complaints(found)["0003"]
    assert "found none" in complaints(found)["0004"]


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text(STORY)
    fox_plan().save(tmp_path / "a.json")
    (tmp_path / "notes.md").write_text("no storyboard")
    (tmp_path / "report.jsonl").write_text("no storyboard")
    assert [(storyboard.id, storyboard.story) for storyboard in read_storyboards(tmp_path)] == [
        ("a", None),
        ("b", STORY),
    ]


@pytest.mark.parametrize("content", [None, b"", b"\n\n", b"\xff\xfe\x00"])
@pytest.mark.parametrize("name", ["all.jsonl", "all.csv"])
def test_files_with_nothing_in_them(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=name.replace(".", r"\.")) as caught:
        read_storyboards(tmp_path / name)
    assert caught.value.hint
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no storyboards"):
        read_storyboards(tmp_path / "empty")


def test_from_python(tmp_path: Path) -> None:
    fox_plan().save(tmp_path / "fox.json")
    plan = grey_plan(1)
    found = build_storyboards([STORY, plan, tmp_path / "fox.json", {"story": STORY, "id": "mine", "seed": 3}])
    assert [storyboard.id for storyboard in found] == ["0001", "0002", "fox", "mine"]
    assert found[1].read_plan() == plan.checked()
    with pytest.raises(UsageError, match="no storyboards"):
        build_storyboards([])


def test_a_digest_changes_with_what_is_asked(tmp_path: Path) -> None:
    file = fox_plan().save(tmp_path / "fox.json")
    first = Storyboard(id="a", source="one", plan=file).digest()
    assert Storyboard(id="b", source="two", plan=file).digest() == first
    assert Storyboard(id="a", source="one", plan=file, options={"seed": 1}).digest() != first
    grey_plan(1).save(file)
    assert Storyboard(id="a", source="one", plan=file).digest() != first
