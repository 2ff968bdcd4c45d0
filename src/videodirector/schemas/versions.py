"""The versions of the plan document, and the chain that brings an old one up to date.

Each upgrade turns the plain data of one version into that of the next, and the chain applies them in turn. A change of
the format is therefore one function here, one golden file in the tests, and nothing anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from videodirector.errors import PlanError, PlanIssue
from videodirector.schemas.problems import shorten

__all__ = ["CURRENT_VERSION", "UPGRADES", "Upgrade", "upgrade"]

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]

CURRENT_VERSION: Literal[1] = 1
"""The version that this release writes."""

UPGRADES: Mapping[int, Upgrade] = {}
"""From each older version, the way to the next. Version 1 is the first, so there is none yet."""


def upgrade(
    data: dict[str, Any], *, upgrades: Mapping[int, Upgrade] = UPGRADES, current: int = CURRENT_VERSION
) -> dict[str, Any]:
    """Plain plan data of any known version as that of the current one.

    Args:
        data: the parsed document; it is not changed.
        upgrades: the chain, from each version to the next.
        current: the version to arrive at.

    Raises:
        PlanError: ``schema_version`` is missing, not a whole number, of the future, or older than the chain reaches.
    """
    if "schema_version" not in data:
        raise _refused("missing", hint=f'add "schema_version": {current}')
    version = data["schema_version"]
    if not isinstance(version, int) or isinstance(version, bool):
        raise _refused("must be a whole number", version)
    if version > current:
        hint = f"this release reads versions up to {current}: update videodirector"
        raise _refused("was written by a newer release", version, hint=hint)
    data = dict(data)
    while version < current:
        step = upgrades.get(version)
        if step is None:
            raise _refused("is not a version that this release can read", version, hint=f"write version {current}")
        version += 1
        data = step(data) | {"schema_version": version}
    return data


def _refused(problem: str, found: object = None, *, hint: str = "") -> PlanError:
    return PlanError([PlanIssue("schema_version", problem, "" if found is None else shorten(found), hint)])
