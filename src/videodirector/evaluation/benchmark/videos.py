"""Videos that are there already, by whoever drew them, measured against their plans."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from videodirector.errors import RenderError, UsageError
from videodirector.evaluation.benchmark.figures import Figure, feature_figures, figures
from videodirector.evaluation.benchmark.networks import Networks
from videodirector.evaluation.benchmark.records import PlanRecord, look
from videodirector.evaluation.benchmark.world import Instruments
from videodirector.evaluation.metrics.features import Frames
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.generator.video.timeline import Shot, build_timeline
from videodirector.schemas import Transition, VideoPlan

__all__ = ["measure_video", "measure_videos", "read_video", "scene_clips"]


def read_video(path: Path) -> Frames:
    """All frames of a video file.

    Raises:
        UsageError: there is no such file.
        MissingDependencyError: there is no ffmpeg.
        RenderError: it cannot be read as a video.
    """
    if not path.is_file():
        raise UsageError(f"there is no video {path}", hint="check the path")
    # As PPM every frame tells its own size, so nothing else has to be asked first.
    wanted = ("-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "ppm", "-")
    done = subprocess.run([find_ffmpeg(), "-v", "error", "-nostdin", *wanted], capture_output=True, check=False)
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise RenderError(
            f"{path} cannot be read as a video: {reason[-1] if reason else 'ffmpeg failed'}",
            hint="give an mp4 or a gif",
        )
    frames = list(_pictures(done.stdout))
    if not frames:
        raise RenderError(f"{path} holds no frames")
    return np.stack(frames)


def _pictures(content: bytes) -> Iterator[NDArray[np.uint8]]:
    """The pictures of a stream of binary PPM: ``P6``, width and height, 255, and the pixels."""
    start = 0
    while start < len(content):
        _, size, _, _ = content[start : start + 64].split(b"\n", 3)
        width, height = map(int, size.split())
        begin = start + len(b"P6\n255\n") + len(size) + 1
        start = begin + width * height * 3
        yield np.frombuffer(content[begin:start], dtype=np.uint8).reshape(height, width, 3)


def scene_clips(
    plan: VideoPlan, frames: Frames, *, transition: Transition | None = None, source: str = "the video"
) -> list[Frames]:
    """The frames of every scene, cut out of a whole video; each frame that the plan has, once.

    A frame that lies in a transition is what is seen there: blended with another scene, or darker than it was drawn.

    Args:
        plan: what the video was made from.
        frames: the whole video.
        transition: between scenes that do not say it, as it was rendered.
        source: what the error shall call the video.

    Raises:
        UsageError: the video is not as long as the plan makes it.
    """
    shots = build_timeline(plan, transition=transition)
    if len(frames) != shots[-1].end:
        raise UsageError(
            f"{source} has {len(frames)} frames, and its plan makes {shots[-1].end}",
            hint="is this its plan? If it was rendered with --transition, give the same one here",
        )
    return [np.stack([frames[_where(shot, number)] for number in range(shot.drawn)]) for shot in shots]


def measure_video(plan: VideoPlan, clips: Sequence[Frames], instruments: Instruments, *, name: str) -> PlanRecord:
    """What can be seen of a plan in its video."""
    return look(plan, clips, instruments, name=name)


def measure_videos(
    videos: Sequence[tuple[VideoPlan, Sequence[Frames], PlanRecord]], networks: Networks
) -> list[Figure]:
    """The figures over all of them together; the Fréchet distance needs true clips and is left out."""
    clips = {record.id: frames for _, frames, record in videos}
    found = figures([record for _, _, record in videos], lambda record: clips[record.id], networks.pictures)
    scenes = [pair for plan, frames, _ in videos for pair in zip(plan.scenes, frames, strict=True)]
    return found + feature_figures(scenes, [], videos=networks.videos, pictures=networks.pictures)


def _where(shot: Shot, drawn: int) -> int:
    """The first frame of the video that shows a drawn frame, or the nearest one to it."""
    shown = [number for number in range(shot.length) if shot.source(number) >= drawn]
    return shot.start + (shown[0] if shown else shot.length - 1)
