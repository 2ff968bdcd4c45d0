"""Batches on a Ray cluster: workers that are actors, one a device. The only file that imports Ray.

Storyboards are read, planned and written where the command runs; actors render the scenes. Scenes come back through
what all machines share: the scene cache itself, where its folder is on a disk that all of them see, or a folder or URL
that fsspec can reach, beside which every machine keeps a cache of its own. When an actor is lost, another renders the
scene that it was rendering.
"""

from __future__ import annotations

import posixpath
import secrets
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any

from videodirector.errors import MissingDependencyError, OutputError, UsageError, VideoDirectorError
from videodirector.files.private import check_owner, create_private, make_private_folder
from videodirector.generator.backends.protocol import Clip
from videodirector.generator.backends.source import BackendSource
from videodirector.generator.batch.workers.process import wrap_unexpected
from videodirector.generator.batch.workers.worker import RenderTask, SceneWorker, WorkerDiedError
from videodirector.generator.render.cache import CachedClip, SceneCache
from videodirector.schemas import RenderEvent

__all__ = ["RayWorker", "SharedCache", "create_ray_workers"]


class SharedCache(SceneCache):
    """A scene cache of this machine, and behind it one that all machines share.

    Args:
        url: folder or URL of any kind that fsspec knows: ``s3://bucket/scenes``, ``/mnt/scenes``.
        local: the cache of this machine.
    """

    def __init__(self, url: str, local: SceneCache) -> None:
        super().__init__(local.folder, limit=local.limit)
        self._url = url

    def load(self, key: str, *, shape: Sequence[int] | None = None) -> CachedClip | None:
        """See ``SceneCache.load``; a clip that only the shared place has is fetched first."""
        found = super().load(key, shape=shape)
        return super().load(key, shape=shape) if found is None and self._fetch(key) else found

    def about(self, key: str) -> dict[str, Any] | None:
        """See ``SceneCache.about``; a clip that only the shared place has is fetched first."""
        found = super().about(key)
        return super().about(key) if found is None and self._fetch(key) else found

    def store(self, key: str, clip: Clip, about: dict[str, Any]) -> None:
        """See ``SceneCache.store``; other machines see it once it is whole."""
        super().store(key, clip, about)
        system, place = self._remote(key)
        partial = f"{place}.{secrets.token_hex(8)}.partial"
        try:
            system.makedirs(posixpath.dirname(place), exist_ok=True)
            system.put_file(str(self._path(key)), partial)
            system.mv(partial, place)
        except Exception as error:  # every store raises errors of its own
            raise OutputError(f"cannot write to {self._url}: {error}", hint="can all machines reach it?") from error

    def _fetch(self, key: str) -> bool:
        system, place = self._remote(key)
        path = self._path(key)
        partial = path.with_name(f"{secrets.token_hex(8)}.partial")
        try:
            known = system.info(place)
            if known["type"] != "file" or known["size"] > self.limit:
                return False
            if "uid" in known and "mode" in known:  # a folder of this machine, or one that it mounts
                check_owner(known["uid"], known["mode"], place)
            make_private_folder(self.folder, *path.parent.relative_to(self.folder).parts)
            with create_private(partial):
                pass
            system.get_file(place, str(partial))
            partial.chmod(0o600)
            partial.replace(path)  # the reader checks whether it is whole
        except Exception:  # it is not there, or cannot be reached: then it is rendered
            return False
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        return True

    def _remote(self, key: str) -> tuple[Any, str]:
        import fsspec

        try:
            system, root = fsspec.core.url_to_fs(self._url)
        except (ValueError, ImportError) as error:
            raise UsageError(f"{self._url!r} cannot be shared: {error}", hint="name a folder or a URL") from error
        return system, posixpath.join(root, key[:2], f"{key}.clip")


class _Actor:
    """The part of a worker that runs on the cluster."""

    def __init__(self, source: BackendSource, cache: SceneCache) -> None:
        self._worker = SceneWorker(source, cache)

    def ready(self) -> None:
        """Return once the actor runs."""

    def render(self, task: RenderTask) -> Generator[tuple[str, object], None, None]:
        try:
            for event in self._worker.render(task):
                yield "event", event
        except VideoDirectorError as error:
            yield "failed", error
        except Exception as error:  # a fault of the backend: the batch goes on without this scene
            yield "failed", wrap_unexpected(error)


class RayWorker:
    """A worker that is an actor of a Ray cluster; if it is lost, Ray finds a place for another.

    Args:
        source: the backends.
        cache: where the scenes go; its folder means the same on all machines, or it is a ``SharedCache``.
        resources: what it needs of a machine: Ray's ``num_cpus`` and ``num_gpus``.
    """

    def __init__(self, source: BackendSource, cache: SceneCache, *, resources: dict[str, float]) -> None:
        self._equipment = (source, cache)
        self._resources = resources
        self._actor: Any = None
        self._closed = False

    def start(self) -> None:
        """See ``Worker``; waits for a free device, and holds no task meanwhile."""
        import ray

        if self._actor is not None:
            return
        # No restarts or retries by Ray: the scheduler counts the workers that a task costs.
        kind: Any = ray.remote(_Actor)
        actor = kind.options(**self._resources).remote(*self._equipment)
        try:
            ready = actor.ready.remote()
            while not ray.wait([ready], timeout=0.5)[0]:
                if self._closed:
                    ray.kill(actor)
                    raise WorkerDiedError("the batch is over")
            ray.get(ready)
        except ray.exceptions.RayError as error:
            raise WorkerDiedError(_reason(error)) from error
        self._actor = actor

    def render(self, task: RenderTask) -> Generator[RenderEvent, None, None]:
        """See ``Worker``."""
        import ray

        if self._actor is None:
            raise WorkerDiedError("it was not started")
        try:
            for reference in self._actor.render.options(num_returns="streaming").remote(task):
                kind, value = ray.get(reference)
                if kind == "failed":
                    raise value
                yield value
        except ray.exceptions.RayError as error:
            actor, self._actor = self._actor, None
            with suppress(Exception):
                ray.kill(actor)
            raise WorkerDiedError(_reason(error)) from error

    def close(self) -> None:
        """See ``Worker``."""
        import ray

        self._closed = True
        actor = self._actor
        if actor is not None and ray.is_initialized():
            with suppress(Exception):  # it may have gone already
                ray.kill(actor)


def _reason(error: Exception) -> str:
    """Take the first line of Ray's message, and the last line of its traceback if there is one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[0] if len(lines) == 1 else f"{lines[0]} {lines[-1]}"


def create_ray_workers(
    source: BackendSource, cache: SceneCache, *, address: str, workers: int | None, shared: str | None
) -> Sequence[RayWorker]:
    """Create workers on a cluster: as many as requested, else one a GPU, else one a processor core.

    Args:
        source: the backends.
        cache: the scene cache of this machine.
        address: of the cluster (``host:6379``, ``ray://host:10001``), "auto" for the one that this machine belongs to,
            "local" for one that is started here.
        workers: how many, or None.
        shared: folder or URL that all machines reach; None: they all see the cache's own folder.

    Raises:
        MissingDependencyError: Ray is not installed.
        UsageError: there is no cluster at this address.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingDependencyError(
            "batches on a cluster need Ray", hint="pip install 'videodirector[ray]'"
        ) from error
    if not ray.is_initialized():
        try:
            ray.init(address=address, include_dashboard=False if address == "local" else None, log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise UsageError(
                f"no Ray cluster at {address!r}: {error}", hint="start one with `ray start --head`, or use local"
            ) from error
    devices: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    gpus, cores = int(devices.get("GPU", 0)), int(devices.get("CPU", 1))
    count = workers or gpus or cores
    resources = {"num_cpus": 1.0, "num_gpus": 1.0} if gpus else {"num_cpus": 1.0, "num_gpus": 0.0}
    if not gpus and workers:
        resources["num_cpus"] = max(1.0, cores // count)
    known = cache if shared is None else SharedCache(shared, cache)
    return [RayWorker(source, known, resources=resources) for _ in range(count)]
