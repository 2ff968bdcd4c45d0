"""The embedders that a user names: parsed at once, loaded late."""

from __future__ import annotations

from pathlib import Path

import pytest

from videodirector.errors import ModelNotFoundError, UsageError
from videodirector.senses.registry import EMBEDDERS, EmbedderChoice


def test_choosing() -> None:
    assert EmbedderChoice.parse("pe-av:some/where") == EmbedderChoice("pe-av", Path("some/where"))
    assert EmbedderChoice.parse("clap:C:/models/clap").path == Path("C:/models/clap")
    for name, (modalities, _) in EMBEDDERS.items():
        assert EmbedderChoice(name, Path("x")).modalities == modalities
    for wrong in ("clip:here", "clap", "clap:", ""):
        with pytest.raises(UsageError):
            EmbedderChoice.parse(wrong)
    with pytest.raises(ModelNotFoundError):
        EmbedderChoice.parse("imagebind:nowhere.pth").load()
