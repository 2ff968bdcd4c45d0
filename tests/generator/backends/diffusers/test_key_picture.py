"""Pictures in which things stand in their boxes, drawn by whatever can."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tiny_video
from support import fox_plan
from videodirector.errors import ModelFormatError, ModelNotFoundError
from videodirector.generator.backends.diffusers import DiffusersOptions
from videodirector.generator.backends.diffusers.key_picture import (
    PictureRenderer,
    build_portrait,
    create_picture_renderer,
    take_still,
)
from videodirector.generator.backends.frames import Frame
from videodirector.schemas import Box, Scene

LEFT, RIGHT = Box(0.1, 0.5, 0.4, 0.8), Box(0.6, 0.5, 0.9, 0.8)


def test_the_ends_of_a_scene() -> None:
    scene = fox_plan().scene("walk")
    for end, box in (("first", LEFT), ("last", RIGHT)):
        picture = take_still(scene, end)  # type: ignore[arg-type]  # one of the two
        assert (picture.frames, picture.entity("fox").layout) == (1, [box])


def test_a_portrait_shows_one_thing_large() -> None:
    scene = fox_plan().scene("meet")
    shown = build_portrait(scene, scene.entity("owl"))
    assert [entity.id for entity in shown.entities] == ["owl"]
    assert shown.background == ""


def painted(by: PictureRenderer, scene: Scene) -> Frame:
    picture = by.render(fox_plan(), scene, size=(40, 24), seed=5)
    assert (picture.size, picture.mode) == ((40, 24), "RGB")
    return np.asarray(picture)


@pytest.mark.parametrize("name", ["storyboard", "gligen", "stable-diffusion"])
def test_a_box_elsewhere_gives_another_picture(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEODIRECTOR_CACHE", str(tmp_path / "cache"))
    model = name if name == "storyboard" else str(tiny_video.save(name, tmp_path / name))
    by = create_picture_renderer(model, DiffusersOptions(key_steps=8))
    walk = fox_plan().scene("walk")
    first, last = painted(by, take_still(walk, "first")), painted(by, take_still(walk, "last"))
    assert not np.array_equal(first, last)
    np.testing.assert_array_equal(first, painted(by, take_still(walk, "first")))
    told = [by.effective(fox_plan(), take_still(walk, end), seed=5) for end in ("first", "last", "first")]
    assert told[0] == told[2] != told[1]


def test_gligen_is_given_the_boxes_and_others_the_words(tmp_path: Path) -> None:
    scene = take_still(fox_plan().scene("walk"), "first")
    told = {
        name: create_picture_renderer(
            str(tiny_video.save(name, tmp_path / name)), DiffusersOptions(key_steps=8)
        ).effective(fox_plan(), scene, seed=1)
        for name in tiny_video.PICTURES
    }
    assert told["gligen"]["gligen_boxes"] == [list(LEFT)]
    assert told["gligen"]["gligen_phrases"] == ["fox"]
    assert told["stable-diffusion"]["prompt"].endswith("The fox is on the left.")


def test_what_draws_no_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        create_picture_renderer(str(tmp_path), DiffusersOptions(key_steps=8))
    folder = tiny_video.save("svd", tmp_path / "svd")
    with pytest.raises(ModelFormatError, match="does not render pictures from words"):
        create_picture_renderer(str(folder), DiffusersOptions(key_steps=8))


def test_a_picture_of_nothing(tmp_path: Path) -> None:
    by = create_picture_renderer(str(tiny_video.save("gligen", tmp_path / "gligen")), DiffusersOptions(key_steps=8))
    picture = by.render(fox_plan(), Scene(id="walk", description="", background="sea", frames=1), size=(32, 32), seed=1)
    assert isinstance(picture, Image.Image)
