"""Sounds: any format, rate and number of channels to clips of one channel."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videodirector.errors import UsageError
from videodirector.schemas import AudioInput
from videodirector.senses._decode import DAMAGED_NOTE, decode_piece, probe
from videodirector.senses.loaded_input import (
    AUDIO_RATE,
    MAX_CLIP_SECONDS,
    MAX_CLIPS,
    LoadedInput,
    as_array,
    check_file,
    spread_starts,
)

__all__ = ["load_audio"]

_MIN_SECONDS = 0.02  # seconds


def load_audio(given: AudioInput) -> LoadedInput:
    """Load a sound as clips of one channel; of a long recording some clips, spread evenly.

    Raises:
        UsageError: no such file, no sound in it, an array without a rate.
    """
    if isinstance(given.source, Path):
        clips, duration, notes = _load_file(check_file(given.source, "sound"))
    else:
        clips, duration = _load_array(given.source, given.rate)
        notes = []
    clips = [clip for clip in clips if len(clip) >= _MIN_SECONDS * AUDIO_RATE]
    if not clips:
        raise UsageError(f"{given.name} holds less than {_MIN_SECONDS:g} seconds of sound", hint="record it again")
    if duration > MAX_CLIPS * MAX_CLIP_SECONDS + 1:
        notes.append(
            f"Of {duration / 60:.1f} minutes of sound, {len(clips)} clips of {MAX_CLIP_SECONDS:g} seconds were heard."
        )
    return LoadedInput(modality="audio", clips=tuple(clips), name=given.name, notes=tuple(notes))


def _load_file(path: Path) -> tuple[list[NDArray[np.float32]], float, list[str]]:
    found = probe(path, "a sound")
    if not found.has_audio:
        kind = "a picture or video without sound" if found.has_video else "no sound"
        raise UsageError(f"{path} holds {kind}", hint="give pictures as --image, videos as --video")
    options = ["-map", "0:a:0", "-ac", "1", "-ar", str(AUDIO_RATE), "-f", "f32le"]
    # A file that does not tell its length is read from its beginning for as long as a long one would be.
    starts = (
        spread_starts(found.duration) if found.duration else [MAX_CLIP_SECONDS * number for number in range(MAX_CLIPS)]
    )
    clips, notes = [], []
    for start in starts:
        data, damaged = decode_piece(path, options, start=start, seconds=MAX_CLIP_SECONDS, what="a sound")
        samples = np.frombuffer(data[: len(data) // 4 * 4], dtype="<f4")
        if damaged:
            notes = [DAMAGED_NOTE.format(path)]
        if not len(samples):
            continue
        clips.append(_clean_samples(samples, path.name))
    return clips, found.duration or 0.0, notes


def _load_array(source: Any, rate: int | None) -> tuple[list[NDArray[np.float32]], float]:
    if rate is None:
        raise UsageError("a sound given as an array needs its rate", hint="AudioInput(source=array, rate=16000)")
    array = as_array(source, "the sound")
    if array.ndim == 2 and min(array.shape) > 32:
        raise UsageError(f"a sound is an array (samples,) or (channels, samples), not {array.shape}")
    if array.ndim not in (1, 2):
        raise UsageError(f"a sound is an array (samples,) or (channels, samples), not one of shape {array.shape}")
    if array.ndim == 2 and array.shape[0] > array.shape[1]:
        array = array.T
    length = array.shape[-1]
    clips = []
    for start in spread_starts(length / rate):
        clip = array[..., round(start * rate) : round((start + MAX_CLIP_SECONDS) * rate)]
        samples = _scale_samples(clip)
        mono = samples.mean(0) if samples.ndim == 2 else samples
        clips.append(_resample(_clean_samples(mono, "the array"), rate))
    return clips, length / rate


def _scale_samples(clip: NDArray[Any]) -> NDArray[np.float32]:
    if clip.dtype.kind == "f":
        return clip.astype(np.float32)
    info = np.iinfo(clip.dtype) if clip.dtype.kind in "iu" else np.iinfo(np.uint8)
    middle = 0 if clip.dtype.kind == "i" else (info.max + 1) / 2
    return (clip.astype(np.float32) - middle) / np.float32(info.max - middle)


def _clean_samples(samples: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """Interpolate gaps, and scale samples louder than 1, as float sounds may have.

    Raises:
        UsageError: too many samples are not numbers.
    """
    gaps = ~np.isfinite(samples)
    if gaps.mean() > 0.2:
        raise UsageError(f"{name}: {gaps.mean():.0%} of the samples are not numbers", hint="save or record it again")
    if gaps.any():
        places = np.arange(len(samples))
        samples = np.interp(places, places[~gaps], samples[~gaps]).astype(np.float32)
    return np.asarray(samples / max(1.0, float(np.abs(samples).max())), dtype=np.float32)


def _resample(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    if rate == AUDIO_RATE:
        return samples
    from scipy.signal import resample_poly

    ratio = Fraction(AUDIO_RATE, rate).limit_denominator(1000)
    return np.asarray(resample_poly(samples, ratio.numerator, ratio.denominator), dtype=np.float32)
