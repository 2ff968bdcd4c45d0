"""JSON Schemas of answers, within what strict structured output accepts.

Every field is required, nothing has a default, a box has four named numbers. Bounds are not said here: not every server
knows them, and answers are checked and repaired when they come in anyway.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

__all__ = ["ACTIONS", "LayoutAnswer", "RefineAnswer", "StoryAnswer", "StrengthAnswer", "build_json_schema"]

Action = Literal[
    "describe_scene", "set_background", "set_length", "describe_entity", "rename_entity", "set_layout",
    "resize_entity", "add_entity", "remove_entity", "add_scene", "remove_scene",
]  # fmt: skip
ACTIONS: tuple[Action, ...] = get_args(Action)


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WireEntity(_Wire):
    name: str
    description: str
    count: int


class WireScene(_Wire):
    words: str
    description: str
    background: str
    entities: list[WireEntity]


class StoryAnswer(_Wire):
    scenes: list[WireScene]


class WireBox(_Wire):
    x0: float
    y0: float
    x1: float
    y1: float


class WireKey(_Wire):
    frame: int
    box: WireBox | None


class WireLayout(_Wire):
    entity: str
    keys: list[WireKey]


class LayoutAnswer(_Wire):
    reasoning: str
    layouts: list[WireLayout]
    caption: str


class StrengthAnswer(LayoutAnswer):
    layout_strength: float


class WireEdit(_Wire):
    action: Action
    scene: str | None
    entity: str | None
    text: str | None
    number: float | None
    layout: list[WireBox | None] | None
    after: str | None


class RefineAnswer(_Wire):
    remark: str
    edits: list[WireEdit]


def build_json_schema(answer: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of an answer, with its name as the title."""
    schema = answer.model_json_schema()
    schema.pop("description", None)
    return schema
