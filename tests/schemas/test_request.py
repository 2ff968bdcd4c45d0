"""What a planner may be asked for."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from videodirector.errors import UsageError
from videodirector.schemas import CastMember, PlanRequest, load_cast


def test_a_request_leaves_everything_but_the_story_open() -> None:
    request = PlanRequest(story="A fox \ud83e\udd8a runs \ud800.")
    assert request.story == "A fox 🦊 runs \ufffd.", "a story is any text"
    assert request.wishes == ()
    assert request.background(3) == ""


def test_wishes() -> None:
    request = PlanRequest.parse(
        {
            "story": "Mia runs.",
            "scenes": 3,
            "cast": [{"name": " Mia\n Moss "}],
            "style": "soft\nlight",
            "backgrounds": ["beach", "forest"],
            "frame_rate": "30000/1001",
        }
    )
    assert request.cast == (CastMember(name="Mia Moss"),)
    assert request.style == "soft light", "a line of a description"
    assert [request.background(index) for index in range(3)] == ["beach", "forest", "forest"]
    assert request.wishes == ("scenes", "cast", "style", "backgrounds")
    assert request.frame_rate == Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("wish", "part"),
    [
        ({"scenes": 0}, "scenes: .* found 0"),
        ({"max_entities": 101}, "max_entities"),
        ({"seed": -1}, "seed"),
        ({"cast": [{"name": "Mia"}, {"name": " mia"}]}, "two of the cast have one name: 'mia'"),
        ({"cast": [{"name": "Mia", "descripton": "a girl"}]}, "did you mean 'description'"),
        ({"scenes": 1, "backgrounds": ["a", "b"]}, "2 backgrounds for 1 scenes"),
        ({"scense": 4}, "did you mean 'scenes'"),
    ],
)
def test_wishes_that_cannot_be_meant(wish: dict[str, object], part: str) -> None:
    with pytest.raises(UsageError, match=part):
        PlanRequest.parse({"story": "A fox runs.", **wish})


def test_a_cast_file(tmp_path: Path) -> None:
    file = tmp_path / "cast.json"
    cast = [{"name": "Mia", "description": "a girl in a red coat", "picture": "mia.png"}, {"name": "Rex"}]
    file.write_text(json.dumps(cast), encoding="utf-8-sig")
    mia, rex = load_cast(file)
    assert mia == CastMember(name="Mia", description="a girl in a red coat", picture=str(tmp_path / "mia.png"))
    assert rex == CastMember(name="Rex")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[[[[", b'{"name": "Mia"}', b'[{"called": "Mia"}]', b"[1]"])
def test_cast_files_that_are_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cast.json").write_bytes(content)
    with pytest.raises(UsageError, match=r"cast\.json: this is not a cast: ") as caught:
        load_cast(tmp_path / "cast.json")
    assert '[{"name": "Mia"' in caught.value.hint
    with pytest.raises(UsageError, match="cannot be read"):
        load_cast(tmp_path / "missing.json")
