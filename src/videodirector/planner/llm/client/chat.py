"""A chat model as the planner uses it: questions with a schema, in whatever way the server takes them.

The ways, tried in this order until one is taken: structured output by JSON Schema, a tool call, JSON mode, plain text.
In each of them what comes back is text, read by the same reader.
"""

from __future__ import annotations

import inspect
import json
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from videodirector.planner.llm.client.cache import AnswerCache
from videodirector.planner.llm.client.calls import Caller, NotSupported
from videodirector.planner.llm.client.secrets import Scrubber
from videodirector.planner.llm.client.usage import Usage
from videodirector.planner.llm.parse_story import Form, Message

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable

__all__ = ["WAYS", "Chat", "Question", "Reply", "name_of"]

Way = Literal["json_schema", "function_calling", "json_mode", "text"]
WAYS: tuple[Way, ...] = ("json_schema", "function_calling", "json_mode", "text")

_CUT_OFF = ("length", "max_tokens", "model_length", "MAX_TOKENS")
_REFUSED = ("content_filter", "refusal", "safety", "SAFETY", "RECITATION", "guardrail_intervened")


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its messages for answers in JSON or text, and the JSON Schema of the answer."""

    messages: Callable[[Form], Sequence[Message]]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came.

    Attributes:
        text: its words, or the arguments of its tool call.
        trouble: "" or why it cannot be whole: "cut off", "refused".
        tokens_in, tokens_out: as the server counted.
        key: under which it is kept.
    """

    text: str
    trouble: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    key: str = ""


class Chat:
    """Asks a langchain chat model.

    Args:
        model: the model.
        caller: does the calls.
        cache: keeps the answers.
        usage: counts them.
    """

    def __init__(self, model: BaseChatModel, *, caller: Caller, cache: AnswerCache, usage: Usage) -> None:
        self._model = model
        self._caller = caller
        self._cache = cache
        self._usage = usage
        self._scrub: Scrubber = caller.scrub
        self._identity = _identity(model)
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}
        known = cache.get(self._way_key()) or {}
        self._way: Way = known["way"] if known.get("way") in WAYS else WAYS[0]

    @property
    def form(self) -> Form:
        """Whether questions now ask for JSON or for text."""
        return "text" if self._way == "text" else "json"

    def ask(self, question: Question, more: Sequence[Message] = ()) -> Reply:
        """The answer to a question, from the cache if it was paid for already.

        Args:
            question: what to ask.
            more: what followed on it: the answer before, and why it cannot be used.

        Raises:
            PlannerError: there is no answer to be had.
        """
        while True:
            way = self._way
            messages = [*question.messages("text" if way == "text" else "json"), *more]
            key = AnswerCache.key(self._identity, messages, question.schema)
            with self._lock:
                asking = self._asking.setdefault(key, threading.Lock())
            with asking:  # the same question at the same time is asked once
                if (kept := self._kept(key)) is not None:
                    return kept
                try:
                    send = partial(self._send, way, messages, question.schema, key)
                    reply = self._caller.call(send, form_matters=way != "text")
                except NotSupported:
                    self._step_down(way)
                    continue
            self._usage.add(reply.tokens_in, reply.tokens_out, cached=False)
            return reply

    def forget(self, reply: Reply) -> None:
        """Keeps an answer no longer, so that the question may be asked anew."""
        self._cache.forget(reply.key)

    def kept(self, question: Question) -> Reply | None:
        """The kept answer to a question, without asking."""
        messages = list(question.messages(self.form))
        return self._kept(AnswerCache.key(self._identity, messages, question.schema))

    def _kept(self, key: str) -> Reply | None:
        if self._identity is None or (entry := self._cache.get(key)) is None:
            return None
        self._usage.add(0, 0, cached=True)
        return Reply(**{**entry, "key": key})

    def _step_down(self, way: Way) -> None:
        with self._lock:
            if self._way == way:
                self._way = WAYS[WAYS.index(way) + 1]
                self._cache.put(self._way_key(), {"way": self._way})

    def _way_key(self) -> str:
        return AnswerCache.key("way", self._identity)

    def _send(self, way: Way, messages: Sequence[Message], schema: Mapping[str, Any], key: str) -> Reply:
        """Asks once, and keeps the answer."""
        runnable = self._bound(way, dict(schema))
        try:
            answer = runnable.invoke([(role, text) for role, text in messages])
        except Exception as error:
            if (completion := getattr(error, "completion", None)) is None:
                raise
            reply = _of_completion(completion, key)  # cut off or filtered: it is paid for, so it is read
        else:
            raw = answer["raw"] if isinstance(answer, dict) else answer
            reply = _of_message(raw, key)
        if self._identity is not None:
            entry = asdict(reply) | {"text": self._scrub(reply.text)}
            self._cache.put(key, entry)
        return reply

    def _bound(self, way: Way, schema: dict[str, Any]) -> Runnable[Any, Any]:
        if way == "text":
            return self._model
        taken = inspect.signature(self._model.with_structured_output).parameters
        options: dict[str, Any] = {"method": way} if "method" in taken else {}
        if way == "json_schema" and "strict" in taken:
            options["strict"] = True
        if way != "function_calling" and "method" not in taken:
            raise NotSupported(way)  # langchain's own way for models that only know tools
        try:
            with self._lock, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about models that do not know a way: they will say so themselves
                return self._model.with_structured_output(schema, include_raw=True, **options)
        except (NotImplementedError, ValueError, TypeError) as error:
            raise NotSupported(str(error)) from error


def name_of(model: object) -> str:
    """What a chat model calls itself: "gpt-4o"."""
    for field in ("model_name", "model", "model_id"):
        name = getattr(model, field, None)
        if isinstance(name, str) and name:
            return name.split("/")[-1][:100]
    return ""


def _identity(model: BaseChatModel) -> dict[str, Any] | None:
    """What tells one model from another; None for those whose answers must not be kept, such as scripted ones."""
    if getattr(model, "keep_no_answers", False):
        return None
    fields = ("model_name", "model", "openai_api_base", "base_url", "temperature", "max_tokens", "top_p", "seed")
    settings = {field: str(value) for field in fields if (value := getattr(model, field, None)) is not None}
    return {"class": f"{type(model).__module__}.{type(model).__qualname__}", **settings}


def _of_message(message: Any, key: str) -> Reply:
    text = str(message.text or "")
    calls = [json.dumps(call.get("args", {}), ensure_ascii=False) for call in getattr(message, "tool_calls", [])]
    calls += [str(call.get("args") or "") for call in getattr(message, "invalid_tool_calls", [])]
    if calls:
        text = max(calls, key=len)
    facts = {**(getattr(message, "response_metadata", None) or {})}
    finish = str(facts.get("finish_reason") or facts.get("stop_reason") or facts.get("done_reason") or "")
    refusal = (getattr(message, "additional_kwargs", None) or {}).get("refusal")
    trouble = "refused" if refusal or finish in _REFUSED else "cut off" if finish in _CUT_OFF else ""
    usage: Any = getattr(message, "usage_metadata", None) or {}
    return Reply(
        text=text or str(refusal or ""),
        trouble=trouble,
        tokens_in=int(usage.get("input_tokens", 0)),
        tokens_out=int(usage.get("output_tokens", 0)),
        key=key,
    )


def _of_completion(completion: Any, key: str) -> Reply:
    """The reply in an openai completion that its client raises instead of returning."""
    choice = completion.choices[0]
    calls = [call.function.arguments for call in choice.message.tool_calls or [] if getattr(call, "function", None)]
    usage = completion.usage
    return Reply(
        text=max(calls, key=len) if calls else choice.message.content or choice.message.refusal or "",
        trouble="cut off" if choice.finish_reason in _CUT_OFF else "refused",
        tokens_in=usage.prompt_tokens if usage else 0,
        tokens_out=usage.completion_tokens if usage else 0,
        key=key,
    )
