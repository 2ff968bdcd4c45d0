"""Edits of whole scenes and of names, with the consistency groups and references they affect."""

from __future__ import annotations

import re
from collections.abc import Sequence

from videodirector.planner.english.vocabulary import COLOURS, choose_article
from videodirector.planner.refine.edit_errors import EditError
from videodirector.schemas import MAX_FRAMES, Entity, Scene, VideoPlan, normalised

__all__ = [
    "delete_scenes",
    "duplicate_scene",
    "move_scene",
    "recolour_entity",
    "rename_entity",
    "set_length",
    "swap_scenes",
    "update_references",
]


def delete_scenes(plan: VideoPlan, scenes: Sequence[Scene]) -> None:
    """Delete scenes.

    Raises:
        EditError: none would be left.
    """
    gone = {scene.id for scene in scenes}
    if len(gone) >= len(plan.scenes):
        raise EditError("a plan keeps one scene at least")
    plan.scenes = [scene for scene in plan.scenes if scene.id not in gone]


def duplicate_scene(plan: VideoPlan, scene: Scene) -> None:
    """Duplicate a scene right behind itself under a new id, with the same entities."""
    number, ids = 2, {other.id for other in plan.scenes}
    while f"{scene.id[:58]}-{number}" in ids:
        number += 1
    copy = scene.model_copy(deep=True, update={"id": f"{scene.id[:58]}-{number}"})
    plan.scenes.insert(plan.scenes.index(scene) + 1, copy)
    for members in plan.consistency_groups.values():
        if scene.id in members:
            members.insert(members.index(scene.id) + 1, copy.id)


def move_scene(plan: VideoPlan, scene: Scene, place: int) -> None:
    """Move a scene to this index among the other scenes."""
    rest = [other for other in plan.scenes if other is not scene]
    rest.insert(place, scene)
    if [other.id for other in rest] == [other.id for other in plan.scenes]:
        raise EditError(f"{scene.id} is there already")
    plan.scenes = rest


def swap_scenes(plan: VideoPlan, one: Scene, other: Scene) -> None:
    """Swap two scenes."""
    a, b = plan.scenes.index(one), plan.scenes.index(other)
    if a == b:
        raise EditError("these are one scene")
    plan.scenes[a], plan.scenes[b] = other, one


def set_length(scene: Scene, frames: float) -> None:
    """Set a scene's length in frames, within what a plan allows.

    Raises:
        EditError: it has that length already.
    """
    wanted = min(max(round(frames), 1), MAX_FRAMES)
    if wanted == scene.frames:
        raise EditError(f"{scene.id} is {scene.frames} frames long already")
    scene.frames = wanted


def rename_entity(plan: VideoPlan, scene: Scene, entity: Entity, name: str) -> None:
    """Rename an entity, also in the scene's description, groups and references."""
    scene.description = _replace_words(scene.description, entity.name, name)[:4000]
    for table in (plan.consistency_groups, plan.references):
        old = next((key for key in table if normalised(key) == normalised(entity.name)), None)
        if old is not None and old != entity.id:
            _copy_table_entry(table, old, name, scene.id)
    entity.name = name


def _copy_table_entry(table: dict[str, list[str]] | dict[str, str], old: str, new: str, scene_id: str) -> None:
    """Copy a group or reference of the old name to the new one, for this scene."""
    value = table[old]
    if isinstance(value, str):
        table.setdefault(new, value)  # type: ignore[arg-type]  # of the same table
    elif scene_id in value:
        table.setdefault(new, []).append(scene_id)  # type: ignore[arg-type, union-attr]


def recolour_entity(plan: VideoPlan, scene: Scene, entity: Entity, colour: str) -> None:
    """Recolour an entity, in name and descriptions.

    Raises:
        EditError: it has that colour already.
    """
    bare = " ".join(word for word in entity.name.split() if word.lower() not in COLOURS) or entity.name
    name = f"{colour} {bare}"
    if normalised(name) == normalised(entity.name):
        raise EditError(f"“{entity.name}” is {colour} already")
    if entity.description:
        plain = " ".join(word for word in entity.description.split() if word.lower() not in COLOURS)
        entity.description = _replace_words(plain, bare, name)
    rename_entity(plan, scene, entity, name)


def _replace_words(text: str, old: str, new: str) -> str:
    """Return the text with whole words replaced, the capital of a sentence's beginning kept."""

    def same_case(match: re.Match[str]) -> str:
        return new[:1].upper() + new[1:] if match[0][:1].isupper() and not old[:1].isupper() else new

    def with_article(match: re.Match[str]) -> str:
        right = choose_article(new)
        return f"{right.capitalize() if match[0][0] == 'A' else right} "

    if new[:1].isupper():  # "the fox" is Rusty, not "the Rusty"
        text = re.sub(rf"\b(?:an?|the) (?={re.escape(old)}\b)", "", text, flags=re.IGNORECASE)
    else:
        text = re.sub(rf"\b[Aa]n? (?={re.escape(old)}\b)", with_article, text)
    return re.sub(rf"\b{re.escape(old)}\b", same_case, text, flags=re.IGNORECASE)


def update_references(plan: VideoPlan, before: VideoPlan) -> VideoPlan:
    """Update groups and references after an edit: derived groups are rebuilt, others lose only missing names."""
    if before.consistency_groups == before.groups_by_name():
        anew = plan.groups_by_name()
        plan.consistency_groups = {group: _keep_order(members, before, group) for group, members in anew.items()}
    else:
        seen = {scene.id: _list_names(scene) for scene in plan.scenes}
        kept = {
            group: [scene for scene in members if scene in seen and normalised(group) in seen[scene]]
            for group, members in plan.consistency_groups.items()
        }
        plan.consistency_groups = {group: members for group, members in kept.items() if members}
    everything = set().union(*(_list_names(scene) for scene in plan.scenes))
    plan.references = {key: file for key, file in plan.references.items() if normalised(key) in everything}
    return plan.checked()


def _keep_order(members: list[str], before: VideoPlan, group: str) -> list[str]:
    old = before.consistency_groups.get(group, [])
    return old if set(old) == set(members) else members


def _list_names(scene: Scene) -> set[str]:
    names = [scene.background, *(name for entity in scene.entities for name in (entity.id, entity.name))]
    return {normalised(name) for name in names if name}
