"""The prompts of chat models: show, copy and replace them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from videodirector import prompts
from videodirector.cli._app import app
from videodirector.cli._options import AsJson, Quiet
from videodirector.cli._output import print_json

__all__: list[str] = []

group = typer.Typer(
    help="The prompts of chat models that plan: show them, copy them, use your own.", no_args_is_help=True
)
app.add_typer(group, name="prompts")

Folder = Annotated[Path, typer.Argument(metavar="DIR")]


@group.command()
def show(*, as_json: AsJson = False) -> None:
    """Print the prompts in use: templates and examples."""
    used = prompts.load()
    if as_json:
        print_json(
            {
                "version": used.version,
                "folder": used.folder,
                "templates": dict(used.templates),
                "story_examples": used.story_examples,
                "layout_examples": used.layout_examples,
            }
        )
        return
    typer.echo(f"version {used.version}, in {used.folder}\n")
    for name, text in used.templates.items():
        typer.echo(f"--- {name}\n{text.strip()}\n")
    shown = ", ".join(str(example.get("shows", "?")) for example in used.layout_examples)
    typer.echo(f"--- story_examples.json: {len(used.story_examples)}")
    typer.echo(f"--- layout_examples.json: {len(used.layout_examples)} ({shown})")


@group.command()
def export(folder: Folder, *, quiet: Quiet = False) -> None:
    """Copy the prompts in use to a new folder, to be changed there."""
    written = prompts.export(folder)
    if not quiet:
        typer.echo(f"wrote {written}; change the files, then: videodirector prompts use {written}", err=True)


@group.command()
def use(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Without it, the prompts of the package are used again.")
    ] = None,
    *,
    quiet: Quiet = False,
) -> None:
    """Use the prompts of a folder from now on. The folder is checked first."""
    used = prompts.use(folder)
    if not quiet:
        typer.echo(f"prompts in use: {used}", err=True)
