"""Everything that a plan asks of a scene is accounted for."""

from __future__ import annotations

from pathlib import Path

from support import fox_plan
from videodirector.generator.backends import create
from videodirector.generator.backends.layout_methods import report_controls, requested_controls
from videodirector.generator.render.render import render_video
from videodirector.schemas import Control, RenderSettings, Scene, SceneDone, VideoPlan


def test_what_a_plan_asks() -> None:
    plan = fox_plan()
    assert requested_controls(plan, plan.scene("walk")) == (
        "description", "background", "frames", "seed", "boxes", "groups",
    )  # fmt: skip
    plan.references = {"fox": "fox.png"}
    plan.scene("meet").layout_strength = 0.5
    plan.scene("meet").continues = "walk"
    everything = (
        "description", "background", "frames", "seed", "boxes", "references", "groups", "continues", "layout_strength",
        "steps",
    )  # fmt: skip
    assert requested_controls(plan, plan.scene("meet"), steps=3) == everything
    bare = VideoPlan(scenes=[Scene(id="s", description="")])
    assert requested_controls(bare, bare.scenes[0]) == ("frames", "seed")


def test_a_group_of_one_scene_asks_for_nothing() -> None:
    plan = fox_plan()
    plan.consistency_groups = {"fox": ["walk"]}
    assert "groups" not in requested_controls(plan, plan.scene("walk"))


def test_what_a_backend_does_not_know_is_ignored() -> None:
    plan = fox_plan()
    known = [Control(name="boxes", status="honoured"), Control(name="steps", status="honoured")]
    assert [(control.name, control.status) for control in report_controls(plan, plan.scene("walk"), known)] == [
        ("description", "ignored"),
        ("background", "ignored"),
        ("frames", "ignored"),
        ("seed", "ignored"),
        ("boxes", "honoured"),
        ("groups", "ignored"),
    ]


def test_controls_stand_in_the_result(tmp_path: Path) -> None:
    settings = RenderSettings(save_plan=False, contact_sheet=False, steps=4)
    events = render_video(
        fox_plan(), tmp_path / "a.mp4", backend=create("storyboard", size=(64, 64)), settings=settings
    )
    results = [event.result for event in events if isinstance(event, SceneDone)]
    assert [(result.frames, result.planned_frames, result.drawn) for result in results] == [
        (16, 16, None),
        (8, 8, None),
    ]
    assert {control.name: control.status for control in results[0].controls} == {
        "description": "ignored",
        "background": "approximated",
        "frames": "honoured",
        "seed": "honoured",
        "boxes": "honoured",
        "groups": "honoured",
        "steps": "ignored",
    }
