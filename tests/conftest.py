"""Settings for all tests."""

import os
import signal
from collections.abc import Iterator
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


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Processes that ignore Ctrl-C, as shells start them in the background, have children that do."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
