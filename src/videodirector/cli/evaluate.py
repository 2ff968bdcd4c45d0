"""Measuring without drawing: plans against their prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from videodirector.cli._app import app
from videodirector.cli._options import AsJson
from videodirector.cli._output import print_error, print_json, print_text
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
    """Check plans against their prompts: do the boxes count, move and stand as the prompt says?

    LVD's five skills for LVD's prompts; motion direction, spatial relation and counts for all others. Checks come from
    the prompt alone, so that plans of different planners can be compared; nothing is drawn.
    """
    from videodirector.evaluation import PlanReport, score_plan

    report = PlanReport.of(score_plan(VideoPlan.load(file), source=str(file)) for file in files)
    if as_json:
        print_json(report.as_dict())
        return
    print_text(report.markdown())
    if report.unchecked:
        print_error(f"{report.unchecked} of {len(files)} prompts ask for nothing that boxes can decide")
    if not quiet:
        for plan in report.plans:
            for verdict in plan.verdicts:
                if not verdict.holds:
                    print_error(f"{plan.source}: not {verdict.check.skill}: {verdict.check}")
