"""Plans changed by requests: what was asked is changed, and nothing else."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videodirector import Director, VideoPlan
from videodirector.cli import main
from videodirector.errors import PlannerError
from videodirector.planner import OfflinePlanner, UnknownRequestError, refine
from videodirector.planner.refine.edit_errors import EXAMPLE_REQUESTS, EditError
from videodirector.schemas import Box, changes

STORY = (
    "A fox and an owl sit beside a dog and a ball in the forest. "
    "The car drives past the fox and the owl to the right. The moon shines over three ducks. The owl flies away."
)
PLAN = OfflinePlanner().plan(STORY)


def box(plan: VideoPlan, scene: str, entity: str, key: int = 0) -> Box:
    found = plan.scene(scene).entity(entity).layout[key]
    assert found is not None
    return found


def paths(request: str, plan: VideoPlan = PLAN) -> list[str]:
    return [change.path for change in changes(plan, refine(plan, request))]


@pytest.mark.parametrize("request_", EXAMPLE_REQUESTS)
def test_every_example_of_the_hint_is_understood_and_changes_something(request_: str) -> None:
    before = PLAN.model_copy(deep=True)
    assert paths(request_)
    assert before == PLAN, "the plan that was given stays as it is"


@pytest.mark.parametrize(
    ("request_", "changed"),
    [
        ("make the owl bigger in scene 2", ["scenes[s2].entities[owl].layout"]),
        ("In scene 2, move the owl up a bit.", ["scenes[s2].entities[owl].layout"]),
        ("scene 1: put the ball on the dog", ["scenes[s1].entities[ball].layout"]),
        ("make the second duck smaller and move it to the left", ["scenes[s3].entities[duck-2].layout"]),
        ("please let the fox appear later in the first scene", ["scenes[s1].entities[fox].layout"]),
        ("show the owl only in the second half of scene 2", ["scenes[s2].entities[owl].layout"]),
        ("swap the fox and the dog", ["scenes[s1].entities[fox].layout", "scenes[s1].entities[dog].layout"]),
        ("make scene 2 3 seconds long", ["scenes[s2].frames"]),
        ("shorten the last scene by 4 frames", ["scenes[s4].frames"]),
        ("make the car faster", ["scenes[s2].entities[car].layout"]),
        ("freeze the car", ["scenes[s2].entities[car].layout"]),
        ("change the description of scene 3 to Quiet night", ["scenes[s3].description"]),
    ],
)
def test_only_what_was_asked_is_changed(request_: str, changed: list[str]) -> None:
    assert paths(request_) == changed


def test_larger_stands_on_the_same_ground_and_moves_go_where_they_should() -> None:
    found = refine(PLAN, "make the ball twice as big in scene 1")
    before, after = box(PLAN, "s1", "ball"), box(found, "s1", "ball")
    assert after.height == pytest.approx(2 * before.height, abs=0.002)
    assert after.y1 == pytest.approx(before.y1, abs=0.002)
    moved = box(refine(PLAN, "move the moon to the lower left corner"), "s3", "moon").centre
    assert moved == pytest.approx((0.2, 0.8), abs=0.15)
    one, other = "put the ball to the left of the fox", "put the ball to the right of the fox"
    fox = box(PLAN, "s1", "fox").centre[0]
    assert box(refine(PLAN, one), "s1", "ball").centre[0] < fox < box(refine(PLAN, other), "s1", "ball").centre[0]
    assert [e.id for e in refine(PLAN, "put the owl behind the fox").scene("s1").entities].index("owl") == 0
    later = refine(PLAN, "let the fox leave earlier in scene 1").scene("s1").entity("fox").layout
    assert later[0] is not None
    assert later[-1] is None


def test_names_colours_and_groups_stay_true() -> None:
    found = refine(PLAN, "rename the fox to Rusty and make the car blue")
    assert [e.name for e in found.scene("s2").entities if e.id in ("fox", "car")] == ["Rusty", "blue car"]
    assert found.consistency_groups["rusty"] == ["s1", "s2"]
    assert found.scene("s1").description.startswith("Rusty and an owl")
    assert "blue car" in found.scene("s2").description
    gone = refine(PLAN, "remove the fox")
    assert "fox" not in gone.consistency_groups
    assert any("fox" in note for note in gone.notes), "the description still speaks of it"
    own = PLAN.model_copy(update={"consistency_groups": {"fox": ["s1"]}, "references": {"fox": "fox.png"}})
    renamed = refine(own, "rename the fox to Rusty in scene 1")
    assert (renamed.consistency_groups, renamed.references) == (own.consistency_groups, own.references), "by its id"
    cat = refine(PLAN, "replace the dog with a cat")
    assert cat.scene("s1").entity("cat").layout == PLAN.scene("s1").entity("dog").layout


def test_newcomers_have_a_name_a_place_and_a_sentence() -> None:
    found = refine(PLAN, "add two mice to scene 3 and add a red kite on the left to scene 1")
    assert [entity.id for entity in found.scene("s3").entities][-2:] == ["mouse-1", "mouse-2"]
    assert found.scene("s3").description.endswith("There are two mice.")
    kite = found.scene("s1").entity("red-kite")
    assert (kite.name, kite.description) == ("red kite", "a red kite")
    assert box(found, "s1", "red-kite").centre[0] < 0.4
    back = refine(PLAN, "add the moon to scene 1").scene("s1").entity("moon")
    assert back.name == "moon", "the same thing as in the other scene"


def test_scenes_are_deleted_repeated_and_reordered() -> None:
    def order(request: str) -> list[str]:
        return [scene.id for scene in refine(PLAN, request).scenes]

    assert order("delete scenes 1 and 3") == ["s2", "s4"]
    assert order("duplicate scene 2") == ["s1", "s2", "s2-2", "s3", "s4"]
    assert order("move scene 3 before scene 1") == ["s3", "s1", "s2", "s4"]
    assert order("move the first scene to the end") == ["s2", "s3", "s4", "s1"]
    assert order("swap scenes 1 and 4") == ["s4", "s2", "s3", "s1"]
    copied = refine(PLAN, "duplicate scene 2")
    assert copied.scene("s2-2").entities == copied.scene("s2").entities
    assert copied.consistency_groups["fox"] == ["s1", "s2", "s2-2"]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("make the dragon bigger", "no “dragon”"),
        ("make the owl bigger in scene 9", "no scene 9"),
        ("make the duck bigger", "3 of “duck”"),
        ("delete scenes 1, 2, 3 and 4", "one scene at least"),
        ("make it bigger", "nothing was named"),
        ("let the fox appear earlier in scene 1", "there from the beginning"),
        ("make the ball faster", "does not move"),
        ("scale the ball by 1000", "out of range"),
        ("put the moon on the fox", "no scene has both"),
        ("set the background of scene 1 to the forest", "already"),
    ],
)
def test_what_cannot_be_done_is_said(request_: str, said: str) -> None:
    with pytest.raises(EditError, match=said):
        refine(PLAN, request_)


def test_what_is_so_already_keeps_nothing_else_from_being_done() -> None:
    found = refine(PLAN, "make the fox bigger in scene 1 and let it appear earlier")
    assert box(found, "s1", "fox").area > box(PLAN, "s1", "fox").area
    assert found.notes[-1] == "“let it appear earlier”: it is there from the beginning."
    again = refine(found, "make the fox bigger in scene 1 and let it appear earlier")
    assert again.notes == found.notes, "said once"
    with pytest.raises(EditError, match="there from the beginning"):
        refine(PLAN, "let the fox appear earlier in scene 1 and let the fox appear earlier in scene 1")
    with pytest.raises(EditError, match="no scene 9"):
        refine(PLAN, "make the fox bigger in scene 1 and make the owl bigger in scene 9")


@pytest.mark.parametrize("request_", ["", "...", "make it nicer", "more drama please", "狐狸", "make the fox sad"])
def test_what_is_not_understood_is_said_with_what_is(request_: str) -> None:
    with pytest.raises(PlannerError) as caught:
        refine(PLAN, request_)
    assert "understood" in str(caught.value) or "nothing was named" in str(caught.value)


_WHO = st.sampled_from(["the fox", "the owl", "the ducks", "the first duck", "ball", "moon", "car", "duck-2", "it"])
_WHAT = st.sampled_from([
    "make {} bigger", "make {} a bit smaller", "move {} left", "move {} much higher", "move {} to the top",
    "make {} faster", "freeze {}", "let {} appear later", "let {} leave earlier", "make {} red", "rename {} to Bo",
    "remove {}", "make {} run to the right", "put {} next to the owl", "replace {} with a bear",
])  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(_WHAT, _WHO, st.integers(1, 4))
def test_nothing_but_the_asked_thing_changes(what: str, who: str, scene: int) -> None:
    try:
        found = refine(PLAN, f"{what.format(who)} in scene {scene}")
    except PlannerError:
        return
    assert VideoPlan.from_json(found.to_json()) == found
    ids = {"the fox": {"fox"}, "the owl": {"owl"}, "the ducks": {"duck-1", "duck-2", "duck-3"}}
    asked = ids.get(who) or {who.replace("the first duck", "duck-1")}
    here = {entity.id: entity for entity in PLAN.scenes[scene - 1].entities}
    for other in PLAN.scenes:
        if other.id != f"s{scene}":
            assert found.scene(other.id) == other, "other scenes stay as they are"
    after = {entity.id: entity for entity in found.scenes[scene - 1].entities}
    for name, entity in here.items():
        if name not in asked and who != "it":
            assert after[name] == entity, "other things stay as they are"
    assert found.prompt == PLAN.prompt
    assert (found.seed, found.frame_rate) == (PLAN.seed, PLAN.frame_rate)


@settings(deadline=None, max_examples=40)
@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from([*STORY.split(), *" ".join(EXAMPLE_REQUESTS).split()]), max_size=9).map(" ".join)
)
def test_any_request_gives_a_valid_plan_or_our_error(request_: str) -> None:
    try:
        found = refine(PLAN, request_)
    except PlannerError:
        return
    assert VideoPlan.from_json(found.to_json()) == found


class _Model:
    """A planner that can refine anything, and tells what it was asked."""

    asked: list[str]

    def __init__(self) -> None:
        self.asked = []

    def plan(self, story: str, **_: object) -> VideoPlan:
        raise AssertionError(story)

    def refine(self, plan: VideoPlan, request: str) -> VideoPlan:
        self.asked.append(request)
        return plan


def test_the_director_asks_a_model_only_for_what_the_rules_do_not_know() -> None:
    model = _Model()
    director = Director(planner=model)
    assert director.refine(PLAN, "delete scene 1") == refine(PLAN, "delete scene 1")
    assert director.refine(PLAN, "make it a tragedy") == PLAN
    assert model.asked == ["make it a tragedy"]
    with pytest.raises(UnknownRequestError):
        Director().refine(PLAN, "make it a tragedy")


def test_the_command_shows_what_is_different(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = PLAN.save(tmp_path / "old.json"), tmp_path / "new.json"
    assert main(["refine", str(old), "make scene 1 twice as long", "-o", str(new)]) == 0
    assert capsys.readouterr().err == "~ scenes[s1].frames: 16 -> 32\n"
    assert VideoPlan.load(new).scene("s1").frames == 32
    assert main(["refine", str(old), "make the owl bigger in scene 2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"][0]["path"] == "scenes[s2].entities[owl].layout"
    assert main(["refine", str(old), "delete scene 2"]) == 0
    assert len(VideoPlan.from_json(capsys.readouterr().out).scenes) == 3
    assert main(["refine", str(old), "sing", "-o", str(tmp_path / "none.json")]) == 3
    assert not (tmp_path / "none.json").exists()
