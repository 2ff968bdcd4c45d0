"""A batch on a cluster of two nodes, in processes of their own, one of which is killed."""

import os
import sys
import time
import warnings
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import GreyBackend, grey_plan
from videodirector import Director
from videodirector.errors import UsageError
from videodirector.generator import Clip, Progress, SceneCache
from videodirector.generator.batch.workers.ray import SharedCache
from videodirector.schemas import Scene
from videodirector.schemas.batch import SceneDrawn, StoryboardDone


@dataclass
class LoggingBackend(GreyBackend):
    """Writes down every scene that it has drawn, and on which node; begins when there are two."""

    log: Path = Path()

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
        here = self.log.parent / f"node-{os.getppid()}"
        here.touch()
        for _ in range(600):
            if len(list(self.log.parent.glob("node-*"))) >= 2:
                break
            time.sleep(0.1)
        time.sleep(0.2)
        clip = yield from super().render(scene, seed=seed, steps=steps)
        with self.log.open("a") as file:
            file.write(f"{scene.description} {os.getppid()}\n")
        return clip


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    # What a cluster has installed: the package, and this file's backend.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[3]), *filter(None, sys.path)]))
    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray leaves files and threads behind
        import ray
        from ray.cluster_utils import Cluster

        nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        yield nodes
        ray.shutdown()
        nodes.shutdown()  # type: ignore[no-untyped-call]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_node_that_dies_costs_only_what_it_was_drawing(tmp_path: Path, cluster: Any) -> None:
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    log = tmp_path / "log"
    plans = [grey_plan(*range(8 * i, 8 * i + 8)) for i in range(3)]
    director = Director(backend=LoggingBackend(log=log), cache=tmp_path / "cache")
    events = director.stream_many(plans, tmp_path / "out", ray=cluster.address, shared=str(tmp_path / "shared"))
    finished: set[str] = set()
    drawn = 0
    results = []
    with closing(events):
        for event in events:
            if isinstance(event, SceneDrawn):
                drawn += 1
                if drawn == 8:
                    finished = {line.split()[0] for line in log.read_text().splitlines()}
                    assert len({line.split()[1] for line in log.read_text().splitlines()}) == 2, "both nodes draw"
                    cluster.remove_node(node, allow_graceful=False)
            elif isinstance(event, StoryboardDone):
                results.append(event.result)
    assert [(result.status, result.error) for result in results] == [("done", None)] * 3
    lines = [line.split()[0] for line in log.read_text().splitlines()]
    assert set(lines) == {str(level) for level in range(24)}, "nothing is lost"
    assert all(lines.count(level) == 1 for level in finished), "nothing that was finished is drawn twice"
    assert len(lines) <= 24 + 1, "at most what the node was drawing when it died"
    other = tmp_path / "other"
    other.mkdir()
    for name in ("node-a", "node-b"):
        (other / name).touch()  # it need not wait for a second node
    alone = Director(backend=LoggingBackend(log=other / "log"), cache=other / "cache")
    undisturbed = alone.render_many(plans, tmp_path / "again")
    assert {result.id: result.sha256 for result in undisturbed} == {result.id: result.sha256 for result in results}


def test_caches_that_share(tmp_path: Path) -> None:
    clip = Clip(next(iter_frames()), notes=("a note",))
    url = (tmp_path / "shared").as_uri()
    here, there = (SharedCache(url, SceneCache(tmp_path / name)) for name in ("here", "there"))
    key = "ab" * 32
    assert here.load(key) is None
    here.store(key, clip, {"seconds": 1.0})
    assert key in there
    found = there.load(key)
    assert found is not None
    assert (found.clip.frames == clip.frames).all()
    assert (found.clip.notes, found.about) == (("a note",), {"seconds": 1.0})
    assert SceneCache(tmp_path / "there").load(key) is not None, "it is on this machine now"
    assert not list((tmp_path / "shared").rglob("*.partial"))
    lost = SharedCache("nosuchprotocol://x", SceneCache(tmp_path / "lost"))
    with pytest.raises(UsageError, match="nosuchprotocol"):
        lost.load(key)


def iter_frames() -> Iterator[Any]:
    import numpy as np

    yield np.full((2, 4, 4, 3), 7, dtype=np.uint8)
