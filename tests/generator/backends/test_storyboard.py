from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support import fox_plan
from videodirector._generators import Returning, finish
from videodirector.errors import PlanError
from videodirector.generator import Backend, Clip, Progress, derived_seed
from videodirector.generator.backends import create
from videodirector.generator.backends.storyboard import StoryboardBackend
from videodirector.schemas import Box, Entity, Scene, VideoPlan
from videodirector.storyworld import atlas, backgrounds
from videodirector.storyworld.scene import compose


def draw(plan: VideoPlan, scene_id: str, *, size: tuple[int, int] = (64, 64), seed: int = 1) -> Clip:
    renderer = StoryboardBackend(size=size).prepare(plan)
    run = Returning(renderer.render(plan.scene(scene_id), seed=seed, steps=None))
    frames = plan.scene(scene_id).frames
    assert list(run) == [Progress(number + 1, frames) for number in range(frames)]
    return run.result


def one(entity: Entity, **fields: object) -> VideoPlan:
    return VideoPlan.model_validate({"scenes": [{"id": "s", "description": "", "entities": [entity], **fields}]})


def test_it_is_a_backend() -> None:
    assert isinstance(create("storyboard"), Backend)
    assert create("storyboard", size=(128, 64)).capabilities.frame_size == (128, 64)


def test_sprites_stand_in_their_boxes_to_the_pixel() -> None:
    plan = fox_plan()
    clip = draw(plan, "meet")
    assert clip.notes == ()
    fox, owl = atlas.load().find("fox"), atlas.load().find("owl")
    assert fox is not None
    assert owl is not None
    painted = backgrounds.paint("forest", size=64, seed=derived_seed(plan.seed, "background", "forest"))
    boxes = [entity.boxes(8) for entity in plan.scene("meet").entities]
    assert boxes[0][0] is not None
    np.testing.assert_array_equal(clip.frames[0], compose(painted, [(fox, boxes[0][0])]))
    assert boxes[0][7] is not None
    assert boxes[1][7] is not None
    np.testing.assert_array_equal(clip.frames[7], compose(painted, [(fox, boxes[0][7]), (owl, boxes[1][7])]))


def test_a_moving_thing_looks_where_it_goes() -> None:
    left, right = Box(0.1, 0.4, 0.4, 0.8), Box(0.6, 0.4, 0.9, 0.8)
    rightwards = draw(one(Entity(id="car", name="car", layout=[left, right])), "s").frames
    leftwards = draw(one(Entity(id="car", name="car", layout=[right, left])), "s").frames
    assert not np.array_equal(rightwards[0], leftwards[-1])
    sprite = atlas.load().find("car")
    assert sprite is not None
    plain = np.full((64, 64, 3), (226, 228, 232), dtype=np.uint8)
    np.testing.assert_array_equal(rightwards[0], compose(plain, [(sprite.facing("right"), left)]))
    np.testing.assert_array_equal(leftwards[0], compose(plain, [(sprite.facing("left"), right)]))


def test_colours_come_from_name_or_description() -> None:
    box = Box(0.2, 0.2, 0.8, 0.8)
    named = draw(one(Entity(id="c", name="red car", layout=[box])), "s").frames
    described = draw(one(Entity(id="c", name="car", description="a shiny red one", layout=[box])), "s").frames
    blue = draw(one(Entity(id="c", name="blue car", layout=[box])), "s").frames
    np.testing.assert_array_equal(named, described)
    assert not np.array_equal(named, blue)


@pytest.mark.parametrize("name", ["quasar", "it's 100%: %{pts} [x]=\\n", "🦑🦑", "x" * 200, "a\nb"])
def test_unknown_things_are_boxes_with_their_name(name: str) -> None:
    clip = draw(one(Entity(id="q", name=name, layout=[Box(0.25, 0.5, 0.75, 1.0)])), "s", size=(256, 256))
    assert clip.notes == (f"no picture of {name!r}: drawn as a box with its name",)
    changed = (clip.frames[0] != (226, 228, 232)).any(axis=-1)
    rows, columns = np.nonzero(changed)
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (64, 128, 192, 256)
    assert (clip.frames[0, 128, 64:192] == 255).all(), "a white line around it"


def test_a_box_smaller_than_a_pixel_is_still_there() -> None:
    frames = draw(one(Entity(id="q", name="quasar", layout=[Box(0.999, 0.999, 1.0, 1.0)])), "s").frames
    assert (frames[0, 63, 63] != (226, 228, 232)).any()


def test_later_entities_stand_before_earlier_ones() -> None:
    box = Box(0.2, 0.2, 0.8, 0.8)
    plan = one(Entity(id="q", name="quasar", layout=[box]))
    behind = draw(plan, "s").frames
    plan.scenes[0].entities.append(Entity(id="fox", name="fox", layout=[box]))
    plan.scenes[0].entities.append(Entity(id="p", name="pulsar", layout=[Box(0.4, 0.4, 0.6, 0.6)]))
    frames = draw(plan, "s").frames
    fox = atlas.load().find("fox")
    assert fox is not None
    over = compose(behind[0], [(fox, box)])
    np.testing.assert_array_equal(frames[0, :25], over[:25])
    assert not np.array_equal(frames[0, 26:38, 26:38], over[26:38, 26:38]), "the pulsar covers the fox"


def test_nothing_is_drawn_where_the_layout_is_null() -> None:
    frames = draw(one(Entity(id="fox", name="fox", layout=[None, Box(0.2, 0.2, 0.8, 0.8)])), "s").frames
    assert (frames[0] == (226, 228, 232)).all()
    assert not (frames[-1] == (226, 228, 232)).all()


def test_scenes_of_a_background_group_share_the_painting() -> None:
    plan = fox_plan()
    for scene in plan.scenes:
        scene.entities = []
    np.testing.assert_array_equal(draw(plan, "walk", seed=1).frames[0], draw(plan, "meet", seed=2).frames[0])
    plan.consistency_groups = {"forest": ["walk"]}
    assert not np.array_equal(draw(plan, "walk", seed=1).frames[0], draw(plan, "meet", seed=2).frames[0])


def test_backgrounds_by_name_by_words_or_plain() -> None:
    plan = VideoPlan(
        scenes=[
            Scene(id="named", description="", background="the deep forest at dawn"),
            Scene(id="told", description="A walk on the beach."),
            Scene(id="unknown", description="", background="the inside of a neuron"),
            Scene(id="none", description=""),
        ]
    )
    for scene_id in ("named", "told"):
        clip = draw(plan, scene_id)
        assert clip.notes == ()
        assert clip.frames[0].std() > 10
    unknown = draw(plan, "unknown")
    assert unknown.notes == ("no painting of the background 'the inside of a neuron': drawn plain",)
    assert unknown.frames.std(axis=(0, 1, 2)).max() == 0
    assert draw(plan, "none").notes == ()


def test_reference_pictures_fill_their_boxes(tmp_path: Path) -> None:
    Image.new("RGB", (30, 10), (255, 0, 0)).save(tmp_path / "red.png")
    plan = one(Entity(id="fox", name="fox", layout=[Box(0.25, 0.25, 0.75, 0.5)]))
    plan.references = {"fox": str(tmp_path / "red.png")}
    frame = draw(plan, "s").frames[0]
    assert (frame[16:32, 16:48] == (255, 0, 0)).all()
    assert (frame == (255, 0, 0)).all(axis=-1).sum() == 16 * 32


def test_references_that_are_no_pictures(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("hello")
    plan = fox_plan()
    plan.references = {"fox": str(tmp_path / "missing.png"), "owl": str(tmp_path / "text.png")}
    with pytest.raises(PlanError) as caught:
        StoryboardBackend().prepare(plan)
    assert [(issue.path, issue.problem) for issue in caught.value.issues] == [
        ("references.fox", "there is no such file"),
        ("references.owl", "this is not a picture"),
    ]


def test_what_was_drawn_before_means_nothing() -> None:
    plan = fox_plan()
    alone = draw(plan, "meet").frames
    renderer = StoryboardBackend(size=(64, 64)).prepare(plan)
    for scene_id in ("walk", "meet"):
        clip = finish(renderer.render(plan.scene(scene_id), seed=1, steps=None))
    np.testing.assert_array_equal(clip.frames, alone)
