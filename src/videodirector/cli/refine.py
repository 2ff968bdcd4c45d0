"""A plan changed by a request in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from videodirector.cli._app import app
from videodirector.cli._options import AsJson, PlanFile, Quiet
from videodirector.cli._output import print_error, print_json, print_text
from videodirector.cli._planners import Fresh, PlannerName, PlannerTimeout, PlannerUrlAlone, planner_of
from videodirector.director import Director
from videodirector.schemas import VideoPlan, changes

__all__: list[str] = []


@app.command()
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
    planner: PlannerName = "offline",
    base_url: PlannerUrlAlone = None,
    planner_timeout: PlannerTimeout = 120.0,
    fresh: Fresh = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Change a plan as asked, and nothing else; what is different is shown.

    Simple requests are carried out by rules, at once; any other needs a chat model: --planner PROVIDER:MODEL.
    Several requests may be joined by "and". Nothing is written unless all of them could be carried out.
    """
    before = VideoPlan.load(plan)
    chosen = planner_of(planner, url=base_url, timeout=planner_timeout, fresh=fresh)
    after = Director(chosen).refine(before, request)
    different = changes(before, after)
    if output is not None:
        after.save(output)
    elif not as_json:
        print_text(after.to_json(), end="")
    if as_json:
        told = [{"path": change.path, "before": change.before, "after": change.after} for change in different]
        print_json({"plan": output, "changes": told})
    elif not quiet:
        for change in different:
            print_error(str(change))
