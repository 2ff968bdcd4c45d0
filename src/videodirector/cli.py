"""The command line: arguments to ``Director``, events to progress bars, results to text or JSON."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from videodirector.director import Director, RenderOptions
from videodirector.errors import PlanError, RenderInterrupted, UsageError, VideoDirectorError
from videodirector.schemas import (
    PlanReady,
    RenderEvent,
    SceneDone,
    SceneResult,
    SceneStarted,
    StepDone,
    VideoDone,
    VideoPlan,
    json_schema,
)

__all__ = ["app", "main"]

app = typer.Typer(
    name="videodirector",
    help="A story in, a video out. The story becomes a plan, a JSON file that you can edit; the plan becomes a video.",
    epilog="Exit codes: 0 done, 2 wrong usage or plan, 3 no plan could be made, 4 model or program missing, "
    "5 rendering or writing failed, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Story = Annotated[
    str,
    typer.Argument(
        metavar="STORY", help="The story, as text; [bold]-[/] reads it from standard input, [bold]@FILE[/] from a file."
    ),
]
PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan file, as `videodirector plan` writes it.")]
Video = Annotated[Path, typer.Option("--output", "-o", metavar="VIDEO.mp4", help="The video to write.")]
Seed = Annotated[
    int | None, typer.Option(help="Another seed gives another video of the same story. [dim]default: the plan's[/]")
]
Steps = Annotated[
    int | None, typer.Option(help="Denoising steps a scene: more is finer and slower. [dim]default: the model's[/]")
]
BackendName = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="[layout2vid|storyboard]",
        help="What draws: the diffusion model, or at once with ready-made pictures in their boxes.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(metavar="PATH_OR_HUB_ID", help="Weights for layout2vid. [dim]default: those in the package[/]"),
]
Fps = Annotated[
    str | None, typer.Option(metavar="RATE", help="Frames a second, like 8 or 30000/1001. [dim]default: the plan's[/]")
]
Transition = Annotated[
    str | None,
    typer.Option(
        metavar="[cut|crossfade]",
        help="Between scenes that do not say it themselves; a crossfade takes four frames from the length. "
        "[dim]default: cut[/]",
    ),
]
Width = Annotated[
    int | None, typer.Option(help="Width of the video in pixels. [dim]default: the model's, 256 at least[/]")
]
Height = Annotated[int | None, typer.Option(help="Height of the video in pixels.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output; for an error too.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no summary; errors are shown.")]


@app.command()
def make(
    story: Story,
    *,
    output: Video,
    seed: Seed = None,
    steps: Steps = None,
    backend: BackendName = "layout2vid",
    model: Model = None,
    fps: Fps = None,
    transition: Transition = None,
    width: Width = None,
    height: Height = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn a story into a video, with the plan and a contact sheet beside it.

    For example: videodirector make "A fox meets an owl." -o fox.mp4

    This writes fox.mp4, fox.plan.json and fox.png.
    """
    director = Director(backend=backend, model=model)
    plan = director.plan(_story(story), seed=seed, fps=fps)
    options = _options(seed=seed, steps=steps, fps=fps, transition=transition, width=width, height=height)
    beside: RenderOptions = {"save_plan": True, "contact_sheet": True, **options}
    _run(director.stream(plan, output, **beside), as_json=as_json, quiet=quiet)


@app.command()
def plan(
    story: Story,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PLAN.json", help="The plan to write. [dim]default: standard output[/]"),
    ] = None,
    seed: Seed = None,
    fps: Fps = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn a story into a plan: scenes, the things in them, and where they are.

    The plan is a JSON file; edit it and render it. Without -o it is printed.
    """
    made = Director().plan(_story(story), seed=seed, fps=fps)
    if output is None:
        sys.stdout.write(made.to_json())
        return
    made.save(output)
    _summary(made, output, as_json=as_json, quiet=quiet)


@app.command()
def render(
    plan: PlanFile,
    *,
    output: Video,
    seed: Seed = None,
    steps: Steps = None,
    backend: BackendName = "layout2vid",
    model: Model = None,
    fps: Fps = None,
    transition: Transition = None,
    width: Width = None,
    height: Height = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn a plan into a video.

    The same plan and seed give the same video. Nothing is written beside it, and the plan is not changed.
    """
    loaded = VideoPlan.load(plan)
    options = _options(seed=seed, steps=steps, fps=fps, transition=transition, width=width, height=height)
    events = Director(backend=backend, model=model).stream(loaded, output, **options)
    _run(events, as_json=as_json, quiet=quiet, plan_path=plan)


@app.command()
def validate(plan: PlanFile, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Check a plan: every problem is named with its place in the file."""
    _summary(VideoPlan.load(plan), plan, as_json=as_json, quiet=quiet)


@app.command()
def preview(
    plan: PlanFile,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="SHEET.png|PREVIEW.mp4", help="A contact sheet or a video, by its ending."
        ),
    ],
    seed: Seed = None,
    fps: Fps = None,
    transition: Transition = None,
    width: Width = None,
    height: Height = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Draw a plan at once with ready-made pictures, to see where things will be. Needs no model."""
    options = _options(seed=seed, steps=None, fps=fps, transition=transition, width=width, height=height)
    events = Director().stream_preview(VideoPlan.load(plan), output, **options)
    _run(events, as_json=as_json, quiet=quiet, plan_path=plan, sheet_path=output)


@app.command()
def schema() -> None:
    """Print the JSON Schema of plans, for editors and programs."""
    print(json.dumps(json_schema(), indent=2))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: what stands after the program's name; None takes those of the process.

    Returns:
        The exit code. Errors have been printed to standard error and, with ``--json``, as an object to standard output.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    before = signal.signal(signal.SIGTERM, _interrupt)  # so that a kill leaves no partial file either
    try:
        code = app(given, prog_name="videodirector", standalone_mode=False)
    except VideoDirectorError as error:
        return _report(error, as_json=as_json)
    except typer.TyperException as error:  # wrong options: typer's own words are good
        if not error.format_message():  # no command at all, and the help has been printed
            return error.exit_code
        return _report(UsageError(error.format_message(), hint="see videodirector --help"), as_json=as_json)
    finally:
        signal.signal(signal.SIGTERM, before)
    if code == RenderInterrupted.exit_code:  # what typer makes of a KeyboardInterrupt
        return _report(RenderInterrupted("interrupted; nothing partial was left behind"), as_json=as_json)
    return code if isinstance(code, int) else 0


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _story(story: str) -> str:
    if story == "-":
        content, source = sys.stdin.buffer.read(), "standard input"
    elif story.startswith("@"):
        source = story[1:]
        try:
            content = Path(source).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(
                f"cannot read the story from {source!r}: {reason}",
                hint="@ names a file; to begin a story with @, put a blank before it",
            ) from None
    else:
        return story
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the story in {source} is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}",
            hint="save it as UTF-8",
        ) from None


def _options(
    *,
    seed: int | None,
    steps: int | None,
    fps: str | None,
    transition: str | None,
    width: int | None,
    height: int | None,
) -> RenderOptions:
    return {
        "seed": seed,
        "steps": steps,
        "fps": fps,
        "transition": transition,  # type: ignore[typeddict-item]  # RenderSettings refuses other words
        "width": width,
        "height": height,
    }


def _run(
    events: Generator[RenderEvent, None, Any],
    *,
    as_json: bool,
    quiet: bool,
    plan_path: Path | None = None,
    sheet_path: Path | None = None,
) -> None:
    """Follow a render to its end and tell what came of it."""
    scenes: list[SceneResult] = []
    told: dict[str, object] = {"plan": plan_path, "video": None, "sheet": sheet_path}
    with closing(events):
        for event in _shown(events, quiet=quiet or as_json):
            if isinstance(event, SceneDone):
                scenes.append(event.result)
            elif isinstance(event, VideoDone):
                result = event.result
                told["plan"] = plan_path or result.plan_path
                told |= {"video": result.path, "sheet": result.sheet_path, "frames": result.frames}
                told |= {"frame_rate": str(result.frame_rate), "width": result.width, "height": result.height}
                told["seconds"] = round(result.seconds, 3)
    told["scenes"] = [scene.model_dump(mode="json") for scene in scenes]
    if as_json:
        _print_json(told)
    elif not quiet:
        paths = [str(told[key]) for key in ("video", "sheet") if told[key]]
        if plan_path is None and told["plan"]:
            paths.append(str(told["plan"]))
        typer.echo(f"wrote {', '.join(paths)}", err=True)
        _print_notes(f"scene {scene.id}: {note}" for scene in scenes for note in scene.notes)


def _shown(events: Generator[RenderEvent, None, Any], *, quiet: bool) -> Generator[RenderEvent, None, None]:
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


def _summary(plan: VideoPlan, path: Path, *, as_json: bool, quiet: bool) -> None:
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
        _print_json({"plan": path, "seed": plan.seed, "scenes": scenes, "notes": plan.notes})
    elif not quiet:
        seconds = float(frames / plan.frame_rate)
        typer.echo(f"{path}: {len(plan.scenes)} scenes, {frames} frames, {seconds:g} seconds", err=True)
        _print_notes(plan.notes)


def _print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        typer.echo(f"note: {note}", err=True)


def _print_json(value: dict[str, object]) -> None:
    print(json.dumps(value, indent=2, default=str))


def _report(error: VideoDirectorError, *, as_json: bool) -> int:
    if as_json:
        told: dict[str, object] = {"type": type(error).__name__, "message": error.message, "hint": error.hint}
        if isinstance(error, PlanError):
            told["issues"] = [
                {"path": issue.path, "problem": issue.problem, "found": issue.found, "hint": issue.hint}
                for issue in error.issues
            ]
        _print_json({"error": told})
    typer.echo(f"error: {error}", err=True)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
