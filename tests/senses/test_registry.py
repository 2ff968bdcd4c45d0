"""The embedders that a user names: parsed at once, loaded late."""

from __future__ import annotations

from pathlib import Path

import pytest

from videodirector.errors import ModelNotFoundError, UsageError
from videodirector.senses.registry import EMBEDDERS, Choice


def test_choosing() -> None:
    assert Choice.parse("pe-av:some/where") == Choice("pe-av", Path("some/where"))
    assert Choice.parse("clap:C:/models/clap").path == Path("C:/models/clap")
    for name, (modalities, _) in EMBEDDERS.items():
        assert Choice(name, Path("x")).modalities == modalities
    for wrong in ("clip:here", "clap", "clap:", ""):
        with pytest.raises(UsageError):
            Choice.parse(wrong)
    with pytest.raises(ModelNotFoundError):
        Choice.parse("imagebind:nowhere.pth").load()
