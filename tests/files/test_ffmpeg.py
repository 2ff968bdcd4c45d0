import sys
from pathlib import Path

import pytest

from videodirector.errors import MissingDependencyError
from videodirector.files.ffmpeg import FFMPEG_VARIABLE, find_ffmpeg


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
