"""A decoder learns a handful of captions from their vectors alone, and reads them with noise on them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from videodirector.senses.embedders.decoder import CaptionDecoder, split_words

CAPTIONS = ["a dog", "a red car", "an owl. Background: forest", "a dog in the snow"]


@pytest.fixture(scope="module")
def learned() -> tuple[CaptionDecoder, torch.Tensor]:
    torch.manual_seed(0)
    decoder = CaptionDecoder(sorted({word for text in CAPTIONS for word in split_words(text)}), width=64)
    vectors = F.normalize(torch.randn(len(CAPTIONS), 128), dim=-1)
    tokens = decoder.tokenise(CAPTIONS)
    optimiser = torch.optim.Adam(decoder.parameters(), lr=2e-2)
    for _ in range(60):
        optimiser.zero_grad()
        torch.autograd.backward(F.cross_entropy(decoder(vectors, tokens).flatten(0, 1), tokens.flatten()))
        optimiser.step()
    return decoder.eval(), vectors


def test_it_writes_what_it_learned(learned: tuple[CaptionDecoder, torch.Tensor]) -> None:
    decoder, vectors = learned
    noisy = F.normalize(vectors + 0.03 * torch.randn(vectors.shape), dim=-1).numpy()
    written = [decoder.write(vector) for vector in noisy]
    assert [text for text, _ in written] == CAPTIONS
    assert all(0.5 < chance <= 1 for _, chance in written)


def test_how_likely_a_caption_begins_so(learned: tuple[CaptionDecoder, torch.Tensor]) -> None:
    decoder, vectors = learned
    logs = decoder.log_prefix_probabilities(vectors[3].numpy(), ["a dog", "a dog in the snow", "a red car"])
    assert logs[0] >= logs[1] > logs[2]  # what begins with the longer begins with the shorter too
    text, chance = decoder.write(vectors[3].numpy())
    whole = float(np.exp(decoder.log_prefix_probabilities(vectors[3].numpy(), [text])[0]))
    assert chance <= whole * (1 + 1e-5)  # the end has a probability of its own


def test_words_that_it_does_not_know(learned: tuple[CaptionDecoder, torch.Tensor]) -> None:
    with pytest.raises(KeyError):
        learned[0].tokenise(["a capybara"])
