from __future__ import annotations

import pytest
import torch
from diffusers import DDIMScheduler

from tiny import PACKAGE, PHRASES, open_gates, tiny_grounding, tiny_unet, tiny_vae
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.prior import BankPrior
from videodirector.layout2vid.text import encode_phrases, load_packaged


@pytest.fixture(scope="session")
def text_model() -> tuple[object, object]:
    return load_packaged(PACKAGE)


@pytest.fixture
def pipeline(text_model: tuple[object, object]) -> Layout2VidPipeline:
    encoder, tokenizer = text_model
    unet = tiny_unet()
    grounding = tiny_grounding(unet)
    open_gates(grounding)
    keys = encode_phrases(encoder, tokenizer, PHRASES)  # type: ignore[arg-type]
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
