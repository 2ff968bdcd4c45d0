"""What a worker does: draw scenes into the cache, with one model that it keeps."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol

from videodirector.generator.backends.source import BackendSource
from videodirector.generator.render.cache import SceneCache
from videodirector.generator.render.plan_renderer import Drawing
from videodirector.generator.render.scene_key import SceneKey
from videodirector.schemas import RenderEvent, RenderSettings, VideoPlan

__all__ = ["DrawTask", "Painter", "Worker", "WorkerDiedError"]

_PLANS = 4  # plans made ready that a worker keeps: neighbouring tasks mostly belong to few


@dataclass(frozen=True, kw_only=True)
class DrawTask:
    """Scenes of a plan, to be drawn in this order by one worker: a single one, or one and those that continue it.

    Attributes:
        plan: the whole plan, with the seed and frame rate of the settings.
        made_of: stands for the plan and the settings: equal ones are made ready once.
        scenes: ids of the scenes.
        keys: of these scenes in the cache, as whoever asks will look for them.
        settings: how to draw.
    """

    plan: VideoPlan
    made_of: str
    scenes: tuple[str, ...]
    keys: Mapping[str, SceneKey]
    settings: RenderSettings


class WorkerDiedError(Exception):
    """A worker has gone in the middle of a task: it was killed, ran out of memory, or its machine has gone."""


class Worker(Protocol):
    """Somebody who draws, in a process or on a machine of its own."""

    def start(self) -> None:
        """Be ready to draw; takes as long as it takes to find a place.

        Raises:
            WorkerDiedError: there is none to be had.
        """
        ...

    def draw(self, task: DrawTask) -> Generator[RenderEvent, None, None]:
        """Draw the scenes of a task into the cache, and tell of it.

        Raises:
            VideoDirectorError: they cannot be drawn.
            WorkerDiedError: the worker has gone; ``start`` makes another.
        """
        ...

    def close(self) -> None:
        """Stop at once, in the middle of a task if need be."""
        ...


class Painter:
    """Draws what it is told to; a worker has one.

    Args:
        source: what draws.
        cache: where the scenes go.
        alone: no other painter draws, so a backend that draws several scenes at the same time is told of all of a plan.
    """

    def __init__(self, source: BackendSource, cache: SceneCache, *, alone: bool = False) -> None:
        self._source = source
        self._cache = cache
        self._alone = alone
        self._ready: OrderedDict[str, Drawing] = OrderedDict()

    def draw(self, task: DrawTask) -> Generator[RenderEvent, None, None]:
        """Draw the scenes of a task; those that are in the cache already are left.

        Raises:
            VideoDirectorError: they cannot be drawn, or not be kept in the cache.
        """
        drawing = self._ready.pop(task.made_of, None)
        known = drawing is not None
        if drawing is None:
            backend = self._source.of(task.settings)
            drawing = Drawing(task.plan, backend, steps=task.settings.steps, cache=self._cache, for_others=True)
        drawing.keys.update(task.keys)
        if self._alone and not known:
            drawing.announce()
        self._ready[task.made_of] = drawing
        while len(self._ready) > _PLANS:
            self._ready.popitem(last=False)
        for scene in task.scenes:
            yield from drawing.draw(task.plan.scene(scene))
