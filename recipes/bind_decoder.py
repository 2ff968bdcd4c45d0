"""The decoder of storyworld-bind, from texts alone: no picture, sound or map is looked at here."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from bind_moments import Moments, told_captions

from videodirector.senses.caption_bank import build_motion_rows, build_world_rows
from videodirector.senses.embedders.decoder import CaptionDecoder, split_words
from videodirector.senses.embedders.towers import Towers

NOISE = 0.9  # length of the noise on a vector of length 1, at most: pictures lie that far from their captions


def train_decoder(
    towers: Towers,
    moments: Moments,
    out: Path,
    *,
    steps: int = 1500,
    batch: int = 128,
    rate: float = 4e-3,
    count: int = 16_000,
) -> None:
    """Write ``decoder.pt``."""
    texts = told_captions(min(count, len(moments)))
    flat = [text for pair in texts for text in pair]
    banked = [row.text for row in (*build_world_rows(), *build_motion_rows())]
    words = sorted({word for text in (*flat, *banked) for word in split_words(text)})
    decoder = CaptionDecoder(words)
    with torch.no_grad():
        sentences = torch.from_numpy(np.array(moments.of("captions")[: len(texts)])).flatten(0, 1)
        vectors = torch.cat([towers("text", part.float()) for part in sentences.split(2048)])
    vectors = F.normalize(vectors - vectors.mean(0), dim=-1)
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=rate, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.05)
    generator = torch.Generator().manual_seed(0)
    start, recent = time.monotonic(), []
    for step in range(1, steps + 1):
        rows = torch.randint(len(flat), (batch,), generator=generator)
        noise = F.normalize(torch.randn(batch, vectors.shape[1], generator=generator), dim=-1)
        told = F.normalize(vectors[rows] + NOISE * torch.rand(batch, 1, generator=generator) * noise, dim=-1)
        tokens = decoder.tokenise([flat[row] for row in rows.tolist()])
        ends = (tokens == 0).cumsum(1) <= 1  # up to the first end
        loss = F.cross_entropy(decoder(told, tokens)[ends], tokens[ends])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        recent.append(loss.item())
        if step % 250 == 0:
            print(f"decoder {step}, {(time.monotonic() - start) / 60:.1f} min, loss {np.mean(recent):.3f}", flush=True)
            recent.clear()
    torch.save({"words": words, "state": decoder.state_dict()}, out / "decoder.pt")
