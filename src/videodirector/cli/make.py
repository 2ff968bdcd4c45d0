"""A story to a plan, a plan to a video: the commands that everyone starts with."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from videodirector.cli._app import app
from videodirector.cli._groups import Rendering, StoryInputs, StoryPlanner, VideoPlanner
from videodirector.cli._options import AsJson, PlanFile, Quiet, Story, Video
from videodirector.cli._output import follow, print_forecast, print_json, print_notes, print_summary
from videodirector.cli._spread import Only, Without, spread
from videodirector.director import Director
from videodirector.errors import UsageError
from videodirector.schemas import (
    InputOptions,
    PlanOptions,
    PlanRequest,
    RenderOptions,
    Scene,
    StoryOptions,
    VideoPlan,
    json_schema,
)

if TYPE_CHECKING:
    from videodirector.planner.llm import LLMPlanner

__all__: list[str] = []


@app.command()
@spread
def make(
    story: Story = "",
    *,
    output: Video,
    inputs: StoryInputs,
    planning: VideoPlanner,
    request: PlanOptions,
    rendering: Rendering,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn a story into a video, with the plan and a contact sheet beside it.

    For example: videodirector make "A fox meets an owl." -o fox.mp4

    This writes fox.mp4, fox.plan.json, fox.manifest.json and fox.png. A story may also begin with a picture, a sound,
    a video, a depth map, a thermal image or a motion trace: videodirector make --audio bark.wav -o dog.mp4
    """
    choice, options = rendering.choice, rendering.options
    if planning.planner != "offline" and planning.planner_url is None and choice.backend != "server":
        planning = replace(planning, planner_url=choice.base_url)
        rendering = replace(rendering, choice=replace(choice, base_url=None))
    planner = planning.create_story_planner()
    given = inputs.collect_inputs()
    text = read_story_argument(story, given)
    if planning.dry_run and planner is not None:
        print_questions(planner, text, {**request, **given}, as_json=as_json)
        return
    director = rendering.create_director(planner, **inputs.captioner_options())
    plan = director.plan(text, seed=options.get("seed"), fps=options.get("fps"), **request, **given)
    if planning.dry_run:
        print_forecast(director.dry_run(plan, output, **options), as_json=as_json)
        return
    if given and not (as_json or quiet):
        print_notes(plan.notes)  # before anything is rendered of what may be a mistake
    beside: RenderOptions = {"save_plan": True, "contact_sheet": True, **options}
    follow(director.stream(plan, output, **beside), as_json=as_json, quiet=quiet)


@app.command()
@spread
def plan(
    story: Story = "",
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="PLAN.json", help="The plan to write. [dim]default: standard output[/]"),
    ] = None,
    inputs: StoryInputs,
    planning: StoryPlanner,
    request: PlanOptions,
    options: Annotated[RenderOptions, Only(["seed", "fps"])],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn a story into a plan: scenes, the things in them, and where they are.

    The plan is a JSON file; edit it and render it. Without -o it is printed.
    """
    planner = planning.create_story_planner()
    given = inputs.collect_inputs()
    text = read_story_argument(story, given)
    if planning.dry_run:
        print_questions(planner, text, {**request, **given}, as_json=as_json)
        return
    director = Director(planner, **inputs.captioner_options())
    planned = director.plan(text, seed=options.get("seed"), fps=options.get("fps"), **request, **given)
    if output is None:
        sys.stdout.write(planned.to_json())
        return
    planned.save(output)
    print_summary(planned, output, as_json=as_json, quiet=quiet)


@app.command()
@spread
def render(
    plan: PlanFile,
    *,
    output: Video,
    rendering: Rendering,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only report which scenes would be rendered or taken from the cache, and why."),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn a plan into a video.

    The same plan and seed give the same video; a manifest beside it records its inputs. Only scenes that are not in
    the cache are rendered, so after an edit or an interruption the same command does what is left to do.
    """
    loaded = VideoPlan.load(plan)
    director, options = rendering.create_director(), rendering.options
    if dry_run:
        print_forecast(director.dry_run(loaded, output, **options), as_json=as_json)
    else:
        follow(director.stream(loaded, output, **options), as_json=as_json, quiet=quiet, plan_path=plan)


@app.command()
def validate(plan: PlanFile, *, as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Check a plan: every problem is named with its place in the file."""
    print_summary(VideoPlan.load(plan), plan, as_json=as_json, quiet=quiet)


@app.command()
@spread
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
    options: Annotated[RenderOptions, Without(["steps"])],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Render a plan at once with ready-made sprites, to see where things will be. Needs no model."""
    events = Director().stream_preview(VideoPlan.load(plan), output, **options)
    follow(events, as_json=as_json, quiet=quiet, plan_path=plan, sheet_path=output)


@app.command()
def schema() -> None:
    """Print the JSON Schema of plans, for editors and programs."""
    print(json.dumps(json_schema(), indent=2))


def read_story_argument(story: str, inputs: InputOptions) -> str:
    """Read the story's text: the argument, ``-`` for standard input, or ``@FILE``.

    Raises:
        UsageError: there is neither text nor any other input, or the file cannot be read.
    """
    if not story and not inputs:
        raise UsageError("there is no story", hint='give one: "A fox meets an owl.", or --image, --audio, ...')
    if story == "-":
        content, source = sys.stdin.buffer.read(), "standard input"
    elif story.startswith("@"):
        source = story[1:]
        try:
            content = Path(source).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(
                f"cannot read the story from {source!r}: {reason}",
                hint="@ names a file; to begin a story with @, put a space before it",
            ) from None
    else:
        return story
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the story in {source} is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}",
            hint="save it as UTF-8",
        ) from None


class _RequestRecorder:
    """A planner that records the request and plans nothing."""

    request: PlanRequest | None = None

    def plan(self, story: str, *, seed: int | None = None, frame_rate: Fraction | None = None) -> VideoPlan:
        return self.plan_request(PlanRequest(story=story, seed=seed, frame_rate=frame_rate))

    def plan_request(self, request: PlanRequest) -> VideoPlan:
        self.request = request
        return VideoPlan(scenes=[Scene(id="s1", description=request.story[:100])])


def print_questions(planner: LLMPlanner | None, story: str, options: StoryOptions, *, as_json: bool) -> None:
    """Print what would be sent to a chat model to plan a story."""
    recorder = _RequestRecorder()
    Director(recorder).plan(story, **options)
    steps = planner.dry_run(recorder.request) if planner is not None and recorder.request is not None else []
    if as_json:
        print_json({"questions": [{"step": step, "messages": [list(m) for m in messages]} for step, messages in steps]})
        return
    for step, messages in steps:
        for role, text in messages:
            typer.echo(f"--- {step}, {role}\n{text}\n")
    if not steps:
        typer.echo("the offline planner sends nothing", err=True)
