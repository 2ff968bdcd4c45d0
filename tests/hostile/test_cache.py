"""Whatever lies in the place of a cache entry: it is reported, removed and rendered anew, and never anybody else's."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard

from support import GreyBackend, grey_plan, see
from videodirector import Director
from videodirector.errors import OutputError
from videodirector.files.persistent_cache import load_or_compute
from videodirector.generator import Clip, SceneCache
from videodirector.generator.backends.server._journal import JobJournal
from videodirector.generator.render._clip_file import MAGIC, pack
from videodirector.generator.render.cache import DamagedEntryError
from videodirector.schemas import Notice, SceneDone

KEY, OTHER = "ab" * 32, "ab" + "cd" * 31
SHAPE = (4, 24, 32, 3)


def forged(frames: bytes, **fields: Any) -> bytes:
    """An entry with a checksum that is right."""
    header = {"key": KEY, "shape": SHAPE, "notes": [], "controls": [], "drawn": None, "about": {}} | fields
    text = json.dumps(header).encode()
    rest = len(text).to_bytes(4, "little") + text + frames
    return MAGIC + hashlib.sha256(rest).digest() + rest


def clip(shape: tuple[int, ...] = SHAPE) -> Clip:
    return Clip(np.full(shape, 7, dtype=np.uint8))


GOOD = pack(KEY, clip(), {})
FRAMES = zstandard.compress(bytes(int(np.prod(SHAPE))))
DEEP = (b"[" * 100_000 + b"]" * 100_000).decode()


def _write(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def _as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


def _as_link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


def _as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _huge(path: Path) -> None:
    os.truncate(path, 10**11)  # sparse: it takes no room


DAMAGE: dict[str, Callable[[Path], None]] = {
    "empty": _write(b""),
    "truncated": _write(GOOD[:-3]),
    "garbage": _write(os.urandom(5000)),
    "wrong magic": _write(b"GIF89a" + GOOD[6:]),
    "another key": _write(pack(OTHER, clip(), {})),
    "another size": _write(pack(KEY, clip((4, 24, 33, 3)), {})),
    "another length": _write(pack(KEY, clip((5, 24, 32, 3)), {})),
    "promises more than it holds": _write(forged(zstandard.compress(b"few"))),
    "another type": _write(forged(zstandard.compress(bytes(8 * int(np.prod(SHAPE)))))),
    "a bomb": _write(forged(zstandard.compress(bytes(10**8)))),
    "a bomb that says so": _write(forged(zstandard.compress(bytes(3 * 10**8)), shape=[1, 10**4, 10**4, 3])),
    "no length": _write(forged(zstandard.ZstdCompressor(write_content_size=False).compress(bytes(9216)))),
    "frames that are not compressed": _write(forged(b"not zstd")),
    "a shape of words": _write(forged(FRAMES, shape=["4", 24, 32, 3])),
    "a negative shape": _write(forged(FRAMES, shape=[-4, -24, 32, 3])),
    "no shape": _write(forged(FRAMES, shape=None)),
    "controls that are none": _write(forged(FRAMES, controls=[{"name": 1}])),
    "a field too many": _write(forged(FRAMES, program="sh")),
    "nested deeply": _write(forged(FRAMES, about={"a": 1}).replace(b'{"a": 1}', DEEP.encode())),
    "a header beyond the end": _write(GOOD[:40] + b"\xff\xff\xff\xff" + GOOD[44:]),
    "huge": _huge,
    "a folder": _as_folder,
    "a link": _as_link,
    "a pipe": _as_pipe,
    "open to others": lambda path: path.chmod(0o666),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_bad_entry_is_reported_once_removed_and_replaced(tmp_path: Path, damage: str) -> None:
    store = SceneCache(tmp_path / "cache")
    store.store(KEY, clip(), {})
    (path,) = (tmp_path / "cache").rglob("*.clip")
    DAMAGE[damage](path)
    with pytest.raises(DamagedEntryError):
        store.load(KEY, shape=SHAPE)
    assert not os.path.lexists(path)
    assert store.load(KEY, shape=SHAPE) is None
    store.store(KEY, clip(), {})
    assert store.load(KEY, shape=SHAPE) is not None


@pytest.mark.parametrize("damage", ["another key", "another size", "a bomb", "a folder", "a pipe"])
def test_a_render_goes_on(tmp_path: Path, damage: str) -> None:
    director = Director(backend=GreyBackend(), cache=tmp_path / "cache")
    director.render(grey_plan(10), tmp_path / "a.mp4")
    (path,) = (tmp_path / "cache").rglob("*.clip")
    DAMAGE[damage](path)
    events = list(director.stream(grey_plan(10), tmp_path / "a.mp4"))
    assert len([event for event in events if isinstance(event, Notice)]) == 1
    assert [event.result.cached for event in events if isinstance(event, SceneDone)] == [False]
    events = list(director.stream(grey_plan(10), tmp_path / "a.mp4"))
    assert [event.result.cached for event in events if isinstance(event, SceneDone)] == [True]


def test_entries_of_earlier_versions_are_passed_over_in_silence(tmp_path: Path) -> None:
    store = SceneCache(tmp_path)
    store.store(KEY, clip(), {})
    (path,) = tmp_path.rglob("*.clip")
    path.write_bytes(b"VDclip1\n" + GOOD[8:])
    assert store.load(KEY) is None


def test_only_the_user_can_enter(tmp_path: Path) -> None:
    store = SceneCache(tmp_path / "cache")
    store.store(KEY, clip(), {})
    for path in [tmp_path / "cache", *(tmp_path / "cache").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("part", ["", "scenes", "scenes/ab"])
def test_a_folder_that_others_may_write_to_is_not_used(tmp_path: Path, part: str) -> None:
    store = SceneCache(tmp_path / "cache")
    store.store(KEY, clip(), {})
    (tmp_path / "cache" / part).chmod(0o777)
    assert KEY not in store
    with pytest.raises(OutputError, match="others may write"):
        store.load(KEY)
    with pytest.raises(OutputError, match="others may write"):
        store.store(KEY, clip(), {})


def test_renders_and_batches_go_on_without_a_folder_that_others_may_write_to(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    director = Director(backend=GreyBackend(), cache=tmp_path / "cache")
    notices = [event for event in director.stream(grey_plan(10, 20), tmp_path / "a.mp4") if isinstance(event, Notice)]
    assert len(notices) == 1
    assert len(see(tmp_path / "a.mp4").frames) > 0
    assert [result.status for result in director.render_many([grey_plan(10)], tmp_path / "out")] == ["done"]
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only the superuser can give files away")
def test_what_belongs_to_another_user_is_not_taken(tmp_path: Path) -> None:
    store = SceneCache(tmp_path)
    store.store(KEY, clip(), {})
    (path,) = tmp_path.rglob("*.clip")
    os.chown(path, 12345, 12345)
    assert KEY not in store
    with pytest.raises(DamagedEntryError, match="another user"):
        store.load(KEY)
    assert not path.exists()
    os.chown(tmp_path, 12345, 12345)
    with pytest.raises(OutputError, match="another user"):
        store.load(KEY)


@pytest.mark.parametrize("damage", ["garbage", "empty", "a folder", "a link", "a pipe", "open to others", "huge"])
def test_a_memo_is_worked_out_again(cache: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    assert load_or_compute("size", [1], lambda: "one") == "one"
    (path,) = (cache / "memo").iterdir()
    DAMAGE[damage](path)
    with caplog.at_level(logging.WARNING):
        assert load_or_compute("size", [1], lambda: "two") == "two"
    assert len(caplog.records) == 1
    assert load_or_compute("size", [1], lambda: "three") == "two"


RECORD = {"key": KEY, "state": "submitted", "attempt": 1, "since": 1.0, "job": "j"}


@pytest.mark.parametrize(
    "record",
    [b"", b"\xff", b"[]", {"key": OTHER}, {"state": "paid"}, {"attempt": "many"}, {"job": ["a"]}],
)
def test_a_bad_record_of_a_job_is_reported_and_removed(tmp_path: Path, record: Any) -> None:
    journal = JobJournal(tmp_path / "cache" / "jobs" / "server")
    path = journal.folder / f"{KEY}.json"
    path.write_bytes(record if isinstance(record, bytes) else json.dumps(RECORD | record).encode())
    assert journal.read(KEY) is None
    assert not path.exists()
    assert journal.read(KEY) is None


def test_what_cannot_be_a_video_is_no_finished_one(tmp_path: Path) -> None:
    journal = JobJournal(tmp_path / "cache" / "jobs" / "server")
    for damage in (_write(b""), _as_folder, _as_link, _as_pipe):
        journal.video_path(KEY).write_bytes(b"video")
        assert journal.find_video(KEY) == journal.video_path(KEY)
        damage(journal.video_path(KEY))
        assert journal.find_video(KEY) is None
        assert not os.path.lexists(journal.video_path(KEY))
