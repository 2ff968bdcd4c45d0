"""Step 2: the layouts of the entities of one scene, nine key boxes each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from videodirector.planner.english.knowledge import find_thing
from videodirector.planner.layout.arrange import arrange_boxes
from videodirector.planner.layout.trajectories import Actor
from videodirector.planner.llm._repair import Layouts, repair_layouts
from videodirector.planner.llm.parse_boxes import parse_tracks
from videodirector.planner.llm.parse_story import Form, Message, ParsedScene, build_fence
from videodirector.planner.story.places import get_ground_line
from videodirector.prompts import Prompts
from videodirector.schemas import Box

__all__ = ["MAX_STRENGTH", "LayoutEntity", "build_layout_messages", "parse_layouts", "place_side_by_side"]

MAX_STRENGTH = 0.3
"""A layout strength that the model chooses lies in [0, 0.3] (VideoDirectorGPT)."""


@dataclass(frozen=True, slots=True)
class LayoutEntity:
    """One entity of a scene that needs boxes; copies have an id each."""

    id: str
    name: str
    description: str


def build_layout_messages(
    prompts: Prompts, draft: ParsedScene, entities: Sequence[LayoutEntity], form: Form, *, strength: bool = False
) -> list[Message]:
    """Build the messages of step 2 for one scene."""
    looks = {thing.id: thing.description or thing.name for thing in entities}
    asked = _format_question(draft.description, draft.background, looks)
    begin, end = build_fence(asked)
    constraints = (
        f'- Say how strictly the boxes must be kept, as "layout_strength" between 0 (hardly) and {MAX_STRENGTH} '
        "(a motion that must be exact); 0.1 is usual.\n"
        if strength
        else ""
    )
    system = prompts.fill(
        "layout.md", wishes=constraints, begin=begin, end=end, format=prompts.templates[f"layout_as_{form}.md"].strip()
    )
    messages: list[Message] = [("system", system)]
    for example in prompts.layout_examples:
        scene, answer = example["scene"], example["answer"]
        shown = _format_question(scene["description"], scene["background"], scene["entities"])
        written = _format_json if form == "json" else _format_text
        messages += [("human", f"{begin}\n{shown}\n{end}"), ("ai", written(answer, strength=strength))]
    return [*messages, ("human", f"{begin}\n{asked}\n{end}")]


def _format_question(description: str, background: str, entities: Mapping[str, str]) -> str:
    lines = [f"Scene: {description}", f"Background: {background or 'any'}", "Entities:"]
    lines += [f"- {json.dumps(name, ensure_ascii=False)}: {looks}" for name, looks in entities.items()]
    return "\n".join(lines)


def _format_json(answer: Mapping[str, Any], *, strength: bool) -> str:
    layouts = [
        {
            "entity": name,
            "keys": [
                {"frame": number, "box": None if box is None else dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))}
                for number, box in enumerate(keys, start=1)
            ],
        }
        for name, keys in answer["layouts"].items()
    ]
    shown = {"reasoning": answer.get("reasoning", ""), "layouts": layouts, "caption": answer.get("caption", "")}
    if strength:
        shown["layout_strength"] = answer.get("layout_strength", 0.1)
    return json.dumps(shown, ensure_ascii=False)


def _format_text(answer: Mapping[str, Any], *, strength: bool) -> str:
    lines = [f"Reasoning: {answer.get('reasoning', '')}"]
    for number in range(9):
        seen = [{"entity": name, "box": keys[number]} for name, keys in answer["layouts"].items() if keys[number]]
        lines.append(f"Frame {number + 1}: {json.dumps(seen, ensure_ascii=False)}")
    lines.append(f"Caption: {answer.get('caption', '')}")
    if strength:
        lines.append(f"Layout strength: {answer.get('layout_strength', 0.1)}")
    return "\n".join(lines)


def parse_layouts(text: str, draft: ParsedScene, entities: Sequence[LayoutEntity], *, model: str = "") -> Layouts:
    """Parse the layouts of an answer to step 2, repaired where possible.

    Raises:
        ValueError: it has none.
    """
    layouts = repair_layouts(
        parse_tracks(text), {thing.id: thing.name for thing in entities}, context=f"{draft.description} {model}"
    )
    if not layouts.boxes:
        raise ValueError("; ".join(layouts.faults) or "there are no boxes in the answer")
    strength = layouts.strength
    if strength is not None and not 0 <= strength <= MAX_STRENGTH:
        layouts.strength = min(max(strength, 0.0), MAX_STRENGTH)
        layouts.repairs.append(f"layout strength {strength:g} brought into [0, {MAX_STRENGTH}]")
    return layouts


def place_side_by_side(entities: Sequence[LayoutEntity], background: str) -> dict[str, list[Box | None]]:
    """Return layouts of entities side by side, without motion."""
    actors: list[Actor] = []
    for thing in entities:
        known = find_thing(thing.name.lower())
        height, aspect = (known.size, known.aspect) if known else (0.3, 0.9)
        level = 0.8 if known is not None and known.kind == "sky" else 0.0
        actors.append(Actor(id=thing.id, height=min(max(height, 0.08), 0.7), aspect=aspect, level=level))
    return arrange_boxes(actors, [], get_ground_line(background))
