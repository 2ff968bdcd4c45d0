"""What can draw, what of a plan it honours, and what is missing to use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from videodirector.cli._app import app
from videodirector.cli._options import AsJson, BackendSettings, BaseUrl, Model, backend_options
from videodirector.cli._output import print_json
from videodirector.generator.backends._survey import BackendEntry, describe_backend, list_backends, list_families

__all__: list[str] = []


@app.command()
def backends(
    *,
    backend: Annotated[
        str | None,
        typer.Option(
            "--backend",
            metavar="NAME",
            help="One backend alone; diffusers without a model lists the families it knows.",
        ),
    ] = None,
    model: Model = None,
    option: BackendSettings = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show what can draw, what of a plan each honours, and what is missing to use it.

    For example: videodirector backends --backend diffusers --model Wan-AI/Wan2.1-VACE-1.3B-diffusers
    """
    if backend == "diffusers" and model is None:
        entries: Sequence[BackendEntry] = list_families()
    elif backend is not None:
        entries = [describe_backend(backend, model=model, options=backend_options(option, base_url))]
    else:
        entries = list_backends()
    if as_json:
        print_json({"backends": [asdict(entry) for entry in entries]})
    else:
        _print(entries)


def _print(entries: Sequence[BackendEntry]) -> None:
    table = Table(box=None, pad_edge=False, show_lines=False)
    for heading in ("backend", "draws", "boxes by", "honours too", "lengths", "sizes", "rate", "missing"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        known = entry.capabilities or {}
        figures = [known.get("lengths"), known.get("sizes"), known.get("rate")]
        table.add_row(
            entry.name,
            entry.draws,
            entry.boxes,
            ", ".join(entry.honours),
            *(str(figure or "") for figure in figures),
            "; ".join(entry.missing) or "nothing",
        )
    Console(width=None if Console().is_terminal else 200).print(table)
    for entry in entries:
        if entry.options:
            typer.echo(f"--option of {entry.name}: {', '.join(entry.options)}")
