"""What the user wants of a plan is granted to the plan of any planner, or the plan says that it is not."""

from fractions import Fraction
from typing import Any

import pytest

from support import fox_plan
from videodirector.planner import grant_constraints, plan_request
from videodirector.schemas import CastMember, PlanRequest, VideoPlan


class FoxPlanner:
    """Knows nothing of requests."""

    def plan(self, story: str, *, seed: int | None = None, frame_rate: Fraction | None = None) -> VideoPlan:
        return fox_plan()


def asked(**wishes: Any) -> PlanRequest:
    return PlanRequest(story="A fox meets an owl.", **wishes)


def test_without_wishes_a_plan_is_left_alone() -> None:
    assert plan_request(FoxPlanner(), asked()) == fox_plan()


def test_style_backgrounds_and_cast_are_granted_to_a_finished_plan() -> None:
    owl = CastMember(name="Owl", description="a snowy owl", picture="owl.png")
    request = asked(style="watercolour", backgrounds=["garden"], cast=[owl], scenes=2)
    plan = plan_request(FoxPlanner(), request)
    assert [scene.description for scene in plan.scenes] == [
        "A fox walks, watercolour",
        "The fox meets an owl, watercolour",
    ]
    assert [scene.background for scene in plan.scenes] == ["garden", "garden"]
    assert plan.scenes[1].entity("owl").description == "a snowy owl"
    assert plan.reference_of(plan.scenes[1], plan.scenes[1].entity("owl")) == "owl.png"
    assert plan.consistency_groups == {"fox": ["walk", "meet"], "garden": ["walk", "meet"], "owl": ["meet"]}
    assert plan.notes == []
    assert grant_constraints(plan, request) == plan, "what keeps the wishes passes unchanged"


def test_what_is_not_kept_is_said() -> None:
    plan = plan_request(FoxPlanner(), asked(scenes=5, cast=[CastMember(name="Mia", picture="mia.png")]))
    assert plan.notes == [
        "5 scenes were asked for; the plan has 2.",
        "“Mia” of the cast appears in no scene of the plan.",
    ]
    assert plan.references == {}


@pytest.mark.parametrize("edited", [False, True])
def test_the_cast_stays_when_few_may(edited: bool) -> None:
    start = fox_plan()
    start.references["fox"] = "fox.png"
    if edited:
        start.consistency_groups["fox"] = ["meet"]
    plan = grant_constraints(start, asked(max_entities=1, cast=[CastMember(name="owl")]))
    assert [[entity.id for entity in scene.entities] for scene in plan.scenes] == [["fox"], ["owl"]]
    assert plan.notes == ["meet has 1 entities at most, as asked for: “fox” left out."]
    assert plan.consistency_groups.get("fox") == (None if edited else ["walk"])
    assert plan.references == {"fox": "fox.png"}
