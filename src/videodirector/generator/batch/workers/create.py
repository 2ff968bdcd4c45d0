"""Who draws the scenes of a batch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from videodirector.errors import UsageError
from videodirector.generator.backends.source import BackendSource
from videodirector.generator.batch.workers.process import ProcessWorker
from videodirector.generator.batch.workers.worker import Worker
from videodirector.generator.render.cache import SceneCache

__all__ = ["crew"]


def crew(
    source: BackendSource,
    cache: SceneCache,
    *,
    workers: int | None = None,
    ray: str | None = None,
    shared: str | None = None,
) -> Sequence[Worker]:
    """The workers that are asked for; none means that this process draws.

    Args:
        source: what draws.
        cache: where the scenes go.
        workers: how many; None is one here, and as many as there are devices on a cluster.
        ray: address of a Ray cluster, "auto" or "local"; None keeps to this machine.
        shared: with ``ray``, what its machines share; see ``ray_batch``.

    Raises:
        UsageError: a number or combination that cannot be meant.
        MissingDependencyError: Ray is asked for, and not installed.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"workers is {workers}", hint="give 1 or more")
    if ray is not None:
        from videodirector.generator.batch.workers.ray import ray_workers

        return ray_workers(source, cache, address=ray, workers=workers, shared=shared)
    if shared is not None:
        raise UsageError("only the machines of a cluster share something", hint="leave it out, or name a cluster")
    if workers is None or workers == 1:
        return ()
    threads, devices = max(1, _processors() // workers), _devices()
    return [
        ProcessWorker(source, cache, threads=threads, device=devices[number % len(devices)] if devices else None)
        for number in range(workers)
    ]


def _devices() -> Sequence[str]:
    """The names of the GPUs that this process may use, without loading what would use them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name for name in named.split(",") if name not in ("", "-1")]
    return [str(number) for number in range(len(list(Path("/dev").glob("nvidia[0-9]*"))))]


def _processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
