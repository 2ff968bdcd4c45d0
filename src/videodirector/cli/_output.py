"""What commands show: progress on standard error, results as text or as one JSON object, errors."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from videodirector.errors import PlanError, VideoDirectorError
from videodirector.files.names import make_values_readable
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

__all__ = ["follow", "print_forecast", "print_json", "print_notes", "report", "summarise"]


def follow(
    events: Generator[RenderEvent, None, Any],
    *,
    as_json: bool,
    quiet: bool,
    plan_path: Path | None = None,
    sheet_path: Path | None = None,
) -> None:
    """Follow a render to its end and tell what came of it."""
    scenes: list[SceneResult] = []
    warnings: list[str] = []
    told: dict[str, object] = {"plan": plan_path, "video": None, "sheet": sheet_path, "beside": []}
    beside: tuple[Path, ...] = ()
    with closing(events):
        for event in shown(events, quiet=quiet or as_json):
            if isinstance(event, SceneDone):
                scenes.append(event.result)
            elif isinstance(event, Notice):
                warnings.append(event.message)
            elif isinstance(event, VideoDone):
                result = event.result
                told["plan"] = plan_path or result.plan_path
                beside = result.beside
                told |= {"video": result.path, "sheet": result.sheet_path, "beside": list(map(str, beside))}
                told["frames"] = result.frames
                told |= {"frame_rate": str(result.frame_rate), "width": result.width, "height": result.height}
                told["seconds"] = round(result.seconds, 3)
    told["warnings"] = warnings
    told["scenes"] = [scene.model_dump(mode="json") for scene in scenes]
    if as_json:
        print_json(told)
    elif not quiet:
        paths = [str(path) for path in (told["video"], told["sheet"], *beside) if path]
        if plan_path is None and told["plan"]:
            paths.append(str(told["plan"]))
        recalled = sum(scene.cached for scene in scenes)
        from_cache = f" ({recalled} of {len(scenes)} scenes from the cache)" if recalled else ""
        typer.echo(f"wrote {', '.join(paths)}{from_cache}", err=True)
        print_notes(f"scene {scene.id}: {note}" for scene in scenes for note in scene.notes)
    if not as_json:
        for warning in warnings:
            typer.echo(f"warning: {warning}", err=True)


def shown(events: Generator[RenderEvent, None, Any], *, quiet: bool) -> Generator[RenderEvent, None, None]:
    """The events, unchanged, with progress bars on standard error."""
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


def summarise(plan: VideoPlan, path: Path, *, as_json: bool, quiet: bool) -> None:
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
    """What will be drawn and what is kept, on standard output."""
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
                print(f"      boxes: {control.detail}")  # the rung, see generator.ladder
    for change in forecast.changes:
        print(f"{change}\n      decides no frame")
    drawn, kept, gone = (len(forecast.ids(verdict)) for verdict in ("draw", "keep", "gone"))
    print(f"{drawn} of {drawn + kept} scenes to draw, {kept} kept" + (f", {gone} gone" if gone else ""))


def print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        typer.echo(f"note: {note}", err=True)


def print_json(value: Mapping[str, object]) -> None:
    print(json.dumps(make_values_readable(value), indent=2, default=str))


def report(error: VideoDirectorError, *, as_json: bool) -> int:
    if as_json:
        told: dict[str, object] = {"type": type(error).__name__, "message": error.message, "hint": error.hint}
        if isinstance(error, PlanError):
            told["issues"] = [
                {"path": issue.path, "problem": issue.problem, "found": issue.found, "hint": issue.hint}
                for issue in error.issues
            ]
        print_json({"error": told})
    typer.echo(f"error: {error}", err=True)
    return error.exit_code
