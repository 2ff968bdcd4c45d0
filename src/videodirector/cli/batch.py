"""Many storyboards at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from videodirector.cli._app import app
from videodirector.cli._groups import Rendering
from videodirector.cli._options import AsJson, Quiet
from videodirector.cli._output import print_json
from videodirector.cli._spread import spread
from videodirector.errors import BatchError
from videodirector.schemas import Notice, PlanOptions
from videodirector.schemas.batch import (
    BatchEvent,
    BatchStarted,
    SceneDrawn,
    StoryboardDone,
    StoryboardReady,
    StoryboardResult,
)

__all__: list[str] = []


@app.command()
@spread
def batch(
    storyboards: Annotated[
        Path,
        typer.Argument(
            metavar="STORYBOARDS",
            help="A file of JSON lines or a .csv file: a story, plan or path a line, with options of its own; or a "
            "folder of plans (.json) and stories (.txt).",
        ),
    ],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the videos and report.jsonl go.")
    ],
    workers: Annotated[
        int | None, typer.Option(help="Processes that render, each with a model of its own. [dim]default: 1[/]")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what failed before, though nothing has changed.")
    ] = False,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Render on a Ray cluster: its address, [bold]auto[/], or [bold]local[/] for this machine.",
        ),
    ] = None,
    shared: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER|URL", help="A place that the machines of the cluster share, if they have no common disk."
        ),
    ] = None,
    request: PlanOptions,
    rendering: Rendering,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn many stories or plans into videos, and report in report.jsonl what became of each.

    One that fails does not stop the others. After a kill, the same command does what is left; scenes that were rendered
    are not rendered again. The exit code is 0 when every storyboard has its video.

    For example: videodirector batch storyboards.jsonl -o out/ --workers 2
    """
    events = rendering.create_director().stream_many(
        storyboards,
        output,
        workers=workers,
        retry_failed=retry_failed,
        ray=ray,
        shared=shared,
        **rendering.options,
        **request,
    )
    results: list[StoryboardResult] = []
    rendered = 0
    with closing(events):
        for event in _show_progress(events, quiet=quiet or as_json):
            if isinstance(event, StoryboardDone):
                results.append(event.result)
            rendered += isinstance(event, SceneDrawn)
    _print_results(results, rendered, output / "report.jsonl", as_json=as_json, quiet=quiet)


def _show_progress(events: Generator[BatchEvent, None, Any], *, quiet: bool) -> Generator[BatchEvent, None, None]:
    """Pass events on, with progress bars on standard error, and each failure as it happens."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bars:
        videos = bars.add_task("storyboards", total=None)
        scenes = bars.add_task("scenes to render", total=0)
        to_draw = 0
        for event in events:
            if isinstance(event, BatchStarted):
                bars.update(videos, total=event.storyboards)
            elif isinstance(event, StoryboardReady):
                to_draw += event.to_draw
                bars.update(scenes, total=to_draw)
            elif isinstance(event, SceneDrawn):
                bars.advance(scenes)
            elif isinstance(event, StoryboardDone):
                bars.advance(videos)
                if event.result.error is not None and not quiet:
                    bars.console.print(_describe_failure(event.result), markup=False)
            elif isinstance(event, Notice) and not quiet:
                bars.console.print(f"warning: {event.message}", markup=False)
            yield event


def _print_results(results: list[StoryboardResult], rendered: int, report: Path, *, as_json: bool, quiet: bool) -> None:
    """Print how many videos there are, and which storyboards failed.

    Raises:
        BatchError: not every storyboard has its video.
    """
    failed = [result for result in results if result.status == "failed"]
    kept = Counter(result.status for result in results if result.kept)
    if as_json:
        print_json(
            {
                "report": report,
                "done": len(results) - len(failed),
                "failed": len(failed),
                "kept": kept["done"],
                "scenes_drawn": rendered,
                "storyboards": [result.model_dump(mode="json", exclude_none=True) for result in results],
            }
        )
    elif not quiet:
        found = f", {kept['done']} of them from an earlier run" if kept["done"] else ""
        typer.echo(f"{len(results) - len(failed)} of {len(results)} videos{found}; {report} has the details", err=True)
    if failed and as_json:  # the one object is printed
        raise typer.Exit(BatchError.exit_code)
    if failed:
        listed = "\n".join(f"  {_describe_failure(result)}" for result in failed[:10])
        more = f"\n  ... and {len(failed) - 10} more" if len(failed) > 10 else ""
        again = " (the same as before, and not tried again: --retry-failed does)" if kept["failed"] else ""
        raise BatchError(
            f"{len(failed)} of {len(results)} storyboards failed{again}:\n{listed}{more}",
            hint=f"see {report}; correct them and run the same command again",
        )


def _describe_failure(result: StoryboardResult) -> str:
    """Describe which storyboard failed, where it is from, and what is wrong."""
    message = result.error.message if result.error is not None else ""
    return f"{result.id} ({result.source}): {message.removeprefix(f'{result.source}: ')}"
