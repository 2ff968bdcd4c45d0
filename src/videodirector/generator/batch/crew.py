"""Who draws the scenes of a batch."""

from __future__ import annotations

import os
from collections.abc import Sequence

from videodirector.errors import UsageError
from videodirector.generator.backends.source import BackendSource
from videodirector.generator.batch.painter import Worker
from videodirector.generator.batch.processes import ProcessWorker
from videodirector.generator.cache import SceneCache

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
        from videodirector.generator.ray_batch import ray_workers

        return ray_workers(source, cache, address=ray, workers=workers, shared=shared)
    if shared is not None:
        raise UsageError("only the machines of a cluster share something", hint="leave it out, or name a cluster")
    if workers is None or workers == 1:
        return ()
    threads = max(1, _processors() // workers)
    return [ProcessWorker(source, cache, threads=threads) for _ in range(workers)]


def _processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
