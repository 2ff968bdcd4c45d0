"""The detector finds what is there, where it is, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from videodirector.errors import UsageError
from videodirector.evaluation import Detector
from videodirector.schemas import Box
from videodirector.storyworld import atlas, backgrounds
from videodirector.storyworld.atlas import Sprite
from videodirector.storyworld.scene import Pixels, compose

BOX = Box(0.3, 0.4, 0.7, 0.75)


def sprite(name: str) -> Sprite:
    found = atlas.load().find(name)
    assert found is not None
    return found


def scene(name: str, box: Box = BOX, *, place: str = "meadow", size: int | tuple[int, int] = 64) -> Pixels:
    return compose(backgrounds.paint(place, size=size, seed=5), [(sprite(name), box)])


@pytest.mark.parametrize(
    ("name", "box"),
    [("fox", BOX), ("blue car", Box(0.05, 0.6, 0.5, 0.9)), ("ghost", Box(0.6, 0.1, 0.95, 0.5)), ("whale", BOX)],
)
def test_it_finds_a_thing_in_its_place(detector: Detector, name: str, box: Box) -> None:
    found = detector.find(scene(name, box), name)
    assert found is not None
    assert found.box.iou(box) > 0.75
    assert 0.7 < found.score <= 1
    assert found.rivalry < 0.8
    assert found.rival != name


def test_a_thing_that_looks_the_other_way_is_the_same_thing(detector: Detector) -> None:
    frame = compose(backgrounds.paint("beach", size=64, seed=1), [(sprite("dog").facing("right"), BOX)])
    found = detector.find(frame, "dog")
    assert found is not None
    assert found.box.iou(BOX) > 0.75


@pytest.mark.parametrize("absent", ["owl", "tractor", "sun"])
def test_it_finds_nothing_where_the_thing_is_not(detector: Detector, absent: str) -> None:
    assert detector.find(scene("fox"), absent) is None


def test_the_colour_must_be_right(detector: Detector) -> None:
    frame = scene("blue car")
    assert detector.find(frame, "blue car") is not None
    assert detector.find(frame, "green car") is None


def test_a_patch_of_the_right_colour_is_not_the_thing(detector: Detector) -> None:
    frame = scene("fox")
    colours = frame[28:44, 22:42].reshape(-1, 3)
    blob = backgrounds.paint("meadow", size=64, seed=5).copy()
    blob[26:48, 19:45] = np.median(colours, axis=0)
    assert detector.find(blob, "fox") is None


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_picture_holds_nothing(detector: Detector, level: int) -> None:
    assert detector.find(np.full((64, 64, 3), level, dtype=np.uint8), "cloud") is None


def test_soft_and_darker_pictures_are_read_as_well(detector: Detector) -> None:
    frame = scene("fox").astype(np.float32)
    for changed in (gaussian_filter(frame, (1, 1, 0)), frame * 0.88):
        found = detector.find(changed.round().astype(np.uint8), "fox")
        assert found is not None
        assert found.box.iou(BOX) > 0.7


@pytest.mark.parametrize("size", [128, (96, 64)])
def test_the_size_of_the_frame_does_not_matter(detector: Detector, size: int | tuple[int, int]) -> None:
    box = BOX if isinstance(size, int) else Box(0.4, 0.4, 0.63, 0.75)  # not stretched beyond what the world draws
    found = detector.find(scene("fox", box, size=size), "fox")
    assert found is not None
    assert found.box.iou(box) > 0.75


def test_best_tells_what_find_does_not_believe(detector: Detector) -> None:
    frame = scene("fox")
    assert detector.find(frame, "owl") is None
    best = detector.find_best(frame, "owl")
    assert best.doubt > detector.config.doubt or best.rivalry > detector.config.rivalry
    assert best.doubt == pytest.approx((1 - best.score) * best.rivalry**2)


def test_wrong_questions_are_refused(detector: Detector) -> None:
    frame = scene("fox")
    with pytest.raises(UsageError, match="no picture of 'gryphon'"):
        detector.find(frame, "gryphon")
    with pytest.raises(UsageError, match=r"shape \(2, 64, 64, 3\)"):
        detector.find(np.stack([frame, frame]), "fox")
    with pytest.raises(UsageError, match="float64"):
        detector.find(frame / 255, "fox")  # type: ignore[arg-type]  # wrong on purpose


def test_wrong_templates_are_refused() -> None:
    fox = sprite("fox").image
    with pytest.raises(UsageError, match="at least two templates"):
        Detector({"fox": fox})
    with pytest.raises(UsageError, match="'air' shows nothing"):
        Detector({"fox": fox, "air": Image.new("RGBA", (20, 20))})


def test_a_thing_too_wide_for_any_frame_is_refused() -> None:
    strip = Image.new("RGBA", (400, 10), "red")
    with pytest.raises(UsageError, match="'strip' fits into no frame of 64x64 pixels"):
        Detector({"fox": sprite("fox").image, "strip": strip}).find(scene("fox"), "strip")


def test_it_finds_a_thing_near_where_it_was(detector: Detector) -> None:
    frame = scene("fox")
    found = detector.find_near(frame, "fox", BOX.moved(0.05, -0.04))
    assert found is not None
    assert found.box.iou(BOX) > 0.75
    assert detector.find_near(frame, "fox", Box(0.0, 0.0, 0.3, 0.25)) is None
    assert detector.find_near(frame, "owl", BOX) is None


@pytest.mark.parametrize("size", [64, 128])
def test_it_counts(detector: Detector, size: int) -> None:
    boxes = [Box(0.05, 0.1, 0.4, 0.42), Box(0.6, 0.55, 0.95, 0.87), Box(0.1, 0.6, 0.4, 0.87)]
    placed = [(sprite("fox"), box) for box in boxes]
    for number in (1, 2, 3):
        frame = compose(backgrounds.paint("meadow", size=size, seed=5), placed[:number])
        found = detector.find_all(frame, "fox")
        assert len(found) == number
        assert all(max(box.iou(detection.box) for detection in found) > 0.7 for box in boxes[:number])
    assert detector.find_all(frame, "owl") == ()
    assert len(detector.find_all(frame, "fox", most=2)) == 2


def test_it_tells_which_of_several_things_it_is(detector: Detector) -> None:
    colours = ["green car", "blue car", "red car"]
    assert [detector.find_most_similar(scene(name), BOX, colours) for name in colours] == colours
    with pytest.raises(UsageError, match="no picture of 'gryphon'"):
        detector.find_most_similar(scene("fox"), BOX, ["fox", "gryphon"])
