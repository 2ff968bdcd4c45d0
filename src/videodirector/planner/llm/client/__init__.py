"""The client of chat models: calls with retries, a cache of answers, usage, and redaction of secrets."""

from videodirector.planner.llm.client._models import create_chat_model
from videodirector.planner.llm.client._secrets import SecretRedactor
from videodirector.planner.llm.client.cache import AnswerCache, get_default_folder
from videodirector.planner.llm.client.calls import Caller, map_concurrently
from videodirector.planner.llm.client.chat import Chat, Question, Reply, get_model_name
from videodirector.planner.llm.client.usage import Usage

__all__ = [
    "AnswerCache",
    "Caller",
    "Chat",
    "Question",
    "Reply",
    "SecretRedactor",
    "Usage",
    "create_chat_model",
    "get_default_folder",
    "get_model_name",
    "map_concurrently",
]
