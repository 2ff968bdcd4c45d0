"""The state of the installation."""

from __future__ import annotations

import typer

from videodirector.cli._app import app
from videodirector.cli._options import AsJson, Quiet
from videodirector.cli._output import print_json

__all__: list[str] = []

MARKS = {"ok": " ", "optional": "-", "missing": "!", "broken": "!"}


@app.command()
def doctor(*, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Check the installation: packages, programs, weights, device, what each backend lacks.

    What does not work is marked with !, what could be added with -. Exit code 4 when something that is needed is
    missing or broken.
    """
    from videodirector.cli._doctor_checks import examine

    findings = list(examine())
    faults = [finding for finding in findings if finding.status in {"missing", "broken"}]
    if as_json:
        print_json({"well": not faults, "findings": [finding.model_dump() for finding in findings]})
    else:
        area = ""
        for finding in faults if quiet else findings:
            if finding.area != area:
                area = finding.area
                typer.echo(area)
            typer.echo(f"{MARKS[finding.status]} {finding.name:24}{_describe(finding.status, finding.detail)}".rstrip())
            if finding.hint:
                typer.echo(f"  {'':24}hint: {finding.hint}")
    if faults:
        raise typer.Exit(4)


def _describe(status: str, detail: str) -> str:
    if status == "ok":
        return detail
    word = "not installed" if status == "optional" else status
    return f"{word}: {detail}" if detail else word
