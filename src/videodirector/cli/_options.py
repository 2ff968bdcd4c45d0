"""Arguments and options that several commands share, one by one; ``_groups`` has those that belong together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Story = Annotated[
    str,
    typer.Argument(
        metavar="STORY",
        show_default=False,
        help="The story, as text; [bold]-[/] reads it from standard input, [bold]@FILE[/] from a file. "
        "May be left out with --image, --audio or another input.",
    ),
]
PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="A plan file, as `videodirector plan` writes it.")]
Video = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="VIDEO",
        help="The video to write, by its ending: .mp4, .gif, .webp, or / for a folder of frames.",
    ),
]
BackendName = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="What renders: layout2vid, storyboard (at once, with ready-made sprites), diffusers (any video model), "
        "server; see [bold]videodirector backends[/].",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="PATH_OR_ID",
        help="The backend's model: a folder, a hub id, or its name on the server. "
        "[dim]default: the one in the package[/]",
    ),
]
BackendSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="A setting of this backend alone, like offload=model; several times for several. "
        "[bold]videodirector backends[/] lists them.",
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="URL of the server of [bold]--backend server[/], like http://gpu:8000/v1; with another backend, that of "
        "[bold]--planner[/].",
    ),
]
UseCache = Annotated[
    bool,
    typer.Option(
        "--cache/--no-cache", help="Take scenes that were rendered before from the cache; without it all are rendered."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, for errors too.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no summary, only errors.")]
