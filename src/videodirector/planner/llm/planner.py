"""A planner that asks a chat model: the story for its scenes, then every scene for its layouts, all at once."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from videodirector.errors import PlannerError, UsageError
from videodirector.planner.constraints import granted
from videodirector.planner.english.vocabulary import is_known
from videodirector.planner.llm._aliases import join_aliases
from videodirector.planner.llm._dialogue import Dialogue
from videodirector.planner.llm._layouts import Thing, layout_messages, placed, read_layouts
from videodirector.planner.llm._repair import Layouts
from videodirector.planner.llm._wire import LayoutAnswer, RefineAnswer, StoryAnswer, StrengthAnswer, json_schema
from videodirector.planner.llm.client.cache import AnswerCache, default_folder
from videodirector.planner.llm.client.calls import Caller, concurrently
from videodirector.planner.llm.client.chat import Chat, Question, name_of
from videodirector.planner.llm.client.models import chat_model
from videodirector.planner.llm.client.secrets import Scrubber
from videodirector.planner.llm.client.usage import Usage
from videodirector.planner.llm.parse_story import (
    Form,
    Message,
    SceneDraft,
    is_english,
    read_scenes,
    script_of,
    story_messages,
)
from videodirector.planner.llm.refine import read_edits, refine_messages
from videodirector.prompts import load
from videodirector.schemas import MAX_PROMPT, Entity, PlanRequest, Scene, VideoPlan, normalised

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

__all__ = ["LLMPlanner"]


@dataclass(slots=True)
class _Run:
    """One plan in the making."""

    chat: Chat
    dialogue: Dialogue
    usage: Usage


class LLMPlanner:
    """Plans with a chat model; satisfies `RequestPlanner`.

        Director(planner=LLMPlanner("openai:gpt-4o"))

    Args:
        model: any langchain chat model, or "PROVIDER:MODEL".
        base_url: address of an OpenAI-compatible server, for a model given by name.
        prompts: folder of prompts; None takes those in use.
        cache: folder where answers are kept; None takes the user's cache folder, False keeps none.
        fresh: whether to ask anew, although an answer is kept from before.
        record: file to which all questions and answers are written, for `ScriptedChatModel.from_recording`.
        attempts: how often a question is asked until its answer can be used.
        tries: how often one call is tried until the server answers.
        timeout: seconds that one answer may take, all tries for it included.
        longest_wait: the longest pause in seconds that a server may ask for.
        concurrency: scenes that are asked for at a time.
        requests_per_second: calls are not begun faster.
        choose_strength: whether the model chooses each scene's layout strength, in [0, 0.3].
        merge_aliases: whether "fox" and "red fox" of different scenes are joined, with a note.
    """

    def __init__(
        self,
        model: BaseChatModel | str,
        *,
        base_url: str | None = None,
        prompts: str | os.PathLike[str] | None = None,
        cache: str | os.PathLike[str] | bool | None = None,
        fresh: bool = False,
        record: str | os.PathLike[str] | None = None,
        attempts: int = 3,
        tries: int = 4,
        timeout: float = 120.0,
        longest_wait: float = 60.0,
        concurrency: int = 16,
        requests_per_second: float = 20.0,
        choose_strength: bool = False,
        merge_aliases: bool = True,
    ) -> None:
        for name, value in (("attempts", attempts), ("tries", tries), ("concurrency", concurrency)):
            if value < 1:
                raise UsageError(f"{name} is {value}", hint="give 1 or more")
        for name, seconds in (("timeout", timeout), ("requests_per_second", requests_per_second)):
            if not seconds > 0:
                raise UsageError(f"{name} is {seconds}", hint="give more than 0")
        self._model = chat_model(model, base_url=base_url, timeout=timeout) if isinstance(model, str) else model
        self._prompts = load(prompts)
        keeps = not getattr(self._model, "keep_no_answers", False)
        self._cache = AnswerCache(_folder(cache) if keeps else None, fresh=fresh)
        self._record = None if record is None else Path(record)
        self._attempts, self._concurrency = attempts, concurrency
        self._choose_strength, self._merge_aliases = choose_strength, merge_aliases
        from langchain_core.rate_limiters import InMemoryRateLimiter

        limiter = InMemoryRateLimiter(
            requests_per_second=requests_per_second, check_every_n_seconds=0.02, max_bucket_size=concurrency
        )
        self._caller = Caller(
            timeout=timeout,
            tries=tries,
            longest_wait=longest_wait,
            acquire=limiter.acquire,
            scrub=Scrubber(self._model),
        )
        self.usage = Usage()
        """Calls and tokens of the last plan."""

    def plan(self, story: str, *, seed: int | None = None, frame_rate: Fraction | None = None) -> VideoPlan:
        """The plan of a story, in any language.

        Raises:
            UsageError: a seed or frame rate that a plan cannot have.
            PlannerError: see `plan_request`.
        """
        return self.plan_request(PlanRequest.parse({"story": story, "seed": seed, "frame_rate": frame_rate}))

    def plan_request(self, request: PlanRequest) -> VideoPlan:
        """The plan of a request; its notes tell every mend, what was not kept, and what it has cost.

        Raises:
            PlannerError: the server cannot be reached or refuses, or its answers cannot be used; the hint names the
                file with everything that was received.
        """
        if not any(character.isalpha() for character in request.story):
            note = "The story has no words: this plan is one empty scene to start from."
            return _plan(request, [Scene(id="s1", description="")], [note])
        with closing(self._cache):
            run = self._begin(request.story)
            try:
                plan = self._planned(request, run)
            except PlannerError as error:
                raise self._saved(error, run) from error
            self._recorded(run)
        return granted(plan, request) if request.wishes else plan

    def refine(self, plan: VideoPlan, request: str) -> VideoPlan:
        """A copy of the plan in which what was asked is changed, and nothing else.

        Raises:
            PlanError: the plan was not valid before.
            PlannerError: the model says that it cannot be done, or its answers cannot be used.
        """
        before = plan.checked()

        def messages(form: Form) -> list[Message]:
            return refine_messages(self._prompts, before, request, form)

        question = Question(messages, json_schema(RefineAnswer))
        with closing(self._cache):
            run = self._begin(request)
            try:
                edited = run.dialogue.settle("the request", question, lambda text: read_edits(text, before, request))
                if not edited.edits:
                    said = edited.remark or "; ".join(edited.faults) or "it names nothing to change"
                    raise PlannerError(f"the chat model changes nothing: {said[:300]}", hint="say it in other words")
            except PlannerError as error:
                raise self._saved(error, run) from error
            self._recorded(run)
        return edited.plan

    def dry_run(self, request: PlanRequest) -> list[tuple[str, Sequence[Message]]]:
        """What would be sent, step by step, without sending it.

        The questions of step 2 follow from the answer to step 1. Where that is kept from before they are exact;
        otherwise one is shown with a stand-in for the scene.
        """
        with closing(self._cache):
            run = self._begin(request.story)
            question = self._story_question(request)
            steps: list[tuple[str, Sequence[Message]]] = [("story", question.messages(run.chat.form))]
            kept = run.chat.kept(question)
            try:
                drafts = read_scenes(kept.text, request).scenes if kept else []
            except ValueError:
                drafts = []
            if not drafts:
                stand_in = SceneDraft(
                    "(the description of the scene, from the answer to the story)", "(its background)"
                )
                things = [Thing("(id)", "(name)", "(description of each entity)")]
                asked = layout_messages(self._prompts, stand_in, things, run.chat.form, strength=self._choose_strength)
                return [*steps, ("every scene", asked)]
            for number, (draft, things) in enumerate(zip(drafts, _ids(drafts), strict=True), start=1):
                steps.append((f"scene s{number}", self._layout_question(draft, things).messages(run.chat.form)))
            return steps

    # -- the two steps

    def _begin(self, story: str) -> _Run:
        self.usage = Usage()
        chat = Chat(self._model, caller=self._caller, cache=self._cache, usage=self.usage)
        return _Run(chat, Dialogue(chat, self._prompts, self._attempts, story), self.usage)

    def _story_question(self, request: PlanRequest) -> Question:
        return Question(lambda form: story_messages(self._prompts, request, form), json_schema(StoryAnswer))

    def _layout_question(self, draft: SceneDraft, things: Sequence[Thing]) -> Question:
        def messages(form: Form) -> list[Message]:
            return layout_messages(self._prompts, draft, things, form, strength=self._choose_strength)

        return Question(messages, json_schema(StrengthAnswer if self._choose_strength else LayoutAnswer))

    def _planned(self, request: PlanRequest, run: _Run) -> VideoPlan:
        question = self._story_question(request)
        # The dictionary takes a third of a second to load: meanwhile the model thinks.
        threading.Thread(target=is_known, args=("fox",), name="dictionary", daemon=True).start()
        answer = run.dialogue.settle("the story", question, lambda text: read_scenes(text, request), whole=True)
        notes = [f"story: {mend}" for mend in answer.mends]
        drafts = answer.scenes
        shots = len(script_of(request.story))
        if shots and request.scenes not in (None, shots):
            notes.append(f"The story is a script of {shots} shots: these are kept instead of {request.scenes} scenes.")
        originals = _originals(drafts, request)
        things = _ids(drafts)
        numbers = list(range(len(drafts)))

        def layouts(number: int) -> Layouts:
            if not things[number]:
                return Layouts()
            return self._layouts(f"scene s{number + 1}", drafts[number], things[number], run)

        placed_things = concurrently(layouts, numbers, workers=self._concurrency)
        scenes: list[Scene] = []
        for number, (draft, found) in enumerate(zip(drafts, placed_things, strict=True)):
            scene_id = f"s{number + 1}"
            entities = [
                Entity(id=thing.id, name=thing.name, description=thing.description, layout=found.boxes[thing.id])
                for thing in things[number]
            ]
            scenes.append(
                Scene(
                    id=scene_id,
                    description=draft.description,
                    original=originals[number],
                    background=draft.background,
                    entities=entities,
                    layout_strength=found.strength if self._choose_strength else None,
                )
            )
            notes += [f"{scene_id}: {mend}" for mend in found.mends]
        plan = _plan(request, scenes, [note[:4000] for note in notes])
        if self._merge_aliases:
            plan = join_aliases(plan)
        name = name_of(self._model)
        plan.notes.append(f"{run.usage.sentence(name)} Prompts: version {self._prompts.version}.")
        return plan.checked()

    def _layouts(self, step: str, draft: SceneDraft, things: Sequence[Thing], run: _Run) -> Layouts:
        def read(text: str) -> Layouts:
            return read_layouts(text, draft, things, model=name_of(self._model))

        found = run.dialogue.settle(step, self._layout_question(draft, things), read)
        missing = [thing for thing in things if thing.id not in found.boxes]
        if missing:
            found.boxes |= placed(missing, draft.background)
            names = ", ".join(thing.id for thing in missing)
            found.mends.append(f"without boxes in the answer, placed standing still: {names}")
        return found

    def _saved(self, error: PlannerError, run: _Run) -> PlannerError:
        folders = [default_folder().parent / "refused", Path(tempfile.gettempdir()) / "videodirector-refused"]
        return run.dialogue.saved(error, folders, self._caller.scrub, name_of(self._model))

    def _recorded(self, run: _Run) -> None:
        if self._record is not None:
            run.dialogue.save_to(self._record, self._caller.scrub, name_of(self._model))


def _folder(cache: str | os.PathLike[str] | bool | None) -> Path | None:
    if cache is False:
        return None
    return default_folder() if cache is None or cache is True else Path(cache)


def _plan(request: PlanRequest, scenes: list[Scene], notes: list[str]) -> VideoPlan:
    return VideoPlan(
        prompt=request.story[:MAX_PROMPT],
        seed=request.seed or 0,
        frame_rate=request.frame_rate or Fraction(8),
        scenes=scenes,
        notes=notes,
    )


def _originals(drafts: Sequence[SceneDraft], request: PlanRequest) -> list[str | None]:
    """The user's own words of each scene. A script's are the description too, unless they are in another language."""
    script = script_of(request.story)
    if len(script) == len(drafts):
        for draft, words in zip(drafts, script, strict=True):
            draft.words = words[:4000]
            if is_english(words):
                draft.description = draft.words
    story = normalised(request.story)
    return [
        draft.words if draft.words and draft.words != draft.description and normalised(draft.words) in story else None
        for draft in drafts
    ]


def _ids(drafts: Sequence[SceneDraft]) -> list[list[Thing]]:
    """The things of every scene, each with its id: the same name has the same id throughout, copies are numbered."""
    several = {normalised(thing.name) for draft in drafts for thing in draft.entities if thing.count > 1}
    slugs: dict[str, str] = {}
    for draft in drafts:
        for thing in draft.entities:
            name = normalised(thing.name)
            if name not in slugs:
                slug = re.sub(r"[^\w.]+", "-", name).strip("-._")[:56] or f"thing-{len(slugs) + 1}"
                taken = set(slugs.values())
                slugs[name] = next(
                    candidate for number in range(1, len(taken) + 3)
                    if (candidate := slug if number == 1 else f"{slug}-{number}x") not in taken
                )  # fmt: skip
    scenes: list[list[Thing]] = []
    for draft in drafts:
        things: list[Thing] = []
        for thing in draft.entities:
            slug = slugs[normalised(thing.name)]
            copies = range(1, thing.count + 1)
            ids = [f"{slug}-{copy}" for copy in copies] if normalised(thing.name) in several else [slug]
            things += [Thing(thing_id, thing.name, thing.description) for thing_id in ids]
        scenes.append(things)
    return scenes
