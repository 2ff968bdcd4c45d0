"""The store of drawn clips: what goes in comes out, or nothing does."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodirector.errors import OutputError, UsageError
from videodirector.generator import Clip
from videodirector.generator.render._clip_file import DamagedClipError, check, pack, unpack
from videodirector.generator.render.cache import DamagedEntryError, SceneCache, parse_size
from videodirector.schemas import Control, Drawn

KEY = "ab" * 32


def clip(*, frames: int = 4, seed: int = 0) -> Clip:
    pixels = np.random.default_rng(seed).integers(0, 256, (frames, 8, 6, 3), dtype=np.uint8)
    control = Control(name="boxes", status="approximated", detail="words")
    return Clip(pixels, ("a note",), (control,), Drawn(frames=9, width=16, height=8))


def same(one: Clip, other: Clip) -> bool:
    return np.array_equal(one.frames, other.frames) and (one.notes, one.controls, one.drawn) == (
        other.notes,
        other.controls,
        other.drawn,
    )


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32), st.booleans())
def test_clips_survive_packing(frames: int, height: int, width: int, seed: int, still: bool) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (frames, height, width, 3), dtype=np.uint8)
    if still:
        pixels[1:] = pixels[0]
    before = Clip(pixels)
    after, about = unpack(pack(KEY, before, {"seconds": 1.5}), KEY, before.frames.shape)
    assert same(before, after)
    assert about == {"seconds": 1.5}
    after.frames[0] = 0  # it can be written to, and the next reader does not see it


def test_any_wrong_byte_is_noticed() -> None:
    content = pack(KEY, clip(), {})
    for place in range(0, len(content), 7):
        broken = bytearray(content)
        broken[place] ^= 1
        with pytest.raises(DamagedClipError):
            check(bytes(broken), KEY)
    for length in (0, 7, 8, 43, 44, 60, len(content) - 1):
        with pytest.raises(DamagedClipError):
            unpack(content[:length], KEY)
    with pytest.raises(DamagedClipError):
        unpack(content + b"\0", KEY)


def test_what_goes_in_comes_out(cache: Path) -> None:
    store = SceneCache()
    assert store.folder == cache
    assert store.load(KEY) is None
    assert KEY not in store
    store.store(KEY, clip(), {"scene": "s1"})
    found = SceneCache().load(KEY)
    assert found is not None
    assert same(found.clip, clip())
    assert found.about == store.about(KEY) == {"scene": "s1"}
    assert KEY in store
    assert [path.suffix for path in cache.rglob("*") if path.is_file()] == [".clip"], "nothing partial is left"


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_damaged_clip_is_told_of_and_goes(tmp_path: Path, damage: bytes | None) -> None:
    store = SceneCache(tmp_path)
    store.store(KEY, clip(), {})
    (file,) = tmp_path.rglob("*.clip")
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"!" if damage is None else damage)
    assert KEY not in store
    with pytest.raises(DamagedEntryError, match=str(file)):
        store.load(KEY)
    assert store.load(KEY) is None


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    store = SceneCache(tmp_path, limit=10**9)
    keys = [f"{number:064x}" for number in range(10)]
    for number, key in enumerate(keys):
        store.store(key, clip(seed=number), {})
    for age, file in enumerate(sorted(tmp_path.rglob("*.clip"), reverse=True)):
        os.utime(file, (time.time() - 100 * (age + 1),) * 2)
    assert store.load(keys[0]) is not None  # used now
    each = store.info().bytes // 10
    removed = store.prune(4 * each + each // 2)
    assert (removed.scenes, store.info().scenes) == (6, 4)
    assert [key for key in keys if key in store] == [keys[0], *keys[7:]]


def test_it_stays_within_its_limit(tmp_path: Path) -> None:
    size = len(pack(KEY, clip(), {}))
    store = SceneCache(tmp_path, limit=5 * size)
    for number in range(40):
        store.store(f"{number:064x}", clip(seed=number), {})
        assert store.info().bytes <= 5 * size
    assert store.info().scenes >= 3
    store = SceneCache(tmp_path, limit=size // 2)
    store.store("ff" * 32, clip(), {})
    assert "ff" * 32 not in store, "larger than all of it"


def test_clearing(tmp_path: Path) -> None:
    store = SceneCache(tmp_path / "never made")
    assert store.clear().scenes == 0
    assert store.info().scenes == 0
    assert not store.folder.exists()
    store = SceneCache(tmp_path)
    store.store(KEY, clip(), {})
    removed = store.clear()
    assert (removed.scenes, store.info().bytes) == (1, 0)
    assert removed.bytes > 0


def test_what_crashed_processes_left_is_swept_up(tmp_path: Path) -> None:
    store = SceneCache(tmp_path)
    store.store(KEY, clip(), {})
    old, new = (next(tmp_path.glob("scenes/*")) / f"{name}.partial" for name in ("old", "new"))
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert store.prune().scenes == 0
    assert (old.exists(), new.exists()) == (False, True), "the new one may still be written to"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    store = SceneCache(tmp_path / "file")
    with pytest.raises(OutputError, match="cannot write"):
        store.store(KEY, clip(), {})
    assert store.load(KEY) is None
    assert store.info().scenes == store.prune(0).scenes == 0


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store = SceneCache(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="No space left on device"):
            store.store(KEY, clip(), {})
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    store.store(KEY, clip(), {})
    assert KEY in store


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("500MB", 5 * 10**8), ("2 GiB", 2**31), ("1.5k", 1500), ("3b", 3), ("7tib", 7 * 2**40)]
)
def test_sizes(text: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_size(text, "it") == size
    monkeypatch.setenv("VIDEODIRECTOR_CACHE_LIMIT", text)
    assert SceneCache().limit == size


@pytest.mark.parametrize("text", ["much", "-1", "1.2.3", "5 parsecs", "", "1e9"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="is not a size"):
        parse_size(text, "it")
