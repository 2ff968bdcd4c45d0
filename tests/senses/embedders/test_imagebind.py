"""ImageBind's shapes at full size, without its weights; its form and its preprocessing on small networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from videodirector.errors import ModelFormatError, ModelNotFoundError
from videodirector.senses.embedders.imagebind import (
    ENCODERS,
    ImageBind,
    ImageBindNetworks,
    compute_filter_banks,
    list_published_names,
)


def test_the_published_size() -> None:
    with torch.device("meta"):
        networks = ImageBindNetworks()
    count = sum(parameter.numel() for parameter in networks.parameters())
    assert round(count / 1e6, 1) == 1200.8
    sizes = {name: sum(p.numel() for p in encoder.parameters()) / 1e6 for name, encoder in networks.encoders.items()}
    assert {name: round(size) for name, size in sizes.items()} == {
        "vision": 633, "text": 354, "audio": 86, "depth": 22, "thermal": 86, "imu": 20,
    }  # fmt: skip
    names = [theirs for _, theirs in list_published_names(networks)]
    assert len(set(names)) == len(names)


@pytest.fixture(scope="module")
def small() -> ImageBind:
    torch.manual_seed(0)
    senses = {name: replace(sense, width=16, blocks=1, heads=2) for name, sense in ENCODERS.items()}
    networks = ImageBindNetworks(senses)
    for parameter in networks.parameters():
        torch.nn.init.normal_(parameter, std=0.1)

    def tokens(texts: Sequence[str]) -> torch.Tensor:
        """Letters for words, the largest number at the end, as CLIP's tokenizer has it."""
        rows = [[*map(ord, text), 49_407] for text in texts]
        return torch.tensor([row + [0] * (77 - len(row)) for row in rows])

    return ImageBind(networks, tokens)


CLIPS: dict[str, np.ndarray] = {
    "image": np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8),
    "video": np.random.default_rng(1).integers(0, 255, (5, 40, 30, 3), dtype=np.uint8),
    "audio": np.random.default_rng(2).normal(0, 0.1, 48_000).astype(np.float32),
    "depth": np.random.default_rng(3).random((50, 70)).astype(np.float32),
    "thermal": np.random.default_rng(4).random((300, 200)).astype(np.float32),
    "imu": np.random.default_rng(5).normal(0, 1, (6, 500)).astype(np.float32),
}


@pytest.mark.parametrize("modality", CLIPS)
def test_every_sense_gives_unit_vectors(small: ImageBind, modality: str) -> None:
    vectors = small.embed(modality, [CLIPS[modality], CLIPS[modality]])
    assert vectors.shape == (2, 1024)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert np.array_equal(vectors[0], vectors[1])


def test_a_text_ends_at_its_end(small: ImageBind) -> None:
    vectors = small.embed_text(["a dog", "a dog", "a cat"])
    assert np.array_equal(vectors[0], vectors[1])
    assert not np.allclose(vectors[0], vectors[2])


def test_filter_banks_find_the_pitch() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(32_000) / 16_000).astype(np.float32)
    banks = compute_filter_banks(tone)
    assert banks.shape == (128, 204)
    mels = np.linspace(1127 * np.log1p(20 / 700), 1127 * np.log1p(8000 / 700), 130)[1:-1]
    assert abs(700 * np.expm1(mels[banks[:, 50].argmax()] / 1127) - 1000) < 40


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        ImageBind.load(tmp_path / "none.pth", lambda texts: torch.zeros(0))
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(ModelFormatError, match="it lacks"):
        ImageBind.load(tmp_path / "other.pth", lambda texts: torch.zeros(0))
    (tmp_path / "broken.pth").write_bytes(b"no weights")
    with pytest.raises(ModelFormatError, match="cannot be read"):
        ImageBind.load(tmp_path / "broken.pth", lambda texts: torch.zeros(0))
