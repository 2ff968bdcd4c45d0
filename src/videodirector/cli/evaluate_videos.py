"""Measuring rendered videos: a backend on unseen plans, or any video against its plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from videodirector.cli._options import AsJson, BackendName, Model, Quiet
from videodirector.cli._output import print_json
from videodirector.cli._spread import Only, spread
from videodirector.cli.evaluate import evaluate
from videodirector.errors import UsageError
from videodirector.schemas import RenderOptions, RenderSettings, VideoPlan

__all__: list[str] = []

Folder = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="The folder for everything; a stopped run goes on there.")
]
Features = Annotated[
    str,
    typer.Option(
        metavar="[world|none|CLIP]",
        help="What Fréchet distance, inception score, CLIP-Text and CLIP-Image look through: the storyworld's own "
        "network, nothing, or a CLIP model by folder or hub id.",
    ),
]


@evaluate.command()
@spread
def skills(
    *,
    output: Folder,
    backend: BackendName = "layout2vid",
    model: Model = None,
    plans: Annotated[int, typer.Option(help="Unseen plans a skill.")] = 200,
    skill: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="object, count, spatial, scale, movement, consistency or following; several times for several. "
            "[dim]default: all[/]",
        ),
    ] = None,
    sampling: Annotated[RenderOptions, Only(["steps"])],
    frames: Annotated[int, typer.Option(help="Frames a scene.")] = 16,
    short: Annotated[
        int | None,
        typer.Option(
            help="Frames of scenes that are judged on one frame alone, and at least 2 of those judged on their first "
            "and last: quicker, and as good for a model that renders things frame by frame, as storyworld-mini does. "
            "[dim]default: --frames[/]"
        ),
    ] = None,
    layout_strength: Annotated[
        float | None,
        typer.Option(help="Part of the steps in which boxes are imposed; 0: the backbone alone, by the words."),
    ] = None,
    truths: Annotated[int, typer.Option(help="True frames on which the instruments are tried first; 0: none.")] = 100,
    features: Features = "world",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Render unseen plans and measure the result: objects, counts, relations, movement, layout, consistency.

    Writes report.md, report.json and worst.png, a sheet of the worst cases; the plans, for other models; and all clips
    and records, so that nothing is done twice. Estimates have 95 % confidence intervals.
    """
    from videodirector.evaluation.benchmark.plans import SKILLS, TrialSkill
    from videodirector.evaluation.benchmark.skills import SkillSettings, Told, evaluate_skills

    settings = SkillSettings(
        backend=backend,
        model=model,
        steps=sampling.get("steps"),
        skills=SKILLS if not skill else cast("tuple[TrialSkill, ...]", tuple(dict.fromkeys(skill))),
        plans=plans,
        frames=frames,
        short=short,
        layout_strength=layout_strength,
        truths=truths,
        features=features,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet or as_json) as bars:
        task = bars.add_task("instruments", total=None)
        for told in evaluate_skills(settings, output):
            if isinstance(told, Told):
                bars.update(task, description=told.message if told.done else "instruments")
                bars.update(task, completed=told.done, total=told.total or None)
    if as_json:
        import json

        print_json(json.loads((output / "report.json").read_text(encoding="utf-8")))
    elif not quiet:
        typer.echo((output / "report.md").read_text(encoding="utf-8"))


@evaluate.command()
@spread
def videos(
    files: Annotated[list[Path], typer.Argument(metavar="VIDEOS...", help="Videos, each with its plan beside it.")],
    *,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan", metavar="PLAN", help="The plan of all of them. [dim]default: fox.plan.json for fox.mp4[/]"
        ),
    ] = None,
    options: Annotated[RenderOptions, Only(["transition"])],
    features: Features = "world",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure videos, of any model, against their plans: where things are, how they move, and their backgrounds.

    Only things and backgrounds of the storyworld can be detected; what else a plan has is left out, and reported.
    """
    from videodirector.evaluation.benchmark.networks import feature_networks
    from videodirector.evaluation.benchmark.report import table
    from videodirector.evaluation.benchmark.videos import measure_video, measure_videos, read_video, scene_clips
    from videodirector.evaluation.benchmark.world import instruments

    settings = RenderSettings.parse(options)
    pairs = [(file, plan or file.with_suffix(".plan.json")) for file in files]
    missing = [str(beside) for _, beside in pairs if not beside.is_file()]
    if missing:
        raise UsageError(f"there is no plan {missing[0]}", hint="videodirector make writes it; or give it with --plan")
    plans = [VideoPlan.load(beside) for _, beside in pairs]
    networks, looking = feature_networks(features), instruments()
    measured = []
    for (file, _), its in zip(pairs, plans, strict=True):
        clips = scene_clips(its, read_video(file), transition=settings.transition, source=str(file))
        record = measure_video(its, clips, looking, name=str(file))
        measured.append((its, clips, record))
        unknown = sorted({name for scene in record.scenes for name in scene.sightings.unknown})
        if unknown and not quiet:
            typer.echo(f"{file}: not measured, because the detector does not know it: {', '.join(unknown)}", err=True)
    found = measure_videos(measured, networks)
    if as_json:
        records = [record.model_dump(mode="json") for _, _, record in measured]
        print_json({"figures": {row.key: row.as_dict() for row in found}, "videos": records})
    else:
        typer.echo(table([(row.measure, str(row.value)) for row in found], ("measure", "value")))
