"""Apply a request's constraints to a finished plan, and note those that it does not keep.

Every planner's plan passes here, also that of a planner without support for requests; a plan that keeps the constraints
is returned unchanged.
"""

from __future__ import annotations

from videodirector.planner.protocol import Planner, RequestPlanner
from videodirector.schemas import CastMember, Entity, PlanRequest, Scene, VideoPlan, normalised

__all__ = ["grant_constraints", "is_member", "plan_request"]


def plan_request(planner: Planner, request: PlanRequest) -> VideoPlan:
    """Plan a request with any planner; the plan's notes list the constraints that it does not keep.

    Raises:
        PlannerError: no plan could be made.
    """
    if isinstance(planner, RequestPlanner):
        plan = planner.plan_request(request)
    else:
        plan = planner.plan(request.story, seed=request.seed, frame_rate=request.frame_rate)
    return grant_constraints(plan, request) if request.wishes else plan


def grant_constraints(plan: VideoPlan, request: PlanRequest) -> VideoPlan:
    """The plan with what the request asks for, as far as a finished plan can be given it, and notes on the rest."""
    plan = plan.checked()  # a copy
    by_name = plan.consistency_groups == plan.groups_by_name()
    notes: list[str] = []
    if request.scenes is not None and len(plan.scenes) != request.scenes:
        asked = "1 scene was" if request.scenes == 1 else f"{request.scenes} scenes were"
        notes.append(f"{asked} asked for; the plan has {len(plan.scenes)}.")
    for index, scene in enumerate(plan.scenes):
        scene.background = request.background(index) or scene.background
        scene.description = _append_style(scene.description, request.style)
        if request.max_entities is not None and len(scene.entities) > request.max_entities:
            kept = _select_entities(scene.entities, request)
            left = ", ".join(f"“{entity.name}”" for entity in scene.entities if entity not in kept)
            notes.append(f"{scene.id} has {request.max_entities} entities at most, as asked for: {left} left out.")
            scene.entities = kept
    for member in request.cast:
        notes += _apply_member_appearance(plan, member)
    plan.consistency_groups = plan.groups_by_name() if by_name else _prune_groups(plan)
    seen = set().union(*(_list_visible_names(scene) for scene in plan.scenes))
    plan.references = {name: file for name, file in plan.references.items() if normalised(name) in seen}
    plan.notes += [note for note in notes if note not in plan.notes]
    return plan.checked()


def is_member(entity: Entity, member: CastMember) -> bool:
    """Return whether an entity is this member of the cast, by its name or by its id."""
    name = normalised(member.name)
    return name in (normalised(entity.name), normalised(entity.id.replace("_", " ").replace("-", " ")))


def _list_visible_names(scene: Scene) -> set[str]:
    """Return all names that a group or a reference may use for the background and entities of a scene."""
    names = [scene.background, *(name for entity in scene.entities for name in (entity.id, entity.name))]
    return {normalised(name) for name in names if name}


def _prune_groups(plan: VideoPlan) -> dict[str, list[str]]:
    """Return the plan's groups without the scenes that no longer have their entity."""
    groups = {
        name: [
            scene.id for scene in plan.scenes if scene.id in members and normalised(name) in _list_visible_names(scene)
        ]
        for name, members in plan.consistency_groups.items()
    }
    return {name: members for name, members in groups.items() if members}


def _append_style(description: str, style: str) -> str:
    if not style or style.casefold() in description.casefold():
        return description
    room = 4000 - len(style) - 2
    text = description.rstrip(" .")[: max(room, 0)]
    return f"{text}, {style}"[:4000] if text else style


def _select_entities(entities: list[Entity], request: PlanRequest) -> list[Entity]:
    """Select as many entities as allowed, the cast first, in their order."""
    wanted = sorted(entities, key=lambda entity: not any(is_member(entity, member) for member in request.cast))
    stay = {id(entity) for entity in wanted[: request.max_entities]}
    return [entity for entity in entities if id(entity) in stay]


def _apply_member_appearance(plan: VideoPlan, member: CastMember) -> list[str]:
    """Set a cast member's appearance in every scene; return a note if it appears nowhere."""
    appearances = [entity for _, entity in plan.appearances() if is_member(entity, member)]
    if not appearances:
        return [f"“{member.name}” of the cast appears in no scene of the plan."]
    for entity in appearances:
        entity.description = member.description or entity.description
        if member.picture is not None:
            plan.references[entity.id] = member.picture
    return []
