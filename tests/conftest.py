"""Settings for all tests."""

import os
from pathlib import Path

import pytest

# A mistyped local path would otherwise be looked for on the network, and waited for.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test starts with nothing drawn, and leaves the user's cache alone."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("VIDEODIRECTOR_CACHE", str(folder))
    return folder
