"""More video pipelines of diffusers, tiny and random: those that no page is about, for they work by their signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import diffusers
import transformers

from tiny_video import WIDTH, autoencoder, ltx2, ltx_of, t5, tokenizer, wan_parts


def wan_experts() -> Any:
    """Wan 2.2 with two experts, one for the noisy steps and one for the rest."""
    parts = wan_parts()
    return diffusers.WanPipeline(**parts, transformer_2=wan_parts()["transformer"], boundary_ratio=0.5)


def skyreels(pipeline: str = "SkyReelsV2Pipeline") -> Any:
    parts = wan_parts()
    config = parts["transformer"].config
    parts["transformer"] = diffusers.SkyReelsV2Transformer3DModel(
        **{name: config[name] for name in config if name in _SKYREELS}
    )
    return getattr(diffusers, pipeline)(**parts)


_SKYREELS = {
    "patch_size", "num_attention_heads", "attention_head_dim", "in_channels", "out_channels", "text_dim", "freq_dim",
    "ffn_dim", "num_layers", "cross_attn_norm", "rope_max_seq_len",
}  # fmt: skip


def latte() -> Any:
    transformer = diffusers.LatteTransformer3DModel(
        sample_size=8, num_layers=1, patch_size=2, attention_head_dim=8, num_attention_heads=2, caption_channels=WIDTH,
        in_channels=4, cross_attention_dim=16, out_channels=8, attention_bias=True, activation_fn="gelu-approximate",
        num_embeds_ada_norm=1000, norm_type="ada_norm_single", norm_elementwise_affine=False, norm_eps=1e-6,
    )  # fmt: skip
    return diffusers.LattePipeline(
        tokenizer=tokenizer(), text_encoder=t5(), vae=autoencoder(), transformer=transformer,
        scheduler=diffusers.DDIMScheduler(),
    )  # fmt: skip


def allegro() -> Any:
    transformer = diffusers.AllegroTransformer3DModel(
        num_attention_heads=2, attention_head_dim=12, in_channels=4, out_channels=4, num_layers=1,
        cross_attention_dim=24, sample_width=8, sample_height=8, sample_frames=8, caption_channels=24,
    )  # fmt: skip
    vae = diffusers.AutoencoderKLAllegro(
        down_block_types=("AllegroDownBlock3D",) * 4, up_block_types=("AllegroUpBlock3D",) * 4,
        block_out_channels=(8,) * 4, latent_channels=4, layers_per_block=1, norm_num_groups=2,
        temporal_compression_ratio=4, sample_size=32,
    )  # fmt: skip
    config = transformers.T5Config(
        vocab_size=300, d_model=24, d_kv=8, d_ff=16, num_layers=1, num_heads=2, pad_token_id=0, eos_token_id=1
    )
    return diffusers.AllegroPipeline(
        tokenizer=tokenizer(), text_encoder=transformers.T5EncoderModel(config).eval(), vae=vae,
        transformer=transformer, scheduler=diffusers.DDIMScheduler(),
    )  # fmt: skip


def sana_video(pipeline: str = "SanaVideoPipeline") -> Any:
    parts = wan_parts()
    transformer = diffusers.SanaVideoTransformer3DModel(
        in_channels=4, out_channels=4, num_attention_heads=2, attention_head_dim=12, num_layers=1,
        num_cross_attention_heads=2, cross_attention_head_dim=12, cross_attention_dim=24, caption_channels=WIDTH,
        sample_size=2, qk_norm="rms_norm_across_heads", rope_max_seq_len=64,
    )  # fmt: skip
    text = transformers.Gemma2Config(
        vocab_size=300, hidden_size=WIDTH, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, pad_token_id=0, eos_token_id=1, bos_token_id=2,
    )  # fmt: skip
    return getattr(diffusers, pipeline)(
        tokenizer=tokenizer(300), text_encoder=transformers.Gemma2Model(text).eval(), vae=parts["vae"],
        transformer=transformer, scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
    )  # fmt: skip


def hunyuan15() -> Any:
    transformer = diffusers.HunyuanVideo15Transformer3DModel(
        in_channels=9, out_channels=4, num_attention_heads=2, attention_head_dim=16, num_layers=1,
        num_refiner_layers=1, mlp_ratio=2.0, text_embed_dim=WIDTH, text_embed_2_dim=WIDTH, image_embed_dim=WIDTH,
        rope_axes_dim=(4, 6, 6), target_size=64, task_type="t2v",
    )  # fmt: skip
    vae = diffusers.AutoencoderKLHunyuanVideo15(
        latent_channels=4, block_out_channels=(16,) * 5, layers_per_block=1, spatial_compression_ratio=16,
        temporal_compression_ratio=4, downsample_match_channel=False, upsample_match_channel=False,
    )  # fmt: skip
    text = transformers.Qwen2_5_VLTextConfig(
        vocab_size=300, hidden_size=WIDTH, intermediate_size=16, num_hidden_layers=3, num_attention_heads=2,
        num_key_value_heads=1, rope_parameters={"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e6},
    )  # fmt: skip
    words = tokenizer(1200)
    words.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    return diffusers.HunyuanVideo15Pipeline(
        text_encoder=transformers.Qwen2_5_VLTextModel(text).eval(), tokenizer=words, transformer=transformer, vae=vae,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0), text_encoder_2=t5(),
        tokenizer_2=transformers.ByT5Tokenizer(), guider=diffusers.ClassifierFreeGuidance(guidance_scale=1.0),
    )  # fmt: skip


def ltx2_image() -> Any:
    return diffusers.LTX2ImageToVideoPipeline(**ltx2().components)


NEWER: dict[str, Callable[[], Any]] = {
    "wan-2.2": wan_experts,
    "skyreels": skyreels,
    "skyreels-forcing": lambda: skyreels("SkyReelsV2DiffusionForcingPipeline"),
    "ltx-image": lambda: ltx_of("LTXImageToVideoPipeline"),
    "ltx2-image": ltx2_image,
    "latte": latte,
    "allegro": allegro,
    "sana-video": sana_video,
    "sana-image": lambda: sana_video("SanaImageToVideoPipeline"),
    "hunyuan-1.5": hunyuan15,
}
