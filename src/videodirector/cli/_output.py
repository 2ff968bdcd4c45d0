"""What commands print: progress on standard error, results as text or as one JSON object, errors."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from videodirector.errors import PlanError, UsageError, VideoDirectorError
from videodirector.files.names import readable_values
from videodirector.schemas import (
    Forecast,
    Notice,
    PlanReady,
    RenderEvent,
    SceneDone,
    SceneResult,
    SceneStarted,
    StepDone,
    VideoDone,
    VideoPlan,
)

__all__ = ["follow", "print_error", "print_forecast", "print_json", "print_notes", "print_summary"]


def follow(
    events: Generator[RenderEvent, None, Any],
    *,
    as_json: bool,
    quiet: bool,
    plan_path: Path | None = None,
    sheet_path: Path | None = None,
) -> None:
    """Follow a render to its end and print its result."""
    scenes: list[SceneResult] = []
    warnings: list[str] = []
    report: dict[str, object] = {"plan": plan_path, "video": None, "sheet": sheet_path, "beside": []}
    beside: tuple[Path, ...] = ()
    with closing(events):
        for event in show_progress(events, quiet=quiet or as_json):
            if isinstance(event, SceneDone):
                scenes.append(event.result)
            elif isinstance(event, Notice):
                warnings.append(event.message)
            elif isinstance(event, VideoDone):
                result = event.result
                report["plan"] = plan_path or result.plan_path
                beside = result.beside
                report |= {"video": result.path, "sheet": result.sheet_path, "beside": list(map(str, beside))}
                report["frames"] = result.frames
                report |= {"frame_rate": str(result.frame_rate), "width": result.width, "height": result.height}
                report["seconds"] = round(result.seconds, 3)
    report["warnings"] = warnings
    report["scenes"] = [scene.model_dump(mode="json") for scene in scenes]
    if as_json:
        print_json(report)
    elif not quiet:
        paths = [str(path) for path in (report["video"], report["sheet"], *beside) if path]
        if plan_path is None and report["plan"]:
            paths.append(str(report["plan"]))
        recalled = sum(scene.cached for scene in scenes)
        from_cache = f" ({recalled} of {len(scenes)} scenes from the cache)" if recalled else ""
        typer.echo(f"wrote {', '.join(paths)}{from_cache}", err=True)
        print_notes(f"scene {scene.id}: {note}" for scene in scenes for note in scene.notes)
    if not as_json:
        for warning in warnings:
            typer.echo(f"warning: {warning}", err=True)


def show_progress(events: Generator[RenderEvent, None, Any], *, quiet: bool) -> Generator[RenderEvent, None, None]:
    """Pass events on, with progress bars on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bars:
        whole: TaskID | None = None
        scene: TaskID | None = None
        for event in events:
            if isinstance(event, PlanReady):
                whole = bars.add_task("scenes", total=len(event.plan.scenes))
            elif isinstance(event, SceneStarted) and scene is None:
                scene = bars.add_task("steps", total=None)
            elif isinstance(event, StepDone) and scene is not None:
                bars.update(scene, total=event.steps, completed=event.step)
            elif isinstance(event, SceneDone) and whole is not None:
                bars.advance(whole)
            yield event


def print_summary(plan: VideoPlan, path: Path, *, as_json: bool, quiet: bool) -> None:
    frames = sum(scene.frames for scene in plan.scenes)
    if as_json:
        scenes = [
            {
                "id": scene.id,
                "description": scene.description,
                "frames": scene.frames,
                "seconds": float(scene.frames / plan.frame_rate),
                "entities": [entity.id for entity in scene.entities],
            }
            for scene in plan.scenes
        ]
        print_json({"plan": path, "seed": plan.seed, "scenes": scenes, "notes": plan.notes})
    elif not quiet:
        seconds = float(frames / plan.frame_rate)
        typer.echo(f"{path}: {len(plan.scenes)} scenes, {frames} frames, {seconds:g} seconds", err=True)
        print_notes(plan.notes)


def print_forecast(forecast: Forecast, *, as_json: bool) -> None:
    """Print which scenes will be rendered and which are kept."""
    if as_json:
        print_json(forecast.model_dump(mode="json"))
        return
    for scene in forecast.scenes:
        print(f"{scene.verdict}  {scene.id}")
        for change in scene.changes:
            print(f"      {change}")
        for reason in scene.reasons:
            print(f"      because {reason.name}: {reason.why}")
        for control in scene.controls:
            if control.status != "honoured":
                detail = f" ({control.detail})" if control.detail else ""
                print(f"      {control.name} will be {control.status}{detail}")
            elif control.name == "boxes":
                print(f"      boxes: {control.detail}")  # the layout method
    for change in forecast.changes:
        print(f"{change}\n      changes no frame")
    drawn, kept, gone = (len(forecast.ids(verdict)) for verdict in ("draw", "keep", "gone"))
    print(f"{drawn} of {drawn + kept} scenes to render, {kept} kept" + (f", {gone} gone" if gone else ""))


def print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        typer.echo(f"note: {note}", err=True)


def print_json(value: Mapping[str, object]) -> None:
    print(json.dumps(readable_values(value), indent=2, default=str))


def print_error(error: VideoDirectorError, *, as_json: bool) -> int:
    if as_json:
        described = {"code": error.code, "type": type(error).__name__, "message": error.message, "hint": error.hint}
        issues = error.issues if isinstance(error, (PlanError, UsageError)) else ()
        print_json({"error": described | ({"issues": [asdict(issue) for issue in issues]} if issues else {})})
    typer.echo(f"error: {error}", err=True)
    return error.exit_code
