"""The upgrade chain, tried with a toy history."""

from typing import Any

import pytest

from videodirector.errors import PlanError
from videodirector.schemas import CURRENT_VERSION, upgrade
from videodirector.schemas.versions import UPGRADES


def rename(data: dict[str, Any]) -> dict[str, Any]:
    return {"prompt": data["story"]} | {key: value for key, value in data.items() if key != "story"}


def shout(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"prompt": data["prompt"].upper()}


def test_steps_are_applied_in_turn_and_the_input_is_left_alone() -> None:
    old = {"schema_version": 3, "story": "a fox"}
    new = upgrade(old, upgrades={3: rename, 4: shout}, current=5)
    assert new == {"schema_version": 5, "prompt": "A FOX"}
    assert old == {"schema_version": 3, "story": "a fox"}
    assert upgrade({"schema_version": 4, "prompt": "x"}, upgrades={3: rename, 4: shout}, current=5)["prompt"] == "X"


def test_the_current_version_passes_unchanged() -> None:
    data = {"schema_version": CURRENT_VERSION, "anything": 1}
    assert upgrade(data) == data
    assert all(version < CURRENT_VERSION for version in UPGRADES)


@pytest.mark.parametrize("version", [-1, 0, 2, pytest.param(10**5000, id="huge"), 1.0, "1", None, True, [1]])
def test_other_versions_are_refused(version: object) -> None:
    with pytest.raises(PlanError, match="schema_version"):
        upgrade({"schema_version": version})


def test_a_hole_in_the_chain_is_refused() -> None:
    with pytest.raises(PlanError, match="not a version"):
        upgrade({"schema_version": 3}, upgrades={4: shout}, current=5)
