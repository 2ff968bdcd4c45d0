"""As many scenes as asked for: neighbours joined, or scenes divided, in time; nothing is left out or made up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from videodirector.schemas import KEY_BOXES, MAX_ENTITIES, MAX_FRAMES, Box, Entity, Layout, Scene, dense

__all__ = ["counted"]

_FINE = 24  # points between two keys where a layout is divided


def counted(scenes: Sequence[Scene], number: int) -> tuple[list[Scene], list[str]]:
    """The story in this number of scenes, and what there is to say of it.

    Fewer: neighbours are joined, one after the other in one longer scene. More: scenes are divided, each part with its
    piece of every way.
    """
    have = len(scenes)
    if number == have:
        return list(scenes), []
    if number < have:
        bounds = [round(part * have / number) for part in range(number + 1)]
        groups = [scenes[begin:end] for begin, end in pairwise(bounds)]
        joined = [_joined(f"s{place}", group) for place, group in enumerate(groups, 1)]
        places = [group for group in groups if len({scene.background for scene in group}) > 1]
        notes = [f"{have} events of the story were joined into {number} scenes, as asked for."]
        if places:
            notes.append("Where scenes of several places were joined, the first place was taken.")
        return joined, notes
    shares = [number // have + (place < number % have) for place in range(have)]
    parts = [part for scene, share in zip(scenes, shares, strict=True) for part in _divided(scene, share)]
    for place, part in enumerate(parts, 1):
        part.id = f"s{place}"
    return parts, [f"{have} events of the story were divided into {number} scenes, as asked for."]


def _joined(scene_id: str, scenes: Sequence[Scene]) -> Scene:
    """One scene in which these happen one after the other."""
    if len(scenes) == 1:
        return scenes[0].model_copy(update={"id": scene_id})
    entities: dict[str, Entity] = {}
    keys = max(KEY_BOXES // len(scenes) + 2, 3)
    for place, scene in enumerate(scenes):
        for entity in scene.entities:
            known = entities.setdefault(entity.id, entity.model_copy(update={"layout": [None] * (keys * len(scenes))}))
            known.layout[keys * place : keys * (place + 1)] = dense(entity.layout, keys)
    return scenes[0].model_copy(
        update={
            "id": scene_id,
            "description": " ".join(scene.description for scene in scenes)[:4000],
            "frames": min(sum(scene.frames for scene in scenes), MAX_FRAMES),
            "entities": [_bounded(entity) for entity in entities.values()][:MAX_ENTITIES],
        }
    )


def _bounded(entity: Entity) -> Entity:
    """With no more keys than a layout may have."""
    if len(entity.layout) <= MAX_FRAMES:
        return entity
    return entity.model_copy(update={"layout": dense(entity.layout, MAX_FRAMES)})


def _divided(scene: Scene, parts: int) -> list[Scene]:
    """The scene in parts that follow each other in time."""
    if parts == 1:
        return [scene]
    found = []
    for part in range(parts):
        pieces = [(entity, _piece(entity.layout, part, parts)) for entity in scene.entities]
        seen = [(entity, piece) for entity, piece in pieces if any(box is not None for box in piece)]
        entities = [entity.model_copy(update={"layout": piece}) for entity, piece in seen]
        found.append(scene.model_copy(update={"entities": entities}))
    return found


def _piece(layout: Layout, part: int, parts: int) -> Layout:
    points = dense(layout, (KEY_BOXES - 1) * parts * _FINE + 1)
    step = (KEY_BOXES - 1) * _FINE
    found: list[Box | None] = points[part * step : (part + 1) * step + 1 : _FINE]
    return found
