"""Measure existing videos, of any renderer, against their plans."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videodirector.errors import RenderError, UsageError
from videodirector.evaluation.benchmark.measurements import (
    Measurement,
    compute_feature_measurements,
    compute_measurements,
)
from videodirector.evaluation.benchmark.networks import FeatureNetworks
from videodirector.evaluation.benchmark.records import PlanRecord, record_plan
from videodirector.evaluation.benchmark.world import Instruments
from videodirector.evaluation.metrics.feature_networks import Frames
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.files.formats import ffmpeg_input
from videodirector.generator.video.timeline import Shot, timeline
from videodirector.schemas import Transition, VideoPlan

__all__ = ["cut_scene_clips", "measure_video", "measure_videos", "read_video"]


def read_video(path: Path) -> Frames:
    """Read all frames of a video file.

    Raises:
        UsageError: there is no such file.
        MissingDependencyError: there is no ffmpeg.
        RenderError: it cannot be read as a video.
    """
    if not path.is_file():
        raise UsageError(f"there is no video {path}", hint="check the path")
    # As PPM every frame tells its own size, so nothing else has to be asked first.
    wanted = (*ffmpeg_input(path), "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "ppm", "-")
    done = subprocess.run([find_ffmpeg(), "-v", "error", "-nostdin", *wanted], capture_output=True, check=False)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise RenderError(
            f"{path} cannot be read as a video: {reason[-1] if reason else 'ffmpeg failed'}",
            hint="give an mp4 or a gif",
        )
    frames = list(_parse_frames(done.stdout))
    if not frames:
        raise RenderError(f"{path} holds no frames")
    return np.stack(frames)


def _parse_frames(content: bytes) -> Iterator[NDArray[np.uint8]]:
    """Yield the pictures of a stream of binary PPM: ``P6``, width and height, 255, and the pixels."""
    start = 0
    while start < len(content):
        _, size, _, _ = content[start : start + 64].split(b"\n", 3)
        width, height = map(int, size.split())
        begin = start + len(b"P6\n255\n") + len(size) + 1
        start = begin + width * height * 3
        yield np.frombuffer(content[begin:start], dtype=np.uint8).reshape(height, width, 3)


def cut_scene_clips(
    plan: VideoPlan, frames: Frames, *, transition: Transition | None = None, source: str = "the video"
) -> list[Frames]:
    """Cut the frames of every scene out of a video; each frame of the plan once.

    A frame in a transition is as in the video: blended with another scene, or darkened.

    Args:
        plan: what the video was made from.
        frames: the whole video.
        transition: between scenes that do not say it, as it was rendered.
        source: name of the video in errors.

    Raises:
        UsageError: the video is not as long as the plan makes it.
    """
    shots = timeline(plan, transition=transition)
    if len(frames) != shots[-1].end:
        raise UsageError(
            f"{source} has {len(frames)} frames, and its plan makes {shots[-1].end}",
            hint="is this its plan? If it was rendered with --transition, give the same one here",
        )
    return [np.stack([frames[_find_frame(shot, number)] for number in range(shot.drawn)]) for shot in shots]


def measure_video(plan: VideoPlan, clips: Sequence[Frames], instruments: Instruments, *, name: str) -> PlanRecord:
    """Measure a plan in its video."""
    return record_plan(plan, clips, instruments, name=name)


def measure_videos(
    videos: Sequence[tuple[VideoPlan, Sequence[Frames], PlanRecord]], networks: FeatureNetworks
) -> list[Measurement]:
    """Measure all videos together, without the Fréchet distance, which needs true clips."""
    clips = {record.id: frames for _, frames, record in videos}
    found = compute_measurements(
        [record for _, _, record in videos], lambda record: clips[record.id], networks.pictures
    )
    scenes = [pair for plan, frames, _ in videos for pair in zip(plan.scenes, frames, strict=True)]
    return found + compute_feature_measurements(scenes, [], videos=networks.videos, pictures=networks.pictures)


def _find_frame(shot: Shot, drawn: int) -> int:
    """Return the first frame of the video that shows a rendered frame, or the nearest one to it."""
    shown = [number for number in range(shot.length) if shot.source(number) >= drawn]
    return shot.start + (shown[0] if shown else shot.length - 1)
