"""Ask a question until its answer is usable, each time naming the problems, up to a number of attempts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

from videodirector.errors import OutputError, PlannerError
from videodirector.planner.llm.client import Chat, Question, Reply, SecretRedactor
from videodirector.planner.llm.parse_story import Message
from videodirector.prompts import Prompts
from videodirector.schemas import canonical_json, write_atomically

__all__ = ["Dialogue"]

_SHOWN = 20_000  # characters of an unusable answer to send back


class _Reading(Protocol):
    repairs: list[str]
    faults: list[str]


R = TypeVar("R", bound=_Reading)


@dataclass(slots=True)
class Dialogue:
    """The questions and answers of one plan.

    Attributes:
        chat: the chat model.
        prompts: for the follow-up questions.
        attempts: how often a question is asked in all.
        story: for the file of answers.
        answers: everything received, in order of arrival.
    """

    chat: Chat
    prompts: Prompts
    attempts: int
    story: str
    answers: list[dict[str, object]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask_until_usable(self, step: str, question: Question, read: Callable[[str], R], *, whole: bool = False) -> R:
        """Ask until an answer is usable, and return its best reading.

        Args:
            step: what it is for, in messages to people.
            question: what to ask.
            read: an answer as data with its faults; raises ValueError when there is none in it.
            whole: whether an answer that was cut off is unusable.

        Returns:
            The first reading without faults, or after the last attempt the one with the fewest, noted in its repairs.

        Raises:
            PlannerError: no answer was usable, or none came.
        """
        more: list[Message] = []
        best: R | None = None
        problems: list[str] = []
        replies: list[Reply] = []
        for _ in range(self.attempts):
            reply = self.chat.ask(question, more)
            replies.append(reply)
            reading: R | None = None
            try:
                reading = read(reply.text)
                problems = list(reading.faults)
            except ValueError as error:
                problems = [str(error)]
            if reply.trouble == "cut off":
                problems.insert(0, "the answer was cut off before its end: answer more briefly")
                reading = None if whole else reading
            elif reply.trouble == "refused":
                said = " ".join(reply.text.split())[:200]
                problems.insert(0, f"the answer was refused{f': {said}' if said else ''}")
            self._record(step, question, more, reply, problems)
            if reading is not None and not problems:
                return reading
            if reading is not None and (best is None or len(reading.faults) < len(best.faults)):
                best = reading
            again = self.prompts.fill("again.md", problems="\n".join(f"- {problem}" for problem in problems))
            more += [("ai", reply.text[:_SHOWN] or "(nothing)"), ("human", again)]
        if best is not None:
            best.repairs += [f"{fault}; asked {len(replies)} times" for fault in best.faults]
            return best
        for reply in replies:
            self.chat.forget(reply)  # they are saved elsewhere; a new run asks again
        raise PlannerError(
            f"{step}: no usable answer in {len(replies)} attempts; the last one: {problems[0][:300]}",
            hint="try again, another model, or a shorter story",
        )

    def save_answers(self, path: Path, scrub: SecretRedactor, model: str) -> Path:
        """Write all answers to a file, without secrets.

        Raises:
            OutputError: it cannot be written.
        """
        record = {"model": model, "story": self.story, "answers": self.answers}
        return write_atomically(path, canonical_json(scrub.redact_data(record)).encode("utf-8", "replace"))

    def save_after_error(
        self, error: PlannerError, folders: list[Path], scrub: SecretRedactor, model: str
    ) -> PlannerError:
        """Save all answers to a new file in the first usable folder, and name it in the error's hint."""
        if not self.answers:
            return error
        name = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.json"
        for folder in folders:
            with suppress(OSError, OutputError):
                folder.mkdir(parents=True, exist_ok=True)
                path = self.save_answers(folder / name, scrub, model)
                said = f"{error.hint}; " if error.hint else ""
                return PlannerError(error.message, hint=f"{said}what was received is in {path}")
        return error

    def _record(self, step: str, question: Question, more: list[Message], reply: Reply, problems: list[str]) -> None:
        asked = more[-1][1] if more else question.messages(self.chat.form)[-1][1]
        entry: dict[str, object] = {"step": step, "question": asked, "answer": reply.text, "problems": list(problems)}
        with self._lock:
            self.answers.append(entry)
