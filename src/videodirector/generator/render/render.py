"""Render a plan to a video, scene by scene, and yield events on the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from time import perf_counter

from videodirector.errors import UsageError
from videodirector.files.atomic import atomic_file
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.generator.backends.frames import Frames
from videodirector.generator.backends.protocol import Backend
from videodirector.generator.render.cache import SceneCache
from videodirector.generator.render.manifest import build_manifest
from videodirector.generator.render.plan_renderer import PlanRenderer
from videodirector.generator.video.contact_sheet import ContactSheet
from videodirector.generator.video.writer import Target, open_video_writer
from videodirector.schemas import (
    PlanReady,
    RenderEvent,
    RenderResult,
    RenderSettings,
    Scene,
    SceneResult,
    VideoDone,
    VideoPlan,
)

__all__ = ["apply_settings", "render_sheet", "render_video"]


def apply_settings(plan: VideoPlan, settings: RenderSettings) -> VideoPlan:
    """Copy a plan with the seed and frame rate of the settings, where they have any.

    Raises:
        PlanError: the plan is not valid.
    """
    changes: dict[str, object] = {"seed": settings.seed, "frame_rate": settings.fps}
    return plan.checked().model_copy(update={field: value for field, value in changes.items() if value is not None})


def render_video(
    plan: VideoPlan,
    path: str | os.PathLike[str],
    *,
    backend: Backend,
    settings: RenderSettings,
    ffmpeg: str | os.PathLike[str] | None = None,
    cache: SceneCache | None = None,
    threads: Mapping[str, int] | None = None,
) -> Generator[RenderEvent, None, None]:
    """Render a plan and write it as a video.

    One scene is in memory at a time. The transition to the next scene is the scene's own, else that of the settings,
    else a cut (see ``build_timeline``).
    The video and what is written with it appear under their names when all are whole. If
    anything goes wrong, or the generator is closed, the files that were there before stay.

    Args:
        plan: what to render; it is checked first and not changed.
        path: the mp4, gif or webp to write, or a folder for its frames (see ``Target``). The plan, the contact sheet
            and the manifest, if the settings want them, go beside it: ``fox.mp4``, ``fox.plan.json``, ``fox.png``,
            ``fox.manifest.json``. The plan is written before rendering begins, so that a failure does not lose it.
        backend: what renders the scenes.
        settings: how.
        ffmpeg: the program to use, see ``find_ffmpeg``.
        cache: where rendered scenes are looked for and kept; None renders them all.
        threads: scene id -> number of threads to render with, see ``PlanRenderer``.

    Yields:
        ``PlanReady``; for each scene the events of ``PlanRenderer.render``; at last ``VideoDone``.

    Raises:
        UsageError: the name does not give the kind of video, or a setting makes no sense.
        PlanError: the plan is not valid, or a file that it names cannot be used.
        OutputError: the place cannot be written to; found before rendering begins where that is possible.
        ModelError, MissingDependencyError: the backend cannot start, or there is no ffmpeg.
        RenderError: a scene cannot be rendered, or the video cannot be encoded.
    """
    started = perf_counter()
    target = Target(path)
    plan_path = target.beside(".plan.json") if settings.save_plan else None
    plan = apply_settings(plan, settings)
    program = find_ffmpeg(ffmpeg)
    with open_video_writer(plan, target, settings=settings, program=program) as writer:
        if plan_path is not None:
            plan.save(plan_path)
        yield PlanReady(plan=plan)
        renderer = PlanRenderer(plan, backend, steps=settings.steps, cache=cache, threads=threads)
        results = yield from _render_scenes(renderer, writer.add)
        writer.set_manifest(
            build_manifest(
                renderer,
                settings,
                results,
                writer.shots,
                size=writer.size,
                seconds=perf_counter() - started,
                program=program,
            )
        )
    yield VideoDone(
        result=RenderResult(
            path=target.path,
            plan_path=plan_path,
            sheet_path=writer.sheet_path,
            beside=tuple(writer.beside),
            scenes=results,
            frames=writer.frames,
            frame_rate=plan.frame_rate,
            width=writer.size[0],
            height=writer.size[1],
            seconds=perf_counter() - started,
        )
    )


def render_sheet(
    plan: VideoPlan, path: str | os.PathLike[str], *, backend: Backend, settings: RenderSettings
) -> Generator[RenderEvent, None, tuple[SceneResult, ...]]:
    """Render a plan and write only the contact sheet, as PNG; else like ``render_video``, without ``VideoDone``.

    Returns:
        One result a scene.
    """
    sheet_path = Path(path)
    if sheet_path.suffix.lower() != ".png":
        raise UsageError(
            f"contact sheets are written as PNG, and {os.fspath(path)!r} does not end in .png", hint="name it so"
        )
    plan = apply_settings(plan, settings)
    with atomic_file(sheet_path) as partial:
        yield PlanReady(plan=plan)
        sheet = ContactSheet(len(plan.scenes), backend.capabilities.frame_size)
        results = yield from _render_scenes(PlanRenderer(plan, backend, steps=settings.steps), sheet.add)
        sheet.save(partial)
    return results


def _render_scenes(
    renderer: PlanRenderer, take: Callable[[Scene, Frames], None]
) -> Generator[RenderEvent, None, tuple[SceneResult, ...]]:
    """Render scene after scene, hand each to ``take``, and keep none."""
    renderer.announce()
    results: list[SceneResult] = []
    for scene in renderer.plan.scenes:
        clip, result = yield from renderer.render(scene)
        take(scene, clip.frames)
        results.append(result)
    return tuple(results)
