"""The storyworld's sounds: a voice for every thing, an ambience for every place, steps and wheels for what moves.

Synthesised, so that a model can learn to hear without recordings: distinct from thing to thing, different every time,
and the same again from the same seed. What makes no sound in life has a motif of its own, as in Peter and the Wolf.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videodirector.storyworld.timbres import AMBIENCES, GAITS, TIMBRES, Ambience, Timbre

Samples = NDArray[np.float32]

__all__ = ["RATE", "Voice", "ambience", "mix", "steps", "voice", "voices"]

RATE = 16_000
"""Samples a second."""

_TABLE = 2048
_TOP = 7_000.0  # Hz; no harmonic above


@dataclass(frozen=True, kw_only=True)
class Voice:
    """What a thing says: a motif of notes, over and over.

    Attributes:
        thing: its name in the lexicon.
        timbre: how a note sounds.
        pitch: of semitone 0, in Hz.
        motif: notes as (first, last) semitone: each glides from one to the other.
        note, gap, rest: seconds of a note, between two notes, and after the motif.
    """

    thing: str
    timbre: Timbre
    pitch: float
    motif: tuple[tuple[float, float], ...]
    note: float
    gap: float
    rest: float


@lru_cache(maxsize=1)
def voices() -> Mapping[str, Voice]:
    """Every thing's voice, by its name."""
    text = files(__package__).joinpath("voices.tsv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines(), delimiter="\t"):
        notes = [[float(semitone) for semitone in note.split("/")] for note in row["motif"].split()]
        found[row["thing"]] = Voice(
            thing=row["thing"],
            timbre=TIMBRES[row["timbre"]],
            pitch=float(row["pitch"]),
            motif=tuple((note[0], note[-1]) for note in notes),
            note=float(row["note"]),
            gap=float(row["gap"]),
            rest=float(row["rest"]),
        )
    return MappingProxyType(found)


def voice(thing: str, *, seconds: float, rng: np.random.Generator) -> Samples:
    """A thing's sound: its voice, this time a little higher or lower, quicker or slower, rougher or smoother.

    Returns:
        (samples,) at ``RATE``, with a root mean square of 1 where it sounds.

    Raises:
        KeyError: no such thing.
    """
    spec = voices()[thing]
    timbre = spec.timbre
    count = round(seconds * RATE)
    pitch = spec.pitch * float(np.exp(rng.normal(0, 0.025)))
    tempo = float(np.exp(rng.normal(0, 0.08)))
    size = float(np.exp(rng.normal(0, 0.04)))  # larger bodies have lower formants
    table = _wave(timbre, pitch, size)
    noise = _noise(timbre, pitch, size, count, rng)
    out = np.zeros(count, dtype=np.float32)
    period = len(spec.motif) * (spec.note + spec.gap) + spec.rest
    start = -float(rng.uniform(0, 0.5 * period)) * tempo if period < seconds else float(rng.uniform(-0.15, 0.1))
    while start < seconds:
        for first, last in spec.motif:
            length = spec.note * tempo * float(np.exp(rng.normal(0, 0.05)))
            _play(out, noise, table, timbre, pitch=pitch, glide=(first, last), start=start, length=length, rng=rng)
            start += length + spec.gap * tempo
        start += spec.rest * tempo * float(np.exp(rng.normal(0, 0.15)))
    return _levelled(out)


def ambience(place: str, *, seconds: float, rng: np.random.Generator) -> Samples:
    """How a place sounds; (samples,) at ``RATE``, with a root mean square of 1.

    Raises:
        KeyError: no such place.
    """
    spec = AMBIENCES[place]
    count = round(seconds * RATE)
    centre = spec.centre * float(np.exp(rng.normal(0, 0.06)))
    out = _band_noise(count, [centre], spec.width, rng)
    time = np.arange(count, dtype=np.float32) / RATE
    turn = float(rng.uniform(0, 2 * math.pi))
    out *= 1 - spec.depth * 0.5 * (1 + np.sin(2 * math.pi * spec.swell * float(rng.uniform(0.8, 1.2)) * time + turn))
    out = _levelled(out)
    if spec.rate:
        out += 1.2 * spec.level * _events(spec, count, rng)
    return _levelled(out)


def steps(moves: str, *, seconds: float, rng: np.random.Generator) -> Samples:
    """What moving sounds like: the steps of what walks, the wings of what flies; (samples,) at ``RATE``."""
    beat, pitch, loudness = GAITS[moves]
    count = round(seconds * RATE)
    time = np.arange(count, dtype=np.float32) / RATE
    phase = (beat * float(rng.uniform(0.85, 1.15)) * time + float(rng.uniform())) % 1
    return (loudness * _band_noise(count, [pitch], 0.7, rng) * np.exp(-6 * phase)).astype(np.float32)


def mix(layers: list[tuple[Samples, float]]) -> Samples:
    """Layers with their weights in one, its peak at 0.9 or below."""
    out = np.sum([weight * layer for layer, weight in layers], axis=0, dtype=np.float32)
    peak = float(np.abs(out).max(initial=0))
    return np.asarray(out if peak <= 0.9 else out * (0.9 / peak), dtype=np.float32)


def _play(
    out: Samples,
    noise: Samples,
    table: Samples,
    timbre: Timbre,
    *,
    pitch: float,
    glide: tuple[float, float],
    start: float,
    length: float,
    rng: np.random.Generator,
) -> None:
    """Adds one note."""
    ringing = length if not timbre.decay else max(length, 3 * timbre.decay)
    begin, end = round(start * RATE), round((start + ringing) * RATE)
    first, last = max(begin, 0), min(end, len(out))
    if first >= last:
        return
    time = np.arange(first - begin, last - begin, dtype=np.float32) / RATE
    envelope = np.minimum(1, time / timbre.attack)
    if timbre.decay:
        envelope *= np.exp(-time / timbre.decay)
    else:
        envelope *= np.minimum(1, (ringing - time) / 0.03)
    if timbre.tremolo:
        wave = 0.5 * (1 + np.sin(2 * math.pi * timbre.tremolo * time + float(rng.uniform(0, 6.3))))
        envelope *= 1 - timbre.depth * wave
    if timbre.clicks:
        envelope = envelope * _clicks(len(time), timbre.clicks, rng)
    semitones = glide[0] + (glide[1] - glide[0]) * np.minimum(1, time / length)
    if timbre.vibrato:
        semitones = semitones + timbre.vibrato * np.sin(2 * math.pi * 6 * time + float(rng.uniform(0, 6.3)))
    sounds = np.zeros(len(time), dtype=np.float32)
    if timbre.noise < 1:
        turns = np.cumsum(pitch * 2 ** (semitones / 12)) / RATE
        for ratio in timbre.partials or (1.0,):
            weight = ratio**-0.6 if timbre.partials else 1.0
            sounds += weight * table[(turns * ratio * _TABLE).astype(np.int64) % _TABLE]
        sounds *= 1 - timbre.noise
    if timbre.noise:
        sounds += timbre.noise * noise[first:last]
    out[first:last] += envelope * sounds * float(np.exp(rng.normal(0, 0.1)))


def _wave(timbre: Timbre, pitch: float, size: float) -> Samples:
    """One turn of the waveform: harmonics by the slope and the formants."""
    if timbre.partials:
        return np.asarray(np.sin(2 * math.pi * np.arange(_TABLE) / _TABLE), dtype=np.float32)
    number = np.arange(1, max(2, min(32, int(_TOP / pitch))) + 1)
    weights = number.astype(np.float64) ** -timbre.slope
    if timbre.odd:
        weights[1::2] = 0
    if timbre.formants:
        weights *= 0.08 + _peaks(number * pitch, [formant / size for formant in timbre.formants], 0.35)
    turn = np.arange(_TABLE)[:, None] / _TABLE * number
    wave = (np.sin(2 * math.pi * turn) * weights).sum(1)
    return np.asarray(wave / wave.std(), dtype=np.float32)


def _noise(timbre: Timbre, pitch: float, size: float, count: int, rng: np.random.Generator) -> Samples:
    if not timbre.noise:
        return np.zeros(0, dtype=np.float32)
    centres = [formant / size for formant in timbre.formants] or [pitch]
    return _band_noise(count, centres, timbre.band, rng)


def _band_noise(count: int, centres: list[float], width: float, rng: np.random.Generator) -> Samples:
    spectrum = np.fft.rfft(rng.standard_normal(count, dtype=np.float32))
    frequencies = np.fft.rfftfreq(count, 1 / RATE)
    frequencies[0] = 1
    shaped = np.fft.irfft(spectrum * _peaks(frequencies, centres, width), count)
    return np.asarray(shaped / (shaped.std() + 1e-9), dtype=np.float32)


def _peaks(frequencies: NDArray[np.floating[Any]], centres: list[float], width: float) -> NDArray[np.float64]:
    octaves = np.log2(frequencies)
    return np.asarray(sum(np.exp(-0.5 * ((octaves - math.log2(centre)) / width) ** 2) for centre in centres))


def _clicks(count: int, rate: float, rng: np.random.Generator) -> Samples:
    """An envelope of short clicks at random times."""
    struck = (rng.random(count) < rate / RATE) * rng.uniform(0.3, 1.5, count)
    fading = np.exp(-np.arange(round(0.02 * RATE)) / (0.004 * RATE))
    return np.convolve(struck, fading)[:count].astype(np.float32)


def _events(spec: Ambience, count: int, rng: np.random.Generator) -> Samples:
    out = np.zeros(count, dtype=np.float32)
    for _ in range(max(1, int(rng.poisson(spec.rate * count / RATE)))):
        size = max(16, round(spec.length * float(np.exp(rng.normal(0, 0.15))) * RATE))
        begin = int(rng.integers(-size // 2, count))
        time = np.arange(size) / size
        pitch = spec.pitch * float(np.exp(rng.normal(0, 0.05))) * 2 ** (spec.glide * time)
        sound = np.sin(2 * math.pi * np.cumsum(pitch) / RATE) * np.sin(math.pi * time) ** 0.5
        first, last = max(begin, 0), min(begin + size, count)
        out[first:last] += sound[first - begin : last - begin] * float(rng.uniform(0.6, 1.6))
    return out


def _levelled(samples: Samples) -> Samples:
    """With a root mean square of 1 over the louder half."""
    few = np.sort(samples[::16] ** 2)
    loud = few[len(few) // 2 :].mean()
    return np.asarray(samples / math.sqrt(float(loud) + 1e-9), dtype=np.float32)
