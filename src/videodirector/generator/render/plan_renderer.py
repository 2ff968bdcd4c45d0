"""Renders the scenes of a plan one by one: from the cache, or with the backend and then into the cache."""

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
    """Renders the scenes of one plan.

    Args:
        plan: a valid plan; it is not changed while this lives.
        backend: what renders. Its weights are loaded when the first scene has to be rendered.
        steps: denoising steps, None for the backend's own number.
        cache: where clips are looked for and kept; None renders everything.
        threads: scene id -> number of threads, where that decides the last bits; a clip in the cache that was rendered
            with another number is rendered again.
        must_cache: others take the clips from the cache, so one that cannot be kept is an error, not a notice.

    Attributes:
        keys: scene id -> cache key, as far as they are known; those that another process computed can be added.

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
        """Compute the cache key of a scene; equal for scenes that look the same."""
        if scene.id not in self.keys:
            seed = scene_seed(self.plan, scene)
            self.keys[scene.id] = scene_key(
                self._renderer, scene, capabilities=self.capabilities, seed=seed, steps=self.steps
            )
        return self.keys[scene.id]

    def announce(self) -> None:
        """Announce the scenes that are not in the cache to a backend that renders several at once."""
        if isinstance(self._renderer, AnnouncedRenderer):
            missing = [
                scene for scene in self.plan.scenes if self._cache is None or self.key(scene).key not in self._cache
            ]
            self._renderer.announce([(scene, scene_seed(self.plan, scene)) for scene in missing], steps=self.steps)

    @property
    def libraries(self) -> dict[str, str]:
        """The versions of the libraries that decide the frames."""
        return library_versions(self.capabilities.libraries)

    def render(self, scene: Scene) -> Generator[RenderEvent, None, tuple[Clip, SceneResult]]:
        """Render a scene, or load it from the cache.

        Yields:
            ``SceneStarted``; a ``StepDone`` a step if it is rendered, and a ``Notice`` of any trouble with the cache;
            ``SceneDone``.

        Raises:
            RenderError: it cannot be rendered.
            OutputError: with ``must_cache``, it cannot be kept.
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
        """Return the last frame of the scene that this one continues, rendering that first if need be."""
        if scene.continues is None or not self.capabilities.first_frame:
            return None
        if scene.continues not in self._last_frames:
            yield from self.render(self.plan.scene(scene.continues))
        return self._last_frames[scene.continues]

    def _controls(self, scene: Scene, clip: Clip) -> tuple[Control, ...]:
        """Report on the controls that are requested now; a clip from the cache may know fewer."""
        compiled = compile_scene(self.plan, scene, self.capabilities, steps=self.steps)
        return report_controls(self.plan, scene, [*compiled.controls, *clip.controls], steps=self.steps)

    def _load_cached(self, scene: Scene, key: SceneKey) -> Generator[Notice, None, CachedClip | None]:
        if self._cache is None:
            return None
        width, height = self.capabilities.frame_size
        try:
            cached = self._cache.load(key.key, shape=(scene.frames, height, width, 3))
        except DamagedEntryError as error:
            message = f"the clip of scene {scene.id} in the cache is damaged, so it is rendered again ({error})"
            yield Notice(scene=scene.id, message=message)
            return None
        except OutputError as error:
            yield self._without_cache(scene, error)
            return None
        threads = self._threads.get(scene.id)
        other = cached is not None and threads is not None and cached.about.get("threads") != threads
        return None if other else cached

    def _store(self, scene: Scene, key: SceneKey, clip: Clip, costs: dict[str, Any]) -> Generator[Notice, None, None]:
        if self._cache is None:
            return
        about = {"scene": scene.id, "backend": self.capabilities.name, "inputs": key.inputs, **costs}
        try:
            self._cache.store(key.key, clip, about)
        except OutputError as error:
            yield self._without_cache(scene, error)

    def _without_cache(self, scene: Scene, error: OutputError) -> Notice:
        if self._must_cache:
            raise error
        self._cache = None  # one notice is enough
        return Notice(scene=scene.id, message=f"rendered scenes are not kept: {error.message}")


def _read_render_time(about: Mapping[str, Any]) -> tuple[float, int | None]:
    """Read the seconds and threads that a clip was rendered in."""
    seconds, threads = about.get("seconds"), about.get("threads")
    known = isinstance(seconds, (int, float)) and math.isfinite(seconds) and seconds >= 0
    return float(seconds) if known else 0.0, threads if isinstance(threads, int) and threads > 0 else None  # type: ignore[arg-type]


@contextmanager
def _set_threads(threads: int | None) -> Iterator[None]:
    """Let torch compute with so many threads in the block; None changes nothing."""
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
    """Count torch's threads, which decide how sums are rounded; None for backends without denoising steps."""
    torch = sys.modules.get("torch") if capabilities.steps else None  # it may be loaded for others
    return None if torch is None else int(torch.get_num_threads())
