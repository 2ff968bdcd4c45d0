"""What an edit costs, what a video was made of, and making it again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from videodirector.cli._app import app
from videodirector.cli._options import AsJson, PlanFile, Quiet, UseCache, Video
from videodirector.cli._output import follow, print_forecast, report
from videodirector.cli._spread import Drawer, Drawing, Finish, spread
from videodirector.director import Director
from videodirector.errors import RenderError, VideoDirectorError
from videodirector.schemas import Manifest, VideoPlan

__all__: list[str] = []

Source = Annotated[
    Path, typer.Argument(metavar="VIDEO|MANIFEST", help="A video that videodirector wrote, or the manifest beside it.")
]


@app.command()
@spread
def diff(
    before: PlanFile,
    after: Annotated[Path, typer.Argument(metavar="NEW_PLAN", help="Another plan file.")],
    *,
    drawing: Drawing,
    drawer: Drawer,
    as_json: AsJson = False,
) -> None:
    """Tell which scenes would have to be drawn again for another plan, and why. Nothing is drawn.

    Give the options that you render with. The order of keys, blanks and 0.50 for 0.5 are no difference.
    """
    plans = VideoPlan.load(before), VideoPlan.load(after)
    print_forecast(drawer.director().diff(*plans, **drawing.options()), as_json=as_json)


@app.command()
@spread
def watch(
    plan: PlanFile,
    *,
    output: Video,
    finish: Finish,
    drawer: Drawer,
    cache: UseCache = True,
    quiet: Quiet = False,
) -> None:
    """Render a plan, and again whenever its file or one that it names is saved, until Ctrl-C.

    The model stays loaded, so an edit costs no more than the scenes that it changes. A plan that cannot be rendered is
    told of, and the video stays as it was.
    """
    director, options = drawer.director(cache=cache), finish.options()
    rendering = False
    try:
        for _ in saved(plan):
            rendering = True
            try:
                follow(
                    director.stream(VideoPlan.load(plan), output, **options), as_json=False, quiet=quiet, plan_path=plan
                )
            except VideoDirectorError as error:
                report(error, as_json=False)
            rendering = False
    except KeyboardInterrupt:
        if rendering:
            raise
        return  # that is how one leaves


def saved(plan: Path, *, pause: float = 0.2) -> Iterator[None]:
    """Once at first, and then whenever the plan's file, or a picture or sound that it names, is another one."""
    files, known = [str(plan)], [(0, 0, 0)]
    while True:
        if [_stamp(file) for file in files] != known:
            stamp = _stamp(str(plan))  # before it is read: what is saved meanwhile is another one
            files = [str(plan), *_named(plan)]
            known = [stamp, *(_stamp(file) for file in files[1:])]
            yield
        time.sleep(pause)


def _stamp(file: str) -> tuple[int, int, int]:
    """Which file it is, and how it was last written."""
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return -1, -1, -1
    return status.st_ino, status.st_size, status.st_mtime_ns


def _named(file: Path) -> Iterator[str]:
    """The pictures and sounds of a plan, if it can be read."""
    with suppress(VideoDirectorError):
        plan = VideoPlan.load(file)
        sounds = (plan.audio, *(scene.audio for scene in plan.scenes))
        yield from filter(None, (*plan.references.values(), *sounds))


@app.command()
def inspect(source: Source, *, as_json: AsJson = False) -> None:
    """Show what a video was made of: plan, seeds, weights, what was honoured. [dim]--json: the whole manifest[/]"""
    manifest = _manifest(source)
    print(manifest.to_json() if as_json else _described(manifest), end="")


@app.command()
def reproduce(
    source: Source,
    *,
    output: Video,
    cache: UseCache = True,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Make a video again from its manifest, and check that it is the same, bit for bit."""
    from videodirector.generator.video.manifest_tag import build_file_record

    manifest = _manifest(source)
    record = (
        manifest.file if source.suffix.lower() == ".json" else build_file_record(source) if source.is_file() else None
    )
    follow(Director(cache=cache).reproduce(manifest, output), as_json=as_json, quiet=quiet)
    if record is not None and Path(output).is_file() and build_file_record(Path(output)) != record:
        raise RenderError(
            f"{output} is another file than {source}",
            hint="the warnings say what is not as it was then; compare `videodirector inspect` of both for the rest",
        )


def _manifest(source: Path) -> Manifest:
    from videodirector.generator import read_manifest

    return read_manifest(source)


def _described(manifest: Manifest) -> str:
    video, plan = manifest.video, manifest.plan
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.environment.libraries.items())
    lines = [
        f"story     {plan.prompt or '-'}",
        f"video     {video.frames} frames at {video.frame_rate}/s, {video.seconds:g} s, {video.width} x {video.height}",
        f"drawn by  {manifest.backend}, seed {plan.seed}"
        + "".join(f", {name} {value}" for name, value in manifest.inputs.items() if isinstance(value, str)),
        f"made with videodirector {manifest.environment.videodirector}, {manifest.environment.ffmpeg}, {libraries}",
    ]
    if manifest.timings:
        cached = sum(timing.cached for timing in manifest.timings.scenes.values())
        lines.append(
            f"finished  {manifest.timings.finished:%Y-%m-%d %H:%M} UTC after {manifest.timings.seconds:.1f} s, "
            f"{cached} of {len(manifest.scenes)} scenes from the cache"
        )
    for scene, planned in zip(manifest.scenes, plan.scenes, strict=True):
        lines.append(f"{scene.id:9} {scene.start}..{scene.start + scene.length}: {planned.description or '-'}")
        lines.append(f"{'':9} key {scene.key[:16]}, seed {scene.seed}, {scene.frames} of {scene.planned_frames} frames")
        lines += [
            f"{'':9} {control.name} {control.status}" + (f": {control.detail}" if control.detail else "")
            for control in scene.controls
            if control.status != "honoured"
        ]
        lines += [f"{'':9} note: {note}" for note in scene.notes]
    return "\n".join(lines) + "\n"
