"""CLAP, SigLIP 2 and PE-AV: small random models, saved as the published ones are, with their real processors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from videodirector.errors import MissingDependencyError, ModelFormatError, ModelNotFoundError
from videodirector.senses.embedders.transformers import Clap, PeAv, SigLip2

TEXT: dict[str, Any] = {
    "vocab_size": 50_000,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "pad_token_id": 0,
}
SOUNDS = [np.random.default_rng(n).normal(0, 0.1, n).astype(np.float32) for n in (960, 48_000, 90_000)]
PICTURES = [np.random.default_rng(n).integers(0, 255, (n, 90, 3), dtype=np.uint8) for n in (9, 60, 400)]


def tokenizer() -> transformers.PreTrainedTokenizerFast:
    words = ["<pad>", "<s>", "</s>", "<unk>", "a", "dog", "car", "the", "sound", "of", "this", "is", "photo", "."]
    found = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))  # noqa: S106  no password
    found.pre_tokenizer = pre_tokenizers.Whitespace()
    found.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    special = dict(zip(("pad_token", "bos_token", "eos_token", "unk_token"), words, strict=False))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=found, model_max_length=64, **special)


@pytest.fixture(scope="module")
def clap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clap")
    audio = {
        "hidden_size": 64, "patch_embeds_hidden_size": 8, "depths": [1] * 4, "num_attention_heads": [1] * 4,
        "projection_dim": 16,
    }  # fmt: skip
    config = transformers.ClapConfig(text_config={**TEXT, "projection_dim": 16}, audio_config=audio, projection_dim=16)
    transformers.ClapModel(config).save_pretrained(folder)
    extractor = transformers.ClapFeatureExtractor(truncation="rand_trunc")
    transformers.ClapProcessor(extractor, tokenizer()).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=["siglip", "siglip2"])
def siglip2(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    text = {**TEXT, "projection_size": 16, "bos_token_id": 1, "eos_token_id": 2}
    vision = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    if request.param == "siglip":
        config = transformers.SiglipConfig(text_config=text, vision_config={**vision, "image_size": 32})
        transformers.SiglipModel(config).save_pretrained(folder)
        pictures = transformers.SiglipImageProcessorPil(size={"height": 32, "width": 32})
        transformers.SiglipProcessor(pictures, tokenizer()).save_pretrained(folder)
    else:
        config = transformers.Siglip2Config(text_config=text, vision_config={**vision, "num_patches": 16})
        transformers.Siglip2Model(config).save_pretrained(folder)
        pictures = transformers.Siglip2ImageProcessorPil(max_num_patches=16)
        transformers.Siglip2Processor(pictures, tokenizer()).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def pe_audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pe-av")
    codec = {
        "encoder_hidden_size": 4, "downsampling_ratios": [4, 8, 6, 10], "codebook_dim": 8, "hidden_size": 16
    }  # fmt: skip
    audio = {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "head_dim": 8,
        "dac_config": codec,
    }  # fmt: skip
    special = {"bos_token_id": 1, "cls_token_id": 1, "eos_token_id": 2, "sep_token_id": 2}
    config = transformers.PeAudioConfig(text_config={**TEXT, **special, "model_type": "modernbert"}, audio_config=audio)
    transformers.PeAudioModel(config).save_pretrained(folder)
    transformers.PeAudioProcessor(transformers.PeAudioFeatureExtractor(), tokenizer()).save_pretrained(folder)
    return folder


def test_clap_hears(clap: Path) -> None:
    model = Clap.load(clap)
    heard = model.embed("audio", SOUNDS)
    assert heard.shape == (3, 16)
    np.testing.assert_allclose(np.linalg.norm(heard, axis=1), 1, rtol=1e-5)
    assert model.embed_text(["a dog"] * 70).shape == (70, 16)


def test_siglip2_sees(siglip2: Path) -> None:
    model = SigLip2.load(siglip2)
    seen = model.embed("image", PICTURES)
    watched = model.embed("video", [PICTURES[1][None], np.stack([PICTURES[1]] * 3)])
    np.testing.assert_allclose(np.linalg.norm(seen, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(watched, np.stack([seen[1]] * 2), atol=1e-5)  # what does not move is a picture
    assert model.embed_text(["a dog", "a car"]).shape == (2, seen.shape[1])


def test_pe_av_hears_what_transformers_hears(pe_audio: Path) -> None:
    model = PeAv.load(pe_audio)
    assert model.modalities == {"audio"}
    sound = model.processor["sounds"]([SOUNDS[1]], sampling_rate=48_000, return_tensors="pt")
    with torch.no_grad():
        wanted = model.model(
            **model.processor["tokenizer"]([["a", "dog"]], is_split_into_words=True, return_tensors="pt"), **sound
        )
    width = wanted.audio_embeds.shape[1]
    heard, read = model.embed("audio", [SOUNDS[1]]), model.embed_text(["a dog"])
    np.testing.assert_allclose(heard[:, :width], F.normalize(wanted.audio_embeds, dim=-1), atol=1e-5)
    np.testing.assert_allclose(read[:, :width], F.normalize(wanted.text_audio_embeds, dim=-1), atol=1e-5)
    assert not heard[:, width:].any()  # where videos stand


def test_what_is_no_such_model(clap: Path, pe_audio: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"config\.json"):
        Clap.load(tmp_path)
    with pytest.raises(ModelFormatError, match="of type clap, not siglip"):
        SigLip2.load(clap)
    with pytest.raises(ModelFormatError, match="of type pe_audio, not clap"):
        Clap.load(pe_audio)
    (tmp_path / "config.json").write_text((clap / "config.json").read_text())
    with pytest.raises(ModelFormatError, match="cannot be read as clap"):
        Clap.load(tmp_path)


def test_videos_of_pe_av_need_timm(tmp_path: Path) -> None:
    transformers.PeVideoConfig().save_pretrained(tmp_path)
    with pytest.raises(MissingDependencyError, match="timm"):
        PeAv.load(tmp_path)
