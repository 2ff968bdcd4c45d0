from __future__ import annotations

from typing import Any

import pytest
import torch

from videodirector.errors import MissingDependencyError
from videodirector.layout2vid.appearance.text_encoder import WORDS, encode_captions, encode_phrases
from videodirector.layout2vid.weights.packaged_encoder import load_packaged


def test_captions_have_one_length_and_end_in_zeros(text_model: tuple[Any, Any]) -> None:
    hidden = encode_captions(*text_model, ["", "a fox walks through the forest", "word " * 100])
    assert hidden.shape == (3, WORDS, 384)
    assert not hidden[0, 2:].any()  # the empty caption: its first and its last token
    assert not hidden[1, 8:].any()
    assert hidden[2].abs().sum(-1).min() > 0


def test_a_caption_does_not_depend_on_its_neighbours(text_model: tuple[Any, Any]) -> None:
    alone = encode_captions(*text_model, ["a red car"])
    beside = encode_captions(*text_model, ["a red car", "a fox and an owl in a very dark and very large forest"])
    torch.testing.assert_close(alone[0], beside[0], rtol=1e-4, atol=1e-5)


def test_puppy_means_dog(text_model: tuple[Any, Any]) -> None:
    puppy, dog, car = encode_phrases(*text_model, ["puppy", "dog", "car"])
    assert puppy @ dog / 384 > 0.7
    assert puppy @ car / 384 < 0.5


def test_phrases_have_unit_variance(text_model: tuple[Any, Any]) -> None:
    phrases = encode_phrases(*text_model, ["owl", "red car"])
    torch.testing.assert_close(phrases.square().mean(-1), torch.ones(2))
    assert encode_phrases(*text_model, []).shape == (0, 384)


def test_a_missing_package_is_named() -> None:
    with pytest.raises(MissingDependencyError, match="no_such_encoder") as caught:
        load_packaged("no_such_encoder")
    assert "pip install" not in caught.value.hint  # a model's file may have named it
