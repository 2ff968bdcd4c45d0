"""The error tree: exit codes, hints, and messages a person can act on."""

import pickle
import re
from pathlib import Path

import pytest

from videodirector import errors
from videodirector.errors import PlanError, PlanIssue, UsageError, VideoDirectorError
from videodirector.planner import NotUnderstood

KINDS = [kind for name in errors.__all__ if issubclass(kind := getattr(errors, name), VideoDirectorError)]


def documented() -> dict[str, tuple[int, str]]:
    """Exit code and class of every code in the table of `docs/errors.md`."""
    text = (Path(__file__).parents[1] / "docs" / "errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| `(\w+)` \| .+ \| .* \|$", text, re.MULTILINE)
    return {code: (int(exit_code), name) for code, exit_code, name in rows}


def test_the_documented_table_and_the_classes_agree() -> None:
    assert documented() == {kind.code: (kind.exit_code, kind.__name__) for kind in KINDS}
    assert {kind.exit_code for kind in KINDS} == {1, 2, 3, 4, 5, 130}


def test_every_class_has_a_code_of_its_own_and_a_line_in_the_tree() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        assert re.search(rf"\b{kind.__name__}\b", errors.__doc__ or "")


def test_errors_of_other_rooms_have_a_documented_code() -> None:
    assert NotUnderstood("spin it").code == "planner-failed"


def test_message_and_hint_are_both_shown() -> None:
    error = UsageError("--steps is 0", hint="give 1 or more")
    assert str(error) == "--steps is 0\nhint: give 1 or more"
    assert error.hint == "give 1 or more"
    assert str(UsageError("--steps is 0")) == "--steps is 0"


def test_a_plan_error_names_file_path_problem_found_and_hint() -> None:
    issue = PlanIssue("scenes[1].frames", "must be at least 1", "0", "give 1 .. 1024")
    error = PlanError([issue], source="fox.json")
    assert error.issues == (issue,)
    assert error.source == Path("fox.json")
    for part in ("fox.json", "scenes[1].frames", "must be at least 1", "found 0", "give 1 .. 1024"):
        assert part in str(error)


def test_a_plan_error_with_many_issues_stays_readable() -> None:
    error = PlanError(PlanIssue(f"scenes[{n}].id", "missing") for n in range(100))
    assert len(error.issues) == 100
    assert "100 problems" in str(error)
    assert len(str(error).splitlines()) < 30


@pytest.mark.parametrize(
    "error",
    [
        UsageError("a", hint="b"),
        PlanError([PlanIssue("x", "y")], source="z.json"),
        UsageError.from_issues([PlanIssue("x", "y")]),
    ],
)
def test_errors_survive_the_way_home_from_a_worker(error: VideoDirectorError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
