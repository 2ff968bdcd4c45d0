import os
import sys
from pathlib import Path

import pytest

from videodirector.errors import EncodeError, MissingDependencyError
from videodirector.files.ffmpeg import FFMPEG_VARIABLE, find_ffmpeg, run_ffmpeg, start_ffmpeg


def program(folder: Path, name: str = "ffmpeg") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(FFMPEG_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def test_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = find_ffmpeg()
    assert Path(packaged).is_file()
    on_path = program(tmp_path / "path")
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert find_ffmpeg() == str(on_path)
    in_environment = program(tmp_path / "environment", "my-ffmpeg")
    monkeypatch.setenv(FFMPEG_VARIABLE, str(in_environment))
    assert find_ffmpeg() == str(in_environment)
    given = program(tmp_path / "given")
    assert find_ffmpeg(given) == str(given)


def test_a_name_is_looked_for_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = program(tmp_path / "path", "ffmpeg-9")
    monkeypatch.setenv("PATH", str(named.parent))
    assert find_ffmpeg("ffmpeg-9") == str(named)


@pytest.mark.parametrize("wrong", ["missing", "folder", "plain"])
def test_an_order_that_names_no_program_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    program(tmp_path / "path")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))  # there is one, but it was not asked for
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain").write_text("not executable")
    with pytest.raises(MissingDependencyError, match=wrong):
        find_ffmpeg(tmp_path / wrong)
    monkeypatch.setenv(FFMPEG_VARIABLE, str(tmp_path / wrong))
    with pytest.raises(MissingDependencyError, match=FFMPEG_VARIABLE):
        find_ffmpeg()


def test_none_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingDependencyError) as caught:
        find_ffmpeg()
    assert "pip install imageio-ffmpeg" in caught.value.hint
    assert caught.value.exit_code == 4


def test_files_whose_names_are_not_utf8(tmp_path: Path) -> None:
    sound = tmp_path / os.fsdecode(b"-f\xfcchs:%d.wav")
    made = run_ffmpeg(["-f", "lavfi", "-i", "sine=duration=1", "-y", "SOUND"], files={"SOUND": sound})
    assert (made.status, made.output) == (0, b"")
    read = run_ffmpeg(["-i", "SOUND", "-f", "s16le", "-ac", "1", "-ar", "8000", "pipe:1"], files={"SOUND": sound})
    assert (read.status, len(read.output), read.log) == (0, 16000, "")


def test_a_run_that_fails_says_why() -> None:
    failed = run_ffmpeg(["-i", "none.wav", "-f", "null", "-"])
    assert failed.status > 0
    assert "none.wav" in failed.log


def test_a_run_that_takes_too_long_is_killed() -> None:
    endless = ["-re", "-f", "lavfi", "-i", "sine", "-f", "null", "-"]
    assert run_ffmpeg(endless, timeout=0.5).status < 0
    with start_ffmpeg(endless) as running:
        pass
    assert running.wait() < 0, "it does not outlive the block"


def test_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("this has no interpreter")
    broken.chmod(0o755)
    with pytest.raises(EncodeError, match="cannot run"):
        run_ffmpeg(["-version"], program=str(broken))
