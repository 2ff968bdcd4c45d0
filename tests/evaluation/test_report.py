"""Figures computed by hand, and the rules of what counts."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from videodirector.errors import UsageError
from videodirector.evaluation import (
    BackgroundClassifier,
    BackgroundMatch,
    Detection,
    Detector,
    Displacement,
    EntityScore,
    LabelledFrame,
    Proportion,
    Report,
    SceneScore,
    clearly_visible,
    score_scene,
    validate,
)
from videodirector.evaluation.sheet import comparison_sheet
from videodirector.schemas import Box, Entity, Scene
from videodirector.storyworld import atlas, backgrounds
from videodirector.storyworld.scene import compose

PLANNED = Box(0.2, 0.2, 0.6, 0.6)


def entity(dx: float | None) -> EntityScore:
    """A thing found so far to the right of its box, None for not at all."""
    found = None if dx is None else Detection(box=PLANNED.moved(dx, 0), score=0.9, rivalry=0.5, rival="cat")
    return EntityScore(name="fox", planned=PLANNED, found=found)


def score(name: str, *shifts: float | None, place: str = "forest") -> SceneScore:
    return SceneScore(
        scene=name,
        frame=8,
        entities=tuple(entity(shift) for shift in shifts),
        planned_background="forest",
        background=BackgroundMatch(name=place, distance=0.1, margin=2.0),
    )


def test_the_wilson_interval_is_the_published_one() -> None:
    low, high = Proportion(8, 10).interval  # z = 1.96: (8 + z²/2 ± z sqrt(8 * 2 / 10 + z²/4)) / (10 + z²)
    assert low == pytest.approx(0.4902, abs=1e-4)
    assert high == pytest.approx(0.9433, abs=1e-4)
    assert str(Proportion(8, 10)) == "80.0% (8/10, 95 % interval 49.0% to 94.3%)"
    assert Proportion.of([]).interval == (0.0, 1.0)
    assert math.isnan(Proportion.of([]).value)
    assert str(Proportion.of([])) == "none (0/0)"
    assert Proportion.of([]).as_dict()["value"] is None
    with pytest.raises(ValueError, match="cannot be"):
        Proportion(3, 2)


def test_a_thing_is_in_its_box_from_half_an_overlap_on() -> None:
    # Displaced by d of its width w: IoU = (w - d) / (w + d), one half at d = w/3.
    assert entity(0.13).in_box
    assert not entity(0.14).in_box
    assert entity(0.1).iou == pytest.approx(0.3 / 0.5)
    assert entity(0.1).offset == pytest.approx(0.1)
    assert (entity(None).iou, entity(None).offset, entity(None).in_box) == (0.0, None, False)


def test_figures_over_scenes() -> None:
    report = Report(scenes=(score("a", 0.0, 0.1), score("b", None, 0.3, place="sea"), score("c", 0.0, None)))
    assert report.in_box == Proportion(3, 6)
    assert report.anywhere == Proportion(4, 6)
    assert report.backgrounds == Proportion(2, 3)
    assert report.mean_offset == pytest.approx(0.1)
    assert [scene.scene for scene in report.worst(2)] == ["b", "c"]
    document = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert document["scenes"][1]["entities"][0]["found"] is None
    assert document["scenes"][1]["background"]["found"] == "sea"
    assert "| backgrounds right | 66.7% (2/3" in report.markdown()


def test_a_report_of_nothing_is_still_json() -> None:
    empty = Report(scenes=(score("a", None),))
    assert math.isnan(empty.mean_iou)
    assert json.loads(json.dumps(empty.as_dict(), allow_nan=False))["mean_iou_of_found"] is None


def test_displacements() -> None:
    exact = Displacement(asked=((0.25, 0.0), (0.0, -0.25)), seen=((0.25, 0.0), (0.0, -0.25)))
    assert exact.ratio == pytest.approx(1)
    assert exact.correlation == pytest.approx(1)
    assert exact.followed == Proportion(2, 2)
    lazy = Displacement(asked=((0.25, 0.0), (0.25, 0.0)), seen=((0.1, 0.0), None))
    assert lazy.ratio == pytest.approx(0.4)
    assert lazy.correlation == pytest.approx(1)
    assert lazy.followed == Proportion(0, 2)
    assert math.isnan(Displacement(asked=((0.25, 0.0),), seen=(None,)).ratio)
    assert Displacement(asked=(), seen=()).as_dict()["correlation"] is None
    with pytest.raises(ValueError, match="1 displacements asked for, 0 seen"):
        Displacement(asked=((0.25, 0.0),), seen=())


def test_what_is_clearly_visible() -> None:
    large, small, thin = Box(0.1, 0.1, 0.5, 0.5), Box(0.6, 0.6, 0.9, 0.79), Box(0.6, 0.1, 0.73, 0.5)
    assert [clearly_visible((large, small, thin), index) for index in range(3)] == [True, False, False]
    assert not clearly_visible((large, Box(0.1, 0.1, 0.3, 0.2)), 0)
    assert clearly_visible((large, Box(0.48, 0.1, 0.8, 0.5)), 0)


def fox_in(place: str, box: Box) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    sprite = atlas.load().find("fox")
    assert sprite is not None
    return compose(backgrounds.paint(place, size=64, seed=9), [(sprite, box)])


def test_validation_counts_hits_alarms_and_what_it_leaves_out(
    detector: Detector, classifier: BackgroundClassifier
) -> None:
    pixels = fox_in("forest", PLANNED)
    right = LabelledFrame(pixels=pixels, names=("fox",), boxes=(PLANNED,), background="forest", absent=("owl", "truck"))
    # Labels that are wrong on purpose: each must be counted as the instrument's error.
    wrong = LabelledFrame(
        pixels=pixels,
        names=("fox", "egg"),
        boxes=(PLANNED.moved(0.3, 0.3), Box(0.0, 0.0, 0.1, 0.1)),
        background="sea",
        absent=("fox",),
    )
    result = validate(detector, classifier, [right, right, wrong])
    assert (result.recall, result.false_alarms) == (Proportion(2, 3), Proportion(1, 5))
    assert (result.backgrounds, result.left_out) == (Proportion(2, 3), 1)
    assert result.errors == (
        "frame 2: fox misplaced",
        "frame 2: fox found, though it is not there",
        "frame 2: sea taken for forest",
    )
    assert not result.passed()
    assert validate(detector, classifier, [right]).passed()


def test_scoring_a_scene(detector: Detector, classifier: BackgroundClassifier) -> None:
    hidden = Entity(id="owl", name="owl", layout=[None])
    scene = Scene(
        id="s", description="", background="forest", entities=[Entity(id="fox", name="fox", layout=[PLANNED]), hidden]
    )
    good = score_scene(scene, 8, fox_in("forest", PLANNED), detector=detector, classifier=classifier)
    assert [thing.name for thing in good.entities] == ["fox"]
    assert good.share == 1
    empty = backgrounds.paint("sea", size=64, seed=2)
    assert score_scene(scene, 8, empty, detector=detector, classifier=classifier).share == 0
    with pytest.raises(UsageError, match="frames 0 to 15, not 16"):
        score_scene(scene, 16, empty, detector=detector, classifier=classifier)
    elsewhere = scene.model_copy(update={"background": "opera"})
    with pytest.raises(UsageError, match="no samples of the background 'opera'"):
        score_scene(elsewhere, 0, empty, detector=detector, classifier=classifier)


def test_the_sheet_shows_frame_truth_and_boxes() -> None:
    black, grey = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 90, np.uint8)
    sheet = comparison_sheet([(score("a", 0.3, place="sea"), black, grey)] * 3, side=100, columns=2)
    pixels = np.asarray(sheet)
    assert (pixels == (255, 0, 0)).all(axis=2).any()  # found out of place
    assert not (pixels == (0, 255, 0)).all(axis=2).any()
    assert tuple(pixels[26 + 50, 100 + 50]) == (90, 90, 90)
    assert sheet.size == (2 * 212, 2 * 132)
    with pytest.raises(ValueError, match="no cases"):
        comparison_sheet([])
