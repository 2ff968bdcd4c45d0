"""Any bytes of any kind of document end in a documented exit code, in bounded time and memory; see ``fuzzing``."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anyjson import JSON
from fuzzing import DOCUMENTED, READERS, Ending, feed, spoil
from videodirector.errors import PlanError
from videodirector.schemas import VideoPlan

CASES = 25  # of each kind; benchmarks/fuzz.py runs ten thousand


def check(ending: Ending) -> None:
    """The bar of one case: CPU time with room for a busy machine."""
    assert ending.code in DOCUMENTED, ending.trace
    assert ending.seconds < 4
    assert ending.memory < 500 * 10**6


@pytest.mark.parametrize("kind", READERS)
def test_valid_documents_are_accepted(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reader = READERS[kind]
    ending = feed(reader, reader.valid(), tmp_path, random.Random(0))  # noqa: S311
    assert ending.code == 0, ending.trace


@pytest.mark.parametrize("kind", READERS)
def test_hostile_documents_end_as_documented(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reader = READERS[kind]
    for number in range(CASES):
        rng = random.Random(f"{kind} {number}")  # noqa: S311
        folder = tmp_path / str(number)
        folder.mkdir()
        check(feed(reader, spoil(reader.valid(), rng), folder, rng))


@given(document=st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_a_plan_or_a_plan_error(document: bytes) -> None:
    try:
        VideoPlan.from_json(document)
    except PlanError as error:
        str(error).encode()


@given(value=JSON, field=st.sampled_from(["scenes", "consistency_groups", "references", "notes", "seed", "frame_rate"]))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_json_in_a_plan_is_a_plan_or_a_plan_error(value: object, field: str) -> None:
    try:
        VideoPlan.parse({"schema_version": 1, "scenes": [{"id": "s1", "description": "a"}], field: value})
    except PlanError as error:
        str(error).encode()
