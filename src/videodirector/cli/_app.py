"""The application that the commands register with."""

from __future__ import annotations

import typer

__all__ = ["app"]

app = typer.Typer(
    name="videodirector",
    help="A story in, a video out. The story becomes a plan, a JSON file that you can edit; the plan becomes a video.",
    epilog="Exit codes: 0 done, 2 wrong usage or plan, 3 no plan could be made, 4 model or program missing, "
    "5 rendering or writing failed, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
