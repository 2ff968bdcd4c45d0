"""Mixes the sound of a video from files of any kind that ffmpeg reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from videodirector.errors import PlanError, PlanIssue, UsageError, VideoDirectorError
from videodirector.files.atomic import build_output_error
from videodirector.files.ffmpeg import start_ffmpeg
from videodirector.generator.video.encode import SAMPLE_RATE
from videodirector.generator.video.timeline import Shot
from videodirector.schemas import RenderSettings, VideoPlan

__all__ = ["Sound", "check_sounds", "list_sounds", "mix_sounds"]

_FRAME = 4  # bytes of a moment: two channels of 16 bits
_CHUNK = SAMPLE_RATE * _FRAME  # a second


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A sound file, and the samples of the video between which it is heard.

    Attributes:
        file: the sound file.
        start, end: the first sample of it, and the first without it.
        rise, fall: samples at either end over which it grows or dies away: a crossfade is heard as well as seen.
        field: where the plan names it: ``scenes[1].audio``; empty when the settings do.
    """

    file: str
    start: int
    end: int
    rise: int = 0
    fall: int = 0
    field: str = ""


def list_sounds(plan: VideoPlan, shots: Sequence[Shot], settings: RenderSettings) -> list[Sound]:
    """List the sounds of a video: that of the settings or the plan throughout, and those of the scenes."""
    moment = Fraction(SAMPLE_RATE) / plan.frame_rate

    def sample(frame: int) -> int:
        return round(frame * moment)

    found: list[Sound] = []
    whole = settings.soundtrack or plan.audio
    if whole is not None:
        found.append(
            Sound(
                file=whole, start=0, end=sample(shots[-1].end), field="" if settings.soundtrack is not None else "audio"
            )
        )
    for index, (scene, shot) in enumerate(zip(plan.scenes, shots, strict=True)):
        if scene.audio is not None:
            following = shots[index + 1].overlap if index + 1 < len(shots) else 0
            found.append(
                Sound(
                    file=scene.audio,
                    start=sample(shot.start),
                    end=sample(shot.end),
                    rise=sample(shot.overlap),
                    fall=sample(following),
                    field=f"scenes[{index}].audio",
                )
            )
    return found


def check_sounds(found: Sequence[Sound]) -> None:
    """Check that the files exist, before any work is done.

    Raises:
        PlanError, UsageError: one does not exist.
    """
    for sound in found:
        if not os.path.isfile(sound.file):
            raise _build_error(sound, "there is no such file", "check the path")


def mix_sounds(found: Sequence[Sound], length: int, path: Path, *, program: str) -> None:
    """Write the sum of the sounds: 16-bit stereo samples at ``SAMPLE_RATE``, without a header.

    A second of each is in memory at a time, however long the video is.

    Args:
        found: see ``list_sounds``.
        length: samples in all.
        path: where to write.
        program: the ffmpeg that reads the files.

    Raises:
        PlanError, UsageError: a file is missing, or ffmpeg finds no sound in it.
        OutputError: the disk is full.
        EncodeError: ffmpeg cannot be run.
    """
    try:
        with open(path, "w+b") as out:
            out.truncate(length * _FRAME)
            for sound in found:
                _mix_in(sound, out, program)
    except OSError as error:
        raise build_output_error(path, error) from error


def _mix_in(sound: Sound, out: BinaryIO, program: str) -> None:
    position = 0
    for samples in _decode(sound, program):
        out.seek((sound.start + position) * _FRAME)
        before = np.frombuffer(out.read(samples.nbytes), dtype="<i2").reshape(-1, 2).astype(np.int32)
        there = np.arange(position, position + len(samples))
        gain = np.minimum((there + 1) / (sound.rise + 1), (sound.end - sound.start - there) / (sound.fall + 1)).clip(
            0, 1
        )
        mixed = before + np.rint(samples * gain[:, None]).astype(np.int32)
        out.seek((sound.start + position) * _FRAME)
        out.write(mixed.clip(-32768, 32767).astype("<i2").tobytes())
        position += len(samples)


def _decode(sound: Sound, program: str) -> Iterator[NDArray[np.int16]]:
    """Decode the samples of a file, a second at a time, no more than are needed."""
    check_sounds([sound])
    wanted = sound.end - sound.start
    graph = (
        ffmpeg.input("SOUND")
        .audio.filter("atrim", end_sample=10**15)  # so that a file without a sound is an error, not silence
        .output("pipe:1", format="s16le", ar=SAMPLE_RATE, ac=2, t=wanted / SAMPLE_RATE + 1)
    )
    given = 0
    with start_ffmpeg(graph.get_args(), program=program, pipe="stdout", files={"SOUND": sound.file}) as running:
        while given < wanted and (chunk := running.stdout.read(_CHUNK)):
            samples = np.frombuffer(chunk[: len(chunk) // _FRAME * _FRAME], dtype="<i2").reshape(-1, 2)
            yield samples[: wanted - given]
            given += len(samples)
        if given == 0:
            running.wait()
            words = running.read_log().splitlines()
            raise _build_error(sound, f"ffmpeg finds no sound in it{': ' + words[-1][-200:] if words else ''}", "")


def _build_error(sound: Sound, problem: str, hint: str) -> VideoDirectorError:
    if sound.field:
        return PlanError([PlanIssue(sound.field, problem, repr(sound.file), hint)])
    return UsageError(f"the sound {sound.file!r}: {problem}", hint=hint or "name a sound or video file")
