"""The scenes of a plan, one by one: out of the cache, or from the backend and then into the cache."""

from __future__ import annotations

import math
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from videodirector.errors import OutputError
from videodirector.generator.backends.frames import Frame
from videodirector.generator.backends.layout_methods import compile_scene, report_controls
from videodirector.generator.backends.protocol import AnnouncedRenderer, Backend, Capabilities, Clip
from videodirector.generator.backends.scene import render_scene, scene_seed
from videodirector.generator.render.cache import CachedClip, DamagedEntryError, SceneCache
from videodirector.generator.render.scene_key import SceneKey, library_versions, scene_key
from videodirector.schemas import (
    Control,
    Notice,
    RenderEvent,
    Scene,
    SceneDone,
    SceneResult,
    SceneStarted,
    VideoPlan,
)

__all__ = ["PlanRenderer"]


class PlanRenderer:
    """A plan that is being drawn.

    Args:
        plan: a valid plan; it is not changed while this lives.
        backend: what draws. Its weights are loaded when the first scene has to be drawn.
        steps: denoising steps, None for the backend's own number.
        cache: where clips are looked for and kept; None draws everything.
        threads: with how many threads scenes shall have been drawn, by id, where that has a say in their last bits; a
            clip that was drawn with another number is drawn anew.
        must_cache: others fetch the clips from the cache, so one that cannot be kept is an error, and no notice.

    Attributes:
        keys: of scenes, by id, as far as they are known; those that another machine worked out can be put there.

    Raises:
        PlanError: a reference is not a picture that can be read.
        ModelError, MissingDependencyError: the backend cannot start.
    """

    def __init__(
        self,
        plan: VideoPlan,
        backend: Backend,
        *,
        steps: int | None = None,
        cache: SceneCache | None = None,
        threads: Mapping[str, int] | None = None,
        must_cache: bool = False,
    ) -> None:
        self.plan, self.steps = plan, steps
        self._threads, self._must_cache = threads or {}, must_cache
        self.capabilities = backend.capabilities
        self._renderer = backend.prepare(plan)
        self._cache = cache
        self._places = {scene.id: place for place, scene in enumerate(plan.scenes)}
        self.keys: dict[str, SceneKey] = {}
        self._continued = {scene.continues for scene in plan.scenes} if self.capabilities.first_frame else set()
        self._last_frames: dict[str, Frame] = {}  # of the scenes that others continue

    def key(self, scene: Scene) -> SceneKey:
        """The scene's key in the cache; the same for scenes that look the same."""
        if scene.id not in self.keys:
            seed = scene_seed(self.plan, scene)
            self.keys[scene.id] = scene_key(
                self._renderer, scene, capabilities=self.capabilities, seed=seed, steps=self.steps
            )
        return self.keys[scene.id]

    def announce(self) -> None:
        """Tell the backend which scenes will have to be drawn, if it can draw several at the same time."""
        if isinstance(self._renderer, AnnouncedRenderer):
            missing = [
                scene for scene in self.plan.scenes if self._cache is None or self.key(scene).key not in self._cache
            ]
            self._renderer.announce([(scene, scene_seed(self.plan, scene)) for scene in missing], steps=self.steps)

    @property
    def libraries(self) -> dict[str, str]:
        """The versions of the libraries that draw."""
        return library_versions(self.capabilities.libraries)

    def render(self, scene: Scene) -> Generator[RenderEvent, None, tuple[Clip, SceneResult]]:
        """The clip of a scene, and what there is to say of it.

        Yields:
            ``SceneStarted``; a ``StepDone`` a step if it is drawn, and a ``Notice`` of any trouble with the cache;
            ``SceneDone``.

        Raises:
            RenderError: it cannot be drawn.
            OutputError: it is for others and cannot be kept.
        """
        yield SceneStarted(scene=scene.id, index=self._places[scene.id], scenes=len(self.plan.scenes))
        started = perf_counter()
        key = self.key(scene)
        seed = scene_seed(self.plan, scene)
        cached = yield from self._load_cached(scene, key)
        if cached is not None:
            clip, (drawing_seconds, threads) = cached.clip, _read_render_time(cached.about)
        else:
            first = yield from self._first_frame(scene)
            with _set_threads(self._threads.get(scene.id)):
                clip = yield from render_scene(
                    self._renderer,
                    scene,
                    capabilities=self.capabilities,
                    seed=seed,
                    steps=self.steps,
                    first_frame=first,
                )
                drawing_seconds, threads = perf_counter() - started, _count_threads(self.capabilities)
            yield from self._store(scene, key, clip, {"seconds": drawing_seconds, "threads": threads})
        if scene.id in self._continued:
            self._last_frames[scene.id] = clip.frames[-1].copy()  # a view would keep the whole clip
        result = SceneResult(
            id=scene.id,
            frames=len(clip.frames),
            planned_frames=scene.frames,
            drawn=clip.drawn,
            seconds=perf_counter() - started,
            seed=seed,
            backend=self.capabilities.name,
            controls=self._controls(scene, clip),
            notes=clip.notes,
            key=key.key,
            cached=cached is not None,
            drawing_seconds=drawing_seconds,
            threads=threads,
        )
        yield SceneDone(result=result)
        return clip, result

    def _first_frame(self, scene: Scene) -> Generator[RenderEvent, None, Frame | None]:
        """The last frame of the scene that this one continues; that is drawn first, if it was not yet."""
        if scene.continues is None or not self.capabilities.first_frame:
            return None
        if scene.continues not in self._last_frames:
            yield from self.render(self.plan.scene(scene.continues))
        return self._last_frames[scene.continues]

    def _controls(self, scene: Scene, clip: Clip) -> tuple[Control, ...]:
        """What became of everything that is asked now: when the clip was drawn, the plan may have asked for less."""
        compiled = compile_scene(self.plan, scene, self.capabilities, steps=self.steps)
        return report_controls(self.plan, scene, [*compiled.controls, *clip.controls], steps=self.steps)

    def _load_cached(self, scene: Scene, key: SceneKey) -> Generator[Notice, None, CachedClip | None]:
        if self._cache is None:
            return None
        width, height = self.capabilities.frame_size
        try:
            cached = self._cache.load(key.key, shape=(scene.frames, height, width, 3))
        except DamagedEntryError as error:
            message = f"the clip of scene {scene.id} in the cache is damaged, so it is drawn anew ({error})"
            yield Notice(scene=scene.id, message=message)
            return None
        except OutputError as error:
            yield self._without_cache(scene, error)
            return None
        threads = self._threads.get(scene.id)
        other = cached is not None and threads is not None and cached.about.get("threads") != threads
        return None if other else cached

    def _store(self, scene: Scene, key: SceneKey, clip: Clip, drawn: dict[str, Any]) -> Generator[Notice, None, None]:
        if self._cache is None:
            return
        about = {"scene": scene.id, "backend": self.capabilities.name, "inputs": key.inputs, **drawn}
        try:
            self._cache.store(key.key, clip, about)
        except OutputError as error:
            yield self._without_cache(scene, error)

    def _without_cache(self, scene: Scene, error: OutputError) -> Notice:
        if self._must_cache:
            raise error
        self._cache = None  # one complaint is enough
        return Notice(scene=scene.id, message=f"drawn scenes are not kept: {error.message}")


def _read_render_time(about: Mapping[str, Any]) -> tuple[float, int | None]:
    """The seconds and threads that a clip says to have been drawn in."""
    seconds, threads = about.get("seconds"), about.get("threads")
    known = isinstance(seconds, (int, float)) and math.isfinite(seconds) and seconds >= 0
    return float(seconds) if known else 0.0, threads if isinstance(threads, int) and threads > 0 else None  # type: ignore[arg-type]


@contextmanager
def _set_threads(threads: int | None) -> Iterator[None]:
    """Models compute with so many threads; None changes nothing."""
    if threads is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _count_threads(capabilities: Capabilities) -> int | None:
    """How many threads a model computes with, for sums are rounded in their order; None for what draws at once."""
    torch = sys.modules.get("torch") if capabilities.steps else None  # that others have loaded it has no say
    return None if torch is None else int(torch.get_num_threads())
