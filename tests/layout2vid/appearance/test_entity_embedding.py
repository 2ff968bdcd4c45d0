"""Words and pictures through CLIP's towers and unCLIP's prior, against the pipelines that the checkpoints come from."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import (
    PriorTransformer,
    StableDiffusionGLIGENTextImagePipeline,
    TextToVideoSDPipeline,
    UnCLIPPipeline,
    UnCLIPScheduler,
)
from PIL import Image
from transformers import CLIPTextModelWithProjection

from tiny import clip_words, open_gates, save_clip, tiny_clip_tokenizer, tiny_stock
from videodirector.errors import ModelError
from videodirector.layout2vid.appearance.appearance import Appearance
from videodirector.layout2vid.appearance.text_encoder import encode_captions, encode_phrases
from videodirector.layout2vid.appearance.unclip import imagine
from videodirector.layout2vid.nn.grounding import Form, Grounding
from videodirector.layout2vid.pipeline import Layout2VidPipeline

CPU = torch.device("cpu")
PICTURE = Image.effect_noise((20, 14), 80).convert("RGB")


@pytest.fixture(scope="module")
def stock() -> TextToVideoSDPipeline:
    return tiny_stock()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def karlo(tmp_path_factory: pytest.TempPathFactory) -> UnCLIPPipeline:
    """Karlo's parts that come before its decoder."""
    torch.manual_seed(1)
    prior = PriorTransformer(
        num_attention_heads=2, attention_head_dim=8, num_layers=2, embedding_dim=16, num_embeddings=20
    )
    with torch.no_grad():
        prior.clip_std.fill_(0.7)
        prior.clip_mean.fill_(0.1)
    return UnCLIPPipeline(
        prior=prior.eval(),
        decoder=None,
        text_encoder=CLIPTextModelWithProjection(clip_words(16)).eval(),
        tokenizer=tiny_clip_tokenizer(),
        text_proj=None,
        super_res_first=None,
        super_res_last=None,
        prior_scheduler=UnCLIPScheduler(
            prediction_type="sample", variance_type="fixed_small_log", clip_sample_range=5.0, num_train_timesteps=1000
        ),
        decoder_scheduler=None,
        super_res_scheduler=None,
    )


def grounded(form: Form) -> Layout2VidPipeline:
    stock = tiny_stock()
    torch.manual_seed(2)
    shape = (0,) if form == "text" else (16,)
    grounding = Grounding.for_unet(stock.unet, text_width=16, picture_shape=shape, token_width=16, form=form)
    open_gates(grounding)
    pipeline = Layout2VidPipeline(**stock.components, grounding=grounding, prior=None)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def test_captions_are_encoded_as_the_stock_pipeline_does(stock: TextToVideoSDPipeline) -> None:
    ours = encode_captions(stock.text_encoder, stock.tokenizer, ["", "a dog runs.", "dog " * 30])
    theirs = [stock.encode_prompt(text, CPU, 1, False)[0] for text in ("", "a dog runs.", "dog " * 30)]
    torch.testing.assert_close(ours, torch.cat(theirs), rtol=1e-4, atol=1e-5)


def test_phrases_are_the_pooled_states_whatever_they_are_padded_with(stock: TextToVideoSDPipeline) -> None:
    ours = encode_phrases(stock.text_encoder, stock.tokenizer, ["dog", "a big red car"])
    tokens = stock.tokenizer(["dog", "a big red car"], padding=True, return_tensors="pt")
    with torch.no_grad():
        theirs = stock.text_encoder(**tokens).pooler_output
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    assert encode_phrases(stock.text_encoder, stock.tokenizer, []).shape == (0, 24)


@pytest.mark.parametrize("guidance_scale", [1.0, 4.0])
def test_the_prior_imagines_what_karlo_imagines(karlo: UnCLIPPipeline, guidance_scale: float) -> None:
    class Seen(Exception):
        pass

    heard: dict[str, Any] = {}

    def text_proj(**given: Any) -> None:
        heard.update(given)
        raise Seen

    object.__setattr__(karlo, "text_proj", text_proj)
    karlo.set_progress_bar_config(disable=True)
    with pytest.raises(Seen):
        karlo(
            ["a dog", "a cat"],
            prior_num_inference_steps=5,
            prior_guidance_scale=guidance_scale,
            decoder_guidance_scale=1.0,
            generator=torch.Generator().manual_seed(3),
        )
    ours = imagine(
        karlo.prior,
        karlo.prior_scheduler,
        karlo.text_encoder,
        karlo.tokenizer,
        ["a dog", "a cat"],
        generator=torch.Generator().manual_seed(3),
        device=CPU,
        steps=5,
        guidance_scale=guidance_scale,
    )
    torch.testing.assert_close(ours, heard["image_embeddings"], rtol=1e-4, atol=1e-5)


def test_a_picture_among_words_is_gligens(clip: Path) -> None:
    pipeline = grounded("text-image")
    pipeline.load_clip(clip)
    look = pipeline.represent(Appearance(name="dog", picture=PICTURE))
    reference = SimpleNamespace(
        processor=pipeline.image_processor,
        image_encoder=pipeline.image_encoder,
        image_project=lambda x: x @ pipeline.phrase_encoder.text_projection.weight,
    )
    with torch.no_grad():
        expected = StableDiffusionGLIGENTextImagePipeline.get_clip_feature(reference, PICTURE, 28.7, CPU, is_image=True)
    assert look.pictures is not None
    torch.testing.assert_close(look.pictures[0, 0], expected[0], rtol=1e-4, atol=1e-4)


def test_words_alone_take_the_learned_null_and_pictures_ask_for_an_encoder(karlo: UnCLIPPipeline) -> None:
    pipeline = grounded("layout2vid")
    pipeline.register_modules(phrase_encoder=karlo.text_encoder, phrase_tokenizer=karlo.tokenizer)
    assert pipeline.represent(Appearance(name="dog")).pictures is None
    drawn = pipeline("a dog.", ["dog"], [[(0.0, 0.0, 0.5, 0.5)]], num_frames=2, num_inference_steps=1)
    assert drawn.frames.shape == (1, 2, 16, 16, 3)
    with pytest.raises(ModelError, match="cannot see the picture of 'dog'") as caught:
        pipeline.represent(Appearance(name="dog", picture=PICTURE))
    assert "load_clip" in caught.value.hint


def test_with_a_prior_a_thing_is_imagined_once_from_its_seed_and_saved_with_the_model(
    karlo: UnCLIPPipeline, tmp_path: Path
) -> None:
    for name in ("prior", "prior_scheduler", "text_encoder", "tokenizer"):
        getattr(karlo, name).save_pretrained(tmp_path / "karlo" / name)
    index = {name: ["diffusers", "y"] for name in ("prior", "prior_scheduler", "text_encoder", "tokenizer")}
    (tmp_path / "karlo" / "model_index.json").write_text(json.dumps(index))
    pipeline = grounded("layout2vid")
    pipeline.load_prior(tmp_path / "karlo")

    def imagined(model: Layout2VidPipeline, seed: int) -> torch.Tensor:
        look = model.represent(Appearance(name="dog"), generator=torch.Generator().manual_seed(seed))
        assert look.pictures is not None
        return look.pictures

    assert torch.equal(imagined(pipeline, 1), imagined(pipeline, 1))
    assert not torch.allclose(imagined(pipeline, 1), imagined(pipeline, 2))
    pipeline.save_pretrained(tmp_path / "model")
    again = Layout2VidPipeline.from_pretrained(tmp_path / "model")
    torch.testing.assert_close(imagined(again, 1), imagined(pipeline, 1))
