"""Options that belong together: a command takes each group as one argument, see ``_spread``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from videodirector.cli._options import BackendName, BackendSettings, BaseUrl, Model, UseCache
from videodirector.cli._spread import Only, Without
from videodirector.director import Director
from videodirector.errors import PlannerError, UsageError
from videodirector.schemas import InputOptions, RenderOptions

if TYPE_CHECKING:
    from videodirector.planner import Planner
    from videodirector.planner.llm import LLMPlanner

__all__ = ["BackendChoice", "EditPlanner", "Rendering", "StoryInputs", "StoryPlanner", "VideoPlanner", "read_settings"]


@dataclass(frozen=True, kw_only=True)
class BackendChoice:
    """The backend that renders, and its settings."""

    backend: BackendName = "layout2vid"
    model: Model = None
    option: BackendSettings = None
    base_url: BaseUrl = None
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="[normal|low]", help="Of layout2vid: low takes less memory and more time. [dim]default: normal[/]"
        ),
    ] = None

    def create_director(self, planner: Planner | None = None, **given: Any) -> Director:
        """Create a director that renders with this backend; ``given`` are further arguments of ``Director``.

        Raises:
            UsageError: an option of the backend is not valid.
        """
        settings = read_settings(self.option, base_url=self.base_url, memory=self.memory)
        return Director(planner, backend=self.backend, model=self.model, options=settings, **given)


def read_settings(pairs: Sequence[str] | None, **named: str | None) -> dict[str, str]:
    """Read the settings of a backend: ``--option NAME=VALUE``, and those that have an option of their own."""
    from videodirector.generator.backends.options import read_pairs

    return read_pairs(pairs or ()) | {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """How a plan is rendered, and by what."""

    sampling: Annotated[RenderOptions, Only(["seed", "steps"])]
    choice: BackendChoice
    video: Annotated[RenderOptions, Without(["seed", "steps"])]
    cache: UseCache = True

    @property
    def options(self) -> RenderOptions:
        """All render options that were given."""
        return {**self.sampling, **self.video}

    def create_director(self, planner: Planner | None = None, **given: Any) -> Director:
        """See ``BackendChoice.create_director``."""
        return self.choice.create_director(planner, cache=self.cache, **given)


@dataclass(frozen=True, kw_only=True)
class StoryInputs:
    """What a story may begin with besides words, and what puts it into words."""

    image: Annotated[
        list[Path] | None,
        typer.Option(
            "--image", metavar="FILE", help="A picture that the story begins with; the thing in it keeps its look."
        ),
    ] = None
    audio: Annotated[
        list[Path] | None,
        typer.Option("--audio", metavar="FILE", help="A sound that the story begins with: a bark, say."),
    ] = None
    video: Annotated[list[Path] | None, typer.Option("--video", metavar="FILE", help="A video, its pictures only.")] = (
        None
    )
    depth: Annotated[
        list[Path] | None, typer.Option("--depth", metavar="FILE", help="A depth map: PNG, TIFF or .npy.")
    ] = None
    thermal: Annotated[list[Path] | None, typer.Option("--thermal", metavar="FILE", help="A thermal image.")] = None
    imu: Annotated[
        list[Path] | None,
        typer.Option(
            "--imu", metavar="FILE", help="A motion trace, .npy or .csv: acceleration x y z, then turning rate x y z."
        ),
    ] = None
    imu_rate: Annotated[
        float | None, typer.Option("--imu-rate", metavar="HZ", help="Samples a second of the motion trace.")
    ] = None
    captions: Annotated[
        Path | None,
        typer.Option("--captions", metavar="FILE", help="More things to recognise, a caption a line: a capybara."),
    ] = None
    embedder: Annotated[
        list[str] | None,
        typer.Option(
            "--embedder",
            metavar="NAME:PATH",
            help="A model of yours to see and hear with: imagebind:imagebind_huge.pth, clap:FOLDER, siglip2:FOLDER, "
            "pe-av:FOLDER; several times for several. [dim]default: storyworld-bind, in the package[/]",
        ),
    ] = None

    def collect_inputs(self) -> InputOptions:
        """Collect the inputs that were given, as keywords of ``Director.plan``."""
        traces = [{"source": file, "rate": self.imu_rate} for file in self.imu or ()]
        files = {name: getattr(self, name) for name in InputOptions.__annotations__} | {"imu": traces}
        return cast(InputOptions, {name: several for name, several in files.items() if several})

    def captioner_options(self) -> dict[str, Any]:
        """Read what the captioner recognises and with which models, as arguments of ``Director``.

        Raises:
            UsageError: the file of captions cannot be read.
        """
        from videodirector.senses import read_captions

        captions = [] if self.captions is None else read_captions(self.captions)
        return {"captions": captions, "embedder": self.embedder or ()}


_URL_HELP = "An OpenAI-compatible server (vLLM, llama.cpp) that has the planner's model, like http://localhost:8000/v1."


@dataclass(frozen=True, kw_only=True)
class EditPlanner:
    """Which planner: the offline one, or a chat model."""

    planner: Annotated[
        str,
        typer.Option(
            "--planner",
            metavar="offline|PROVIDER:MODEL",
            help="What plans: [bold]offline[/], or a chat model like openai:gpt-4o, anthropic:claude-sonnet-4-5, "
            "ollama:llama3. Its key is taken from the environment, like OPENAI_API_KEY.",
        ),
    ] = "offline"
    planner_url: Annotated[str | None, typer.Option("--base-url", "--planner-url", metavar="URL", help=_URL_HELP)] = (
        None
    )
    planner_timeout: Annotated[
        float,
        typer.Option(
            "--planner-timeout",
            metavar="SECONDS",
            help="How long a chat model may take for one answer, retries included.",
        ),
    ] = 120.0
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask the chat model again instead of using its cached answers.")
    ] = False

    def create_planner(self, *, choose_strength: bool = False) -> LLMPlanner | None:
        """Create the planner; None is the offline one.

        Raises:
            UsageError: there is no such planner, or an option that this one does not take was given.
            PlannerError: there is no key for it.
            MissingDependencyError: the provider's package is not installed.
        """
        if self.planner == "offline":
            if self.planner_url is not None:
                raise UsageError(
                    "--planner offline uses no server", hint="name the server's model with --planner MODEL"
                )
            if choose_strength:
                raise UsageError(
                    "--planner offline does not choose how strictly boxes are kept",
                    hint="name a chat model with --planner, or write layout_strength into the plan's scenes",
                )
            return None
        from videodirector.planner.llm import LLMPlanner

        return LLMPlanner(
            self.planner,
            base_url=self.planner_url,
            timeout=self.planner_timeout,
            fresh=self.fresh,
            choose_strength=choose_strength,
        )


@dataclass(frozen=True, kw_only=True)
class StoryPlanner(EditPlanner):
    """The planner of a story, and whether only its messages are printed."""

    choose_strength: Annotated[
        bool,
        typer.Option(
            "--choose-strength",
            help="Let the chat model choose for how long each scene's boxes are imposed; without it the backend "
            "does. [dim]the plan's layout_strength, 0 to 0.3[/]",
        ),
    ] = False
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print what would be sent to the chat model, or, with none, which scenes would be rendered; send and "
            "write nothing.",
        ),
    ] = False

    def create_story_planner(self) -> LLMPlanner | None:
        """Create the planner; a dry run needs no key. See ``create_planner``."""
        try:
            return self.create_planner(choose_strength=self.choose_strength)
        except PlannerError:
            if not self.dry_run:
                raise
            from videodirector.planner.llm import LLMPlanner, ScriptedChatModel

            # What would be sent does not depend on who answers.
            return LLMPlanner(ScriptedChatModel(), choose_strength=self.choose_strength)


@dataclass(frozen=True, kw_only=True)
class VideoPlanner(StoryPlanner):
    """The planner of a story where ``--base-url`` may be the server that renders."""

    planner_url: Annotated[str | None, typer.Option("--planner-url", metavar="URL", help=_URL_HELP)] = None
