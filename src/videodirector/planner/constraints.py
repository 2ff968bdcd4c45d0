"""The user's wishes and the plan: what can be granted to a finished plan is, what it does not keep is said.

Every planner's plan passes here, also one that knows nothing of requests; a plan that keeps the wishes already passes
unchanged.
"""

from __future__ import annotations

from videodirector.planner.protocol import Planner, RequestPlanner
from videodirector.schemas import CastMember, Entity, PlanRequest, Scene, VideoPlan, normalised

__all__ = ["fulfil", "granted", "is_member"]


def fulfil(planner: Planner, request: PlanRequest) -> VideoPlan:
    """The plan that a planner makes of a request; what it does not keep of the wishes is in its notes.

    Raises:
        PlannerError: the planner could not make one.
    """
    if isinstance(planner, RequestPlanner):
        plan = planner.plan_request(request)
    else:
        plan = planner.plan(request.story, seed=request.seed, frame_rate=request.frame_rate)
    return granted(plan, request) if request.wishes else plan


def granted(plan: VideoPlan, request: PlanRequest) -> VideoPlan:
    """The plan with what the request asks for, as far as a finished plan can be given it, and notes on the rest."""
    plan = plan.checked()  # a copy
    by_name = plan.consistency_groups == plan.groups_by_name()
    notes: list[str] = []
    if request.scenes is not None and len(plan.scenes) != request.scenes:
        asked = "1 scene was" if request.scenes == 1 else f"{request.scenes} scenes were"
        notes.append(f"{asked} asked for; the plan has {len(plan.scenes)}.")
    for index, scene in enumerate(plan.scenes):
        scene.background = request.background(index) or scene.background
        scene.description = _styled(scene.description, request.style)
        if request.max_entities is not None and len(scene.entities) > request.max_entities:
            kept = _foremost(scene.entities, request)
            left = ", ".join(f"“{entity.name}”" for entity in scene.entities if entity not in kept)
            notes.append(f"{scene.id} has {request.max_entities} entities at most, as asked for: {left} left out.")
            scene.entities = kept
    for member in request.cast:
        notes += _dress(plan, member)
    plan.consistency_groups = plan.groups_by_name() if by_name else _still_true(plan)
    seen = set().union(*(_seen(scene) for scene in plan.scenes))
    plan.references = {name: file for name, file in plan.references.items() if normalised(name) in seen}
    plan.notes += [note for note in notes if note not in plan.notes]
    return plan.checked()


def is_member(entity: Entity, member: CastMember) -> bool:
    """Whether an entity is this member of the cast, by its name or by its id."""
    name = normalised(member.name)
    return name in (normalised(entity.name), normalised(entity.id.replace("_", " ").replace("-", " ")))


def _seen(scene: Scene) -> set[str]:
    """What can be seen in a scene, by every name that a group or a reference may use."""
    names = [scene.background, *(name for entity in scene.entities for name in (entity.id, entity.name))]
    return {normalised(name) for name in names if name}


def _still_true(plan: VideoPlan) -> dict[str, list[str]]:
    """The plan's groups without the scenes from which a wish has taken what they group."""
    groups = {
        name: [scene.id for scene in plan.scenes if scene.id in members and normalised(name) in _seen(scene)]
        for name, members in plan.consistency_groups.items()
    }
    return {name: members for name, members in groups.items() if members}


def _styled(description: str, style: str) -> str:
    if not style or style.casefold() in description.casefold():
        return description
    room = 4000 - len(style) - 2
    text = description.rstrip(" .")[: max(room, 0)]
    return f"{text}, {style}"[:4000] if text else style


def _foremost(entities: list[Entity], request: PlanRequest) -> list[Entity]:
    """As many as may stay: the cast before others, otherwise the first; in their order."""
    wanted = sorted(entities, key=lambda entity: not any(is_member(entity, member) for member in request.cast))
    stay = {id(entity) for entity in wanted[: request.max_entities]}
    return [entity for entity in entities if id(entity) in stay]


def _dress(plan: VideoPlan, member: CastMember) -> list[str]:
    """Gives a member of the cast its looks wherever it appears; a note if it appears nowhere."""
    appearances = [entity for _, entity in plan.appearances() if is_member(entity, member)]
    if not appearances:
        return [f"“{member.name}” of the cast appears in no scene of the plan."]
    for entity in appearances:
        entity.description = member.description or entity.description
        if member.picture is not None:
            plan.references[entity.id] = member.picture
    return []
