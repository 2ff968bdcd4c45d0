"""A chat model as the planner uses it: questions with a schema, by any output method that the server supports.

The methods, tried in this order until one is supported: structured output by JSON Schema, a tool call, JSON mode,
plain text. All of them return text for the same parser.
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

from videodirector.planner.llm.client._secrets import SecretRedactor
from videodirector.planner.llm.client.cache import AnswerCache
from videodirector.planner.llm.client.calls import Caller, FormNotSupported
from videodirector.planner.llm.client.usage import Usage
from videodirector.planner.llm.parse_story import Form, Message

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable

__all__ = ["OUTPUT_METHODS", "Chat", "Question", "Reply", "get_model_name"]

OutputMethod = Literal["json_schema", "function_calling", "json_mode", "text"]
OUTPUT_METHODS: tuple[OutputMethod, ...] = ("json_schema", "function_calling", "json_mode", "text")

_CUT_OFF = ("length", "max_tokens", "model_length", "MAX_TOKENS")
_REFUSED = ("content_filter", "refusal", "safety", "SAFETY", "RECITATION", "guardrail_intervened")


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its messages for answers in JSON or text, and the JSON Schema of the answer."""

    messages: Callable[[Form], Sequence[Message]]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of a chat model.

    Attributes:
        text: its words, or the arguments of its tool call.
        trouble: "" or why it is incomplete: "cut off", "refused".
        tokens_in, tokens_out: as the server counted.
        key: in the cache.
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
        caller: makes the calls.
        cache: of answers.
        usage: counts calls and tokens.
    """

    def __init__(self, model: BaseChatModel, *, caller: Caller, cache: AnswerCache, usage: Usage) -> None:
        self._model = model
        self._caller = caller
        self._cache = cache
        self._usage = usage
        self._redact: SecretRedactor = caller.redact
        self._identity = _describe_model(model)
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}
        known = cache.get(self._make_method_key()) or {}
        self._method: OutputMethod = known["way"] if known.get("way") in OUTPUT_METHODS else OUTPUT_METHODS[0]

    @property
    def form(self) -> Form:
        """Whether questions now ask for JSON or for text."""
        return "text" if self._method == "text" else "json"

    def ask(self, question: Question, more: Sequence[Message] = ()) -> Reply:
        """Return the answer to a question, from the cache if it is there.

        Args:
            question: what to ask.
            more: what followed on it: the answer before, and why it cannot be used.

        Raises:
            PlannerError: no answer could be obtained.
        """
        while True:
            method = self._method
            messages = [*question.messages("text" if method == "text" else "json"), *more]
            key = AnswerCache.make_key(self._identity, messages, question.schema)
            with self._lock:
                asking = self._asking.setdefault(key, threading.Lock())
            with asking:  # the same question at the same time is asked once
                if (kept := self._get_cached(key)) is not None:
                    return kept
                try:
                    send = partial(self._send, method, messages, question.schema, key)
                    reply = self._caller.call(send, form_matters=method != "text")
                except FormNotSupported:
                    self._use_next_method(method)
                    continue
            self._usage.add(reply.tokens_in, reply.tokens_out, cached=False)
            return reply

    def forget(self, reply: Reply) -> None:
        """Remove an answer from the cache."""
        self._cache.forget(reply.key)

    def get_cached_reply(self, question: Question) -> Reply | None:
        """Return the kept answer to a question, without asking."""
        messages = list(question.messages(self.form))
        return self._get_cached(AnswerCache.make_key(self._identity, messages, question.schema))

    def _get_cached(self, key: str) -> Reply | None:
        if self._identity is None or (entry := self._cache.get(key)) is None:
            return None
        self._usage.add(0, 0, cached=True)
        return Reply(**{**entry, "key": key})

    def _use_next_method(self, method: OutputMethod) -> None:
        with self._lock:
            if self._method == method:
                self._method = OUTPUT_METHODS[OUTPUT_METHODS.index(method) + 1]
                self._cache.put(self._make_method_key(), {"way": self._method})

    def _make_method_key(self) -> str:
        return AnswerCache.make_key("way", self._identity)

    def _send(self, way: OutputMethod, messages: Sequence[Message], schema: Mapping[str, Any], key: str) -> Reply:
        """Asks once, and keeps the answer."""
        runnable = self._bind_model(way, dict(schema))
        try:
            answer = runnable.invoke([(role, text) for role, text in messages])
        except Exception as error:
            if (completion := getattr(error, "completion", None)) is None:
                raise
            reply = _parse_completion(completion, key)  # cut off or filtered: it is paid for, so it is read
        else:
            raw = answer["raw"] if isinstance(answer, dict) else answer
            reply = _parse_message(raw, key)
        if self._identity is not None:
            entry = asdict(reply) | {"text": self._redact(reply.text)}
            self._cache.put(key, entry)
        return reply

    def _bind_model(self, method: OutputMethod, schema: dict[str, Any]) -> Runnable[Any, Any]:
        if method == "text":
            return self._model
        taken = inspect.signature(self._model.with_structured_output).parameters
        options: dict[str, Any] = {"method": method} if "method" in taken else {}
        if method == "json_schema" and "strict" in taken:
            options["strict"] = True
        if method != "function_calling" and "method" not in taken:
            raise FormNotSupported(method)  # langchain's default for models with tools only
        try:
            with self._lock, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about models that do not know a way: they will say so themselves
                return self._model.with_structured_output(schema, include_raw=True, **options)
        except (NotImplementedError, ValueError, TypeError) as error:
            raise FormNotSupported(str(error)) from error


def get_model_name(model: object) -> str:
    """Return what a chat model calls itself: "gpt-4o"."""
    for field in ("model_name", "model", "model_id"):
        name = getattr(model, field, None)
        if isinstance(name, str) and name:
            return name.split("/")[-1][:100]
    return ""


def _describe_model(model: BaseChatModel) -> dict[str, Any] | None:
    """Return the settings that identify a model; None if its answers must not be cached, as of scripted ones."""
    if getattr(model, "keep_no_answers", False):
        return None
    fields = ("model_name", "model", "openai_api_base", "base_url", "temperature", "max_tokens", "top_p", "seed")
    settings = {field: str(value) for field in fields if (value := getattr(model, field, None)) is not None}
    return {"class": f"{type(model).__module__}.{type(model).__qualname__}", **settings}


def _parse_message(message: Any, key: str) -> Reply:
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


def _parse_completion(completion: Any, key: str) -> Reply:
    """Return the reply in an openai completion that its client raises instead of returning."""
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
