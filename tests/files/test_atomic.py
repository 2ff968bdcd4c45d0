import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from videodirector.errors import OutputError
from videodirector.files.atomic import atomic_file, build_output_error


def test_the_file_appears_whole_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    with atomic_file(target) as partial:
        assert partial.parent == tmp_path
        partial.write_bytes(b"half")
        assert not target.exists()
        partial.write_bytes(b"whole")
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt(), SystemExit(1)])
def test_any_error_leaves_what_was_there(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "a.mp4"
    target.write_bytes(b"old")
    with pytest.raises(type(error)), atomic_file(target) as partial:
        partial.write_bytes(b"half")
        raise error
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_closing_a_generator_cleans_up(tmp_path: Path) -> None:
    def work() -> Iterator[int]:
        with atomic_file(tmp_path / "a.mp4") as partial:
            partial.write_bytes(b"half")
            yield 1

    working = work()
    next(working)
    assert list(tmp_path.iterdir())
    working.close()  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())


def test_folders_are_made(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "new" / "newer" / "a.mp4") as partial:
        partial.write_bytes(b"x")
    assert (tmp_path / "new" / "newer" / "a.mp4").read_bytes() == b"x"


def test_others_may_read_it_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with atomic_file(tmp_path / "a.mp4"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.mp4").stat().st_mode) == 0o644


def test_a_link_is_written_through(tmp_path: Path) -> None:
    real, link = tmp_path / "real.mp4", tmp_path / "link.mp4"
    real.write_bytes(b"old")
    link.symlink_to(real)
    with atomic_file(link) as partial:
        partial.write_bytes(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_very_long_name_has_room_for_its_partial(tmp_path: Path) -> None:
    name = "n" * 250 + ".mp4"
    with atomic_file(tmp_path / name) as partial:
        partial.write_bytes(b"x")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    places = {
        tmp_path: "is a directory",
        tmp_path / "file" / "a.mp4": "is a file, not a folder|cannot write",
        Path("/dev/null"): "a device or a pipe",
        tmp_path / ("n" * 300): "cannot write",
    }
    for place, message in places.items():
        with pytest.raises(OutputError, match=message) as caught, atomic_file(place):
            pytest.fail("the block must not run")
        assert caught.value.hint


def test_a_read_only_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mp4").write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # permissions do not bind root, who may run the tests
    with pytest.raises(OutputError, match="exists and is read-only"), atomic_file(tmp_path / "a.mp4"):
        pytest.fail("the block must not run")
    assert (tmp_path / "a.mp4").read_bytes() == b"old"


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_takes_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(path: Path, flags: int, mode: int) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OutputError, match=os.strerror(code)), atomic_file(tmp_path / "a.mp4"):
        pytest.fail("the block must not run")
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left") as caught, atomic_file(tmp_path / "a.mp4") as partial:
        partial.write_bytes(b"x")
    assert "make room" in caught.value.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENOTDIR, errno.EIO])
def test_every_reason_has_a_hint(code: int) -> None:
    error = build_output_error("a.mp4", OSError(code, os.strerror(code)))
    assert os.strerror(code) in error.message
    assert error.hint
