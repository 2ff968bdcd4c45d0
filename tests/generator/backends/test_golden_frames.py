"""Frames of the backends that ship, kept: when they change, the backend's version has to be raised.

Write them anew with ``python tests/generator/backends/test_golden_frames.py`` after raising ``Capabilities.version``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support import fox_plan
from tiny import tiny_model
from videodirector._generators import finish
from videodirector.generator import Backend, PlanRenderer
from videodirector.generator.backends import create

GOLDEN = Path(__file__).parents[2] / "golden" / "frames_v1.json"

BLOCK = 8  # pixels along a side of the blocks whose mean colour is kept

TOLERANCE = {"storyboard": 0.0, "layout2vid": 1.5}
"""Of 255: sprites are pasted exactly, and what networks compute differs between processors."""


def backend(name: str, folder: Path) -> Backend:
    if name == "storyboard":
        return create(name, size=(64, 64))
    return create(name, model=str(tiny_model(folder / "model")))


def summarise(backend: Backend) -> dict[str, Any]:
    """The version of a backend, and the block means of the first and last frame of every scene."""
    plan = fox_plan().checked()
    scenes = {}
    drawing = PlanRenderer(plan, backend, steps=2)
    for scene in plan.scenes:
        frames = finish(drawing.render(scene))[0].frames[[0, -1]].astype(float)
        count, height, width, _ = frames.shape
        blocks = frames.reshape(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3).mean(axis=(2, 4))
        scenes[scene.id] = blocks.round(2).tolist()
    return {"version": backend.capabilities.version, "scenes": scenes}


@pytest.mark.parametrize("name", ["storyboard", "layout2vid"])
def test_frames_change_with_the_version_alone(name: str, tmp_path: Path) -> None:
    kept = json.loads(GOLDEN.read_text(encoding="utf-8"))[name]
    now = summarise(backend(name, tmp_path))
    assert now["version"] == kept["version"], "the version was raised: write the golden frames anew"
    assert now["scenes"].keys() == kept["scenes"].keys()
    for scene, blocks in now["scenes"].items():
        apart = np.abs(np.asarray(blocks) - np.asarray(kept["scenes"][scene])).max()
        assert apart <= TOLERANCE[name] + 0.01, f"frames of {scene} changed: raise the backend's version"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        found = {name: summarise(backend(name, Path(scratch))) for name in TOLERANCE}
    GOLDEN.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
    sys.stdout.write(f"{GOLDEN} is written\n")
