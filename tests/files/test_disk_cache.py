"""The cache in SQLite: what goes in comes out, whoever else writes, and whatever becomes of its file."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from videodirector.files.disk_cache import DiskCache

LIMIT = 10**7

WRITER = """
import sys
from pathlib import Path
from videodirector.files.disk_cache import DiskCache
store = DiskCache(Path(sys.argv[1]), limit=10**7)
for number in range(int(sys.argv[3])):
    store.put(f"{sys.argv[2]}-{number}", {"from": sys.argv[2], "number": number})
    print(number, flush=True)
"""


def writer(file: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(file), name, str(count)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": ":".join(sys.path)}
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "answers.sqlite3"


def test_what_goes_in_comes_out(file: Path) -> None:
    store = DiskCache(file, limit=LIMIT)
    assert store.get("a") is None
    assert not file.parent.exists()
    store.put("a", {"text": "ä", "list": [1, None]})
    assert DiskCache(file, limit=LIMIT).get("a") == {"text": "ä", "list": [1, None]}
    store.put("a", {"text": "b"})
    assert store.get("a") == {"text": "b"}
    store.delete("a")
    assert store.get("a") is None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_it_stays_within_its_limit_and_forgets_what_was_not_used_for_longest(file: Path) -> None:
    store = DiskCache(file, limit=200_000)
    store.put("large", {"text": "x" * 30_000})
    assert store.get("large") is None
    for number in range(100):
        store.put(str(number), {"text": "x" * 10_000})
    assert store.get("0") is None
    assert store.get("99") is not None
    assert file.stat().st_size < 300_000


def _replace_by_database(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE entries (name TEXT)")
    file.chmod(0o600)


def _replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _replace_by_link(file: Path) -> None:
    file.rename(file.with_name("x"))
    file.symlink_to("x")


def _replace_by_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "garbage": lambda file: file.write_bytes(os.urandom(10_000)),
    "cut off": lambda file: os.truncate(file, 5000),
    "damaged within": lambda file: file.write_bytes(file.read_bytes()[:100] + os.urandom(10_000)),
    "another database": _replace_by_database,
    "a folder": _replace_by_folder,
    "a link": _replace_by_link,
    "a pipe": _replace_by_pipe,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_reported_set_aside_and_started_anew(
    file: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = DiskCache(file, limit=LIMIT)
    store.put("a", {"n": 1})
    DAMAGE[damage](file)
    assert store.get("a") is None
    store.put("b", {"n": 2})
    assert store.get("b") == {"n": 2}
    if damage != "empty":  # SQLite takes an empty file for a new database
        assert len(caplog.records) == 1
        assert os.path.lexists(file.with_name("answers.sqlite3.damaged"))


@pytest.mark.parametrize("value", [b"", b"{", b"[1]", b"\xff", 5, "[" * 100_000])
def test_a_damaged_value_is_reported_and_removed(file: Path, value: object, caplog: pytest.LogCaptureFixture) -> None:
    store = DiskCache(file, limit=LIMIT)
    store.put("a", {"n": 1})
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE entries SET value = ?", (value,))
    assert store.get("a") is None
    assert store.get("a") is None
    assert len(caplog.records) == 1


def test_a_file_that_others_may_write_to_is_not_used(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = DiskCache(file, limit=LIMIT)
    store.put("a", {"n": 1})
    file.chmod(0o666)
    assert store.get("a") is None
    assert store.get("a") is None
    assert len(caplog.records) == 1
    file.chmod(0o600)
    file.parent.chmod(0o777)
    assert store.get("a") is None


def test_eight_processes_write_at_once(file: Path) -> None:
    writers = [writer(file, str(number), 25) for number in range(8)]
    assert [process.communicate() and process.returncode for process in writers] == [0] * 8
    store = DiskCache(file, limit=LIMIT)
    found = [store.get(f"{name}-{number}") for name in range(8) for number in range(25)]
    assert found == [{"from": str(name), "number": number} for name in range(8) for number in range(25)]


def test_a_kill_loses_nothing_that_was_stored(file: Path) -> None:
    for life in range(5):
        process = writer(file, f"life {life}", 10_000)
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 5 + life:
                break
        time.sleep(0.003 * life)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    store = DiskCache(file, limit=LIMIT)
    for life in range(5):
        for number in range(6 + life):
            assert store.get(f"life {life}-{number}") == {"from": f"life {life}", "number": number}


FULL = """
import resource, sys
from pathlib import Path
from videodirector.files.disk_cache import DiskCache
store = DiskCache(Path(sys.argv[1]), limit=10**8)
store.put("first", {"text": "kept"})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for number in range(30):
    store.put(str(number), {"text": "x" * 20_000})
assert store.get("first") == {"text": "kept"}
"""


def test_a_full_disk_stops_nothing(file: Path) -> None:
    command = [sys.executable, "-c", FULL, str(file)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ":".join(sys.path)}
    )
    assert done.returncode == 0, done.stderr
    assert "going on without" in done.stderr
    store = DiskCache(file, limit=10**8)
    assert store.get("first") == {"text": "kept"}
    store.put("later", {"n": 1})
    assert store.get("later") == {"n": 1}
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100_000
