from collections.abc import Generator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import GreyBackend, grey_plan
from videodirector._generators import Returning
from videodirector.errors import RenderError
from videodirector.generator import Capabilities, Clip, Progress, derived_seed, scene_seed
from videodirector.generator.backends.scene import render_scene
from videodirector.schemas import Scene, StepDone, VideoPlan


def test_seeds_are_fixed_for_ever() -> None:
    plan = VideoPlan(seed=7, scenes=[Scene(id="s1", description=""), Scene(id="größe", description="")])
    assert [scene_seed(plan, scene) for scene in plan.scenes] == [16399234402605698, 113649689642780659]


def test_a_scene_may_name_its_seed() -> None:
    plan = VideoPlan(seed=7, scenes=[Scene(id="s1", description="", seed=5)])
    assert scene_seed(plan, plan.scenes[0]) == 5


def test_position_and_neighbours_mean_nothing() -> None:
    plan = grey_plan(1, 2, 3)
    seeds = {scene.id: scene_seed(plan, scene) for scene in plan.scenes}
    plan.scenes = plan.scenes[:0:-1]
    assert {scene.id: scene_seed(plan, scene) for scene in plan.scenes} == {id_: seeds[id_] for id_ in ("s1", "s2")}


@given(st.integers(0, 2**63 - 1), st.lists(st.text(), unique=True, min_size=2, max_size=20))
def test_names_that_differ_give_seeds_that_differ(seed: int, names: list[str]) -> None:
    seeds = [derived_seed(seed, name) for name in names]
    assert len(set(seeds)) == len(names)
    assert all(0 <= value < 2**63 for value in seeds)


def test_names_do_not_run_together() -> None:
    assert len({derived_seed(1, *names) for names in (("ab", "c"), ("a", "bc"), ("abc",), ("a", "b", "c"))}) == 4
    assert derived_seed(1, "1") != derived_seed(11)


def finish(drawing: Generator[StepDone, None, Clip]) -> tuple[list[StepDone], Clip]:
    run = Returning(drawing)
    return list(run), run.result


def test_steps_become_events() -> None:
    backend, scene = GreyBackend(), grey_plan(9).scenes[0]
    events, clip = finish(render_scene(backend, scene, capabilities=backend.capabilities, seed=4, steps=3))
    assert events == [StepDone(scene="s0", step=1, steps=2), StepDone(scene="s0", step=2, steps=2)]
    assert clip.frames.shape == (6, 24, 32, 3)
    assert backend.drawn == [("s0", 4, 3)]


def test_a_scene_that_is_too_long() -> None:
    backend = GreyBackend(max_frames=5)
    with pytest.raises(RenderError, match="'s0' has 6 frames, and the backend grey renders 5 at most"):
        finish(render_scene(backend, grey_plan(9).scenes[0], capabilities=backend.capabilities, seed=0, steps=None))
    assert not backend.drawn


@pytest.mark.parametrize(
    "frames", [np.zeros((5, 24, 32, 3), np.uint8), np.zeros((6, 32, 24, 3), np.uint8), np.zeros((6, 24, 32, 3))]
)
def test_a_backend_that_returns_something_else(frames: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    class Wrong:
        def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
            yield Progress(1, 1)
            return Clip(frames)

        def effective(self, scene: Scene, *, seed: int, steps: int | None) -> dict[str, object]:
            return {}

    capabilities: Capabilities = GreyBackend().capabilities
    with pytest.raises(RenderError, match="'s0': the backend grey returned"):
        finish(render_scene(Wrong(), grey_plan(9).scenes[0], capabilities=capabilities, seed=0, steps=None))
