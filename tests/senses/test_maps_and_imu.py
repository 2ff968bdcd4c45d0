"""Depth maps, thermal images and motion traces, as cameras and sensors write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from videodirector.errors import UsageError
from videodirector.schemas import DepthInput, ImuInput, ThermalInput
from videodirector.senses import load_depth, load_imu, load_thermal
from videodirector.senses.loaded_input import IMU_RATE


def metres() -> np.ndarray:
    """A thing 1 m away on a wall 4 m away."""
    field = np.full((40, 60), 4.0)
    field[10:30, 20:40] = 1.0
    return field


def nearer_in_the_middle(nearness: np.ndarray) -> bool:
    return bool(nearness[20, 30] > nearness[2, 2] + 0.3) and bool(np.isfinite(nearness).all())


def test_depth_in_every_form(tmp_path: Path) -> None:
    millimetres = (1000 * metres()).astype(np.uint16)
    Image.fromarray(millimetres).save(tmp_path / "a.png")
    np.save(tmp_path / "a.npy", metres())
    Image.fromarray(metres().astype(np.float32)).save(tmp_path / "a.tiff")
    disparity = (255 / metres()).clip(0, 255).astype(np.uint8)
    Image.fromarray(disparity).save(tmp_path / "b.png")
    Image.fromarray(disparity).convert("RGB").save(tmp_path / "grey.png")
    for given in ("a.png", "a.npy", "a.tiff", "b.png", "grey.png"):
        assert nearer_in_the_middle(load_depth(DepthInput(source=tmp_path / given)).clips[0]), given
    assert nearer_in_the_middle(load_depth(DepthInput(source=metres()[None])).clips[0])
    assert nearer_in_the_middle(load_depth(DepthInput(source=1 / metres(), values="nearness")).clips[0])


def test_holes_of_a_depth_map_are_filled() -> None:
    field = metres()
    field[::7] = 0
    field[5, 5], field[6, 6] = np.nan, np.inf
    assert nearer_in_the_middle(load_depth(DepthInput(source=field)).clips[0])


def test_depth_that_cannot_be_meant(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "photo.png")
    for given, words in (
        (DepthInput(source=tmp_path / "photo.png"), "one channel"),
        (DepthInput(source=np.zeros((9, 9))), "holes"),
        (DepthInput(source=np.full((9, 9), 2.0)), "everywhere"),
        (DepthInput(source=np.zeros((2, 9, 9))), "shape"),
        (DepthInput(source=-metres()), "negative"),
        (DepthInput(source=np.zeros((1, 9))), "shows nothing"),
    ):
        with pytest.raises(UsageError, match=words):
            load_depth(given)
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x01\x00garbage")
    with pytest.raises(UsageError, match=r"a\.npy"):
        load_depth(DepthInput(source=tmp_path / "a.npy"))


def test_thermal_images_in_every_form(tmp_path: Path) -> None:
    celsius = np.full((30, 40), 20.0)
    celsius[10:20, 10:30] = 36.0
    Image.fromarray((100 * (celsius + 273.15)).astype(np.uint16)).save(tmp_path / "centikelvin.png")
    Image.fromarray((4 * celsius).astype(np.uint8)).save(tmp_path / "white.png")
    Image.fromarray(255 - (4 * celsius).astype(np.uint8)).save(tmp_path / "black.png")
    for given in (
        ThermalInput(source=celsius),
        ThermalInput(source=tmp_path / "centikelvin.png"),
        ThermalInput(source=tmp_path / "white.png"),
        ThermalInput(source=tmp_path / "black.png", hot="dark"),
    ):
        heat = load_thermal(given).clips[0]
        assert heat[15, 20] > heat[2, 2]
    palette = np.zeros((30, 40, 3), dtype=np.uint8)
    palette[10:20, 10:30] = (255, 220, 120)
    sensed = load_thermal(ThermalInput(source=palette))
    assert sensed.clips[0][15, 20] > sensed.clips[0][2, 2]
    assert "brightness" in sensed.notes[0]


def resting(seconds: float = 4, rate: float = 100) -> np.ndarray:
    """(6, samples) at rest, gravity along y."""
    trace = np.random.default_rng(0).normal(0, 0.05, (6, round(seconds * rate)))
    trace[1] += 9.81
    return trace


def upright(clip: np.ndarray) -> bool:
    return bool(np.allclose(clip.mean(1), [0, 9.81, 0, 0, 0, 0], atol=0.3))


def test_motion_traces_in_every_form(tmp_path: Path) -> None:
    trace = resting()
    np.save(tmp_path / "a.npy", trace)
    np.savetxt(tmp_path / "a.csv", trace.T, delimiter=",", header="ax,ay,az,gx,gy,gz", comments="")
    times = np.arange(trace.shape[1])[None] / 100
    np.savetxt(tmp_path / "timed.csv", np.concatenate([times, trace]).T, delimiter=";")
    for given in (
        ImuInput(source=trace, rate=100),
        ImuInput(source=trace.T, rate=100),
        ImuInput(source=tmp_path / "a.npy", rate=100),
        ImuInput(source=tmp_path / "a.csv", rate=100),
        ImuInput(source=tmp_path / "timed.csv"),
    ):
        (clip,) = load_imu(given).clips
        assert clip.shape == (6, pytest.approx(4 * IMU_RATE, abs=2))
        assert upright(clip)


def test_swapped_channels_other_units_and_lying_sensors_are_set_right() -> None:
    trace = resting()
    swapped = load_imu(ImuInput(source=np.concatenate([trace[3:], trace[:3]]), rate=100))
    assert upright(swapped.clips[0])
    assert "last three channels" in swapped.notes[0]
    in_g = load_imu(ImuInput(source=np.concatenate([trace[:3] / 9.81, trace[3:]]), rate=100))
    assert upright(in_g.clips[0])
    assert "in g" in in_g.notes[0]
    lying = load_imu(ImuInput(source=trace[[0, 2, 1, 3, 5, 4]], rate=100))
    assert upright(lying.clips[0])
    assert "upright" in lying.notes[0]


def test_gaps_are_interpolated_and_told() -> None:
    trace = resting()
    trace[2, 50:60] = np.nan
    sensed = load_imu(ImuInput(source=trace, rate=100))
    assert upright(sensed.clips[0])
    assert "interpolated" in sensed.notes[0]


def test_long_traces_are_felt_in_some_places() -> None:
    hours = np.tile(resting(), (1, 1800))
    sensed = load_imu(ImuInput(source=hours, rate=100))
    assert len(sensed.clips) == 6
    assert sum(clip.shape[1] for clip in sensed.clips) <= 60 * IMU_RATE


@pytest.mark.parametrize(
    ("source", "rate", "words"),
    [
        (resting(), None, "rate"),
        (resting()[:5], 100, "shape"),
        (resting()[:, :10], 100, "too short for a motion"),
        (resting(), 100_000, "is the rate right"),
        (resting(), 1, "too short for a motion"),
        (np.zeros((6, 400)), 100, "gravity"),
        (np.full((6, 400), np.nan), 100, "not one number in channel 1, 2"),
        (np.where(np.arange(400) % 3, resting()[:, :400], np.nan), 100, "34% of the readings are missing"),
    ],
)
def test_traces_that_cannot_be_meant(source: np.ndarray, rate: float | None, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        load_imu(ImuInput(source=source, rate=rate))


def test_tables_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    (tmp_path / "b.csv").write_text("1,2,3\n1,2\n")
    for name, words in (("a.csv", "not text"), ("b.csv", "columns")):
        with pytest.raises(UsageError, match=words):
            load_imu(ImuInput(source=tmp_path / name, rate=100))
