"""What does not belong to the storyworld: pictures of nothing, noise, music, silence, shaking.

A model that has only ever met the world takes everything for a part of it. These teach it, and test, to say that it
does not know. Of every kind there are ``styles``: train with some, test with the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from videodirector.storyworld.motion import IMU_RATE, SECONDS
from videodirector.storyworld.sound import RATE, Samples

__all__ = ["LEARNED", "UNSEEN", "field", "picture", "shaking", "sound"]

LEARNED = ("noise", "blur", "shapes", "flat", "stripes")
"""Styles to train with."""

UNSEEN = ("mosaic", "rings", "scribble")
"""Styles to test with."""


def picture(style: str, *, size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A picture of nothing in particular, (size, size, 3)."""
    if style == "shapes":
        return _shapes(size, rng)
    fields = [_texture(style, size, rng) for _ in range(3)]
    grey = float(rng.uniform()) < 0.3
    stacked = np.stack([fields[0]] * 3 if grey else fields, axis=-1)
    low, high = sorted(rng.uniform(0, 255, 2))
    return np.asarray(low + (high - low) * stacked, dtype=np.uint8)


def field(style: str, *, size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A depth or heat map of nothing in particular, (size, size), in [0, 1]."""
    if style == "shapes":
        return (_shapes(size, rng)[..., 0] / 255).astype(np.float32)
    return _texture(style, size, rng).astype(np.float32)


def sound(style: str, *, rng: np.random.Generator, seconds: float = SECONDS) -> Samples:
    """Noise, silence, hum or music, (samples,)."""
    count = round(seconds * RATE)
    time = np.arange(count) / RATE
    level = float(np.exp(rng.normal(-2, 0.8)))
    if style == "flat":  # silence, as a microphone hears it
        return (1e-4 * float(rng.uniform(0, 5)) * rng.standard_normal(count)).astype(np.float32)
    if style in LEARNED:
        out = _learned(style, time, rng)
    elif style == "mosaic":  # noise in random bursts
        spectrum = np.fft.rfft(rng.standard_normal(count))
        frequencies = np.fft.rfftfreq(count, 1 / RATE) + 20
        out = np.fft.irfft(spectrum * frequencies ** -float(rng.uniform(0, 1.2)), count)
        out *= np.repeat(rng.uniform(0, 1, 32), -(-count // 32))[:count] ** 2
    elif style == "rings":  # one swept tone
        sweep = float(rng.uniform(-2, 2))
        out = np.sin(2 * math.pi * float(rng.uniform(60, 4000)) * np.cumsum(2 ** (sweep * time)) / RATE)
    else:  # music that keeps to no key
        root, beat = float(rng.uniform(80, 400)), float(rng.uniform(0.15, 0.6))
        out = np.zeros(count)
        for _ in range(int(rng.integers(2, 5))):
            begin = float(rng.uniform(0, beat))
            while begin < seconds:
                degree = float(rng.uniform(0, 24))
                since = np.maximum(time - begin, 0)
                tone = np.sin(2 * math.pi * root * 2 ** (degree / 12 + int(rng.integers(0, 3))) * since)
                out += tone * (since > 0) * np.exp(-since / float(rng.uniform(0.1, 1)))
                begin += beat * float(rng.integers(1, 4))
    return np.asarray(level * out / (np.abs(out).max() + 1e-9), dtype=np.float32)


def _learned(style: str, time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The sounds to train with: as many kinds as need be for it to be the world that is learned, not a few strangers.

    noise: steady, in a band, or swelling; blur: hum, beating tones; shapes and stripes: music on many instruments.
    """
    count, seconds = len(time), len(time) / RATE
    if style == "noise":
        spectrum = np.fft.rfft(rng.standard_normal(count))
        frequencies = np.fft.rfftfreq(count, 1 / RATE) + 20
        spectrum *= frequencies ** -float(rng.uniform(0, 1.5))
        if rng.random() < 0.4:
            low = float(np.exp(rng.uniform(math.log(50), math.log(4000))))
            spectrum *= (frequencies > low) & (frequencies < low * float(rng.uniform(1.3, 8)))
        out = np.fft.irfft(spectrum, count)
        if rng.random() < 0.5:
            out *= 0.5 + 0.5 * np.sin(2 * math.pi * (float(rng.uniform(0.3, 12)) * time + float(rng.uniform())))
        return np.asarray(out)
    if style == "blur":
        out = np.zeros(count)
        for _ in range(int(rng.integers(1, 5))):
            pitch = float(np.exp(rng.uniform(math.log(50), math.log(5000))))
            wobble = float(rng.uniform(0, 0.06)) * np.sin(2 * math.pi * float(rng.uniform(0.5, 9)) * time)
            tone = np.sin(
                2 * math.pi * np.cumsum(pitch * (1 + wobble) * 2 ** (float(rng.normal(0, 0.3)) * time)) / RATE
            )
            out += float(rng.uniform(0.2, 1)) * tone
        return out
    root, beat = float(rng.uniform(60, 500)), float(rng.uniform(0.1, 0.6))
    scale = ([0, 2, 4, 5, 7, 9, 11], [0, 3, 5, 7, 10], [0, 2, 3, 5, 7, 8, 11], list(range(12)))[int(rng.integers(4))]
    harmonics = rng.uniform(0, 1, 6) ** 2 / np.arange(1, 7) ** float(rng.uniform(0, 1.5))
    harmonics[0] = 1
    out = np.zeros(count)
    for _ in range(int(rng.integers(1, 5))):
        begin, fading = float(rng.uniform(0, beat)), float(np.exp(rng.uniform(math.log(0.04), 0)))
        while begin < seconds:
            pitch = root * 2 ** (float(rng.choice(scale)) / 12 + int(rng.integers(0, 3)))
            first = round(begin * RATE)
            since = time[: min(count - first, round(6 * fading * RATE))]  # no longer than it can be heard
            for number, weight in enumerate(harmonics, 1):
                if pitch * number < RATE / 2:
                    note = weight * np.sin(2 * math.pi * pitch * number * since) * np.exp(-since / fading)
                    out[first : first + len(note)] += note
            begin += beat * float(rng.integers(1, 4))
    if rng.random() < 0.4:  # with a drum
        out += float(rng.uniform(0.5, 3)) * rng.standard_normal(count) * np.exp(-8 * ((time / beat) % 1))
    return out


def shaking(style: str, *, rng: np.random.Generator) -> NDArray[np.float32]:
    """A motion sensor shaken, dropped or lying on its side, (6, samples)."""
    count = round(SECONDS * IMU_RATE)
    time = np.arange(count) / IMU_RATE
    down = rng.normal(0, 1, 3)
    trace = np.zeros((6, count))
    trace[:3] = 9.81 * (down / np.linalg.norm(down))[:, None]
    strength = float(np.exp(rng.normal(1, 1)))
    if style in ("noise", "mosaic"):
        trace += strength * rng.standard_normal((6, count))
    elif style != "flat":
        speeds, turns = rng.uniform(1, 15, (6, 1)), rng.uniform(0, 6.3, (6, 1))
        trace += strength * rng.normal(0, 1, (6, 1)) * np.sin(2 * math.pi * speeds * time + turns)
    return (trace + 0.1 * rng.standard_normal((6, count))).astype(np.float32)


def _texture(style: str, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """One grey plane in [0, 1]."""
    y, x = np.mgrid[0:size, 0:size] / size
    if style == "flat":
        return np.full((size, size), float(rng.uniform())) + 0.02 * rng.standard_normal((size, size)).clip(-1, 1)
    if style == "stripes":
        angle, waves = float(rng.uniform(0, math.pi)), float(rng.uniform(2, 20))
        return np.asarray(0.5 + 0.5 * np.sin(2 * math.pi * waves * (x * math.cos(angle) + y * math.sin(angle))))
    if style == "rings":
        cx, cy = rng.uniform(0, 1, 2)
        waves = 2 * math.pi * float(rng.uniform(3, 15))
        return np.asarray(0.5 + 0.5 * np.sin(waves * np.hypot(x - cx, y - cy)))
    if style == "mosaic":
        cells = int(rng.integers(3, 17))
        tile = np.ones((-(-size // cells),) * 2)
        return np.asarray(np.kron(rng.uniform(0, 1, (cells, cells)), tile)[:size, :size], dtype=np.float64)
    noise = rng.standard_normal((size, size))
    if style == "scribble":
        noise = np.abs(gaussian_filter(noise, float(rng.uniform(1, 4))))
        return np.asarray(1 - noise / noise.max()) ** 6
    if style == "blur":
        noise = gaussian_filter(noise, float(rng.uniform(2, 12)), mode="wrap")
    return np.asarray((noise - noise.min()) / (np.ptp(noise) + 1e-9))


def _shapes(size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    image = Image.new("RGB", (size, size), _colour(rng))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 9))):
        points = [tuple(point) for point in rng.uniform(-0.1, 1.1, (int(rng.integers(2, 6)), 2)) * size]
        if len(points) == 2:
            (a, b), (c, d) = points
            draw.ellipse((min(a, c), min(b, d), max(a, c), max(b, d)), fill=_colour(rng))
        else:
            draw.polygon(points, fill=_colour(rng))
    return np.asarray(image)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    return red, green, blue


def chosen(styles: Sequence[str], rng: np.random.Generator) -> str:
    """One of the styles."""
    return styles[int(rng.integers(len(styles)))]
