"""A chat model that says what it was told to: for your own tests, without a key and without a network."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import Any, Self

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from videodirector.errors import UsageError
from videodirector.files.reading import read_bounded_text

__all__ = ["Answer", "ScriptedChatModel"]

Answer = str | AIMessage | Exception | Callable[[list[BaseMessage]], str | AIMessage]


class ScriptedChatModel(BaseChatModel):
    """Answers with what stands in its script, in turn; raises what is an exception there.

        planner = LLMPlanner(ScriptedChatModel(script=[story_answer, layout_answer]))

    An answer may be a function of the messages. Scenes are asked for at once: where there are several, use a function,
    recorded answers, or `LLMPlanner(..., concurrency=1)`. Its answers are not cached.

    Attributes:
        script: the answers, one for each question.
        recorded: answers by the question that they belong to; they are looked at before the script.
        asked: the messages of every question so far.
    """

    script: Sequence[Any] = ()
    recorded: dict[str, str] = {}  # noqa: RUF012 - pydantic copies defaults
    asked: list[list[BaseMessage]] = []  # noqa: RUF012
    keep_no_answers: bool = True

    _lock: Lock = PrivateAttr(default_factory=Lock)
    _next: int = PrivateAttr(default=0)

    @classmethod
    def from_recording(cls, path: str | os.PathLike[str]) -> Self:
        """Answers as `LLMPlanner(..., record=path)` wrote them, each to the same question.

        Raises:
            UsageError: the file is no recording.
        """
        try:
            entries = json.loads(read_bounded_text(path))["answers"]
            return cls(recorded={entry["question"]: entry["answer"] for entry in entries})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{os.fspath(path)}: this is no recording: {error}", hint="LLMPlanner(..., record=PATH) writes one"
            ) from None

    @classmethod
    def example(cls) -> tuple[Self, str]:
        """A recording that comes with the package, and its story: two scenes of a fox and an owl."""
        file = Path(str(resources.files("videodirector.planner.llm"))) / "example_answers.json"
        return cls.from_recording(file), json.loads(file.read_text(encoding="utf-8"))["story"]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 - the signature is langchain's
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> ChatResult:
        with self._lock:
            self.asked.append(list(messages))
            answer: Answer | None = self.recorded.get(str(messages[-1].text))
            if answer is None:
                if self._next >= len(self.script):
                    raise UsageError(
                        f"the script has {len(self.script)} answers, and this is question {len(self.asked)}",
                        hint="add an answer, or record a run anew",
                    )
                answer = self.script[self._next]
                self._next += 1
        if isinstance(answer, Exception):
            raise answer
        said = answer(messages) if callable(answer) else answer
        message = AIMessage(content=said) if isinstance(said, str) else said
        return ChatResult(generations=[ChatGeneration(message=message)])

    @property
    def _llm_type(self) -> str:
        return "scripted"
