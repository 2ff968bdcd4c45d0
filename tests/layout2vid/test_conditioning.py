from __future__ import annotations

import pytest
import torch
from PIL import Image

from videodirector.layout2vid.appearance.appearance import appearances, caption
from videodirector.layout2vid.conditioning import from_scene, pad_entities
from videodirector.schemas import Entity, Scene, VideoPlan

HALF = (0.0, 0.25, 0.5, 0.75)


def scene(scene_id: str, *entities: Entity, background: str = "forest") -> Scene:
    return Scene(id=scene_id, description="A fox walks.", background=background, frames=4, entities=list(entities))


def fox(layout: list[tuple[float, float, float, float] | None], **fields: str) -> Entity:
    return Entity.model_validate({"id": "fox", "name": "fox", "layout": layout, **fields})


def test_boxes_are_the_plans_dense_boxes_frame_by_frame() -> None:
    condition = from_scene(scene("s1", fox([HALF, (0.5, 0.25, 1.0, 0.75)])))
    assert condition.boxes.shape == (4, 1, 4)
    torch.testing.assert_close(condition.boxes[0, 0], torch.tensor(HALF))
    torch.testing.assert_close(condition.boxes[3, 0], torch.tensor([0.5, 0.25, 1.0, 0.75]))
    torch.testing.assert_close(condition.boxes[1, 0], torch.tensor([1 / 6, 0.25, 2 / 3, 0.75]))
    assert condition.present.all()


def test_absent_frames_have_no_box() -> None:
    condition = from_scene(scene("s1", fox([HALF, None])))
    assert condition.present[:, 0].tolist() == [True, True, False, False]
    assert not condition.boxes[2:].any()


def test_a_scene_without_entities_has_tensors_all_the_same() -> None:
    condition = from_scene(scene("s1"))
    assert condition.boxes.shape == (4, 0, 4)
    assert condition.present.shape == (4, 0)


@pytest.mark.parametrize(
    ("end", "side"), [((0.5, 0.0, 1.0, 0.5), "right"), ((0.01, 0.25, 0.51, 0.75), None), (None, None)]
)
def test_things_look_where_they_go(end: tuple[float, float, float, float] | None, side: str | None) -> None:
    assert from_scene(scene("s1", fox([HALF, end]))).sides == (side,)


def test_the_caption_names_the_place() -> None:
    assert caption(scene("s1")) == "A fox walks. Background: forest"
    assert caption(scene("s1", background="")) == "A fox walks"


def test_members_of_a_group_share_one_appearance_and_the_first_ones_words() -> None:
    red, plain = fox([HALF], description="a red fox"), fox([HALF])
    looks = appearances(VideoPlan(scenes=[scene("s1", red), scene("s2", plain)]), {})
    assert looks["s1", "fox"] is looks["s2", "fox"]
    assert looks["s2", "fox"].description == "a red fox"


def test_a_group_that_was_split_by_hand_looks_twice() -> None:
    plan = VideoPlan(scenes=[scene("s1", fox([HALF])), scene("s2", fox([HALF]))], consistency_groups={"fox": ["s1"]})
    looks = appearances(plan, {})
    assert looks["s1", "fox"] is not looks["s2", "fox"]


def test_a_reference_shows_the_thing() -> None:
    picture = Image.new("RGBA", (8, 8))
    plan = VideoPlan(scenes=[scene("s1", fox([HALF]))], references={"fox": "fox.png"})
    assert appearances(plan, {"fox.png": picture})["s1", "fox"].picture is picture


def test_padding_adds_zeros_behind() -> None:
    padded = pad_entities(torch.ones(2, 1, 4), count=3, dim=1)
    assert padded.shape == (2, 3, 4)
    assert not padded[:, 1:].any()
