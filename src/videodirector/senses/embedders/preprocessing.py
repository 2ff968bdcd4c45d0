"""Preprocessing for storyworld-bind: pictures, spectrograms and traces of one size, in numpy."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.signal import resample_poly

Floats = NDArray[np.float32]

__all__ = [
    "AUDIO_RATE",
    "BANDS",
    "IMU_RATE",
    "IMU_SAMPLES",
    "SAMPLES",
    "SIZE",
    "augment_views",
    "compute_spectrogram",
    "prepare_map",
    "prepare_trace",
    "stack_frames",
]

SIZE = 64
"""Side of pictures, depth and heat maps, in pixels."""

AUDIO_RATE = 16_000
SAMPLES = 32_768
"""Samples of sound in one clip, 2.048 s."""

BANDS = 64
IMU_RATE = 100
IMU_SAMPLES = 200
"""Samples of motion in one clip, 2 s."""

_WINDOW, _HOP = 1024, 512
_FLOOR = 1e-6  # 60 dB below the loudest
_QUIET = 1e-3  # power of a band that no clip is raised beyond: silence stays silent


def stack_frames(first: NDArray[np.uint8], last: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stack two frames (height, width, 3) to (6, 64, 64); a single picture is given twice."""
    planes = [_resize(frame).transpose(2, 0, 1) for frame in (first, last)]
    return np.concatenate(planes)


def prepare_map(values: Floats) -> Floats:
    """Return a depth or heat map of any size and unit as (1, 64, 64), its second percentile at 0, its 98th at 1."""
    image = Image.fromarray(values.astype(np.float32), "F")
    small = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX if min(image.size) >= SIZE else 2))
    low, high = np.percentile(small, (2, 98))
    spread = max(float(high - low), 1e-6)
    return np.asarray(np.clip((small - low) / spread, -0.5, 1.5)[None], dtype=np.float32)


def augment_views(maps: Floats, *, mirrored: bool = False) -> list[Floats]:
    """Return a picture or map (channels, height, width), shifted two pixels to each corner, and mirrored."""
    held = np.pad(maps, ((0, 0), (2, 2), (2, 2)), mode="edge")
    corners = [
        held[:, down : down + maps.shape[1], right : right + maps.shape[2]] for down in (0, 4) for right in (0, 4)
    ]
    return [maps, *corners, *([maps[:, :, ::-1]] if mirrored else [])]


def compute_spectrogram(samples: Floats) -> Floats:
    """Compute the log-mel spectrogram (1, bands, windows) of ``SAMPLES`` samples at 16 kHz; in [-1, 1], 1 the loudest.

    Shorter clips are followed by silence, longer ones cut.
    """
    clip = np.zeros(SAMPLES + _WINDOW - _HOP, dtype=np.float32)
    clip[: min(len(samples), SAMPLES)] = samples[:SAMPLES]
    windows = np.lib.stride_tricks.sliding_window_view(clip, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(windows * _make_hann_window(), axis=1)).astype(np.float32) ** 2
    mel = _make_mel_filters() @ power.T
    relative = mel / max(float(mel.max()), _QUIET)
    return np.asarray(np.log10(relative + _FLOOR)[None] / 3 + 1, dtype=np.float32)


def prepare_trace(readings: Floats, rate: int) -> Floats:
    """Return a motion trace (6, samples) of any rate as (6, 200) at 100 Hz, in units of about 1.

    Shorter traces hold their last reading, longer ones are cut.
    """
    if rate != IMU_RATE:
        readings = resample_poly(readings, IMU_RATE, rate, axis=1, padtype="line").astype(np.float32)
    readings = readings[:, :IMU_SAMPLES]
    missing = IMU_SAMPLES - readings.shape[1]
    readings = np.pad(readings, ((0, 0), (0, missing)), mode="edge")
    scale = np.array([3, 3, 3, 1, 1, 1], dtype=np.float32)[:, None]
    rest = np.array([0, 9.81, 0, 0, 0, 0], dtype=np.float32)[:, None]
    return np.asarray(np.clip((readings - rest) / scale, -10, 10), dtype=np.float32)


def _resize(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if frame.shape[:2] == (SIZE, SIZE):
        return frame
    return np.asarray(Image.fromarray(frame).resize((SIZE, SIZE), Image.Resampling.BILINEAR, reducing_gap=3.0))


@lru_cache(maxsize=1)
def _make_hann_window() -> Floats:
    return (np.hanning(_WINDOW + 1)[:-1] * (2 / _WINDOW)).astype(np.float32)


@lru_cache(maxsize=1)
def _make_mel_filters() -> Floats:
    """Return triangular filters from 50 Hz to 7.8 kHz, evenly spaced in mel; (bands, frequencies)."""
    mels = np.linspace(1127 * np.log1p(50 / 700), 1127 * np.log1p(7800 / 700), BANDS + 2)
    edges = 700 * np.expm1(mels / 1127)
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / AUDIO_RATE)
    rising = (frequencies - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)), dtype=np.float32)
