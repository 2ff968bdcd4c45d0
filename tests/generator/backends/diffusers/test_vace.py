"""Layouts as control video, on a tiny Wan VACE: what is given to the pipeline, and what it does with that."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import tiny_video
from videodirector._generators import finish
from videodirector.generator.backends.control_video import assign_colours, box_pixels
from videodirector.generator.backends.diffusers import DiffusersBackend, DiffusersOptions
from videodirector.generator.backends.frames import Frame, Frames
from videodirector.generator.backends.protocol import Clip
from videodirector.schemas import VideoPlan

LEFT, RIGHT = (0.0, 0.25, 0.5, 0.75), (0.5, 0.25, 1.0, 0.75)


@pytest.fixture(scope="module")
def pipeline() -> Any:
    torch.manual_seed(0)
    made = tiny_video.FAMILIES["wan-vace"]()
    made.set_progress_bar_config(disable=True)
    return made


@pytest.fixture
def heard(pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments of the last call, and under ``drawn`` the floats that it returned."""
    arguments: dict[str, Any] = {}
    call = type(pipeline).__call__

    def listening(self: Any, **given: Any) -> Any:
        arguments.clear()
        arguments.update(given)
        output = call(self, **given)
        arguments["drawn"] = output.frames.copy()  # the backend turns them in place
        return output

    listening.__signature__ = inspect.signature(call)  # type: ignore[attr-defined]  # what the backend reads
    monkeypatch.setattr(type(pipeline), "__call__", listening)
    return arguments


def story(layout: list[Any], **fields: Any) -> VideoPlan:
    entities = [{"id": "fox", "name": "fox", "layout": layout}]
    scenes = [
        {"id": scene, "description": "A fox.", "frames": 5, "entities": entities} | (fields if scene == "b" else {})
        for scene in ("a", "b")
    ]
    return VideoPlan.parse({"schema_version": 1, "frame_rate": 16, "scenes": scenes})


def draw(pipeline: Any, plan: VideoPlan, scene: str = "a", *, first: Frame | None = None, **options: Any) -> Clip:
    backend = DiffusersBackend(pipeline, size=(64, 32), options=DiffusersOptions.parse(options))
    return finish(backend.prepare(plan).render(plan.scene(scene), seed=1, steps=2, first_frame=first))


def frames(pipeline: Any, layout: list[Any], **options: Any) -> Frames:
    return draw(pipeline, story(layout), **options).frames


def test_a_box_that_moves_changes_the_frames(pipeline: Any, heard: dict[str, Any]) -> None:
    def drawn(layout: list[Any]) -> Any:
        draw(pipeline, story(layout))
        return heard["drawn"]

    still = drawn([LEFT])
    np.testing.assert_array_equal(still, drawn([LEFT]))
    # To random weights a thin line is little, less than one of 255 levels; but the same boxes give the same bits.
    assert np.abs(still - drawn([LEFT, RIGHT])).max() > 1e-6


def test_without_conditioning_the_box_does_not_matter(pipeline: Any, heard: dict[str, Any]) -> None:
    draw(pipeline, story([LEFT]), conditioning_scale=0)
    still = heard["drawn"]
    draw(pipeline, story([RIGHT]), conditioning_scale=0)
    np.testing.assert_array_equal(still, heard["drawn"])


def test_what_is_given_to_the_pipeline(pipeline: Any, heard: dict[str, Any]) -> None:
    plan = story([LEFT, RIGHT])
    clip = draw(pipeline, plan)
    assert (clip.frames.shape, clip.drawn) == ((5, 32, 64, 3), None)
    assert (heard["num_frames"], heard["width"], heard["height"]) == (5, 64, 32)
    assert heard["conditioning_scale"] == 1.0
    assert all(np.asarray(mask).min() == 255 for mask in heard["mask"])
    (colour,) = assign_colours({"fox": "fox"}).values()
    for picture, box in zip(heard["video"], plan.scene("a").entity("fox").boxes(5), strict=True):
        assert box is not None
        rows, columns = np.nonzero((np.asarray(picture) == colour).all(axis=-1))
        drawn = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert drawn == box_pixels(box, (64, 32)), "the plan's box to a pixel, and the last one on the last frame"


def test_reference_pictures_of_a_group(pipeline: Any, heard: dict[str, Any], tmp_path: Path) -> None:
    Image.new("RGBA", (20, 10), (255, 0, 0, 128)).save(tmp_path / "fox.png")
    plan = story([LEFT])
    plan.references = {"fox": str(tmp_path / "fox.png")}
    clip = draw(pipeline, plan)
    (picture,) = heard["reference_images"]
    assert (picture.mode, picture.size) == ("RGB", (20, 10))
    assert picture.getpixel((5, 5)) == pytest.approx((255, 127, 127), abs=1), "on white"
    assert {control.name: control.status for control in clip.controls}["references"] == "honoured"
    assert not np.array_equal(clip.frames, frames(pipeline, [LEFT]))


def test_a_groups_picture_is_drawn_once_and_kept(pipeline: Any, heard: dict[str, Any]) -> None:
    plan = story([LEFT])
    draw(pipeline, plan)
    assert "reference_images" not in heard, "nobody asked for drawn ones"
    draw(pipeline, plan, key_model="storyboard")
    (first,) = heard["reference_images"]
    draw(pipeline, plan, "b", key_model="storyboard")
    (second,) = heard["reference_images"]
    assert first.tobytes() == second.tobytes()
    assert np.asarray(first).std() > 0


def test_a_scene_that_continues_keeps_the_frame(pipeline: Any, heard: dict[str, Any]) -> None:
    plan = story([LEFT, RIGHT], continues="a")
    before = draw(pipeline, plan).frames[-1]
    clip = draw(pipeline, plan, "b", first=before)
    np.testing.assert_array_equal(np.asarray(heard["video"][0]), before)
    assert [np.asarray(mask).max() for mask in heard["mask"]] == [0, 255, 255, 255, 255]
    assert {control.name: control.status for control in clip.controls}["continues"] == "honoured"


def test_it_begins_with_a_key_picture_where_asked(pipeline: Any, heard: dict[str, Any]) -> None:
    clip = draw(pipeline, story([LEFT]), rung="key picture", key_model="storyboard")
    assert np.asarray(heard["video"][0]).std() > 0
    assert {np.asarray(picture).std() for picture in heard["video"][1:]} == {0}, "nothing else is told"
    assert [np.asarray(mask).max() for mask in heard["mask"]] == [0, 255, 255, 255, 255]
    elsewhere = draw(pipeline, story([RIGHT]), rung="key picture", key_model="storyboard")
    assert not np.array_equal(clip.frames, elsewhere.frames)


def test_lengths_sizes_and_rates_are_fitted_and_told(pipeline: Any, heard: dict[str, Any]) -> None:
    plan = story([LEFT, RIGHT]).model_copy(update={"frame_rate": 8})
    backend = DiffusersBackend(pipeline, size=(70, 40))
    plan.scenes[0].frames = 6
    clip = finish(backend.prepare(plan).render(plan.scenes[0], seed=1, steps=1))
    assert clip.frames.shape == (6, 40, 70, 3)
    assert clip.drawn is not None
    assert (clip.drawn.frames, clip.drawn.width, clip.drawn.height) == (13, 80, 48)
    assert clip.drawn.frame_rate == 16
    assert heard["num_frames"] == 13
