"""A scene's key changes when its frames do, and hardly ever else."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edits import edited, some_plan
from tiny import tiny_model
from videodirector._generators import finish as run_to_end
from videodirector.generator import Backend, PlanRenderer
from videodirector.generator.backends import create
from videodirector.schemas import VideoPlan


def finish(drawing: PlanRenderer, plan: VideoPlan, scene_id: str) -> str:
    """A hash of the frames of a scene, drawn from nothing."""
    clip, _ = run_to_end(drawing.render(plan.scene(scene_id)))
    return hashlib.sha256(repr(clip.frames.shape).encode() + clip.frames.tobytes()).hexdigest()


@dataclass
class Tally:
    """What many edits showed."""

    edits: int = 0
    redrawn: int = 0
    kept: int = 0
    too_few: list[str] = field(default_factory=list)
    too_many: Counter[str] = field(default_factory=Counter)

    def add(self, edit: str, scene_id: str, *, key_changed: bool, frames_changed: bool) -> None:
        self.redrawn += key_changed
        self.kept += not key_changed
        if frames_changed and not key_changed:
            self.too_few.append(f"{edit} {scene_id}")
        if key_changed and not frames_changed:
            self.too_many[edit] += 1

    def hold(self) -> None:
        assert not self.too_few
        assert self.too_many.total() <= 0.05 * self.redrawn, self
        assert min(self.redrawn, self.kept) > self.edits / 10, "the edits say something"


def tally(backend: Backend, folder: Path, *, edits: int, steps: int | None, seed: int) -> Tally:
    chance, found = random.Random(seed), Tally()  # noqa: S311
    before: tuple[dict[str, str], dict[str, str]] = {}, {}
    ever: dict[str, str] = {}
    for number in range(edits):
        if number % 12 == 0:
            plan = some_plan(chance, folder)
            edit = "new plan"
        else:
            plan, edit = edited(plan, chance, folder)
            found.edits += 1
        drawing = PlanRenderer(plan, backend, steps=steps)
        keys = {scene.id: drawing.key(scene).key for scene in plan.scenes}
        frames = {scene.id: finish(drawing, plan, scene.id) for scene in plan.scenes}
        for scene_id, key in keys.items():
            if ever.setdefault(key, frames[scene_id]) != frames[scene_id]:
                found.too_few.append(f"{edit} {scene_id}: an older clip of another look has its key")
        if edit != "new plan":
            for scene_id in before[0].keys() & keys.keys():
                found.add(
                    edit,
                    scene_id,
                    key_changed=keys[scene_id] != before[0][scene_id],
                    frames_changed=frames[scene_id] != before[1][scene_id],
                )
        before = keys, frames
    return found


def test_two_hundred_edits_of_storyboards(tmp_path: Path) -> None:
    tally(create("storyboard", size=(48, 48)), tmp_path, edits=220, steps=None, seed=1).hold()


@pytest.mark.slow
def test_edits_of_a_diffusion_model(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "model")
    tally(create("layout2vid", model=str(model)), tmp_path, edits=14, steps=2, seed=1).hold()
