"""Builds the manifest of a video, which records how it was rendered, and reads it back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

from videodirector.errors import UsageError, VideoDirectorError
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.generator.render.plan_renderer import PlanRenderer
from videodirector.generator.video.manifest_tag import read_comment, read_ffmpeg_version
from videodirector.generator.video.timeline import Shot
from videodirector.schemas import (
    Environment,
    Manifest,
    RenderSettings,
    Scene,
    SceneRecord,
    SceneResult,
    SceneTiming,
    Timings,
    VideoRecord,
)

__all__ = ["build_manifest", "previous_manifest", "read_manifest"]

_BESIDE = {"save_plan": False, "contact_sheet": False, "manifest": False, "otio": False, "coco": False}
_IN_THE_PLAN = {"seed": None, "fps": None}


def build_manifest(
    renderer: PlanRenderer,
    settings: RenderSettings,
    results: Sequence[SceneResult],
    shots: Sequence[Shot],
    *,
    size: tuple[int, int],
    seconds: float,
    program: str,
) -> Manifest:
    """Build the manifest of a video.

    Args:
        renderer: what rendered the scenes.
        settings: of the render.
        results: one a scene, in order.
        shots: their places in the video.
        size: (width, height) of the video.
        seconds: how long the render took.
        program: the ffmpeg that encoded it.
    """
    plan = renderer.plan
    inputs = [renderer.key(scene).inputs for scene in plan.scenes]
    shared = {name: value for name, value in inputs[0].items() if all(other.get(name) == value for other in inputs)}
    subtitles = "burn" if settings.subtitles == "burn" else "none"
    timings = {
        result.id: SceneTiming(seconds=result.seconds, cached=result.cached, drawing_seconds=result.drawing_seconds)
        for result in results
    }
    return Manifest(
        plan=plan,
        settings=settings.model_copy(update={**_BESIDE, **_IN_THE_PLAN, "subtitles": subtitles}),
        backend=renderer.capabilities.name,
        inputs=shared,
        environment=Environment(
            videodirector=version("videodirector"), libraries=renderer.libraries, ffmpeg=read_ffmpeg_version(program)
        ),
        scenes=tuple(
            _build_record(scene, result, shot, {name: own[name] for name in own if name not in shared}, plan.frame_rate)
            for scene, result, shot, own in zip(plan.scenes, results, shots, inputs, strict=True)
        ),
        video=VideoRecord(
            frames=shots[-1].end,
            frame_rate=plan.frame_rate,
            seconds=float(shots[-1].end / plan.frame_rate),
            width=size[0],
            height=size[1],
        ),
        timings=Timings(finished=datetime.now(UTC), seconds=seconds, scenes=timings),
    )


def _build_record(scene: Scene, result: SceneResult, shot: Shot, inputs: dict[str, Any], rate: Fraction) -> SceneRecord:
    return SceneRecord(
        id=result.id,
        key=result.key,
        inputs=inputs,
        seed=result.seed,
        threads=result.threads,
        planned_frames=scene.frames,
        planned_seconds=float(scene.frames / (scene.frame_rate or rate)),
        frames=result.frames,
        drawn=result.drawn,
        start=shot.start,
        length=shot.end - shot.start,
        seconds=float((shot.end - shot.start) / rate),
        controls=result.controls,
        notes=result.notes,
    )


# -- in the metadata of an mp4


def read_manifest(path: str | os.PathLike[str], *, ffmpeg: str | os.PathLike[str] | None = None) -> Manifest:
    """Read a manifest: from the metadata of an mp4, from the file beside a video, or from a manifest file.

    Args:
        path: an mp4; a GIF, WebP or folder of frames with its manifest beside it; or a manifest.
        ffmpeg: the program to use, see ``find_ffmpeg``.

    Raises:
        UsageError: there is no such file, or no manifest.
        PlanError: the manifest is damaged, or of a newer release.
        MissingDependencyError: there is no ffmpeg.
    """
    file = Path(path)
    if file.suffix.lower() == ".json":
        return Manifest.load(file)
    if not file.exists():
        raise UsageError(f"there is no file {file}", hint="check the path")
    if file.suffix.lower() == ".mp4":
        text = read_comment(file, find_ffmpeg(ffmpeg))
        if text is not None:
            return Manifest.from_json(text, source=file)
    beside = file.with_name((file.stem if file.is_file() else file.name) + ".manifest.json")
    if beside.is_file():
        return Manifest.load(beside)
    raise UsageError(
        f"{file} carries no manifest, and there is no {beside.name} beside it",
        hint="only videos that videodirector wrote have one, and programs that convert them may drop it",
    )


def previous_manifest(path: str | os.PathLike[str], *, ffmpeg: str | os.PathLike[str] | None = None) -> Manifest | None:
    """Read the manifest of the video that is at this path now, if it has one that can be read."""
    file = Path(path)
    for place in (file.with_name(f"{file.stem}.manifest.json"), file):
        with suppress(VideoDirectorError):
            return read_manifest(place, ffmpeg=ffmpeg)
    return None
