"""Motion traces: any rate, order of axes and unit of gravity to metres and radians, upright."""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videodirector.errors import UsageError
from videodirector.files.reading import open_regular, read_bounded
from videodirector.schemas import ImuInput
from videodirector.senses.sensed import IMU_RATE, LONGEST, Sensed, as_array, existing, spread, unreadable

Readings = NDArray[np.float64]

__all__ = ["load_imu"]

_GRAVITY = 9.81
_SHORTEST, _SLOWEST = 0.25, 10.0  # seconds, readings a second
_SHAPE = "a motion trace is (6, samples): acceleration x y z, turning rate x y z"


def load_imu(given: ImuInput) -> Sensed:
    """A motion trace, turned so that gravity lies along y; of a long one some clips, spread evenly.

    Lying readings (samples, 6), turning rates before accelerations, and accelerations in g are recognised by gravity,
    set right and noted.

    Raises:
        UsageError: no such file, another shape, no rate, too many gaps, or no gravity where it should be.
    """
    array, rate = _read(given)
    readings, notes = _upright(array, given.name)
    if rate is None:
        raise UsageError(
            f"{given.name}: the rate of this motion trace is not known",
            hint="give --imu-rate, or ImuInput(source=..., rate=100), or a column of times",
        )
    if rate < _SLOWEST or readings.shape[1] / rate < _SHORTEST:
        raise UsageError(
            f"{given.name}: {readings.shape[1]} readings at {rate:g} a second tell of no motion",
            hint=f"it takes {_SHORTEST:g} seconds, {_SLOWEST:g} readings a second; is the rate right?",
        )
    clips = []
    for start in spread(readings.shape[1] / rate):
        clip = readings[:, round(start * rate) : max(round((start + LONGEST) * rate), round(start * rate) + 1)]
        clips.append(_resampled(clip, rate))
    return Sensed(modality="imu", clips=tuple(clips), name=given.name, notes=tuple(notes))


def _read(given: ImuInput) -> tuple[NDArray[Any], float | None]:
    """Readings (6 or 7, samples), gaps as NaN, and the rate."""
    if not isinstance(given.source, Path):
        array = as_array(given.source, given.name)
    else:
        path = existing(given.source, "motion trace")
        with open_regular(path) as file:
            numpy_file = file.read(6) == b"\x93NUMPY"
        array = _numpy(path) if numpy_file else _table(path)
    if array.ndim != 2 or not {6, 7} & set(array.shape):
        raise UsageError(f"{given.name}: {_SHAPE}; this has the shape {array.shape}")
    if array.shape[0] not in (6, 7):
        array = array.T
    array = np.asarray(array, dtype=np.float64)
    if array.shape[0] == 6:
        return array, given.rate
    times = array[0]
    steps = np.diff(times[np.isfinite(times)])
    if not len(steps) or (steps < 0).any() or float(np.median(steps)) <= 0:
        raise UsageError(f"{given.name}: of seven columns the first should be times, and these do not grow")
    step = float(np.median(steps))
    step = step / 1000 if step > 1 else step  # times in milliseconds
    return array[1:], given.rate or 1 / step


def _numpy(path: Path) -> NDArray[Any]:
    try:
        return as_array(np.load(path, mmap_mode="r", allow_pickle=False), str(path))
    except (ValueError, OSError, EOFError) as error:
        raise unreadable(path, "a motion trace", str(error)) from None


def _table(path: Path) -> NDArray[Any]:
    try:
        text = read_bounded(path).decode("utf-8-sig")
        delimiter = max(",;\t ", key=text[:4096].count)
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
        rows = [row for row in lines if any(row)]
    except OSError as error:
        raise UsageError(f"{path} {error.strerror}", hint="give a shorter trace, or a .npy file") from None
    except (UnicodeDecodeError, csv.Error):
        raise unreadable(path, "a motion trace", "it is no text") from None
    if rows and not any(_number(cell) is not None for cell in rows[0]):
        rows = rows[1:]  # the names of the columns
    widths = {len(row) for row in rows}
    if len(widths) != 1:
        raise UsageError(f"{path}: {_SHAPE}; its lines have {sorted(widths) or 'no'} columns")
    found = [[_number(cell) for cell in row] for row in rows]
    return np.array([[np.nan if cell is None else cell for cell in row] for row in found])


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _upright(array: NDArray[Any], name: str) -> tuple[Readings, list[str]]:
    """Without gaps, accelerations first and in m/s², gravity along y."""
    notes = []
    gaps = ~np.isfinite(array)
    if gaps.all(1).any():
        lost = ", ".join(str(channel + 1) for channel in np.flatnonzero(gaps.all(1)))
        raise UsageError(f"{name}: there is not one number in channel {lost} of 6", hint=_SHAPE)
    if gaps.mean() > 0.2:
        raise UsageError(f"{name}: {gaps.mean():.0%} of the readings are missing or not a number")
    if gaps.any():
        places = np.arange(array.shape[1])
        array = np.stack([np.interp(places, places[~gap], row[~gap]) for row, gap in zip(array, gaps, strict=True)])
        notes.append(f"{name}: {gaps.mean():.1%} of the readings were missing and are interpolated.")
    first, second = (float(np.median(np.linalg.norm(part, axis=0))) for part in (array[:3], array[3:]))
    if not _is_gravity(first) and _is_gravity(second):
        array, first = np.concatenate([array[3:], array[:3]]), second
        notes.append(f"{name}: gravity is in the last three channels, so these are taken for the accelerations.")
    unit = next((unit for unit in (1.0, _GRAVITY, _GRAVITY / 1000) if 0.6 < first * unit / _GRAVITY < 1.6), None)
    if unit is None:
        raise UsageError(
            f"{name}: the accelerations have a length of {first:.3g}, and gravity alone is 9.81 m/s² (or 1 g)",
            hint="give raw accelerations, gravity included; " + _SHAPE,
        )
    if unit != 1.0:
        array = np.concatenate([array[:3] * unit, array[3:]])
        notes.append(f"{name}: the accelerations are taken to be in {'g' if unit == _GRAVITY else 'mg'}.")
    down = array[:3].mean(1)
    turn = _turning(down / np.linalg.norm(down))
    if turn[1, 1] < 0.7:
        notes.append(f"{name}: gravity did not lie along y; the trace was turned upright.")
    return np.concatenate([turn @ array[:3], turn @ array[3:]]), notes


def _is_gravity(length: float) -> bool:
    return 5.9 < length < 15.7 or 590 < length < 1570  # m/s² or mg; one g alone would be too easily something else


def _turning(up: Readings) -> Readings:
    """The smallest rotation that brings this direction to y."""
    target = np.array([0.0, 1.0, 0.0])
    axis = np.cross(up, target)
    cosine = float(up @ target)
    if cosine < -0.999:
        return np.diag([-1.0, -1.0, 1.0])
    about = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + about + about @ about / (1 + cosine))


def _resampled(clip: Readings, rate: float) -> NDArray[np.float32]:
    if rate == IMU_RATE:
        return clip.astype(np.float32)
    from scipy.signal import resample_poly

    ratio = Fraction(IMU_RATE / rate).limit_denominator(200)
    return np.asarray(resample_poly(clip, ratio.numerator, ratio.denominator, axis=1, padtype="line"), dtype=np.float32)
