"""A story to a plan, a plan to a video: the commands that everyone starts with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from videodirector.cli._app import app
from videodirector.cli._options import (
    AsJson,
    Audios,
    BackendName,
    BackendSettings,
    Backgrounds,
    BaseUrl,
    CaptionFile,
    CastFile,
    Coco,
    Depths,
    Embedders,
    FontFile,
    Fps,
    Height,
    Images,
    ImuRate,
    Imus,
    MaxEntities,
    Memory,
    Model,
    Otio,
    PlanFile,
    Quiet,
    Scenes,
    Seed,
    Soundtrack,
    Steps,
    Style,
    Subtitles,
    Text,
    Thermals,
    Transition,
    TransitionFrames,
    UseCache,
    Video,
    Videos,
    Width,
    backend_options,
    more_captions,
    plan_options,
    render_options,
    seeds,
    told_story,
)
from videodirector.cli._output import follow, print_forecast, print_notes, print_text, summarise
from videodirector.cli._planners import (
    ChooseStrength,
    DryRun,
    Fresh,
    PlannerName,
    PlannerTimeout,
    PlannerUrl,
    PlannerUrlAlone,
    planner_of,
    show_questions,
)
from videodirector.director import Director, RenderOptions
from videodirector.schemas import VideoPlan, json_schema

__all__: list[str] = []


@app.command()
def make(
    story: Text = "",
    *,
    output: Video,
    image: Images = None,
    audio: Audios = None,
    video: Videos = None,
    depth: Depths = None,
    thermal: Thermals = None,
    imu: Imus = None,
    imu_rate: ImuRate = None,
    captions: CaptionFile = None,
    embedder: Embedders = None,
    planner: PlannerName = "offline",
    planner_url: PlannerUrl = None,
    planner_timeout: PlannerTimeout = 120.0,
    fresh: Fresh = False,
    choose_strength: ChooseStrength = False,
    dry_run: DryRun = False,
    scenes: Scenes = None,
    max_entities: MaxEntities = None,
    cast: CastFile = None,
    style: Style = "",
    background: Backgrounds = None,
    seed: Seed = None,
    steps: Steps = None,
    backend: BackendName = "layout2vid",
    model: Model = None,
    option: BackendSettings = None,
    base_url: BaseUrl = None,
    memory: Memory = None,
    fps: Fps = None,
    transition: Transition = None,
    transition_frames: TransitionFrames = None,
    soundtrack: Soundtrack = None,
    subtitles: Subtitles = "none",
    font: FontFile = None,
    otio: Otio = False,
    coco: Coco = False,
    width: Width = None,
    height: Height = None,
    cache: UseCache = True,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn a story into a video, with the plan and a contact sheet beside it.

    For example: videodirector make "A fox meets an owl." -o fox.mp4

    This writes fox.mp4, fox.plan.json, fox.manifest.json and fox.png. A story may also begin with a picture, a sound,
    a video, a depth map, a thermal image or a motion trace: videodirector make --audio bark.wav -o dog.mp4
    """
    options = render_options(locals())
    if planner != "offline" and planner_url is None and backend != "server":
        planner_url, base_url = base_url, None
    chosen = planner_of(
        planner,
        url=planner_url,
        timeout=planner_timeout,
        fresh=fresh,
        choose_strength=choose_strength,
        dry_run=dry_run,
    )
    wishes = plan_options(scenes=scenes, max_entities=max_entities, cast=cast, style=style, backgrounds=background)
    given = seeds(image=image, audio=audio, video=video, depth=depth, thermal=thermal, imu=imu, imu_rate=imu_rate)
    story = told_story(story, given)
    if dry_run and chosen is not None:
        show_questions(chosen, story, {**wishes, **given}, as_json=as_json)
        return
    settings = backend_options(option, base_url, memory)
    bank = more_captions(captions)
    director = Director(
        chosen, backend=backend, model=model, options=settings, cache=cache, captions=bank, embedder=embedder or ()
    )
    plan = director.plan(story, seed=seed, fps=fps, **wishes, **given)
    if dry_run:
        print_forecast(director.dry_run(plan, output, **options), as_json=as_json)
        return
    if given and not (as_json or quiet):
        print_notes(plan.notes)  # before anything is drawn of what may be a mistake
    beside: RenderOptions = {"save_plan": True, "contact_sheet": True, **options}
    follow(director.stream(plan, output, **beside), as_json=as_json, quiet=quiet)


@app.command()
def plan(
    story: Text = "",
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PLAN.json", help="The plan to write. [dim]default: standard output[/]"),
    ] = None,
    image: Images = None,
    audio: Audios = None,
    video: Videos = None,
    depth: Depths = None,
    thermal: Thermals = None,
    imu: Imus = None,
    imu_rate: ImuRate = None,
    captions: CaptionFile = None,
    embedder: Embedders = None,
    planner: PlannerName = "offline",
    base_url: PlannerUrlAlone = None,
    planner_timeout: PlannerTimeout = 120.0,
    fresh: Fresh = False,
    choose_strength: ChooseStrength = False,
    dry_run: DryRun = False,
    scenes: Scenes = None,
    max_entities: MaxEntities = None,
    cast: CastFile = None,
    style: Style = "",
    background: Backgrounds = None,
    seed: Seed = None,
    fps: Fps = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn a story into a plan: scenes, the things in them, and where they are.

    The plan is a JSON file; edit it and render it. Without -o it is printed.
    """
    wishes = plan_options(scenes=scenes, max_entities=max_entities, cast=cast, style=style, backgrounds=background)
    chosen = planner_of(
        planner, url=base_url, timeout=planner_timeout, fresh=fresh, choose_strength=choose_strength, dry_run=dry_run
    )
    given = seeds(image=image, audio=audio, video=video, depth=depth, thermal=thermal, imu=imu, imu_rate=imu_rate)
    story = told_story(story, given)
    if dry_run:
        show_questions(chosen, story, {**wishes, **given}, as_json=as_json)
        return
    director = Director(chosen, captions=more_captions(captions), embedder=embedder or ())
    made = director.plan(story, seed=seed, fps=fps, **wishes, **given)
    if output is None:
        print_text(made.to_json(), end="")
        return
    made.save(output)
    summarise(made, output, as_json=as_json, quiet=quiet)


@app.command()
def render(
    plan: PlanFile,
    *,
    output: Video,
    seed: Seed = None,
    steps: Steps = None,
    backend: BackendName = "layout2vid",
    model: Model = None,
    option: BackendSettings = None,
    base_url: BaseUrl = None,
    memory: Memory = None,
    fps: Fps = None,
    transition: Transition = None,
    transition_frames: TransitionFrames = None,
    soundtrack: Soundtrack = None,
    subtitles: Subtitles = "none",
    font: FontFile = None,
    otio: Otio = False,
    coco: Coco = False,
    width: Width = None,
    height: Height = None,
    cache: UseCache = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be drawn and what is in the cache, and why.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn a plan into a video.

    The same plan and seed give the same video; a manifest beside it says what it was made of. Only scenes that were
    not drawn before are drawn, so after an edit, or when it was stopped, the same command does what is left to do.
    """
    options = render_options(locals())
    loaded = VideoPlan.load(plan)
    settings = backend_options(option, base_url, memory)
    director = Director(backend=backend, model=model, options=settings, cache=cache)
    if dry_run:
        print_forecast(director.dry_run(loaded, output, **options), as_json=as_json)
        return
    events = director.stream(loaded, output, **options)
    follow(events, as_json=as_json, quiet=quiet, plan_path=plan)


@app.command()
def validate(plan: PlanFile, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Check a plan: every problem is named with its place in the file."""
    summarise(VideoPlan.load(plan), plan, as_json=as_json, quiet=quiet)


@app.command()
def preview(
    plan: PlanFile,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="SHEET.png|PREVIEW.{mp4,gif,webp}",
            help="A contact sheet or a video, by its ending.",
        ),
    ],
    seed: Seed = None,
    fps: Fps = None,
    transition: Transition = None,
    transition_frames: TransitionFrames = None,
    soundtrack: Soundtrack = None,
    subtitles: Subtitles = "none",
    font: FontFile = None,
    otio: Otio = False,
    coco: Coco = False,
    width: Width = None,
    height: Height = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Draw a plan at once with ready-made pictures, to see where things will be. Needs no model."""
    options = render_options(locals())
    events = Director().stream_preview(VideoPlan.load(plan), output, **options)
    follow(events, as_json=as_json, quiet=quiet, plan_path=plan, sheet_path=output)


@app.command()
def schema() -> None:
    """Print the JSON Schema of plans, for editors and programs."""
    print_text(json.dumps(json_schema(), indent=2))
