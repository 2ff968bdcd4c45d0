"""VideoPlan: what is valid, what is refused and how it is said, groups, and the way to a file and back."""

import json
import math
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from support import calls
from videodirector.errors import PlanError
from videodirector.planner import refine
from videodirector.schemas import Entity, Scene, VideoPlan, changes, json_schema

GOLDEN = Path(__file__).parents[1] / "golden" / "plan_v1.json"
BOX = [0.1, 0.2, 0.4, 0.6]


def scene(scene_id: str = "s1", **changes: Any) -> dict[str, Any]:
    entity = {"id": "fox", "name": "fox", "layout": [BOX, None]}
    return {"id": scene_id, "description": "A fox.", "background": "forest", "entities": [entity]} | changes


def document(*scenes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"schema_version": 1, "scenes": list(scenes or [scene()])} | changes


def refused(data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(PlanError) as caught:
        VideoPlan.parse(data)
    return {issue.path: f"{issue.problem} | {issue.found} | {issue.hint}" for issue in caught.value.issues}


def test_the_golden_file_reads_and_writes_to_the_byte(tmp_path: Path) -> None:
    plan = VideoPlan.load(GOLDEN)
    assert plan.save(tmp_path / "plan.json").read_text(encoding="utf-8") == GOLDEN.read_text(encoding="utf-8")
    assert plan.frame_rate == Fraction(8)
    assert plan.scene("s2").entity("owl").layout[0] is None
    assert plan.scene("s3").transition == "crossfade"


def test_defaults() -> None:
    plan = VideoPlan(scenes=[Scene(id="s1", description="")])
    assert (plan.schema_version, plan.seed, plan.frame_rate, plan.scenes[0].frames) == (1, 0, Fraction(8), 16)
    assert plan.consistency_groups == {}


def test_an_edit_is_checked_when_the_plan_is_saved(tmp_path: Path) -> None:
    plan = VideoPlan.parse(document())
    plan.scenes[0].entities[0].layout[-1] = (0.6, 0.4, 0.9, 0.8)  # type: ignore[call-overload]
    path = plan.save(tmp_path / "plan.json")
    assert VideoPlan.load(path).scenes[0].entities[0].layout[-1] == (0.6, 0.4, 0.9, 0.8)
    plan.scenes[0].entities[0].layout[-1] = (0.6, 0.4, 0.1, 0.8)  # type: ignore[call-overload]
    before = path.read_bytes()
    with pytest.raises(PlanError, match=r"scenes\[0\]\.entities\[0\]\.layout\[1\]"):
        plan.save(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("box", "problem"),
    [
        ([math.nan, 0, 1, 1], "finite"),
        ([0, 0, math.inf, 1], "finite"),
        ([0, 0, 1e308, 1], "[0, 1]"),
        ([0, 0, 1.5, 1], "[0, 1]"),
        ([-0.1, 0, 0.5, 1], "[0, 1]"),
        ([0.5, 0, 0.1, 1], "x1 > x0"),
        ([0, 0.9, 1, 0.1], "y1 > y0"),
        ([0, 0, 1], "four numbers"),
        ("left", "four numbers"),
        ({"x0": 0}, "four numbers"),
    ],
)
def test_bad_boxes_are_refused_with_their_path(box: object, problem: str) -> None:
    data = document(scene(entities=[{"id": "fox", "name": "fox", "layout": [BOX, box]}]))
    found = refused(data)
    assert list(found) == ["scenes[0].entities[0].layout[1]"]
    assert problem in found["scenes[0].entities[0].layout[1]"]


@pytest.mark.parametrize("frames", [0, -1, 10_000_000, 10**30, 1.5, "16", True, None])
def test_frames_out_of_bounds(frames: object) -> None:
    assert list(refused(document(scene(frames=frames)))) == ["scenes[0].frames"]


@pytest.mark.parametrize(
    ("data", "path", "part"),
    [
        (document(scenes=[]), "scenes", "at least 1"),
        (document(scene(), scene()), "scenes[1].id", "two scenes have this id"),
        (document(scene(continues="s9")), "scenes[0].continues", "there is no scene of this id"),
        (document(scene(continues="s1")), "scenes[0].continues", "comes before it"),
        (document(scene(continues="s2"), scene("s2")), "scenes[0].continues", "comes before it"),
        (document(scene(id="a b")), "scenes[0].id", "letters, digits"),
        (document(scene(id="../x")), "scenes[0].id", "letters, digits"),
        (document(scene(layout_strength=1.2)), "scenes[0].layout_strength", "less than or equal to 1"),
        (document(scene(layout_strength=math.nan)), "scenes[0].layout_strength", "finite"),
        (document(scene(transition="wipe")), "scenes[0].transition", "crossfade"),
        (document(scene(transition_frames=0)), "scenes[0].transition_frames", "greater than or equal to 1"),
        (document(scene(audio="")), "scenes[0].audio", "at least 1"),
        (document(scene(frame_rate=0)), "scenes[0].frame_rate", "between"),
        (document(scene(frame=8)), "scenes[0].frame", "did you mean 'frames'"),
        (document(colour="red"), "colour", "unknown field"),
        (document(scene(entities=[{"id": "fox", "name": "fox", "layout": []}])), "scenes[0].entities[0].layout", "1"),
        (document(scene(description="a\ud800b")), "scenes[0].description", "lone surrogate"),
        (document(seed=-1), "seed", "greater"),
        (document(seed=2**63), "seed", "less"),
        (document(frame_rate="29,97"), "frame_rate", "30000/1001"),
        (document(frame_rate="8/0"), "frame_rate", "30000/1001"),
        (document(frame_rate=0), "frame_rate", "between"),
        (document(consistency_groups={"fox": []}), "consistency_groups.fox", "at least 1"),
        (document(consistency_groups={"fox": ["s9"]}), "consistency_groups.fox[0]", "no scene of this id"),
        (document(consistency_groups={"fox": ["s1", "s1"]}), "consistency_groups.fox[1]", "twice"),
        (document(consistency_groups={"red car": ["s1"]}), 'consistency_groups["red car"]', "no entity"),
        (document(references={"owl": "owl.png"}), "references.owl", "no entity"),
        (document(schema_version=2), "schema_version", "newer release"),
        (document(schema_version=0), "schema_version", "not a version"),
        (document(schema_version="1"), "schema_version", "whole number"),
        (document(schema_version=True), "schema_version", "whole number"),
        ({"scenes": [scene()]}, "schema_version", 'add "schema_version": 1'),
    ],
)
def test_what_is_refused_and_how_it_is_said(data: dict[str, Any], path: str, part: str) -> None:
    found = refused(data)
    assert list(found) == [path]
    assert part in found[path]


def test_two_entities_of_one_id() -> None:
    fox = {"id": "fox", "name": "fox", "layout": [BOX]}
    assert "two entities" in refused(document(scene(entities=[fox, fox])))["scenes[0].entities[1].id"]


def test_all_problems_are_reported_at_once() -> None:
    broken = scene(frames=0, entities=[{"id": "fox", "name": "", "layout": [[2, 0, 1, 1]]}])
    found = refused(document(broken, scene(), scene("s2", tempo=1), consistency_groups={"owl": ["s7"]}))
    assert set(found) == {
        "scenes[0].frames",
        "scenes[0].entities[0].name",
        "scenes[0].entities[0].layout[0]",
        "scenes[1].id",
        "scenes[2].tempo",
        "consistency_groups.owl[0]",
    }


def test_the_constructor_speaks_pydantic() -> None:
    with pytest.raises(ValidationError):
        VideoPlan(scenes=[])


def test_groups_are_derived_by_name_when_absent_and_kept_when_given() -> None:
    ducks = [{"id": f"duck-{n}", "name": "Duck", "layout": [BOX]} for n in (1, 2)]
    plan = VideoPlan.parse(document(scene(), scene("s2", entities=ducks), scene("s3", background=" Forest ")))
    assert plan.consistency_groups == {"fox": ["s1", "s3"], "forest": ["s1", "s2", "s3"], "duck": ["s2"]}
    assert plan.group_of(plan.scene("s2"), plan.scene("s2").entity("duck-2")) == "duck"
    kept = VideoPlan.parse(document(scene(), scene("s2"), consistency_groups={"fox": ["s2"]}))
    assert kept.consistency_groups == {"fox": ["s2"]}
    assert kept.group_of(kept.scene("s1"), kept.scene("s1").entity("fox")) is None
    assert kept.group_of(kept.scene("s2"), kept.scene("s2").entity("fox")) == "fox"
    assert kept.background_group(kept.scene("s2")) is None
    assert VideoPlan.parse(document(consistency_groups={})).consistency_groups == {}
    assert VideoPlan.from_json(kept.to_json()).consistency_groups == {"fox": ["s2"]}


def test_an_id_ties_differently_named_entities() -> None:
    vixen = {"id": "fox", "name": "vixen", "layout": [BOX]}
    groups = {"fox": ["s1", "s2"]}
    plan = VideoPlan.parse(document(scene(), scene("s2", entities=[vixen]), consistency_groups=groups))
    assert [plan.group_of(where, entity) for where, entity in plan.appearances()] == ["fox", "fox"]


def test_references_are_found_by_id_and_by_group() -> None:
    ducks = [{"id": f"duck-{n}", "name": "duck", "layout": [BOX]} for n in (1, 2)]
    plan = VideoPlan.parse(document(scene(entities=ducks), references={"duck": "any.png", "duck-2": "two.png"}))
    assert [plan.reference_of(where, entity) for where, entity in plan.appearances()] == ["any.png", "two.png"]


def test_a_thousand_scenes_validate_within_a_second_and_in_ten_times_the_work_of_a_hundred() -> None:
    things = [{"id": f"e{n}", "name": f"thing {n}", "layout": [BOX] * 9} for n in range(3)]
    few, many = (document(*(scene(f"s{n}", entities=things) for n in range(count))) for count in (100, 1000))
    assert calls(lambda: VideoPlan.parse(many)) < 11 * calls(lambda: VideoPlan.parse(few))
    start = time.process_time()
    plan = VideoPlan.parse(many)
    assert time.process_time() - start <= 1.0
    assert len(plan.consistency_groups["thing 1"]) == 1000


def test_looking_up_what_is_not_there() -> None:
    plan = VideoPlan.parse(document())
    with pytest.raises(KeyError):
        plan.scene("s9")
    with pytest.raises(KeyError):
        plan.scene("s1").entity("owl")


def test_the_json_schema_describes_the_golden_file() -> None:
    schema = json_schema()
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert set(golden) <= set(schema["properties"])
    assert {"schema_version", "scenes"} <= set(schema["required"])
    assert schema["additionalProperties"] is False
    box = schema["$defs"]["Entity"]["properties"]["layout"]["items"]["anyOf"][0]
    assert (box["minItems"], box["maxItems"], box["items"]["maximum"]) == (4, 4, 1)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
names = texts.filter(bool)
coordinates = st.tuples(st.floats(0, 0.49), st.floats(0, 0.49), st.floats(0.5, 1), st.floats(0.5, 1))
entities: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict, name=names, description=texts, layout=st.lists(st.none() | coordinates.map(list), min_size=1, max_size=9)
)
scenes: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    description=texts,
    background=texts,
    frames=st.integers(1, 1024),
    entities=st.lists(entities, max_size=3).map(lambda found: [e | {"id": f"e{n}"} for n, e in enumerate(found)]),
    layout_strength=st.none() | st.floats(0, 1),
    transition=st.sampled_from([None, "cut", "crossfade", "fade", "hold"]),
    frame_rate=st.sampled_from([None, "4/1", 12]),
    transition_frames=st.none() | st.integers(1, 1024),
    subtitle=st.none() | texts,
    seed=st.none() | st.integers(0, 2**63 - 1),
)
plans = st.builds(
    document,
    frame_rate=st.sampled_from(["8/1", 24, "30000/1001", "1/2"]),
    prompt=texts,
    seed=st.integers(0, 2**63 - 1),
    scenes=st.lists(scenes, min_size=1, max_size=4).map(
        lambda found: [s | {"id": f"s{n}"} for n, s in enumerate(found)]
    ),
    notes=st.lists(texts, max_size=3),
)


@settings(deadline=None)
@given(plans)
def test_what_is_saved_is_what_is_loaded(data: dict[str, Any]) -> None:
    plan = VideoPlan.parse(data)
    text = plan.to_json()
    assert VideoPlan.from_json(text) == plan
    assert VideoPlan.from_json(text.encode()).to_json() == text


def test_an_entity_knows_its_boxes_for_every_frame() -> None:
    entity = Entity.model_validate({"id": "fox", "name": "fox", "layout": [BOX, None]})
    assert entity.boxes(4) == [tuple(BOX), tuple(BOX), None, None]


def test_a_schema_link_is_kept_and_is_no_difference(tmp_path: Path) -> None:
    plan = VideoPlan.parse({"$schema": "./plan.schema.json", **document()})
    file = plan.save(tmp_path / "plan.json")
    assert next(iter(json.loads(file.read_text()))) == "$schema"
    assert VideoPlan.load(file) == plan.checked() == plan
    assert refine(plan, "remove the fox from scene 1").schema_link == "./plan.schema.json"
    assert changes(plan, VideoPlan.parse(document())) == ()
    assert set(refused({"$schema": 3, **document()})) == {'["$schema"]'}
    assert set(refused({"schema_link": "x", **document()})) == {"schema_link"}


def test_the_json_schema_names_itself() -> None:
    schema = json_schema()
    assert schema["$id"] == "urn:videodirector:plan:1"
    assert "$schema" in schema["properties"]
