from __future__ import annotations

from typing import Any

import pytest

from tiny import PACKAGE, tiny_pipeline
from videodirector.layout2vid.pipeline import Layout2VidPipeline
from videodirector.layout2vid.weights.packaged_encoder import load_packaged


@pytest.fixture(scope="session")
def text_model() -> tuple[Any, Any]:
    return load_packaged(PACKAGE)


@pytest.fixture
def pipeline(text_model: tuple[Any, Any]) -> Layout2VidPipeline:
    return tiny_pipeline(*text_model)
