"""From vectors to captions, from captions to stories; with an embedder that knows words and nothing else."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from videodirector import Director
from videodirector.errors import UsageError
from videodirector.schemas import Caption, Guess, ImuInput, Inputs, Modality
from videodirector.senses import Captioner, LoadedInput, combine_inputs, describe_caption, read_captions

WIDTH = 256
SHOWN = [
    "a dog in the forest",
    "a bell",
    "a blue balloon",
    "nothing that can be told",
    "a capybara",
    "a dog moves to the left",
]


def words_to_vector(text: str) -> np.ndarray:
    """Every word has a direction of its own."""
    vector = np.zeros(WIDTH, dtype=np.float32)
    for word in set(text.lower().replace(".", "").split()) - {"a", "an", "the", "in", "to"}:
        vector += np.random.default_rng(zlib.crc32(word.encode())).normal(size=WIDTH).astype(np.float32)
    return vector / np.linalg.norm(vector)


class WordEmbedder:
    """A clip holds the number of the text that it shows."""

    name = "words"
    modalities = frozenset({"image", "audio", "video", "imu"})

    def embed(self, modality: Modality, clips: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack([words_to_vector(SHOWN[int(clip.flat[0])]) for clip in clips])

    def embed_text(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([words_to_vector(text) for text in texts])

    def scale(self, modality: Modality, aspect: str) -> float | None:
        return 30.0


@pytest.fixture(scope="module")
def captioner() -> Captioner:
    return Captioner(WordEmbedder(), captions=["a capybara"], whole_bank=True)


def sensed(number: int, modality: Modality = "image") -> LoadedInput:
    return LoadedInput(modality=modality, clips=(np.full((1, 1, 3), number, dtype=np.uint8),), name="a.file")


def test_a_thing_in_its_place(captioner: Captioner) -> None:
    caption = captioner.caption([sensed(0)])
    assert caption.text == "A dog in the forest."
    assert caption.thing
    assert caption.thing.words == "dog"
    assert caption.confidence > 0.9
    assert len(caption.runners_up) == 3
    assert caption.motion is None  # one picture does not move


def test_colours_motions_and_the_users_own_captions(captioner: Captioner) -> None:
    assert captioner.caption([sensed(2)]).text == "A blue balloon."
    assert captioner.caption([sensed(5, "video")]).text == "A dog moves to the left."
    assert captioner.caption([sensed(4)]).text == "A capybara."


def test_what_lies_outside_is_doubted(captioner: Captioner) -> None:
    caption = captioner.caption([sensed(3, "audio")])
    assert caption.confidence < 0.5
    assert "no more than a guess" in describe_caption(caption)


def test_a_motion_sensor_whose_wearer_is_unknown(captioner: Captioner) -> None:
    class Unsure(WordEmbedder):
        def embed(self, modality: Modality, clips: Sequence[np.ndarray]) -> np.ndarray:
            return words_to_vector("moves to the left")[None]

    caption = Captioner(Unsure()).caption([sensed(0, "imu")])
    assert caption.text == "Somebody moves to the left."
    assert caption.thing is None


def test_clips_and_inputs_of_a_modality_are_averaged(captioner: Captioner) -> None:
    vector = captioner.vector([sensed(0), sensed(1)])
    mean = words_to_vector(SHOWN[0]) + words_to_vector(SHOWN[1])
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-6)


def test_a_sense_that_the_model_lacks(captioner: Captioner) -> None:
    with pytest.raises(UsageError, match="words does not support depth"):
        captioner.caption([sensed(0, "depth")])


def caption(thing: str, sure: float, modality: Modality = "image", place: str | None = None) -> Caption:
    return Caption(
        modality=modality,
        source="a.file",
        text=f"A {thing}.",
        confidence=sure,
        thing=Guess(words=thing, confidence=sure),
        place=None if place is None else Guess(words=place, confidence=0.9),
    )


def test_without_text_the_surest_thing_is_the_subject() -> None:
    story = combine_inputs(
        "", [caption("dog", 0.7, place="forest"), caption("bell", 0.9, "audio"), caption("cat", 0.2, "depth")]
    )
    assert story.text == "A bell in the forest next to a dog."
    moving = Caption(modality="imu", source="b", text="", confidence=0.9, motion=Guess(words="left", confidence=0.9))
    assert combine_inputs("", [caption("dog", 0.7), moving]).text == "A dog moves to the left."
    assert combine_inputs("", [moving]).text == "Somebody moves to the left."


def test_text_leads() -> None:
    captions = [caption("dog", 0.9, place="forest"), caption("bell", 0.9, "audio"), caption("cat", 0.3, "depth")]
    story = combine_inputs("Two puppies play on the beach.", captions)
    assert story.text == "Two puppies play on the beach. There is a bell."
    assert story.place is None
    assert combine_inputs("A king sings.", captions).place == "forest"
    assert len(story.notes) == 3


def test_a_plan_tells_what_it_was_made_of(tmp_path: Path, captioner: Captioner) -> None:
    picture = tmp_path / "dog.png"
    Image.new("RGB", (8, 8)).save(picture)  # black, so number 0: a dog in the forest
    director = Director(captioner=captioner)
    plan = director.plan(image=picture)
    assert [entity.name for _, entity in plan.appearances()] == ["dog"]
    assert plan.scenes[0].background == "forest"
    assert plan.references == {plan.scenes[0].entities[0].id: str(picture)}
    assert "dog.png: “A dog in the forest.”" in plan.notes[0]
    plan = director.plan("A king sings.", image=[picture], scenes=1)
    assert plan.scenes[0].background == "forest"
    assert {entity.name for _, entity in plan.appearances()} >= {"king"}
    assert director.perceive(image=picture)[0].text == "A dog in the forest."


def test_inputs_are_checked_together() -> None:
    assert not Inputs.parse({"image": None, "audio": []})
    given = Inputs.parse({"image": ["a.png", "b.png"], "imu": ImuInput(source="c.csv", rate=50)})
    assert [(name, len(inputs)) for name, inputs in given] == [("image", 2), ("imu", 1)]
    for wrong in ({"image": 7}, {"audio": ""}, {"imu": {"source": "a.csv", "rate": -1}}, {"smell": "a.txt"}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            Inputs.parse(wrong)


def test_a_file_of_captions(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("# animals\na capybara\n\n an okapi \n", encoding="utf-8")
    assert read_captions(tmp_path / "a.txt") == ["a capybara", "an okapi"]
    with pytest.raises(UsageError, match=r"none\.txt"):
        read_captions(tmp_path / "none.txt")
