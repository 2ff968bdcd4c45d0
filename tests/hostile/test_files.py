"""Files that data names: regular ones only, in known formats, inside the folder of the batch."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import time
import wave
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from support import fox_plan
from videodirector.cli import main
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.files.formats import ffmpeg_input
from videodirector.files.reading import is_inside, open_regular, read_bounded

SECONDS = 5.0


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "fifo")
    return folder / "fifo"


def unix_socket(folder: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "s"))
    return folder / "s"


def link_to(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    def linked(folder: Path) -> Path:
        (folder / "link").symlink_to(make(folder))
        return folder / "link"

    return linked


def directory(folder: Path) -> Path:
    (folder / "d").mkdir()
    return folder / "d"


def zeros(_: Path) -> Path:
    return Path("/dev/zero")


def loop(folder: Path) -> Path:
    (folder / "loop").symlink_to(folder / "loop")
    return folder / "loop"


ODD = {
    "fifo": fifo,
    "link to a fifo": link_to(fifo),
    "zeros": zeros,
    "link to zeros": link_to(zeros),
    "socket": unix_socket,
    "directory": directory,
    "loop": loop,
}
ODD_FILES = pytest.mark.parametrize("make", ODD.values(), ids=ODD)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """The exit code and the one error of a command that must not take long."""
    began = time.monotonic()
    code = main([str(argument) for argument in arguments])
    assert time.monotonic() - began < SECONDS
    error = capsys.readouterr().err
    assert error.count("error: ") == 1
    assert "Traceback" not in error
    assert "Warning" not in error
    return code, error


@ODD_FILES
def test_only_regular_files_are_opened(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(OSError, match=r"\w") as caught:
        open_regular(make(tmp_path))
    assert caught.value.strerror


def test_reading_is_bounded(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"12345")
    assert read_bounded(file, most=5) == b"12345"
    with pytest.raises(OSError, match="larger"):
        read_bounded(file, most=4)


@ODD_FILES
@pytest.mark.parametrize("command", ["validate", "inspect", "reproduce", "story", "captions", "cast", "batch"])
def test_documents_are_regular_files(
    tmp_path: Path, make: Callable[[Path], Path], command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if command == "batch" and make is directory:
        pytest.skip("a folder of storyboards is one")
    path, out = make(tmp_path), tmp_path / "out"
    commands: dict[str, list[object]] = {
        "validate": ["validate", path],
        "inspect": ["inspect", path],
        "reproduce": ["reproduce", path, "-o", f"{out}.mp4"],
        "story": ["plan", f"@{path}", "-o", f"{out}.json"],
        "captions": ["plan", "A fox.", "--captions", path, "-o", f"{out}.json"],
        "cast": ["plan", "A fox.", "--cast", path, "-o", f"{out}.json"],
        "batch": ["batch", path, "-o", out],
    }
    assert run(capsys, *commands[command])[0] == 2


@ODD_FILES
@pytest.mark.parametrize("modality", ["image", "audio", "video", "depth", "thermal", "imu"])
def test_inputs_are_regular_files(
    tmp_path: Path, make: Callable[[Path], Path], modality: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "plan", f"--{modality}", make(tmp_path), "-o", tmp_path / "p.json")[0] == 2


@ODD_FILES
@pytest.mark.parametrize("field", ["audio", "references"])
def test_what_a_plan_names_is_a_regular_file(
    tmp_path: Path, make: Callable[[Path], Path], field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make(tmp_path)
    plan = json.loads(fox_plan().save(tmp_path / "plan.json").read_text())
    plan |= {"audio": str(path)} if field == "audio" else {"references": {"fox": str(path)}}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    command = ["render", tmp_path / "plan.json", "-o", tmp_path / "a.mp4", "--backend", "storyboard"]
    assert run(capsys, *command)[0] == 2


def huge_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 13_000, 13_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")
    )


PICTURES = {
    "HEIC": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64), "HEIC"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n", "EPS"),
    "SVG": (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "EXR": (b"\x76\x2f\x31\x01" + bytes(64), "EXR"),
    "npz": (b"PK\x03\x04" + bytes(26) + b"a.npy" + bytes(64), "npz"),
    "PSD": (b"8BPS\x00\x01" + bytes(64), "PSD"),
    "too large": (huge_png(), "13000 x 13000"),
}


@pytest.mark.parametrize(("content", "name"), PICTURES.values(), ids=PICTURES)
@pytest.mark.parametrize("modality", ["image", "depth", "thermal"])
def test_other_formats_are_called_by_their_names(
    tmp_path: Path, content: bytes, name: str, modality: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(content)
    code, error = run(capsys, "plan", f"--{modality}", file, "-o", tmp_path / "p.json")
    assert code == 2
    assert name in error
    assert "damaged" not in error


def test_an_archive_is_no_array_whatever_its_suffix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((8, 8)))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    for modality in ("depth", "imu"):
        code, error = run(capsys, "plan", f"--{modality}", tmp_path / "a.npy", "-o", tmp_path / "p.json")
        assert code == 2
        assert "npz" in error


PLAYLISTS = {
    "a.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
    "a.wav": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n",
    "a.ffconcat": "ffconcat version 1.0\nfile '{}'\n",
    "a.mp4": "ffconcat version 1.0\nfile '{}'\n",
    "a.avs": 'WavSource("{}")\n',
    "a.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "a.mpd": "<?xml version='1.0'?><MPD><Period><AdaptationSet><Representation><BaseURL>{}</BaseURL></Representation>"
    "</AdaptationSet></Period></MPD>",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_playlists_reach_no_other_file(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with wave.open(str(tmp_path / "secret.wav"), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", "NONE"))
        sound.writeframes(bytes(64_000))
    file = tmp_path / name
    file.write_text(PLAYLISTS[name].format("secret.wav"))
    decoded = subprocess.run(
        [find_ffmpeg(), "-nostdin", "-v", "error", *ffmpeg_input(file), "-f", "null", "-"],
        capture_output=True, check=False, timeout=SECONDS,
    )  # fmt: skip
    assert decoded.returncode != 0
    for modality in ("audio", "video"):
        assert run(capsys, "plan", f"--{modality}", file, "-o", tmp_path / "p.json")[0] == 2
    plan = fox_plan()
    plan.audio = str(file)
    path = plan.save(tmp_path / "plan.json")
    assert run(capsys, "render", path, "-o", tmp_path / "a.mp4", "--backend", "storyboard")[0] == 2


@pytest.mark.parametrize("kind", ["passwd", "parent", "link", "suffix", "reference", "audio", "soundtrack", "font"])
def test_a_batch_line_names_files_of_its_own_folder(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, outside = tmp_path / "batch", tmp_path / "private.txt"
    inside.mkdir()
    monkeypatch.chdir(inside)
    outside.write_text("A fox walks in the forest.")
    (inside / "link.txt").symlink_to(outside)
    (inside / "id_rsa").write_text("A fox walks in the forest.")
    plan = fox_plan().model_dump(mode="json")
    referring = {**plan, "references": {"fox": str(outside)}}
    line = {
        "passwd": {"path": "/etc/passwd"},
        "parent": {"path": "../private.txt"},
        "link": {"path": "link.txt"},
        "suffix": {"path": "id_rsa"},
        "reference": {"plan": referring},
        "audio": {"plan": {**plan, "audio": str(outside)}},
        "soundtrack": {"story": "A fox walks.", "soundtrack": str(outside)},
        "font": {"story": "A fox walks.", "font": str(outside)},
    }[kind]
    (inside / "b.jsonl").write_text(json.dumps(line) + "\n")
    command = ["batch", str(inside / "b.jsonl"), "-o", str(tmp_path / "out"), "--backend", "storyboard", "--quiet"]
    assert main(command) == 5
    (record,) = map(json.loads, (tmp_path / "out" / "report.jsonl").read_text().splitlines())
    assert record["error"]["type"] == "UsageError"
    assert "--allow-outside" in record["error"]["hint"]
    assert "fox walks in" not in json.dumps(record)
    if kind == "parent":
        assert main([*command, "--allow-outside", "--width", "64", "--height", "64"]) == 0


def test_places_are_compared_once_links_are_resolved(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert is_inside(tmp_path / "a" / "x", tmp_path / "a")
    assert not is_inside(tmp_path / "a" / "up" / "x", tmp_path / "a")
    assert not is_inside(tmp_path / "ab", tmp_path / "a")


def test_a_picture_too_large_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(huge_png())
    script = (
        "import resource, sys; from videodirector.files.formats import open_picture, PictureError\n"
        "try: open_picture(sys.argv[1])\n"
        "except PictureError: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.png")], capture_output=True, check=True)
    assert int(done.stdout) < 300_000  # KiB
    assert not done.stderr
