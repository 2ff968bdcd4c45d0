from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from tiny import save, tiny_imagination
from videodirector.errors import ModelError, ModelFormatError, ModelNotFoundError
from videodirector.layout2vid.appearance.appearance import Appearance
from videodirector.layout2vid.appearance.text_encoder import encode_captions
from videodirector.layout2vid.appearance.unclip import imagine_latents, to_patches
from videodirector.layout2vid.conditioning import SceneCondition
from videodirector.layout2vid.loading import load
from videodirector.layout2vid.pipeline import EntityEmbedding, Layout2VidPipeline

CONDITION = SceneCondition(
    caption="a dog and a cat",
    boxes=torch.tensor([[[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0]]]).expand(3, -1, -1),
    present=torch.ones(3, 2, dtype=torch.bool),
    sides=("right", None),
)
LOOKS = (Appearance(name="dog"), Appearance(name="cat"))


def draw(pipeline: Layout2VidPipeline, *, seed: int = 0, condition: SceneCondition = CONDITION, **options: Any) -> Any:
    generator = torch.Generator().manual_seed(seed)
    return pipeline(condition, LOOKS, generator=generator, **{"output_type": "uint8", **options}).frames[0]


def test_a_scene_becomes_frames_and_the_same_seed_the_same_frames(pipeline: Layout2VidPipeline) -> None:
    heard: list[int] = []

    def hear(told: Layout2VidPipeline, step: int, timestep: torch.Tensor, tensors: dict[str, torch.Tensor]) -> None:
        assert told is pipeline
        assert set(tensors) == {"latents"}
        heard.append(step)

    frames = draw(pipeline, callback_on_step_end=hear)
    assert frames.shape == (3, 16, 16, 3)
    assert frames.dtype.name == "uint8"
    assert heard == [0, 1, 2, 3]
    assert (draw(pipeline) == frames).all()
    assert (draw(pipeline, seed=1) != frames).any()


def test_boxes_words_and_looks_have_a_say(pipeline: Layout2VidPipeline) -> None:
    frames = draw(pipeline)
    moved = SceneCondition(
        caption=CONDITION.caption, boxes=CONDITION.boxes * 0.5, present=CONDITION.present, sides=CONDITION.sides
    )
    assert (draw(pipeline, condition=moved) != frames).any()
    assert (draw(pipeline, layout_strength=0.0) != frames).any()
    assert (draw(pipeline, guidance_scale=1.0) != frames).any()
    turned = SceneCondition(
        caption=CONDITION.caption, boxes=CONDITION.boxes, present=CONDITION.present, sides=("left", None)
    )
    assert (draw(pipeline, condition=turned) != frames).any()


def test_without_strength_boxes_have_none(pipeline: Layout2VidPipeline) -> None:
    moved = SceneCondition(
        caption=CONDITION.caption, boxes=CONDITION.boxes * 0.5, present=CONDITION.present, sides=CONDITION.sides
    )
    assert (draw(pipeline, layout_strength=0.0) == draw(pipeline, condition=moved, layout_strength=0.0)).all()


def test_scenes_without_entities_and_of_one_frame_are_drawn(pipeline: Layout2VidPipeline) -> None:
    empty = SceneCondition(
        caption="", boxes=torch.zeros(1, 0, 4), present=torch.zeros(1, 0, dtype=torch.bool), sides=()
    )
    assert pipeline(empty, (), generator=torch.Generator().manual_seed(0)).frames.shape == (1, 1, 16, 16, 3)


def test_a_picture_takes_the_place_of_the_prior(pipeline: Layout2VidPipeline) -> None:
    given = pipeline.represent(Appearance(name="dog", picture=Image.new("RGBA", (20, 10), "red")))
    imagined = pipeline.represent(Appearance(name="dog"))
    assert given.nearest is None
    assert imagined.nearest is not None
    assert imagined.nearest[0] == "dog"
    assert torch.equal(given.text, imagined.text)
    assert given.pictures is not None
    assert imagined.pictures is not None
    assert not torch.allclose(given.pictures, imagined.pictures)


def test_without_a_prior_words_alone_do_not_suffice(pipeline: Layout2VidPipeline) -> None:
    pipeline.prior = None
    with pytest.raises(ModelError, match="no prior"):
        pipeline.represent(Appearance(name="dog"))


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_states_take_the_place_of_words(pipeline: Layout2VidPipeline, guidance: float) -> None:
    """What is known only as the text encoder's states is drawn as its words are."""
    said = draw(pipeline, guidance_scale=guidance, output_type="pt")
    looks = [pipeline.imagine(pipeline.represent(look).text) for look in LOOKS]
    words = encode_captions(pipeline.text_encoder, pipeline.tokenizer, [CONDITION.caption])
    silent = pipeline(
        replace(CONDITION, caption=""),
        looks,
        generator=torch.Generator().manual_seed(0),
        guidance_scale=guidance,
        words=words,
        output_type="pt",
    ).frames[0]
    torch.testing.assert_close(silent, said, rtol=0, atol=2e-3)
    assert not torch.allclose(silent, draw(pipeline, guidance_scale=guidance, output_type="pt", words=-words))


def test_what_is_imagined_is_drawn_from_its_seed_and_seen_from_both_sides(
    pipeline: Layout2VidPipeline, tmp_path: Path
) -> None:
    def look(model: Layout2VidPipeline, seed: int) -> EntityEmbedding:
        return model.represent(Appearance(name="dog"), generator=torch.Generator().manual_seed(seed))

    remembered = look(pipeline, 0)
    pipeline.register_modules(**tiny_imagination())
    assert torch.equal(_pictures(look(pipeline, 0)), _pictures(remembered))  # only where it is asked for
    pipeline.imagines = True
    first, again, other = (look(pipeline, seed) for seed in (1, 1, 2))
    assert first.nearest == remembered.nearest
    assert torch.equal(_pictures(first), _pictures(again))
    assert not torch.allclose(_pictures(first), _pictures(other))
    assert first.views is not None
    torch.testing.assert_close(first.views[0], first.views[1].flip(-1))
    known = pipeline.imagine(first.text, generator=torch.Generator().manual_seed(1))
    assert torch.equal(_pictures(known), _pictures(first))
    pipeline.save_pretrained(tmp_path)
    loaded = Layout2VidPipeline.from_pretrained(tmp_path)
    loaded.imagines = True
    torch.testing.assert_close(_pictures(look(loaded, 1)), _pictures(first))


def test_latents_are_patched_as_they_are_imagined() -> None:
    latents = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    parts = tiny_imagination()
    prior = parts["imagination"]
    prior.clip_mean.data.zero_()
    prior.forward = lambda *_, **__: SimpleNamespace(predicted_image_embedding=to_patches(latents))  # knows the answer
    drawn = imagine_latents(
        prior,
        parts["prior_scheduler"],
        torch.zeros(2, 384),
        generator=torch.Generator().manual_seed(0),
        guidance_scale=1.0,
    )
    torch.testing.assert_close(drawn, latents, rtol=0, atol=0.01)


def _pictures(look: EntityEmbedding) -> torch.Tensor:
    assert look.pictures is not None
    return look.pictures


def test_without_a_bank_an_embedding_does_not_suffice(pipeline: Layout2VidPipeline) -> None:
    pipeline.prior = None
    with pytest.raises(ModelError, match="no bank of pictures"):
        pipeline.imagine(torch.zeros(384))


def test_saved_and_loaded_it_draws_the_same(pipeline: Layout2VidPipeline, tmp_path: Path) -> None:
    frames = draw(pipeline)
    folder = save(pipeline, tmp_path / "model")
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".json", ".safetensors"}
    assert (draw(Layout2VidPipeline.from_pretrained(folder)) == frames).all()
    assert load(folder).frame_size == (16, 16)


def change_index(folder: Path, **parts: Any) -> None:
    file = folder / "model_index.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **parts}))


def test_a_folder_of_an_earlier_release_loads_by_the_names_of_its_classes(
    pipeline: Layout2VidPipeline, tmp_path: Path
) -> None:
    frames = draw(pipeline)
    folder = save(pipeline, tmp_path / "model")
    change_index(
        folder,
        grounding=["videodirector.layout2vid.grounding", "Grounding"],
        prior=["videodirector.layout2vid.prior", "BankPrior"],
    )
    assert (draw(Layout2VidPipeline.from_pretrained(folder)) == frames).all()


@pytest.mark.parametrize(
    "part", [["os", "system"], ["videodirector.layout2vid.grounding", "Other"], ["evil", "Grounding"], ["diffusers", 5]]
)
def test_a_folder_does_not_choose_which_code_is_imported(
    part: list[Any], pipeline: Layout2VidPipeline, tmp_path: Path
) -> None:
    folder = save(pipeline, tmp_path / "model")
    change_index(folder, grounding=part)
    with pytest.raises(ModelFormatError, match=r"model_index\.json: grounding names the class") as caught:
        Layout2VidPipeline.from_pretrained(folder)
    assert caught.value.exit_code == 4


def test_what_is_wrong_with_a_folder_is_said(pipeline: Layout2VidPipeline, tmp_path: Path) -> None:
    folder = save(pipeline, tmp_path / "model")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    whole = weights.read_bytes()

    weights.write_bytes(whole[:-100])
    with pytest.raises(ModelFormatError, match=r"unet.*truncated"):
        load(folder)
    weights.write_bytes(b"")
    with pytest.raises(ModelFormatError, match=r"unet.*\(0 bytes\)"):
        load(folder)
    weights.unlink()
    with pytest.raises(ModelNotFoundError, match=r"unet holds no weights"):
        load(folder)
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelFormatError, match="pickle"):
        load(folder)
    (folder / "unet" / "diffusion_pytorch_model.bin").unlink()
    weights.write_bytes(whole)
    (folder / "prior" / "config.json").write_text("{")
    with pytest.raises(ModelFormatError, match=r"prior/config\.json"):
        load(folder)
    (folder / "model_index.json").unlink()
    with pytest.raises(ModelNotFoundError, match=r"model_index\.json"):
        load(folder)


def test_a_folder_that_is_not_there_is_said() -> None:
    with pytest.raises(ModelError, match="no/such/model"):
        load("no/such/model")
