from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from tiny import PHRASES
from videodirector.layout2vid.appearance.bank_prior import BankPrior
from videodirector.layout2vid.appearance.text_encoder import encode_phrases

LEFT, RIGHT = torch.eye(3, 6), -torch.eye(3, 6)


def prior(text_model: tuple[Any, Any]) -> BankPrior:
    return BankPrior.of(PHRASES, [0, 1, 2], encode_phrases(*text_model, PHRASES), LEFT, RIGHT)


def test_a_known_phrase_gives_its_picture_looking_to_its_side(text_model: tuple[Any, Any]) -> None:
    text = encode_phrases(*text_model, ["cat", "red car"])
    pictures = prior(text_model)(text, torch.tensor([False, True]))
    torch.testing.assert_close(pictures, torch.stack([LEFT[1], RIGHT[2]]), rtol=0, atol=1e-3)


def test_a_strange_word_gives_what_is_nearest_and_says_so(text_model: tuple[Any, Any]) -> None:
    text = encode_phrases(*text_model, ["puppy", "automobile", "thermodynamics"])
    (puppy, near), (automobile, _), (_, far) = prior(text_model).nearest(text)
    assert (puppy, automobile) == ("dog", "red car")
    assert near > 0.6 > far


def test_it_is_stored_and_loaded_whole(text_model: tuple[Any, Any], tmp_path: Path) -> None:
    saved = prior(text_model)
    saved.save_pretrained(tmp_path)
    loaded = BankPrior.from_pretrained(tmp_path)
    text = encode_phrases(*text_model, ["puppy"])
    right = torch.tensor([True])
    assert torch.equal(loaded(text, right), saved(text, right))
    assert loaded.nearest(text) == saved.nearest(text)
