"""The error tree: exit codes, hints, and messages a person can act on."""

import pickle
from pathlib import Path

import pytest

from videodirector import errors
from videodirector.errors import PlanError, PlanIssue, UsageError, VideoDirectorError

EXIT_CODES = {
    "VideoDirectorError": 1,
    "UsageError": 2,
    "PlanError": 2,
    "PlannerError": 3,
    "ModelError": 4,
    "ModelNotFoundError": 4,
    "ModelFormatError": 4,
    "MissingDependencyError": 4,
    "RenderError": 5,
    "BatchError": 5,
    "EncodeError": 5,
    "OutputError": 5,
    "RenderInterrupted": 130,
}


def test_every_error_has_its_exit_code_and_is_in_the_drawing() -> None:
    found = {name for name in errors.__all__ if isinstance(getattr(errors, name), type) and name != "PlanIssue"}
    assert found == set(EXIT_CODES)
    for name, code in EXIT_CODES.items():
        kind = getattr(errors, name)
        assert issubclass(kind, VideoDirectorError)
        assert kind.exit_code == code
        assert name in (errors.__doc__ or "")


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


@pytest.mark.parametrize("error", [UsageError("a", hint="b"), PlanError([PlanIssue("x", "y")], source="z.json")])
def test_errors_survive_the_way_home_from_a_worker(error: VideoDirectorError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
