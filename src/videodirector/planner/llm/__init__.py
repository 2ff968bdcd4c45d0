"""Planning with chat models through langchain, in the two published steps; answers are repaired or requested again."""

from importlib import import_module
from typing import TYPE_CHECKING

from videodirector.planner.llm.client import create_chat_model
from videodirector.planner.llm.planner import LLMPlanner

if TYPE_CHECKING:
    from videodirector.planner.llm.scripted import ScriptedChatModel

__all__ = ["LLMPlanner", "ScriptedChatModel", "create_chat_model"]


def __getattr__(name: str) -> object:
    if name != "ScriptedChatModel":  # it is a langchain class, and langchain takes a second to load
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.scripted").ScriptedChatModel
