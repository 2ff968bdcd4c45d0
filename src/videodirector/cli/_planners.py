"""Which planner: the offline one, or a chat model; and what it would send."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

import typer

from videodirector.cli._output import print_error, print_json, print_text
from videodirector.director import Director
from videodirector.errors import PlannerError, UsageError
from videodirector.schemas import PlanRequest, Scene, VideoPlan
from videodirector.schemas.render import SeededPlanOptions

if TYPE_CHECKING:
    from videodirector.planner.llm import LLMPlanner

__all__ = [
    "ChooseStrength",
    "DryRun",
    "Fresh",
    "PlannerName",
    "PlannerTimeout",
    "PlannerUrl",
    "PlannerUrlAlone",
    "planner_of",
    "show_questions",
]

PlannerName = Annotated[
    str,
    typer.Option(
        "--planner",
        metavar="offline|PROVIDER:MODEL",
        help="What plans: [bold]offline[/], or a chat model like openai:gpt-4o, anthropic:claude-sonnet-4-5, "
        "ollama:llama3. Its key is taken from the environment, like OPENAI_API_KEY.",
    ),
]
_URL_HELP = "An OpenAI-compatible server (vLLM, llama.cpp) that has the planner's model, like http://localhost:8000/v1."
PlannerUrl = Annotated[str | None, typer.Option("--planner-url", metavar="URL", help=_URL_HELP)]
PlannerUrlAlone = Annotated[str | None, typer.Option("--base-url", "--planner-url", metavar="URL", help=_URL_HELP)]
PlannerTimeout = Annotated[
    float,
    typer.Option(
        "--planner-timeout",
        metavar="SECONDS",
        help="How long a chat model may take for one answer, all tries for it included.",
    ),
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Ask the chat model anew, although its answers are kept from before.")
]
ChooseStrength = Annotated[
    bool,
    typer.Option(
        "--choose-strength",
        help="Let the chat model choose for how long each scene's boxes are imposed; without it the model that draws "
        "does. [dim]the plan's layout_strength, 0 to 0.3[/]",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Print what would be sent to the chat model (or, when nothing is, drawn); send and write nothing.",
    ),
]


def planner_of(
    name: str,
    *,
    url: str | None,
    timeout: float = 120.0,
    fresh: bool = False,
    choose_strength: bool = False,
    dry_run: bool = False,
) -> LLMPlanner | None:
    """The planner of this name; None for the offline one. A dry run needs no key.

    Raises:
        UsageError: no such planner, or an address or a choice for one that takes none.
        PlannerError: there is no key for it.
        MissingDependencyError: the provider's package is not installed.
    """
    if name == "offline":
        if url is not None:
            raise UsageError("--planner offline asks no server", hint="name the server's model with --planner MODEL")
        if choose_strength:
            raise UsageError(
                "--planner offline does not choose how strictly boxes are kept",
                hint="name a chat model with --planner, or write layout_strength into the plan's scenes",
            )
        return None
    from videodirector.planner.llm import LLMPlanner

    try:
        return LLMPlanner(name, base_url=url, timeout=timeout, fresh=fresh, choose_strength=choose_strength)
    except PlannerError:
        if dry_run:
            from videodirector.planner.llm import ScriptedChatModel

            # What would be sent does not depend on who answers.
            return LLMPlanner(ScriptedChatModel(), choose_strength=choose_strength)
        raise


class _Listener:
    """A planner that only hears what is asked."""

    heard: PlanRequest | None = None

    def plan(self, story: str, *, seed: int | None = None, frame_rate: Fraction | None = None) -> VideoPlan:
        return self.plan_request(PlanRequest(story=story, seed=seed, frame_rate=frame_rate))

    def plan_request(self, request: PlanRequest) -> VideoPlan:
        self.heard = request
        return VideoPlan(scenes=[Scene(id="s1", description=request.story[:100])])


def show_questions(planner: LLMPlanner | None, story: str, given: SeededPlanOptions, *, as_json: bool) -> None:
    """Prints what would be sent to plan a story and whatever else is given."""
    listener = _Listener()
    Director(listener).plan(story, **given)
    steps = planner.dry_run(listener.heard) if planner is not None and listener.heard is not None else []
    if as_json:
        print_json({"questions": [{"step": step, "messages": [list(m) for m in messages]} for step, messages in steps]})
        return
    for step, messages in steps:
        for role, text in messages:
            print_text(f"--- {step}, {role}\n{text}\n")
    if not steps:
        print_error("the offline planner sends nothing")
