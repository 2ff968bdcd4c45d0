"""Video pipelines of diffusers with a few thousand random weights: the real classes, small shapes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from videodirector.layout2vid.weights._logging import quiet

WIDTH = 32  # of the text encoders


def save(family: str, folder: Path, make: Callable[[], Any] | None = None) -> Path:
    """The tiny pipeline of this family in a folder, as ``save_pretrained`` writes it; ``make`` makes another one."""
    torch.manual_seed(0)
    with quiet():
        (make or {**FAMILIES, **PICTURES}[family])().save_pretrained(folder)
    return folder


def tokenizer(length: int = 64) -> Any:
    """One token a byte; it knows every text and needs no files."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate(["<pad>", "</s>", "<s>", *alphabet])}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    special = dict(zip(("pad_token", "eos_token", "bos_token"), vocabulary, strict=False))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=length, **special)


def t5() -> Any:
    config = transformers.T5Config(
        vocab_size=300, d_model=WIDTH, d_kv=8, d_ff=16, num_layers=1, num_heads=2, pad_token_id=0, eos_token_id=1
    )
    return transformers.T5EncoderModel(config).eval()


def umt5() -> Any:
    config = transformers.UMT5Config(
        vocab_size=300, d_model=WIDTH, d_kv=8, d_ff=16, num_layers=1, num_heads=2, pad_token_id=0, eos_token_id=1
    )
    return transformers.UMT5EncoderModel(config).eval()


def clip_text(width: int = WIDTH) -> Any:
    config = transformers.CLIPTextConfig(
        vocab_size=300, hidden_size=width, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=77, bos_token_id=2, eos_token_id=1, pad_token_id=0,
    )  # fmt: skip
    return transformers.CLIPTextModel(config).eval()


def clip_vision(kind: str = "CLIPVisionModelWithProjection") -> Any:
    config = transformers.CLIPVisionConfig(
        hidden_size=WIDTH, projection_dim=WIDTH, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        image_size=224, patch_size=56,
    )  # fmt: skip
    return getattr(transformers, kind)(config).eval()


def picture_processor() -> Any:
    return transformers.CLIPImageProcessorPil()


def autoencoder(kind: str = "AutoencoderKL") -> Any:
    settings: dict[str, Any] = {} if kind == "AutoencoderKLTemporalDecoder" else {
        "up_block_types": ("UpDecoderBlock2D",) * 4, "norm_num_groups": 4,
    }  # fmt: skip
    return getattr(diffusers, kind)(
        block_out_channels=(8,) * 4 if settings else (32,) * 4, down_block_types=("DownEncoderBlock2D",) * 4,
        latent_channels=4, sample_size=64, **settings,
    ).eval()  # fmt: skip


def modelscope() -> Any:
    unet = diffusers.UNet3DConditionModel(
        sample_size=4, block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1, cross_attention_dim=WIDTH,
        attention_head_dim=4, down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
    )  # fmt: skip
    return diffusers.TextToVideoSDPipeline(
        vae=autoencoder(), text_encoder=clip_text(), tokenizer=tokenizer(), unet=unet, scheduler=_ddim()
    )


def _ddim(**settings: Any) -> Any:
    return diffusers.DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, steps_offset=1, **settings)


def animatediff() -> Any:
    adapter = diffusers.MotionAdapter(
        block_out_channels=(8, 16), motion_layers_per_block=1, motion_norm_num_groups=4, motion_num_attention_heads=2,
        motion_max_seq_length=16,
    )  # fmt: skip
    return diffusers.AnimateDiffPipeline(
        vae=autoencoder(), text_encoder=clip_text(), tokenizer=tokenizer(), unet=_picture_unet(),
        motion_adapter=adapter, scheduler=_ddim(),
    )  # fmt: skip


def _cogvideox(pipeline: str, channels: int) -> Any:
    transformer = diffusers.CogVideoXTransformer3DModel(
        num_attention_heads=2, attention_head_dim=16, in_channels=channels, out_channels=4, time_embed_dim=4,
        text_embed_dim=WIDTH, num_layers=1, sample_width=4, sample_height=4, sample_frames=9, patch_size=2,
        max_text_seq_length=226, use_rotary_positional_embeddings=True,
    )  # fmt: skip
    vae = diffusers.AutoencoderKLCogVideoX(
        down_block_types=("CogVideoXDownBlock3D",) * 4, up_block_types=("CogVideoXUpBlock3D",) * 4,
        block_out_channels=(8,) * 4, latent_channels=4, layers_per_block=1, norm_num_groups=2,
    )  # fmt: skip
    return getattr(diffusers, pipeline)(
        tokenizer=tokenizer(), text_encoder=t5(), vae=vae, transformer=transformer,
        scheduler=diffusers.CogVideoXDDIMScheduler(),
    )  # fmt: skip


def ltx_of(pipeline: str) -> Any:
    transformer = diffusers.LTXVideoTransformer3DModel(
        in_channels=8, out_channels=8, num_attention_heads=2, attention_head_dim=8, cross_attention_dim=16,
        num_layers=1, caption_channels=WIDTH,
    )  # fmt: skip
    vae = diffusers.AutoencoderKLLTXVideo(
        latent_channels=8, block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1,) * 5, decoder_layers_per_block=(1,) * 5,
        spatio_temporal_scaling=(True, True, True, False), decoder_spatio_temporal_scaling=(True, True, True, False),
        decoder_inject_noise=(False,) * 5, upsample_residual=(False,) * 4, upsample_factor=(1,) * 4,
        patch_size=4, patch_size_t=1,
    )  # fmt: skip
    return getattr(diffusers, pipeline)(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(), vae=vae, text_encoder=t5(), tokenizer=tokenizer(),
        transformer=transformer,
    )  # fmt: skip


def ltx2() -> Any:
    from diffusers.pipelines.ltx2 import LTX2TextConnectors
    from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder

    text = transformers.Gemma3TextConfig(
        vocab_size=300, hidden_size=WIDTH, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8,
    )  # fmt: skip
    vision = transformers.SiglipVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=16, patch_size=8
    )
    config = transformers.Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4)
    rope = {"rope_double_precision": False, "rope_type": "split"}
    heads = {"num_attention_heads": 4, "attention_head_dim": 8, "num_layers": 1, "num_learnable_registers": None}
    vae = diffusers.AutoencoderKLLTX2Video(
        latent_channels=8, block_out_channels=(8, 16, 32, 64), decoder_block_out_channels=(8, 16, 32),
        layers_per_block=(1,) * 5, decoder_layers_per_block=(1,) * 4, patch_size=4, patch_size_t=1,
        spatial_compression_ratio=32, temporal_compression_ratio=8,
    )  # fmt: skip
    audio_vae = diffusers.AutoencoderKLLTX2Audio(
        base_channels=4, output_channels=2, ch_mult=(1,), num_res_blocks=1, attn_resolutions=None, in_channels=2,
        resolution=32, latent_channels=2, norm_type="pixel", causality_axis="height", dropout=0.0,
        mid_block_add_attention=False, sample_rate=16000, mel_hop_length=160, is_causal=True, mel_bins=8,
    )  # fmt: skip
    return diffusers.LTX2Pipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        audio_vae=audio_vae,
        text_encoder=transformers.Gemma3ForConditionalGeneration(config).eval(),
        tokenizer=tokenizer(),
        connectors=LTX2TextConnectors(
            caption_channels=WIDTH, text_proj_in_factor=3, connector_rope_base_seq_len=32,
            causal_temporal_positioning=False, **rope,
            **{f"{stream}_connector_{name}": value for stream in ("video", "audio") for name, value in heads.items()},
        ),
        transformer=diffusers.LTX2VideoTransformer3DModel(
            in_channels=8, out_channels=8, num_attention_heads=2, attention_head_dim=8, cross_attention_dim=16,
            audio_in_channels=4, audio_out_channels=4, audio_num_attention_heads=2, audio_attention_head_dim=4,
            audio_cross_attention_dim=8, num_layers=29, caption_channels=WIDTH, **rope,
        ),
        vocoder=LTX2Vocoder(
            in_channels=16, hidden_channels=32, upsample_kernel_sizes=[4, 4], upsample_factors=[2, 2],
            resnet_kernel_sizes=[3], resnet_dilations=[[1, 3, 5]], output_sampling_rate=16000,
        ),
    )  # fmt: skip


def hunyuan() -> Any:
    transformer = diffusers.HunyuanVideoTransformer3DModel(
        in_channels=4, out_channels=4, num_attention_heads=2, attention_head_dim=10, num_layers=1, num_single_layers=1,
        num_refiner_layers=1, patch_size=2, patch_size_t=1, guidance_embeds=True, text_embed_dim=WIDTH,
        pooled_projection_dim=8, rope_axes_dim=(2, 4, 4),
    )  # fmt: skip
    vae = diffusers.AutoencoderKLHunyuanVideo(
        latent_channels=4, block_out_channels=(8,) * 4, layers_per_block=1, norm_num_groups=4
    )
    llama = transformers.LlamaConfig(
        vocab_size=300, hidden_size=WIDTH, intermediate_size=16, num_hidden_layers=3, num_attention_heads=2
    )
    return diffusers.HunyuanVideoPipeline(
        text_encoder=transformers.LlamaModel(llama).eval(), tokenizer=tokenizer(512), transformer=transformer, vae=vae,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0), text_encoder_2=clip_text(8),
        tokenizer_2=tokenizer(),
    )  # fmt: skip


def wan_parts(**changes: Any) -> dict[str, Any]:
    kind = "WanVACETransformer3DModel" if "vace_layers" in changes else "WanTransformer3DModel"
    shape = {
        "patch_size": (1, 2, 2), "num_attention_heads": 2, "attention_head_dim": 12, "in_channels": 4,
        "out_channels": 4, "text_dim": WIDTH, "freq_dim": 16, "ffn_dim": 16, "num_layers": 2, "cross_attn_norm": True,
        "rope_max_seq_len": 64,
    }  # fmt: skip
    return {
        "tokenizer": tokenizer(512),
        "text_encoder": umt5(),
        "transformer": getattr(diffusers, kind)(**shape | changes),
        "vae": diffusers.AutoencoderKLWan(
            base_dim=4, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True],
            latents_mean=[0.0] * 4, latents_std=[1.0] * 4,
        ),
        "scheduler": diffusers.UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
    }  # fmt: skip


def wan() -> Any:
    return diffusers.WanPipeline(**wan_parts())


def wan_image() -> Any:
    parts = wan_parts(in_channels=12, image_dim=WIDTH, added_kv_proj_dim=24)
    return diffusers.WanImageToVideoPipeline(
        **parts, image_encoder=clip_vision("CLIPVisionModel"), image_processor=picture_processor()
    )


def wan_vace() -> Any:
    return diffusers.WanVACEPipeline(**wan_parts(vace_layers=[0, 1], vace_in_channels=72))


def mochi() -> Any:
    transformer = diffusers.MochiTransformer3DModel(
        num_attention_heads=2, attention_head_dim=8, num_layers=2, pooled_projection_dim=16, in_channels=12,
        text_embed_dim=WIDTH, time_embed_dim=4, max_sequence_length=256,
    )  # fmt: skip
    vae = diffusers.AutoencoderKLMochi(
        latent_channels=12, out_channels=3, encoder_block_out_channels=(32,) * 4, decoder_block_out_channels=(32,) * 4,
        layers_per_block=(1,) * 5,
    )  # fmt: skip
    return diffusers.MochiPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(), vae=vae, text_encoder=t5(), tokenizer=tokenizer(256),
        transformer=transformer,
    )  # fmt: skip


def svd() -> Any:
    unet = diffusers.UNetSpatioTemporalConditionModel(
        sample_size=4, in_channels=8, out_channels=4, block_out_channels=(32, 32), layers_per_block=1,
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"), cross_attention_dim=WIDTH,
        num_attention_heads=(2, 2), projection_class_embeddings_input_dim=96, addition_time_embed_dim=32, num_frames=14,
    )  # fmt: skip
    scheduler = diffusers.EulerDiscreteScheduler(
        prediction_type="v_prediction", sigma_max=700.0, sigma_min=0.002, timestep_type="continuous",
        use_karras_sigmas=True,
    )  # fmt: skip
    return diffusers.StableVideoDiffusionPipeline(
        vae=autoencoder("AutoencoderKLTemporalDecoder"), image_encoder=clip_vision(), unet=unet, scheduler=scheduler,
        feature_extractor=picture_processor(),
    )  # fmt: skip


def i2vgen() -> Any:
    unet = diffusers.I2VGenXLUNet(
        sample_size=4, in_channels=4, out_channels=4, block_out_channels=(8, 16), layers_per_block=1,
        norm_num_groups=2, cross_attention_dim=WIDTH, attention_head_dim=4, num_attention_heads=None,
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"), up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
    )  # fmt: skip
    return diffusers.I2VGenXLPipeline(
        vae=autoencoder(), text_encoder=clip_text(), tokenizer=tokenizer(77), image_encoder=clip_vision(),
        feature_extractor=picture_processor(), unet=unet, scheduler=_ddim(),
    )  # fmt: skip


def _picture_unet(**settings: Any) -> Any:
    return diffusers.UNet2DConditionModel(
        sample_size=4, block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1, cross_attention_dim=WIDTH,
        attention_head_dim=2, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), **settings,
    )  # fmt: skip


def _pictures(pipeline: str, **settings: Any) -> Any:
    return getattr(diffusers, pipeline)(
        vae=autoencoder(), text_encoder=clip_text(), tokenizer=tokenizer(), unet=_picture_unet(**settings),
        scheduler=_ddim(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def _open(pipeline: Any) -> Any:
    """Its gated self-attention with a say, as training leaves it: fresh gates are shut, and fresh weights small."""
    with torch.no_grad():
        for name, parameter in pipeline.unet.named_parameters():
            if ".alpha_" in name:
                parameter.fill_(1.0)
            elif ".fuser." in name and parameter.ndim == 2:
                parameter.mul_(4)
    return pipeline


PICTURES: dict[str, Callable[[], Any]] = {
    "gligen": lambda: _open(_pictures("StableDiffusionGLIGENPipeline", attention_type="gated")),
    "stable-diffusion": lambda: _pictures("StableDiffusionPipeline"),
}
"""Pipelines that draw pictures, for key pictures."""

FAMILIES: dict[str, Callable[[], Any]] = {
    "modelscope": modelscope,
    "animatediff": animatediff,
    "cogvideox": lambda: _cogvideox("CogVideoXPipeline", 4),
    "cogvideox-image": lambda: _cogvideox("CogVideoXImageToVideoPipeline", 8),
    "ltx": lambda: ltx_of("LTXPipeline"),
    "ltx-condition": lambda: ltx_of("LTXConditionPipeline"),
    "ltx2": ltx2,
    "hunyuan": hunyuan,
    "wan": wan,
    "wan-image": wan_image,
    "wan-vace": wan_vace,
    "mochi": mochi,
    "svd": svd,
    "i2vgen": i2vgen,
}
