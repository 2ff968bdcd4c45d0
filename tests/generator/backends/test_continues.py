"""A scene that continues another one begins with its last frame."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np

from support import GreyBackend, grey_plan
from videodirector import Director
from videodirector._generators import finish
from videodirector.generator import Capabilities, Clip, Progress
from videodirector.generator.backends.frames import Frame
from videodirector.generator.render.plan_renderer import PlanRenderer
from videodirector.schemas import Scene, VideoPlan


class Carrying(GreyBackend):
    """Goes on from the level of the first frame that it is given, one brighter each frame."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, first_frame=True)

    def prepare(self, plan: VideoPlan) -> Carrying:
        return self

    def render(
        self, scene: Scene, *, seed: int, steps: int | None, first_frame: Frame | None = None
    ) -> Generator[Progress, None, Clip]:
        self.drawn.append((scene.id, seed, steps))
        yield Progress(1, 1)
        start = int(scene.description) if first_frame is None else int(first_frame[0, 0, 0])
        levels = np.arange(start, start + scene.frames, dtype=np.uint8)
        return Clip(np.broadcast_to(levels[:, None, None, None], (scene.frames, 24, 32, 3)))


def chain() -> VideoPlan:
    plan = grey_plan(10, 50, 90)
    plan.scenes[1].continues = "s0"
    plan.scenes[2].continues = "s1"
    return plan.checked()


def levels(backend: GreyBackend, plan: VideoPlan, scene_id: str) -> list[int]:
    clip, _ = finish(PlanRenderer(plan, backend).render(plan.scene(scene_id)))
    return [int(frame[0, 0, 0]) for frame in clip.frames]


def test_a_chain_of_scenes(tmp_path: Path) -> None:
    backend = Carrying()
    Director(backend=backend, cache=False).render(chain(), tmp_path / "a.mp4")
    assert [scene for scene, _, _ in backend.drawn] == ["s0", "s1", "s2"], "each is drawn once"
    assert levels(backend, chain(), "s2") == [20, 21, 22, 23, 24, 25], "alone, it draws those before it"


def test_a_backend_that_takes_no_picture_begins_afresh() -> None:
    assert levels(GreyBackend(), chain(), "s2") == [90] * 6
