"""A plan changed by a request in plain words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from videodirector.cli._app import app
from videodirector.cli._groups import EditPlanner
from videodirector.cli._options import AsJson, PlanFile, Quiet
from videodirector.cli._output import print_json
from videodirector.cli._spread import spread
from videodirector.director import Director
from videodirector.schemas import VideoPlan, changes

__all__: list[str] = []


@app.command()
@spread
def refine(
    plan: PlanFile,
    request: Annotated[
        str, typer.Argument(metavar="REQUEST", help='What to change, like "make the owl bigger in scene 2".')
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="NEW.json", help="The plan to write. [dim]default: standard output[/]"),
    ] = None,
    planning: EditPlanner,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Change a plan as requested, and nothing else; the differences are printed.

    Simple requests are carried out by rules, at once; any other needs a chat model: --planner PROVIDER:MODEL.
    Several requests may be joined by "and". Nothing is written unless all of them could be carried out.
    """
    before = VideoPlan.load(plan)
    after = Director(planning.create_planner()).refine(before, request)
    different = changes(before, after)
    if output is not None:
        after.save(output)
    elif not as_json:
        sys.stdout.write(after.to_json())
    if as_json:
        listed = [{"path": change.path, "before": change.before, "after": change.after} for change in different]
        print_json({"plan": output, "changes": listed})
    elif not quiet:
        for change in different:
            typer.echo(str(change), err=True)
