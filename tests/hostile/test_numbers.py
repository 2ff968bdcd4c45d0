"""Numbers and sizes that strangers choose: refused at once, in linear memory, with a summary of the problems."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from videodirector.errors import ModelFormatError, PlanError, RenderError, VideoDirectorError
from videodirector.files.bounded_json import MAX_DEPTH, parse_bounded
from videodirector.layout2vid._output_types import to_bytes
from videodirector.layout2vid.weights.checkpoint import check_values
from videodirector.schemas import Box, Manifest, VideoPlan, box_at, dense

MANIFEST = Path(__file__).parents[1] / "golden" / "manifest_v1.json"
SCENE = {"id": "s1", "description": "a"}


def refusal(document: object) -> PlanError:
    """The error in which this plan ends."""
    with pytest.raises(PlanError) as caught:
        VideoPlan.from_json(json.dumps(document))
    return caught.value


def test_two_million_members_of_a_group_are_summarised() -> None:
    error = refusal({"schema_version": 1, "scenes": [SCENE], "consistency_groups": {"g": ["s1"] * 2_000_000}})
    assert len(error.issues) < 5
    assert any("2,000,000 times" in issue.problem for issue in error.issues)


def test_problems_of_a_kind_are_counted() -> None:
    error = refusal({"schema_version": 1, "scenes": [SCENE], "consistency_groups": {"g": ["x"] * 5_000}})
    assert len(error.issues) == 11
    assert error.issues[-1].problem == "4,990 more like it"


@pytest.mark.parametrize("scene", [{}, SCENE, 0, None])
def test_a_million_scenes_are_one_problem(scene: object) -> None:
    assert len(refusal({"schema_version": 1, "scenes": [scene] * 1_000_000}).issues) == 1


def test_a_plan_of_errors_is_given_up() -> None:
    things = [{"id": f"e{number}", "name": "a", "layout": [0] * 500} for number in range(50)]
    scenes = [{**SCENE, "id": f"s{number}", "entities": things} for number in range(100)]
    error = refusal({"schema_version": 1, "scenes": scenes})
    assert len(error.issues) == 11
    assert error.issues[-1].problem == "24,990 more like it"  # those of the first scene; the others were not looked at


def test_unknown_fields_are_counted() -> None:
    assert len(refusal({"schema_version": 1, "scenes": [{**SCENE, **{f"x{n}": 0 for n in range(9_999)}}]}).issues) == 1


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 900, "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "9" * 10_000, "[" + "{}," * 600_000],
    ids=["brackets", "objects", "depth", "digits", "many"],
)
def test_json_beyond_the_bounds_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_bounded(text)


def test_the_deepest_json_is_read() -> None:
    assert parse_bounded("[" * MAX_DEPTH + "]" * MAX_DEPTH)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("scenes", 0, "threads"), 1_000_000),
        (("scenes", 0, "threads"), True),
        (("scenes", 0, "threads"), 0),
        (("video", "width"), 10**6),
        (("video", "width"), 0),
        (("video", "frames"), 10**400),
        (("inputs",), {"a": float("nan")}),
        (("inputs",), {"a": {"b": [float("inf")]}}),
        (("scenes",), []),
        (("scenes", 1), None),
    ],
)
def test_a_manifest_is_bounded(path: tuple[str | int, ...], value: object) -> None:
    document: Any = json.loads(MANIFEST.read_bytes())
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(VideoDirectorError) as caught:
        Manifest.from_json(json.dumps(document), source="a.json")
    assert caught.value.exit_code == 2


def test_a_manifest_lacks_no_record() -> None:
    document = json.loads(MANIFEST.read_bytes())
    del document["scenes"][1]
    with pytest.raises(PlanError, match="records"):
        Manifest.from_json(json.dumps(document), source="a.json")


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_named(bad: float) -> None:
    network = torch.nn.Linear(4, 4)
    check_values({"unet": network}, "a model")
    with torch.no_grad():
        network.weight[1, 2] = bad
    with pytest.raises(ModelFormatError, match=r"unet.*1 of 16 numbers of weight"):
        check_values({"unet": network}, "a model")


def test_large_weights_are_no_fault() -> None:
    network = torch.nn.Linear(4, 4)
    with torch.no_grad():
        network.weight.fill_(3e38)
    check_values({"unet": network}, "a model")


def test_pictures_that_are_no_numbers_are_not_kept() -> None:
    pictures = torch.zeros(1, 3, 4, 4)
    assert to_bytes(pictures).dtype == np.uint8
    pictures[0, 0, 0, 0] = torch.nan
    with pytest.raises(RenderError):
        to_bytes(pictures)


def test_one_box_of_a_layout_is_that_of_all() -> None:
    layout = [Box(0.1, 0.1, 0.4, 0.4), None, Box(0.5, 0.5, 0.9, 0.9), Box(0.2, 0.5, 0.9, 0.9)]
    for frames in (1, 2, 3, 7, 50):
        assert [box_at(layout, frame, frames) for frame in range(frames)] == dense(layout, frames)
