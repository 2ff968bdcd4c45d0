"""Measuring plans against their prompts; nothing is rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from videodirector.cli._app import app
from videodirector.cli._options import AsJson
from videodirector.cli._output import print_json
from videodirector.schemas import VideoPlan

__all__: list[str] = []

evaluate = typer.Typer(help="Measure plans and videos.", no_args_is_help=True)
app.add_typer(evaluate, name="evaluate")


@evaluate.command()
def plans(
    files: Annotated[list[Path], typer.Argument(metavar="PLANS...", help="Plan files, of any planner.")],
    *,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the table, not the checks that failed.")] = False,
) -> None:
    """Check plans against their prompts: do the boxes have the counts, motions and positions of the prompt?

    LVD's five skills for LVD's prompts; motion direction, spatial relation and counts for all others. Checks come from
    the prompt alone, so that plans of different planners can be compared; nothing is rendered.
    """
    from videodirector.evaluation import PlanReport, score_plan

    report = PlanReport.of(score_plan(VideoPlan.load(file), source=str(file)) for file in files)
    if as_json:
        print_json(report.as_dict())
        return
    typer.echo(report.markdown())
    if report.unchecked:
        typer.echo(f"{report.unchecked} of {len(files)} prompts ask for nothing that boxes can decide", err=True)
    if not quiet:
        for plan in report.plans:
            for verdict in plan.verdicts:
                if not verdict.holds:
                    typer.echo(f"{plan.source}: not {verdict.check.skill}: {verdict.check}", err=True)
