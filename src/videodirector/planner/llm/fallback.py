"""Places for things that an answer named and never placed: where the offline planner would let them stand."""

from __future__ import annotations

from collections.abc import Sequence

from videodirector.planner.knowledge import thing_called
from videodirector.planner.layout import arrange
from videodirector.planner.llm.layouts import Thing
from videodirector.planner.places import ground_line
from videodirector.planner.tracks import Actor
from videodirector.schemas import Box

__all__ = ["placed"]


def placed(things: Sequence[Thing], background: str) -> dict[str, list[Box | None]]:
    """Layouts in which the things stand still, side by side."""
    actors: list[Actor] = []
    for thing in things:
        known = thing_called(thing.name.lower())
        height, aspect = (known.size, known.aspect) if known else (0.3, 0.9)
        level = 0.8 if known is not None and known.kind == "sky" else 0.0
        actors.append(Actor(id=thing.id, height=min(max(height, 0.08), 0.7), aspect=aspect, level=level))
    return arrange(actors, [], ground_line(background))
