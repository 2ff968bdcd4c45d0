"""The scene cache: what it holds, and making room."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from videodirector.cli._app import app
from videodirector.cli._options import AsJson
from videodirector.cli._output import print_json

if TYPE_CHECKING:
    from videodirector.generator.render.cache import Removed, SceneCache

__all__: list[str] = []

cache = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
app.add_typer(cache, name="cache", help="Drawn scenes that are kept, so that they are not drawn again.")


@cache.command()
def info(*, as_json: AsJson = False) -> None:
    """Show where the cache is, what it holds, and its limit.

    The folder is named by the environment variable VIDEODIRECTOR_CACHE, the limit by VIDEODIRECTOR_CACHE_LIMIT.
    """
    held = _cache().info()
    used = [None if time is None else datetime.fromtimestamp(time).astimezone() for time in (held.oldest, held.newest)]
    if as_json:
        told = {"folder": held.folder, "scenes": held.scenes, "bytes": held.bytes, "limit": held.limit}
        print_json({**told, "oldest_use": used[0], "newest_use": used[1]})
        return
    print(f"{held.folder}: {held.scenes} scenes, {_size(held.bytes)} of {_size(held.limit)}")
    if used[0] and used[1]:
        print(f"last used between {used[0]:%Y-%m-%d %H:%M} and {used[1]:%Y-%m-%d %H:%M}")


@cache.command()
def prune(
    *,
    max_size: Annotated[
        str | None, typer.Option(metavar="SIZE", help="What may be left, like 500MB. [dim]default: its limit[/]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remove the scenes that were not used for longest, until the rest is within a size."""
    from videodirector.generator.render.cache import parse_size

    _tell(_cache().prune(None if max_size is None else parse_size(max_size, "--max-size")), as_json=as_json)


@cache.command()
def clear(*, as_json: AsJson = False) -> None:
    """Remove every scene."""
    _tell(_cache().clear(), as_json=as_json)


def _cache() -> SceneCache:
    from videodirector.generator.render.cache import SceneCache

    return SceneCache()


def _tell(removed: Removed, *, as_json: bool) -> None:
    if as_json:
        print_json({"removed_scenes": removed.scenes, "removed_bytes": removed.bytes})
    else:
        print(f"removed {removed.scenes} scenes, {_size(removed.bytes)}")


def _size(count: float) -> str:
    units = iter(("bytes", "kB", "MB", "GB"))
    unit = next(units)
    while count >= 1000 and unit != "GB":
        count, unit = count / 1000, next(units)
    return f"{count:.3g} {unit}"
