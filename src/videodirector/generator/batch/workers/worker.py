"""Workers render scenes into the cache, each with one model that it keeps."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol

from videodirector.generator.backends.source import BackendSource
from videodirector.generator.render.cache import SceneCache
from videodirector.generator.render.plan_renderer import PlanRenderer
from videodirector.generator.render.scene_key import SceneKey
from videodirector.schemas import RenderEvent, RenderSettings, VideoPlan

__all__ = ["LocalWorker", "RenderTask", "SceneWorker", "Worker", "WorkerDiedError"]

_PLANS = 4  # prepared plans that a worker keeps: neighbouring tasks mostly belong to few


@dataclass(frozen=True, kw_only=True)
class RenderTask:
    """Scenes of a plan that one worker renders in this order: a single one, or one and those that continue it.

    Attributes:
        plan: the whole plan, with the seed and frame rate of the settings.
        output_digest: identifies the plan with the settings; equal ones are prepared once.
        scenes: ids of the scenes.
        keys: of these scenes in the cache, as the scheduler will look for them.
        settings: how to render.
    """

    plan: VideoPlan
    output_digest: str
    scenes: tuple[str, ...]
    keys: Mapping[str, SceneKey]
    settings: RenderSettings


class WorkerDiedError(Exception):
    """A worker has gone in the middle of a task: it was killed, ran out of memory, or its machine has gone."""


class Worker(Protocol):
    """Renders tasks: in this process, in one of its own, or on another machine."""

    def start(self) -> None:
        """Get ready to render; waits until there is a place to run.

        Raises:
            WorkerDiedError: there is none.
        """
        ...

    def render(self, task: RenderTask) -> Generator[RenderEvent, None, None]:
        """Render the scenes of a task into the cache.

        Raises:
            VideoDirectorError: they cannot be rendered.
            WorkerDiedError: the worker has gone; ``start`` starts another.
        """
        ...

    def close(self) -> None:
        """Stop at once, in the middle of a task if need be."""
        ...


class SceneWorker:
    """Renders tasks with the backends of its process; every worker has one.

    Args:
        source: the backends.
        cache: where the scenes go.
        is_alone: no other worker renders, so a backend that renders several scenes at once is told all of a plan.
    """

    def __init__(self, source: BackendSource, cache: SceneCache, *, is_alone: bool = False) -> None:
        self._source = source
        self._cache = cache
        self._is_alone = is_alone
        self._prepared: OrderedDict[str, PlanRenderer] = OrderedDict()

    def render(self, task: RenderTask) -> Generator[RenderEvent, None, None]:
        """Render the scenes of a task that are not in the cache.

        Raises:
            VideoDirectorError: they cannot be rendered, or not be kept in the cache.
        """
        renderer = self._prepared.pop(task.output_digest, None)
        is_new = renderer is None
        if renderer is None:
            backend = self._source.get(task.settings)
            renderer = PlanRenderer(task.plan, backend, steps=task.settings.steps, cache=self._cache, must_cache=True)
        renderer.keys.update(task.keys)
        if self._is_alone and is_new:
            renderer.announce()
        self._prepared[task.output_digest] = renderer
        while len(self._prepared) > _PLANS:
            self._prepared.popitem(last=False)
        for scene in task.scenes:
            yield from renderer.render(task.plan.scene(scene))


class LocalWorker:
    """The worker that renders in the scheduler's own thread, one scene after the other.

    Args:
        source: the backends.
        cache: where the scenes go.
    """

    def __init__(self, source: BackendSource, cache: SceneCache) -> None:
        self._worker = SceneWorker(source, cache, is_alone=True)

    def start(self) -> None:
        """See ``Worker``."""

    def render(self, task: RenderTask) -> Generator[RenderEvent, None, None]:
        """See ``Worker``."""
        return self._worker.render(task)

    def close(self) -> None:
        """See ``Worker``; the scheduler closes what ``render`` returned."""
