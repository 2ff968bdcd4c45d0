"""The layout2vid backend through the Director, with the real classes and random weights of a few thousand numbers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from support import see
from tiny import PACKAGE, save, tiny_imagination, tiny_model, tiny_pipeline
from videodirector import Director, VideoPlan
from videodirector._generators import finish
from videodirector.cli import main
from videodirector.errors import ModelError, ModelNotFoundError, RenderError, UsageError
from videodirector.generator.backends import create
from videodirector.generator.backends.frames import Frames
from videodirector.generator.backends.layout2vid import Layout2VidBackend, Layout2VidOptions
from videodirector.generator.backends.protocol import Clip
from videodirector.generator.backends.scene import scene_seed
from videodirector.layout2vid.weights.packaged_encoder import load_packaged
from videodirector.schemas import Scene

LEFT, RIGHT = (0.0, 0.2, 0.5, 0.9), (0.5, 0.2, 1.0, 0.9)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def backend(model: Path) -> Layout2VidBackend:
    return Layout2VidBackend(str(model))


def plan(**fields: object) -> VideoPlan:
    def scene(number: int) -> dict[str, object]:
        dog = {"id": "dog", "name": "dog", "layout": [LEFT, RIGHT]}
        return {"id": f"s{number}", "description": "A dog.", "background": "beach", "frames": 3, "entities": [dog]}

    return VideoPlan.parse({"schema_version": 1, "seed": 3, "scenes": [scene(1), scene(2)], **fields})


def draw(backend: Layout2VidBackend, story: VideoPlan, scene_id: str = "s1", steps: int = 2) -> Clip:
    scene = story.scene(scene_id)
    return finish(backend.prepare(story).render(scene, seed=scene_seed(story, scene), steps=steps))


def frames(backend: Layout2VidBackend, story: VideoPlan, scene_id: str = "s1") -> Frames:
    return draw(backend, story, scene_id).frames


def test_the_same_plan_gives_the_same_bits_wherever_its_scenes_stand(backend: Layout2VidBackend) -> None:
    story = plan()
    turned = story.model_copy(update={"scenes": story.scenes[::-1]})
    for scene_id in ("s1", "s2"):
        assert np.array_equal(frames(backend, story, scene_id), frames(backend, turned, scene_id))
    assert not np.array_equal(frames(backend, story, "s1"), frames(backend, story, "s2"))
    assert not np.array_equal(frames(backend, story), frames(backend, plan(seed=4)))


def test_moving_a_box_changes_its_scene_and_no_other(backend: Layout2VidBackend) -> None:
    story, edited = plan(), plan()
    edited.scenes[0].entities[0].layout[-1] = LEFT  # type: ignore[call-overload]  # a plain tuple will do
    edited = edited.checked()
    assert not np.array_equal(frames(backend, story, "s1"), frames(backend, edited, "s1"))
    assert np.array_equal(frames(backend, story, "s2"), frames(backend, edited, "s2"))


def test_a_reference_picture_changes_what_is_drawn(backend: Layout2VidBackend, tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), "purple").save(tmp_path / "dog.png")
    referred = plan(references={"dog": str(tmp_path / "dog.png")})
    assert not np.array_equal(frames(backend, plan()), frames(backend, referred))


def test_words_that_the_model_does_not_know_are_noted(backend: Layout2VidBackend) -> None:
    story = plan()
    assert draw(backend, story).notes == ()
    for scene in story.scenes:
        scene.entities[0].name = "puppy"
    (note,) = draw(backend, story).notes
    assert note.startswith("'puppy' is drawn as 'dog'")
    for scene in story.scenes:
        scene.entities[0].name = "thermodynamics"
    (note,) = draw(backend, story).notes
    assert note.startswith("this model does not know 'thermodynamics'")


def test_it_says_what_it_can_do(backend: Layout2VidBackend) -> None:
    assert backend.capabilities.frame_size == (16, 16)
    assert backend.capabilities.boxes == "native"
    assert backend.capabilities.steps == 4


def listed(model: Path, folder: Path, captions: str = "listed") -> Layout2VidBackend:
    shutil.copytree(model, folder)
    index = json.loads((folder / "model_index.json").read_text())
    known = {"beach": ["shore"], "forest": ["woods"], "room": ["laboratory"]}
    (folder / "model_index.json").write_text(json.dumps({**index, "captions": captions, "backgrounds": known}))
    return Layout2VidBackend(str(folder))


def test_a_model_of_lists_hears_what_the_boxes_show_and_no_more(model: Path, tmp_path: Path) -> None:
    backend = listed(model, tmp_path / "listed")
    story = plan(consistency_groups={"dog": ["s1", "s2"], "beach": ["s1", "s2"]})
    for scene, description in zip(story.scenes, ("a brown dog", ""), strict=True):
        scene.entities[0].description = description
    story.scenes[1].description = "It storms; a cat dreams of thunder."
    story = story.checked()

    def heard(scene: Scene) -> str:
        return str(backend.prepare(story).effective(scene, seed=1, steps=2)["caption"])

    before = frames(backend, story, "s2")
    assert {heard(scene) for scene in story.scenes} == {"a brown dog. Background: beach"}
    story.scenes[1].description = "All is quiet."
    assert np.array_equal(frames(backend, story, "s2"), before)
    story.scenes[1].layout_strength = 0.0
    assert heard(story.scenes[1]) == "All is quiet. Background: beach", "without boxes the words are all there is"
    story.scenes[0].entities = []
    assert heard(story.scenes[0]) == "Background: beach"
    assert draw(backend, story, "s1").notes == ("no entity of this scene has a box: the background is drawn alone",)


def test_a_list_has_every_look_once_and_five_at_most(model: Path, tmp_path: Path) -> None:
    backend = listed(model, tmp_path / "listed")

    def heard(*names: str) -> str:
        things = [{"id": f"t{number}", "name": name, "layout": [LEFT]} for number, name in enumerate(names)]
        one = {"id": "s1", "description": "They meet.", "background": "forest", "entities": things}
        story = VideoPlan.parse({"schema_version": 1, "scenes": [one]})
        return str(backend.prepare(story).effective(story.scenes[0], seed=1, steps=2)["caption"])

    assert heard("fox", "owl", "fox", "the moon", "Rusty") == "a fox, an owl, the moon and Rusty. Background: forest"
    crowd = heard(*(f"thing {number}" for number in range(9)))
    assert crowd.endswith("a thing 3 and a thing 4. Background: forest")


def test_a_model_of_lists_knows_places_by_their_synonyms_and_says_so(model: Path, tmp_path: Path) -> None:
    backend = listed(model, tmp_path / "listed")

    def on(background: str) -> VideoPlan:
        story = plan(consistency_groups={"dog": ["s1", "s2"]})
        story.scenes[0].background = background
        return story

    def inputs(background: str) -> dict[str, Any]:
        return backend.prepare(on(background)).effective(on(background).scenes[0], seed=1, steps=2)

    def drawn(background: str) -> tuple[str, tuple[str, ...]]:
        return inputs(background)["caption"], draw(backend, on(background)).notes

    assert drawn("beach") == ("a dog. Background: beach", ())
    caption, (note,) = drawn("a laboratory")
    assert caption == "a dog. Background: room"
    assert note == "the background 'a laboratory' is drawn as 'room'"
    told = [inputs("a laboratory"), inputs("a room"), inputs("room")]
    assert told[0] != told[1] == told[2], "a clip out of the cache brings its notes with it"
    caption, (note,) = drawn("volcano")
    assert caption == "a dog. Background: volcano"
    assert note.startswith("this model does not know the background 'volcano'")


def test_unknown_captions_are_named(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="captions must be one of told, listed, not 'sung'"):
        listed(model, tmp_path / "sung", "sung").prepare(plan())


def test_a_missing_model_is_named() -> None:
    with pytest.raises(ModelNotFoundError, match="no/such/folder"):
        Director(model="./no/such/folder").render(plan(), "never.mp4")
    assert not Path("never.mp4").exists()


def test_from_the_command_line(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = plan().save(tmp_path / "plan.json")
    video = tmp_path / "out.mp4"
    assert main(["render", str(story), "-o", str(video), "--model", str(model), "--steps", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [scene["id"] for scene in told["scenes"]] == ["s1", "s2"]
    assert {scene["backend"] for scene in told["scenes"]} == {"layout2vid"}
    assert len(see(video).frames) == 6


def test_with_little_memory_it_draws_the_same_pictures(model: Path, backend: Layout2VidBackend) -> None:
    frugal = Layout2VidBackend(str(model), options=Layout2VidOptions(memory="low"))
    ours, theirs = frames(frugal, plan()), frames(backend, plan())
    assert np.abs(ours.astype(int) - theirs.astype(int)).mean() < 2  # of 255, in half precision


def test_options_change_what_is_drawn_and_the_key_of_a_scene(model: Path, backend: Layout2VidBackend) -> None:
    story = plan()
    scene = story.scene("s1")
    usual = backend.prepare(story).effective(scene, seed=1, steps=2)
    for options in (Layout2VidOptions(sampler="plms"), Layout2VidOptions(guidance=1.5)):
        other = Layout2VidBackend(str(model), options=options)
        assert other.prepare(story).effective(scene, seed=1, steps=2) != usual
    assert not np.array_equal(frames(other, story), frames(backend, story))
    with pytest.raises(UsageError, match="option speed"):
        create("layout2vid", options={"speed": "high"})


def test_a_scenes_own_strength_goes_before_the_one_asked_for_and_that_before_the_models(
    model: Path, backend: Layout2VidBackend
) -> None:
    story = plan()
    story.scenes[0].layout_strength = 0.5
    asked = Layout2VidBackend(str(model), options=Layout2VidOptions.parse({"layout_strength": "0.25"}))

    def told(drawing: Layout2VidBackend, scene_id: str) -> dict[str, object]:
        return drawing.prepare(story).effective(story.scene(scene_id), seed=1, steps=4)

    assert [told(backend, scene_id)["grounded_steps"] for scene_id in ("s1", "s2")] == [2, 4]
    assert [told(asked, scene_id)["grounded_steps"] for scene_id in ("s1", "s2")] == [2, 1]
    assert told(asked, "s1") == told(backend, "s1")  # nothing to draw anew
    assert np.array_equal(frames(asked, story, "s1"), frames(backend, story, "s1"))
    written = plan()
    written.scenes[1].layout_strength = 0.0
    never = Layout2VidBackend(str(model), options=Layout2VidOptions(layout_strength=0.0))
    assert np.array_equal(frames(never, story, "s2"), frames(backend, written, "s2"))
    assert not np.array_equal(frames(never, story, "s2"), frames(backend, story, "s2"))


def test_what_is_imagined_is_part_of_the_key_and_asks_for_a_model_that_can(
    model: Path, backend: Layout2VidBackend, tmp_path: Path
) -> None:
    pipeline = tiny_pipeline(*load_packaged(PACKAGE))
    pipeline.register_modules(**tiny_imagination())
    save(pipeline, tmp_path / "imagines")
    asked = Layout2VidOptions(imagine=True)
    able = Layout2VidBackend(str(tmp_path / "imagines"), options=asked)
    story, other = plan(), plan(seed=4)

    def key(drawn: Layout2VidBackend, story: VideoPlan) -> dict[str, object]:
        return drawn.prepare(story).effective(story.scenes[0], seed=1, steps=2)

    assert (frames(able, story) != frames(Layout2VidBackend(str(tmp_path / "imagines")), story)).any()
    assert (frames(able, story) == frames(able, story)).all()
    assert key(able, story)["entities"] != key(able, other)["entities"]  # the seed of what things look like
    assert key(backend, story)["entities"] == key(backend, other)["entities"]
    with pytest.raises(ModelError, match="no unCLIP prior"):
        frames(Layout2VidBackend(str(model), options=asked), story)


@pytest.mark.parametrize(
    "work", ["pipeline.Layout2VidPipeline.represent", "sampling.denoiser.ScenePass.__call__", "pipeline.decode"]
)
def test_too_little_memory_ends_with_what_helps(model: Path, work: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    renderer = Layout2VidBackend(str(model)).prepare(plan())
    monkeypatch.setattr(f"videodirector.layout2vid.{work}", full)
    with pytest.raises(RenderError, match="too little memory to draw scene 's1': CUDA out of memory") as caught:
        list(renderer.render(plan().scene("s1"), seed=0, steps=1))
    assert "--memory low" in caught.value.hint
