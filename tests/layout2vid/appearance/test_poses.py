from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from PIL import Image

from tiny import tiny_grounding, tiny_pipeline
from videodirector.errors import ModelFormatError
from videodirector.layout2vid.appearance.appearance import Appearance
from videodirector.layout2vid.appearance.bank_prior import BankPrior
from videodirector.layout2vid.appearance.entity_embedding import EntityEmbedding, batch_entities, settled
from videodirector.layout2vid.appearance.poses import Poses, pose_of, recall
from videodirector.layout2vid.appearance.text_encoder import encode_phrases
from videodirector.layout2vid.conditioning import from_boxes
from videodirector.lexicon.gait import STRETCH, Gait

ALBUM = "storyworld"
CPU = torch.device("cpu")


def strip(count: int) -> list[Image.Image]:
    return [Image.new("RGBA", (20, 10), (40 * number, 0, 0, 255)) for number in range(count)]


def test_a_thing_is_recalled_in_all_its_poses_looking_to_the_left() -> None:
    dog = recall(ALBUM, "dog")
    assert len(dog.pictures) > 1
    assert dog.gait is not None
    assert dog.gait.moves == "walks"
    views = dog.views()
    assert views.shape[:2] == (2, len(dog.pictures))
    torch.testing.assert_close(views[1], views[0].flip(-1), atol=0.1, rtol=0)
    assert not torch.equal(views[0, 0], views[0, len(dog.pictures) // 2])


@pytest.mark.parametrize("album", ["os", "videodirector.storyworld.album", ""])
def test_a_model_folder_does_not_choose_what_is_imported(album: str) -> None:
    with pytest.raises(ModelFormatError, match="does not have"):
        recall(album, "dog")


def test_the_nearest_pose_is_shown_and_a_cycle_closes() -> None:
    assert pose_of([0.0, 0.12, 0.13, 0.9, 1.0, 7.25], 4).tolist() == [0, 0, 1, 0, 0, 1]


def look(gait: Gait | None, poses: int = 4) -> EntityEmbedding:
    shown = Poses(pictures=strip(poses), gait=gait)
    pictures = torch.arange(2 * poses).reshape(2, poses, 1).expand(-1, -1, 256).float()
    return EntityEmbedding(text=torch.zeros(384), pictures=pictures, views=shown.views(), gait=gait)


def test_frames_show_poses_by_way_or_time_and_the_side_that_it_moves_to() -> None:
    condition = replace(
        from_boxes("", [[(0.0, 0.0, 0.4, 0.2), (0.6, 0.0, 1.0, 0.2)], [(0.0, 0.5, 0.4, 0.7)]], 5), rate=4.0
    )
    looks = [look(Gait(aspect=2.0, moves="walks", seconds=1, stride=3.0)), look(Gait(aspect=2.0, seconds=1.0), 2)]
    config = tiny_grounding_config()
    entities = batch_entities(condition, looks, config, device=CPU, dtype=torch.float32)
    assert entities.pose is not None
    assert entities.pose[0, :, 0].tolist() == [0, 1, 2, 3, 0]
    assert entities.pose[0, :, 1].tolist() == [0, 0, 1, 0, 0]  # of two poses, a loop a second, four frames a second
    assert entities.picture[0, 0, :, 0].tolist() == [4, 5, 6, 7], "it moves to the right"
    assert entities.picture[0, 1, :2, 0].tolist() == [0, 1], "it rests"
    assert entities.views is not None
    assert entities.views.shape[:3] == (1, 2, 4)


def test_boxes_of_another_aspect_are_not_filled_unless_the_picture_fills_any() -> None:
    condition = from_boxes("", [[(0.1, 0.1, 0.2, 0.9)], [(0.1, 0.1, 0.2, 0.9)]], 1)
    boxes = settled(condition, [look(Gait(aspect=2.0, moves="walks")), look(None)], shape=1.0).boxes
    x0, y0, x1, y1 = boxes[0, 0].tolist()
    assert (x1 - x0) / (y1 - y0) == pytest.approx(2 / STRETCH, rel=1e-3)
    assert y1 == pytest.approx(0.9)
    assert torch.equal(boxes[0, 1], condition.boxes[0, 1])


def test_a_memory_with_an_album_recalls_by_phrase_or_by_meaning(text_model: tuple[Any, Any]) -> None:
    phrases = ["dog", "cat", "kitty"]
    none = torch.zeros(0, 4 * 8 * 8)
    pipeline = tiny_pipeline(*text_model)
    bank = BankPrior.of(phrases, [0, 1, 1], encode_phrases(*text_model, phrases), none, none, album=ALBUM)
    pipeline.register_modules(prior=bank)
    by_meaning = pipeline.represent(Appearance(name="puppy"))
    assert by_meaning.nearest is not None
    assert by_meaning.nearest[0] == "dog"
    assert by_meaning.pictures is not None
    assert by_meaning.pictures.shape[1] > 1
    named = pipeline.represent(Appearance(name="puppy", remembered="cat"))
    assert named.nearest is None
    assert named.gait is not None
    other = pipeline.represent(Appearance(name="kitty"))
    assert named.views is not None
    assert other.views is not None
    assert torch.equal(named.views, other.views)
    drawn = pipeline("a dog", [by_meaning], [[(0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)]], num_frames=3)
    assert drawn.frames.shape == (1, 3, 16, 16, 3)


def tiny_grounding_config() -> Any:
    from tiny import tiny_unet

    return tiny_grounding(tiny_unet(), canvas=True, latent_scale=2).config
