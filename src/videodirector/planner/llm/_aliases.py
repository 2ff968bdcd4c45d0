"""Find names of a plan that are probably one entity: "fox" in one scene, "red fox" in the next.

Consistency groups follow from equal names. Obvious aliases are joined as well, by giving them one id and one group; the
plan's notes say so, and how to undo it.
"""

from __future__ import annotations

from videodirector.planner.english.vocabulary import COLOURS
from videodirector.schemas import Scene, VideoPlan, normalised

__all__ = ["join_aliases"]


def join_aliases(plan: VideoPlan) -> VideoPlan:
    """Join obvious aliases into one consistency group each, with a note.

    An alias has all the words of another name and more, ends in the same word, names no other colour, stands with it in
    no scene, and fits no second name.
    """
    plan = plan.model_copy(deep=True)
    names = {normalised(entity.name): entity.name for _, entity in plan.appearances()}
    for longer in sorted(names, key=lambda name: len(name.split())):
        shorter = [other for other in names if _is_alias(longer, other, plan)]
        if len(shorter) == 1 and not _is_ambiguous(shorter[0], longer, names, plan):
            _merge_alias(plan, names[shorter[0]], names[longer])
    return plan.checked()


def _is_alias(longer: str, shorter: str, plan: VideoPlan) -> bool:
    long, short = longer.split(), shorter.split()
    if (
        not set(short) < set(long)
        or long[-1] != short[-1]
        or len(_find_scenes(plan, shorter)) != len(_find_scene_ids(plan, shorter))
    ):
        return False
    return not any({normalised(entity.name) for entity in scene.entities} >= {longer, shorter} for scene in plan.scenes)


def _is_ambiguous(shorter: str, longer: str, names: dict[str, str], plan: VideoPlan) -> bool:
    """Return whether "car" could be the "red car" as well as the "blue car", or is itself of another colour."""
    rivals = [name for name in names if name != longer and _is_alias(name, shorter, plan)]
    said = {
        word for scene in plan.scenes for entity in scene.entities if normalised(entity.name) == shorter
        for word in normalised(entity.description).split() if word in COLOURS
    }  # fmt: skip
    own = {word for word in longer.split() if word in COLOURS}
    return bool(rivals) or bool(said and own and not own & said)


def _find_scenes(plan: VideoPlan, name: str) -> list[Scene]:
    return [scene for scene, entity in plan.appearances() if normalised(entity.name) == name]


def _find_scene_ids(plan: VideoPlan, name: str) -> set[str]:
    return {scene.id for scene in _find_scenes(plan, name)}


def _merge_alias(plan: VideoPlan, shorter: str, longer: str) -> None:
    """Give both names one id and one group."""
    wanted, other = normalised(shorter), normalised(longer)
    shared = next(entity.id for _, entity in plan.appearances() if normalised(entity.name) == wanted)
    joined: list[str] = []
    for scene in plan.scenes:
        for entity in scene.entities:
            if normalised(entity.name) == other:
                entity.id = shared
                joined.append(scene.id)
    both = plan.consistency_groups.pop(wanted, []) + plan.consistency_groups.pop(other, []) + joined
    plan.consistency_groups[shared] = [scene.id for scene in plan.scenes if scene.id in both]
    plan.notes.append(
        f"“{longer}” in {', '.join(joined)[:200]} is taken to be “{shorter}”: they have the id and the group "
        f"“{shared}”. To tell them apart, give one of them another id."
    )
