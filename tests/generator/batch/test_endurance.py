"""Long batches and short lives."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from support import GreyBackend, grey_plan
from videodirector import Director

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.mark.slow
def test_a_batch_survives_being_killed(capsys: pytest.CaptureFixture[str]) -> None:
    """Few of the thirty kills that ``benchmarks/batch_kills.py`` does when it is run by hand."""
    spec = importlib.util.spec_from_file_location("batch_kills", BENCHMARKS / "batch_kills.py")
    assert spec is not None
    assert spec.loader is not None
    kills = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kills)
    assert kills.main(["--kills", "3", "--storyboards", "3"]) == 0
    assert "drawn again: 0" in capsys.readouterr().out


@pytest.mark.slow
def test_a_hundred_storyboards_with_five_broken_ones(tmp_path: Path) -> None:
    items: list[object] = [{"plan": grey_plan(number, frames=2), "id": f"good{number}"} for number in range(95)]
    broken = grey_plan(1)
    broken.scenes = []
    bad: dict[str, dict[str, Any]] = {
        "empty": {"story": "  "},
        "plan": {"plan": broken},
        "missing": {"path": "missing.json"},
        "option": {"story": "A fox.", "steps": 0},
        "both": {"story": "A fox.", "plan": "fox.json"},
    }
    for place, (name, item) in enumerate(bad.items()):
        items.insert(20 * place, item | {"id": name})
    director = Director(backend=GreyBackend(), cache=tmp_path / "cache")
    results = list(director.render_many(items, tmp_path / "out"))
    failed = {result.id: result.error for result in results if result.status == "failed"}
    assert failed.keys() == bad.keys()
    assert all(error is not None and error.message and "Traceback" not in error.message for error in failed.values())
    assert len(list((tmp_path / "out").glob("*.mp4"))) == 95
