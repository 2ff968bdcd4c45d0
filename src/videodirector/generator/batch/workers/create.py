"""Creates the workers of a batch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from videodirector.errors import UsageError
from videodirector.generator.backends.source import BackendSource
from videodirector.generator.batch.workers.process import ProcessWorker
from videodirector.generator.batch.workers.worker import LocalWorker, Worker
from videodirector.generator.render.cache import SceneCache

__all__ = ["create_workers"]


def create_workers(
    source: BackendSource,
    cache: SceneCache,
    *,
    workers: int | None = None,
    ray: str | None = None,
    shared: str | None = None,
) -> Sequence[Worker]:
    """Create the workers that are requested.

    Args:
        source: the backends.
        cache: where the scenes go.
        workers: how many; 1 renders in this process. None is 1, or on a cluster as many as it has devices.
        ray: address of a Ray cluster, "auto" or "local"; None keeps to this machine.
        shared: with ``ray``, what its machines share; see ``create_ray_workers``.

    Raises:
        UsageError: a number or combination that makes no sense.
        MissingDependencyError: Ray is asked for, and not installed.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"workers is {workers}", hint="give 1 or more")
    if ray is not None:
        from videodirector.generator.batch.workers.ray import create_ray_workers

        return create_ray_workers(source, cache, address=ray, workers=workers, shared=shared)
    if shared is not None:
        raise UsageError("only the machines of a cluster share something", hint="leave it out, or name a cluster")
    if workers is None or workers == 1:
        return [LocalWorker(source, cache)]
    threads, devices = max(1, _count_processors() // workers), _list_devices()
    return [
        ProcessWorker(source, cache, threads=threads, device=devices[number % len(devices)] if devices else None)
        for number in range(workers)
    ]


def _list_devices() -> Sequence[str]:
    """List the GPUs that this process may use, without loading a library that uses them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name not in ("", "-1")]
    return [str(number) for number in range(len(list(Path("/dev").glob("nvidia[0-9]*"))))]


def _count_processors() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
