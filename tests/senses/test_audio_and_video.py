"""Sounds and videos of every kind become short clips, however long they are."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from videodirector.errors import UsageError
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.schemas import AudioInput, VideoInput
from videodirector.senses import load_audio, load_video
from videodirector.senses.loaded_input import AUDIO_RATE, spread_starts


def ffmpeg(*arguments: str | Path) -> None:
    command = [find_ffmpeg(), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


def write_wav(path: Path, samples: np.ndarray, rate: int) -> Path:
    """(samples,) or (samples, channels) in [-1, 1]."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def tone(rate: int, seconds: float = 1.0, pitch: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(rate * seconds)) / rate)


def pitch_of(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / AUDIO_RATE)[spectrum.argmax()])


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44_100, 2), (192_000, 8)])
def test_any_rate_and_number_of_channels(tmp_path: Path, rate: int, channels: int) -> None:
    samples = np.repeat(tone(rate)[:, None], channels, axis=1)
    sensed = load_audio(AudioInput(source=write_wav(tmp_path / "a.wav", samples, rate)))
    (clip,) = sensed.clips
    assert clip.dtype == np.float32
    assert len(clip) == pytest.approx(AUDIO_RATE, rel=0.01)
    assert pitch_of(clip) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.ogg", "a.m4a", "-i.wav"])
def test_formats_and_odd_names(tmp_path: Path, name: str) -> None:
    write_wav(tmp_path / "b.wav", tone(16_000), 16_000)
    ffmpeg("-i", tmp_path / "b.wav", tmp_path / name)
    assert pitch_of(load_audio(AudioInput(source=tmp_path / name)).clips[0]) == pytest.approx(440, abs=2)


def test_arrays_of_any_type_and_layout() -> None:
    rate = 16_000
    for array in (tone(rate), (tone(rate) * 32767).astype(np.int16), np.stack([tone(rate)] * 2), tone(rate)[:, None]):
        (clip,) = load_audio(AudioInput(source=array, rate=rate)).clips
        assert pitch_of(clip) == pytest.approx(440, abs=2)
        assert np.abs(clip).max() == pytest.approx(0.5, abs=0.05)


def test_gaps_are_bridged_and_what_is_too_loud_is_made_quieter() -> None:
    rate = 16_000
    gaps = np.where(np.arange(rate) % 100, tone(rate), np.nan)
    for array in (gaps, 1e6 * tone(rate)):
        (clip,) = load_audio(AudioInput(source=array, rate=rate)).clips
        assert pitch_of(clip) == pytest.approx(440, abs=2)
        assert np.abs(clip).max() <= 1.05
        assert np.sqrt((clip**2).mean()) < 0.75  # a sine, not clipped to a rectangle
    with pytest.raises(UsageError, match="100% of the samples are not numbers"):
        load_audio(AudioInput(source=np.full(rate, np.nan), rate=rate))


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_what_is_cut_off_is_heard_as_far_as_it_goes(tmp_path: Path, name: str) -> None:
    write_wav(tmp_path / "b.wav", tone(16_000, 4), 16_000)
    ffmpeg("-i", tmp_path / "b.wav", tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    assert not load_audio(AudioInput(source=tmp_path / name)).notes
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    sensed = load_audio(AudioInput(source=tmp_path / name))
    assert pitch_of(sensed.clips[0]) == pytest.approx(440, abs=2)
    assert "cut off" in sensed.notes[0]


def test_two_hours_are_heard_in_some_places(tmp_path: Path) -> None:
    hours = np.lib.format.open_memmap(tmp_path / "a.npy", mode="w+", dtype=np.int16, shape=(2 * 3600 * 8000,))
    hours[-8000 * 10 :] = (tone(8000, 10) * 32767).astype(np.int16)
    ffmpeg("-f", "s16le", "-ar", "8000", "-ac", "1", "-i", tmp_path / "a.npy", "-c", "copy", tmp_path / "a.wav")
    for given in (AudioInput(source=tmp_path / "a.wav"), AudioInput(source=hours, rate=8000)):
        sensed = load_audio(given)
        assert sum(len(clip) for clip in sensed.clips) <= 60.1 * AUDIO_RATE
        assert pitch_of(sensed.clips[-1]) == pytest.approx(440, abs=2)  # its end is heard as well
        assert "120.0 minutes" in sensed.notes[0]


def test_clips_are_spread_evenly() -> None:
    assert spread_starts(4) == [0.0]
    assert spread_starts(25) == [0.0, 7.5, 15.0]
    assert spread_starts(7200)[-1] == 7190
    assert len(spread_starts(7200)) == 6


@pytest.mark.parametrize("content", [b"RIFF\x24\0\0\0WAVEfmt ", b"no sound at all", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_what_is_no_sound(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(UsageError, match=r"a\.wav"):
        load_audio(AudioInput(source=tmp_path / "a.wav"))


def test_sounds_that_cannot_be_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs its rate"):
        load_audio(AudioInput(source=tone(8000)))
    with pytest.raises(UsageError, match="less than"):
        load_audio(AudioInput(source=np.zeros(10), rate=8000))
    (tmp_path / "a.wav").write_bytes(b"")
    with pytest.raises(UsageError, match="is empty"):
        load_audio(AudioInput(source=tmp_path / "a.wav"))
    Image.new("RGB", (8, 8)).save(tmp_path / "b.png")
    with pytest.raises(UsageError, match="--image"):
        load_audio(AudioInput(source=tmp_path / "b.png"))


def moving(count: int = 16) -> np.ndarray:
    """A white bar that goes from the left to the right."""
    frames = np.zeros((count, 48, 64, 3), dtype=np.uint8)
    for number in range(count):
        frames[number, :, 4 * number : 4 * number + 4] = 255
    return frames


def bar(frame: np.ndarray) -> float:
    return float(frame[..., 0].astype(float).mean(0) @ np.arange(frame.shape[1]) / frame[..., 0].mean(0).sum())


def write_video(path: Path, *options: str) -> Path:
    moving().tofile(path.with_suffix(".raw"))
    source = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "64x48", "-r", "8", "-i", path.with_suffix(".raw"))
    ffmpeg(*source, *options, path)
    return path


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif", "a.avi", "ten_bits.mp4"])
def test_videos(tmp_path: Path, name: str) -> None:
    write_video(tmp_path / name, *(["-pix_fmt", "yuv420p10le"] if name == "ten_bits.mp4" else []))
    (clip,) = load_video(VideoInput(source=tmp_path / name)).clips
    assert clip.shape == (5, 48, 64, 3)
    assert bar(clip[0]) < 8
    assert bar(clip[-1]) > 50


def test_a_long_video_is_seen_in_some_places(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=640x360:rate=4:duration=300", "-c:v", "mpeg4", tmp_path / "a.mp4")
    sensed = load_video(VideoInput(source=tmp_path / "a.mp4"))
    assert len(sensed.clips) == 6
    assert all(clip.shape == (5, 288, 512, 3) for clip in sensed.clips)


def test_arrays_of_frames() -> None:
    (clip,) = load_video(VideoInput(source=moving(), rate=8)).clips
    assert bar(clip[0]) < bar(clip[2]) < bar(clip[-1])
    assert len(load_video(VideoInput(source=moving(80), rate=8)).clips) == 5
    with pytest.raises(UsageError, match=r"\(frames, height, width, 3\)"):
        load_video(VideoInput(source=np.zeros((4, 5, 3))))


def test_what_is_cut_off_is_seen_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", "-c:v", "ffv1")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    sensed = load_video(VideoInput(source=path))
    assert len(sensed.clips[0]) > 1
    assert "cut off" in sensed.notes[0]
    path = write_video(tmp_path / "a.gif")
    for part in (0.05, 0.3, 0.6):
        path.write_bytes(path.read_bytes()[: round(part * path.stat().st_size)])
        with pytest.raises(UsageError, match="cannot be read as a video"):
            load_video(VideoInput(source=path))
        write_video(path)


def test_a_photograph_is_a_video_of_one_frame(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    assert "One frame is no motion" in load_video(VideoInput(source=tmp_path / "a.jpg")).notes[0]


def test_what_is_no_video(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", tone(8000), 8000)
    with pytest.raises(UsageError, match="only sound"):
        load_video(VideoInput(source=tmp_path / "a.wav"))
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    with pytest.raises(UsageError, match=r"a\.mp4"):
        load_video(VideoInput(source=tmp_path / "a.mp4"))
    moving().tofile(tmp_path / "raw")
    ffmpeg(
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "64x48", "-i", tmp_path / "raw", "-movflags", "faststart",
        tmp_path / "b.mp4",
    )  # fmt: skip
    (tmp_path / "c.mp4").write_bytes((tmp_path / "b.mp4").read_bytes()[:1500])
    with pytest.raises(UsageError, match=r"c\.mp4"):
        load_video(VideoInput(source=tmp_path / "c.mp4"))
