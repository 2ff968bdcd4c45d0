"""Sounds: any format, rate and number of channels to clips of one channel."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videodirector.errors import UsageError
from videodirector.schemas import AudioInput
from videodirector.senses._decode import DAMAGED, piece, probe
from videodirector.senses.sensed import AUDIO_RATE, CLIPS, LONGEST, Sensed, as_array, existing, spread

__all__ = ["load_audio"]

_SHORTEST = 0.02  # seconds


def load_audio(given: AudioInput) -> Sensed:
    """A sound as clips of one channel; of a long recording some clips, spread evenly.

    Raises:
        UsageError: no such file, no sound in it, an array without a rate.
    """
    if isinstance(given.source, Path):
        clips, duration, notes = _of_file(existing(given.source, "sound"))
    else:
        clips, duration = _of_array(given.source, given.rate)
        notes = []
    clips = [clip for clip in clips if len(clip) >= _SHORTEST * AUDIO_RATE]
    if not clips:
        raise UsageError(f"{given.name} holds less than {_SHORTEST:g} seconds of sound", hint="record it again")
    if duration > CLIPS * LONGEST + 1:
        notes.append(f"Of {duration / 60:.1f} minutes of sound, {len(clips)} clips of {LONGEST:g} seconds were heard.")
    return Sensed(modality="audio", clips=tuple(clips), name=given.name, notes=tuple(notes))


def _of_file(path: Path) -> tuple[list[NDArray[np.float32]], float, list[str]]:
    found = probe(path, "a sound")
    if not found.has_audio:
        kind = "a picture or video without sound" if found.has_video else "no sound"
        raise UsageError(f"{path} holds {kind}", hint="give pictures as --image, videos as --video")
    options = ["-map", "0:a:0", "-ac", "1", "-ar", str(AUDIO_RATE), "-f", "f32le"]
    # A file that does not tell its length is read from its beginning for as long as a long one would be.
    starts = spread(found.duration) if found.duration else [LONGEST * number for number in range(CLIPS)]
    clips, notes = [], []
    for start in starts:
        data, damaged = piece(path, options, start=start, seconds=LONGEST, what="a sound")
        samples = np.frombuffer(data[: len(data) // 4 * 4], dtype="<f4")
        if damaged:
            notes = [DAMAGED.format(path)]
        if not len(samples):
            continue
        clips.append(_sound(samples, path.name))
    return clips, found.duration or 0.0, notes


def _of_array(source: Any, rate: int | None) -> tuple[list[NDArray[np.float32]], float]:
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
    for start in spread(length / rate):
        clip = array[..., round(start * rate) : round((start + LONGEST) * rate)]
        samples = _scaled(clip)
        mono = samples.mean(0) if samples.ndim == 2 else samples
        clips.append(_resampled(_sound(mono, "the array"), rate))
    return clips, length / rate


def _scaled(clip: NDArray[Any]) -> NDArray[np.float32]:
    if clip.dtype.kind == "f":
        return clip.astype(np.float32)
    info = np.iinfo(clip.dtype) if clip.dtype.kind in "iu" else np.iinfo(np.uint8)
    middle = 0 if clip.dtype.kind == "i" else (info.max + 1) / 2
    return (clip.astype(np.float32) - middle) / np.float32(info.max - middle)


def _sound(samples: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """Without gaps, and quieter where it is louder than 1, as float sounds may be.

    Raises:
        UsageError: too much of it is no numbers.
    """
    gaps = ~np.isfinite(samples)
    if gaps.mean() > 0.2:
        raise UsageError(f"{name}: {gaps.mean():.0%} of the samples are not numbers", hint="save or record it again")
    if gaps.any():
        places = np.arange(len(samples))
        samples = np.interp(places, places[~gaps], samples[~gaps]).astype(np.float32)
    return np.asarray(samples / max(1.0, float(np.abs(samples).max())), dtype=np.float32)


def _resampled(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    if rate == AUDIO_RATE:
        return samples
    from scipy.signal import resample_poly

    ratio = Fraction(AUDIO_RATE, rate).limit_denominator(1000)
    return np.asarray(resample_poly(samples, ratio.numerator, ratio.denominator), dtype=np.float32)
