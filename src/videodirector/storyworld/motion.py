"""How things of the storyworld move in two seconds, and what a motion sensor on them would feel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from videodirector.storyworld.timbres import GAITS

Motion = Literal["still", "left", "right", "up", "down", "nearer", "farther"]

__all__ = ["DOES", "IMU_RATE", "MOTIONS", "SECONDS", "Motion", "Path", "imu"]

MOTIONS: tuple[Motion, ...] = get_args(Motion)
DOES: dict[Motion, tuple[str, ...]] = {
    "still": ("stands still", "does not move", "waits"),
    "left": ("moves to the left", "goes to the left", "travels left"),
    "right": ("moves to the right", "goes to the right", "travels right"),
    "up": ("rises", "moves up", "goes up"),
    "down": ("sinks", "moves down", "goes down"),
    "nearer": ("comes nearer", "approaches", "comes closer"),
    "farther": ("goes away", "moves away", "goes farther away"),
}
"""What a caption says of a motion, the plainest words first."""

SECONDS = 2.048
"""Length of a moment: 64 windows of 32 ms of sound."""

IMU_RATE = 100
"""Samples a second of a motion sensor."""

_METRES = 4.0  # what the picture is wide
_GRAVITY = 9.81


@dataclass(frozen=True, kw_only=True)
class Path:
    """From one place and size to another, starting and stopping gently.

    ``start`` and ``end`` are centres (x, y) in the unit square, y downwards; ``growth`` is the size at the end over the
    size at the start.
    """

    motion: Motion
    start: tuple[float, float]
    end: tuple[float, float]
    growth: float = 1.0

    def at(self, time: float) -> tuple[float, float, float]:
        """Centre and size (1 at the start) at a time in [0, 1]."""
        part = float(_gently(np.array(time)))
        x, y = ((1 - part) * a + part * b for a, b in zip(self.start, self.end, strict=True))
        return x, y, self.growth**part

    @classmethod
    def random(cls, motion: Motion, width: float, height: float, rng: np.random.Generator) -> Path:
        """A path of this kind for a thing of this size; up to a sixth of it may leave the picture."""
        reach, growth = float(rng.uniform(0.22, 0.5)), 1.0
        if motion in ("nearer", "farther"):
            growth = float(rng.uniform(1.5, 2.3)) ** (1 if motion == "nearer" else -1)
        widest = max(growth, 1.0)
        x, y = _inside(rng, width * widest), _inside(rng, height * widest)
        step = {"left": (-reach, 0.0), "right": (reach, 0.0), "up": (0.0, -reach), "down": (0.0, reach)}
        dx, dy = step.get(motion, (0.0, 0.0))
        if motion != "still":
            dx, dy = dx + float(rng.normal(0, 0.025)), dy + float(rng.normal(0, 0.025))
        start, end = (x - dx / 2, y - dy / 2), (x + dx / 2, y + dy / 2)
        return cls(motion=motion, start=start, end=end, growth=growth)


def imu(path: Path, moves: str, *, rng: np.random.Generator) -> NDArray[np.float32]:
    """What a sensor worn by the thing measures: its path, its gait, gravity and the sensor's own faults.

    Axes as one looks at the picture: x to the right, y up, z out of the picture, towards the viewer.

    Returns:
        (6, samples) at ``IMU_RATE``: acceleration in m/s² (gravity included), turning rate in rad/s.
    """
    count = round(SECONDS * IMU_RATE)
    time = np.arange(count) / count
    part = _gently(time)
    shift = np.stack(
        [
            _METRES * (path.end[0] - path.start[0]) * part,
            -_METRES * (path.end[1] - path.start[1]) * part,
            3.0 * math.log(path.growth) * part,
        ]
    )
    acceleration = np.gradient(np.gradient(shift, axis=1), axis=1) * IMU_RATE**2
    acceleration[1] += _GRAVITY
    turning = np.zeros((3, count))
    if path.motion in ("left", "right"):  # it turns towards where it goes, and back when it has arrived
        side = 1.0 if path.motion == "right" else -1.0
        bump = np.exp(-0.5 * ((time - 0.08) / 0.04) ** 2) - np.exp(-0.5 * ((time - 0.92) / 0.04) ** 2)
        turning[1] += side * float(rng.uniform(0.6, 2.0)) * bump
    beat, _, loudness = GAITS[moves]
    if path.motion != "still":
        turns = 2 * math.pi * (beat * float(rng.uniform(0.85, 1.15)) * SECONDS * time + float(rng.uniform()))
        acceleration[1] += 5 * loudness * np.sin(turns)
        acceleration[0] += 2 * loudness * np.sin(turns / 2)
        turning[2] += loudness * np.sin(turns / 2)
    tilted = _rotation(rng.normal(0, 0.08, 3))
    readings = np.concatenate([tilted @ acceleration, tilted @ turning])
    bias = np.concatenate([rng.normal(0, 0.08, 3), rng.normal(0, 0.02, 3)])[:, None]
    noise = rng.standard_normal((6, count)) * np.array([0.12] * 3 + [0.03] * 3)[:, None]
    return np.asarray(readings + bias + noise, dtype=np.float32)


def _gently(time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minimum-jerk way from 0 to 1."""
    return time**3 * (10 - 15 * time + 6 * time**2)


def _inside(rng: np.random.Generator, side: float) -> float:
    """A centre for something of this width, of which up to a sixth may stick out."""
    least = side / 2 - side / 6
    return float(rng.uniform(least, 1 - least)) if least < 0.5 else 0.5


def _rotation(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """A small rotation, from angles about x, y and z."""
    a, b, c = angles
    about = np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]])
    return np.asarray(np.eye(3) + about + about @ about / 2)
