"""Edits of a plan by a chat model, which answers with a list of edits.

So nothing else can change, whatever the model answers; and an edit outside of the scenes that the request names is no
edit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from videodirector.errors import PlanError, PlannerError
from videodirector.planner.llm._answer_schemas import ACTIONS
from videodirector.planner.llm._answers import extract_json
from videodirector.planner.llm._coordinates import recognise_convention
from videodirector.planner.llm._layouts import LayoutEntity, place_side_by_side
from videodirector.planner.llm.parse_boxes import parse_box
from videodirector.planner.llm.parse_story import Form, Message, build_fence
from videodirector.planner.refine import scenes as whole
from videodirector.planner.refine.edit_errors import EditError
from videodirector.planner.refine.layout_edits import resize
from videodirector.planner.refine.targets import find_scenes
from videodirector.prompts import Prompts
from videodirector.schemas import Box, Entity, Scene, VideoPlan

__all__ = ["EditedPlan", "build_refine_messages", "parse_edits"]


class _InvalidEdit(Exception):
    """An edit that cannot be carried out, in words for the model."""


@dataclass(slots=True)
class EditedPlan:
    """The edited plan, and the faults of the edits, in words for the model."""

    plan: VideoPlan
    edits: int = 0
    remark: str = ""
    repairs: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def build_refine_messages(prompts: Prompts, plan: VideoPlan, request: str, _form: Form) -> list[Message]:
    """Build the messages; scenes that the request does not name are sent without layouts."""
    scope = _find_scope(plan, request)
    shown = {"scenes": [_format_scene(scene, layouts=scope is None or scene.id in scope) for scene in plan.scenes]}
    asked = f"Plan: {json.dumps(shown, ensure_ascii=False)}\nChange: {request}"
    begin, end = build_fence(asked)
    system = prompts.fill("refine.md", begin=begin, end=end, format=prompts.templates["refine_as_json.md"].strip())
    return [("system", system), ("human", f"{begin}\n{asked}\n{end}")]


def parse_edits(text: str, plan: VideoPlan, request: str) -> EditedPlan:
    """Parse and apply the edits of an answer.

    Raises:
        ValueError: the answer has no edits.
    """
    data, repairs = extract_json(text)
    if isinstance(data, Mapping) and "edits" not in data and "action" in data:
        data = {"edits": [data]}
    items = data.get("edits") if isinstance(data, Mapping) else data
    if not isinstance(items, list):
        raise ValueError("there are no edits in the answer")
    edited = EditedPlan(plan.model_copy(deep=True), repairs=repairs)
    edited.remark = str(data.get("remark") or "")[:500] if isinstance(data, Mapping) else ""
    if not items and not edited.remark:
        raise ValueError("there are no edits in the answer, and no remark that says why")
    scope = _find_scope(plan, request)
    for number, item in enumerate(items[:1000], start=1):
        try:
            if not isinstance(item, Mapping):
                raise _InvalidEdit("it is not an object")
            _apply_edit(edited.plan, item, scope)
            edited.edits += 1
        except (_InvalidEdit, EditError) as error:
            edited.faults.append(f"edit {number}: {error.args[0]}")
    try:
        edited.plan = whole.update_references(edited.plan, plan)
    except PlanError as error:
        raise ValueError("; ".join(map(str, error.issues[:10]))) from None
    return edited


def _find_scope(plan: VideoPlan, request: str) -> set[str] | None:
    """Return the ids of the scenes that a request names; None if it names none."""
    try:
        scenes, _ = find_scenes(plan, request)
    except PlannerError:
        return None
    return None if scenes is None else {scene.id for scene in scenes}


def _format_scene(scene: Scene, *, layouts: bool) -> dict[str, Any]:
    entities: list[dict[str, Any]] = []
    for entity in scene.entities:
        entry: dict[str, Any] = {"id": entity.id, "name": entity.name, "description": entity.description}
        if layouts:
            entry["layout"] = [None if key is None else [round(side, 3) for side in key] for key in entity.layout]
        entities.append(entry)
    shown = {"id": scene.id, "description": scene.description, "background": scene.background, "frames": scene.frames}
    return {**shown, "entities": entities}


# -- one function an action: a plan, the scenes it is about, the edit

Edit = Mapping[str, Any]


def _apply_edit(plan: VideoPlan, edit: Edit, scope: set[str] | None) -> None:
    action = str(edit.get("action", "")).strip().lower().replace(" ", "_")
    if action not in ACTIONS:
        raise _InvalidEdit(f"there is no action {action[:40]!r}; there are: {', '.join(ACTIONS)}")
    named = edit.get("scene")
    if action == "add_scene":
        _add_scene(plan, edit)
        return
    if named is None and edit.get("entity") is not None:
        scenes = [scene for scene in plan.scenes if any(thing.id == edit["entity"] for thing in scene.entities)]
        scenes = scenes if scope is None else [scene for scene in scenes if scene.id in scope]
    else:
        scenes = [scene for scene in plan.scenes if scene.id == str(named)]
    if not scenes:
        ids = ", ".join(scene.id for scene in plan.scenes[:20])
        raise _InvalidEdit(f"there is no scene {str(named)[:40]!r}; their ids are {ids}")
    if scope is not None and not {scene.id for scene in scenes} <= scope:
        raise _InvalidEdit(f"the request is about {', '.join(sorted(scope))} only, and this changes {scenes[0].id}")
    if action == "remove_scene":
        whole.delete_scenes(plan, scenes)
        return
    for scene in scenes:
        _ACTIONS[action](plan, scene, edit)


def _add_scene(plan: VideoPlan, edit: Edit) -> None:
    new = Scene(id=_get_text(edit, "scene", 64), description=_get_text(edit, "text"))
    after = edit.get("after")
    places = [place for place, scene in enumerate(plan.scenes, start=1) if scene.id == after]
    if after is not None and not places:
        raise _InvalidEdit(f"there is no scene {str(after)[:40]!r} to add it after")
    place = places[0] if places else 0
    new.background = plan.scenes[max(place - 1, 0)].background
    plan.scenes.insert(place, new)


def _describe_scene(_plan: VideoPlan, scene: Scene, edit: Edit) -> None:
    scene.description = _get_text(edit, "text")


def _set_background(_plan: VideoPlan, scene: Scene, edit: Edit) -> None:
    scene.background = _get_text(edit, "text", 200)


def _set_length(_plan: VideoPlan, scene: Scene, edit: Edit) -> None:
    whole.set_length(scene, _get_number(edit))


def _describe_entity(_plan: VideoPlan, scene: Scene, edit: Edit) -> None:
    _get_entity(scene, edit).description = _get_text(edit, "text")


def _rename_entity(plan: VideoPlan, scene: Scene, edit: Edit) -> None:
    whole.rename_entity(plan, scene, _get_entity(scene, edit), _get_text(edit, "text", 200))


def _set_layout(_plan: VideoPlan, scene: Scene, edit: Edit) -> None:
    entity = _get_entity(scene, edit)
    layout = _get_layout(edit)
    if layout is None:
        raise _InvalidEdit('"layout" must be a list of boxes with x0, y0, x1, y1 inside of the picture, or null')
    entity.layout = layout


def _resize_entity(_plan: VideoPlan, scene: Scene, edit: Edit) -> None:
    entity = _get_entity(scene, edit)
    factor = _get_number(edit)
    if not 0.05 <= factor <= 20:
        raise _InvalidEdit('"number" must be a factor such as 1.5')
    entity.layout = resize(entity.layout, factor)


def _add_entity(_plan: VideoPlan, scene: Scene, edit: Edit) -> None:
    new, name = _get_text(edit, "entity", 64), _get_text(edit, "text", 200)
    if any(entity.id == new for entity in scene.entities):
        raise _InvalidEdit(f"{scene.id} has an entity {new!r} already")
    layout = _get_layout(edit) or place_side_by_side([LayoutEntity(new, name, "")], scene.background)[new]
    try:
        scene.entities.append(Entity(id=new, name=name, layout=layout))
    except ValueError:
        raise _InvalidEdit(f"{new!r} is not a valid id: letters, digits, _ . and -") from None


def _remove_entity(_plan: VideoPlan, scene: Scene, edit: Edit) -> None:
    scene.entities.remove(_get_entity(scene, edit))


_ACTIONS: Mapping[str, Callable[[VideoPlan, Scene, Edit], None]] = {
    "describe_scene": _describe_scene,
    "set_background": _set_background,
    "set_length": _set_length,
    "describe_entity": _describe_entity,
    "rename_entity": _rename_entity,
    "set_layout": _set_layout,
    "resize_entity": _resize_entity,
    "add_entity": _add_entity,
    "remove_entity": _remove_entity,
}


def _get_entity(scene: Scene, edit: Edit) -> Entity:
    wanted = str(edit.get("entity"))
    for entity in scene.entities:
        if entity.id == wanted:
            return entity
    ids = ", ".join(entity.id for entity in scene.entities) or "none"
    raise _InvalidEdit(f"{scene.id} has no entity {wanted[:40]!r}; its entities are {ids}")


def _get_text(edit: Edit, name: str, most: int = 4000) -> str:
    value = edit.get(name)
    text = " ".join(value.split()) if isinstance(value, str) else ""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if not text:
        raise _InvalidEdit(f'"{name}" is missing')
    return text[:most]


def _get_number(edit: Edit) -> float:
    value = edit.get("number")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e6:
        raise _InvalidEdit('"number" must be a number above 0')
    return float(value)


def _get_layout(edit: Edit) -> list[Box | None] | None:
    """Return the boxes of an edit, in whatever convention; None where there are none."""
    keys = edit.get("layout")
    if not isinstance(keys, list) or not 1 <= len(keys) <= 1024:
        return None
    raw = [parse_box(key.get("box", key) if isinstance(key, Mapping) else key) for key in keys]
    convention = recognise_convention([raw])
    layout = [None if box is None else convention.to_box(box).clipped() for box in raw]
    return layout if any(layout) else None
