from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from support import see
from videodirector.errors import EncodeError
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.generator.backends.frames import Frames
from videodirector.generator.video.encode import VideoEncoder, VideoFormat


def write(path: Path, frames: Frames, fmt: VideoFormat, *, program: str | None = None) -> None:
    with VideoEncoder(path, fmt, program=program or find_ffmpeg()) as writer:
        for frame in frames:
            writer.write(frame)


def noise(frames: int, size: tuple[int, int]) -> Frames:
    return np.random.default_rng(0).integers(0, 256, (frames, size[1], size[0], 3), dtype=np.uint8)


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("rate", [Fraction(8), Fraction(30000, 1001), Fraction(1, 2)])
def test_counts_and_rates_are_exact(tmp_path: Path, rate: Fraction) -> None:
    write(tmp_path / "a.mp4", noise(7, (256, 256)), VideoFormat.of((256, 256), rate))
    seen = see(tmp_path / "a.mp4")
    assert len(seen.frames) == 7
    assert seen.rate == rate
    assert (seen.codec, seen.pix_fmt, seen.size) == ("h264", "yuv420p", (256, 256))


def test_colours_survive(tmp_path: Path) -> None:
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [200, 120, 40]], np.uint8)
    frames = np.broadcast_to(colours[:, None, None], (6, 64, 64, 3))
    write(tmp_path / "a.mp4", frames, VideoFormat.of((64, 64), Fraction(8)))
    seen = see(tmp_path / "a.mp4")
    for colour, frame in zip(colours, seen.frames, strict=True):
        np.testing.assert_allclose(frame[128, 128].astype(int), colour.astype(int), atol=6)


def test_the_index_stands_in_front(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", noise(4, (256, 256)), VideoFormat.of((256, 256), Fraction(8)))
    content = (tmp_path / "a.mp4").read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    fmt = VideoFormat.of((64, 48), Fraction(8))
    for name in ("a.mp4", "b.mp4"):
        write(tmp_path / name, noise(9, (64, 48)), fmt)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize(
    ("frame_size", "width", "height", "size", "scaled"),
    [
        ((64, 64), None, None, (256, 256), (256, 256)),
        ((100, 50), None, None, (600, 300), (600, 300)),
        ((256, 256), None, None, (256, 256), (256, 256)),
        ((257, 301), None, None, (258, 302), (257, 301)),
        ((301, 257), None, None, (302, 258), (301, 257)),
        ((64, 64), 320, None, (320, 320), (320, 320)),
        ((64, 32), None, 100, (200, 100), (200, 100)),
        ((64, 64), 320, 240, (320, 240), (240, 240)),
        ((512, 512), 128, 128, (128, 128), (128, 128)),
        ((3, 1000), None, 16, (2, 16), (1, 16)),
    ],
)
def test_sizes(
    frame_size: tuple[int, int],
    width: int | None,
    height: int | None,
    size: tuple[int, int],
    scaled: tuple[int, int],
) -> None:
    fmt = VideoFormat.of(frame_size, Fraction(8), width=width, height=height)
    assert (fmt.size, fmt.scaled) == (size, scaled)


def test_odd_frames_are_padded_and_keep_their_pixels(tmp_path: Path) -> None:
    frames = np.full((3, 301, 257, 3), 200, dtype=np.uint8)
    write(tmp_path / "a.mp4", frames, VideoFormat.of((257, 301), Fraction(8)))
    seen = see(tmp_path / "a.mp4")
    assert seen.size == (258, 302)
    assert abs(int(seen.frames[0][150, 128, 0]) - 200) <= 3


@pytest.mark.parametrize(
    ("frame_size", "size", "rate"),
    [((0, 4), (4, 4), Fraction(8)), ((4, 4), (4, 0), Fraction(8)), ((4, 4), (4, 4), Fraction(0))],
)
def test_formats_that_cannot_be(frame_size: tuple[int, int], size: tuple[int, int], rate: Fraction) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        VideoFormat(frame_size=frame_size, size=size, rate=rate)


def test_an_mp4_has_even_sides(tmp_path: Path) -> None:
    fmt = VideoFormat(frame_size=(4, 4), size=(5, 4), rate=Fraction(8))
    with pytest.raises(ValueError, match="must be even"):
        VideoEncoder(tmp_path / "a.mp4", fmt, program=find_ffmpeg())


@pytest.mark.parametrize(
    "frame", [np.zeros((24, 31, 3), np.uint8), np.zeros((24, 32), np.uint8), np.zeros((24, 32, 3), np.float32)]
)
def test_other_frames_are_refused(tmp_path: Path, frame: Frames) -> None:
    fmt = VideoFormat.of((32, 24), Fraction(8))
    with (
        pytest.raises(ValueError, match=r"a frame is uint8 of shape \(24, 32, 3\)"),
        VideoEncoder(tmp_path / "a.mp4", fmt, program=find_ffmpeg()) as writer,
    ):
        writer.write(frame)


def test_a_name_with_a_dash_is_no_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("-y.mp4"), noise(2, (32, 32)), VideoFormat.of((32, 32), Fraction(8)))
    assert len(see(tmp_path / "-y.mp4").frames) == 2


def test_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "ffmpeg").write_text("")
    with pytest.raises(EncodeError, match="cannot run"):
        write(
            tmp_path / "a.mp4",
            noise(1, (32, 32)),
            VideoFormat.of((32, 32), Fraction(8)),
            program=str(tmp_path / "ffmpeg"),
        )


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("av_interleaved_write_frame(): No space left on device", "the disk is full"),
        ("Unknown encoder 'libx264'", "VIDEODIRECTOR_FFMPEG"),
        ("Conversion failed!", "the words are those of"),
    ],
)
def test_what_ffmpeg_says_reaches_the_user(tmp_path: Path, words: str, hint: str) -> None:
    program = script(tmp_path / "ffmpeg", f'echo "{words}" >&2; exit 1')
    fmt = VideoFormat.of((256, 256), Fraction(8))
    with pytest.raises(EncodeError) as caught:
        write(tmp_path / "a.mp4", noise(20, (256, 256)), fmt, program=program)
    assert words in caught.value.message
    assert hint in caught.value.hint


def test_a_silent_death_tells_its_status(tmp_path: Path) -> None:
    program = script(tmp_path / "ffmpeg", "cat >/dev/null; kill -9 $$")
    with pytest.raises(EncodeError, match=r"after 2 frames.*status -9"):
        write(tmp_path / "a.mp4", noise(2, (32, 32)), VideoFormat.of((32, 32), Fraction(8)), program=program)


def test_a_flood_of_complaints_does_not_block(tmp_path: Path) -> None:
    program = script(tmp_path / "ffmpeg", "head -c 300000 /dev/zero | tr '\\0' x >&2; cat >/dev/null; exit 1")
    with pytest.raises(EncodeError) as caught:
        write(tmp_path / "a.mp4", noise(8, (256, 256)), VideoFormat.of((256, 256), Fraction(8)), program=program)
    assert len(caught.value.message) < 3000


def test_an_error_in_the_block_stops_ffmpeg_at_once(tmp_path: Path) -> None:
    program = script(tmp_path / "ffmpeg", "exec sleep 600")
    fmt = VideoFormat.of((32, 32), Fraction(8))
    with pytest.raises(KeyboardInterrupt), VideoEncoder(tmp_path / "a.mp4", fmt, program=program) as writer:
        process = writer._ffmpeg
        raise KeyboardInterrupt
    assert process.wait() < 0
