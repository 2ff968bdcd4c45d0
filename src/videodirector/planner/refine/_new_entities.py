"""New entities and new motions, planned by the offline planner."""

from __future__ import annotations

import re
from itertools import pairwise

from videodirector.planner.english.vocabulary import NUMBERS, find_word_classes, pluralise
from videodirector.planner.offline import OfflinePlanner
from videodirector.planner.refine.edit_errors import EditError, NoChangeError, UnknownRequestError
from videodirector.planner.refine.layout_edits import fit_inside
from videodirector.schemas import KEY_BOXES, Box, Entity, PlanRequest, Scene, VideoPlan, dense, normalised

__all__ = ["add_to_scene", "animate_entity", "create_entities"]

_SHARE = 0.75  # of its height alone, for a newcomer among others


def add_to_scene(plan: VideoPlan, scene: Scene, phrase: str) -> list[Entity]:
    """Add the described entities where the scene has room, and name them in its description.

    Raises:
        EditError: the phrase names nothing that can be seen, or it is there already.
    """
    found = create_entities(plan, scene, phrase)
    for entity in found:
        entity.layout = _find_room(entity.layout, scene)
        scene.entities.append(entity)
    scene.description = f"{scene.description} {_describe_new(found)}".strip()[:4000]
    return found


def _describe_new(found: list[Entity]) -> str:
    phrases: dict[str, int] = {}
    for entity in found:
        phrases[entity.description or entity.name] = phrases.get(entity.description or entity.name, 0) + 1
    words = {number: word for word, number in reversed(NUMBERS.items())}
    texts = [
        phrase if count == 1 else f"{words[count]} {pluralise(re.sub('^(an?|the) ', '', phrase))}"
        for phrase, count in phrases.items()
    ]
    return f"There {'is' if len(found) == 1 else 'are'} {' and '.join(texts)}."


def create_entities(plan: VideoPlan, scene: Scene, phrase: str) -> list[Entity]:
    """Create entities with the offline planner; "the owl" is copied from another scene.

    Raises:
        EditError: as for ``add_to_scene``.
    """
    words = phrase.lower().split()
    if words[:1] == ["the"]:
        name = normalised(" ".join(words[1:]))
        known = next((entity for _, entity in plan.appearances() if normalised(entity.name) == name), None)
        if known is not None and any(entity.id == known.id for entity in scene.entities):
            raise NoChangeError(f"{scene.id} has “{known.name}” already", hint="say “another” for one more")
        if known is not None:
            return [known.model_copy(deep=True)]
    request = PlanRequest(story=f"{phrase[:1].upper()}{phrase[1:]}.", backgrounds=(scene.background or "meadow",))
    made = OfflinePlanner().plan_request(request).scenes[0].entities
    if not made:
        raise EditError(f"“{phrase}” names nothing that can be seen")
    taken = {entity.id for _, entity in plan.appearances()}
    for entity in made:
        stem, number = entity.id, 2
        while entity.id in taken:
            entity.id, number = f"{re.sub(r'-[0-9]+$', '', stem)}-{number}", number + 1
        taken.add(entity.id)
    return made


def _find_room(layout: list[Box | None], scene: Scene) -> list[Box | None]:
    """Move a layout sideways to where it overlaps others least."""
    box = next((Box(*found) for found in layout if found is not None), Box(0.4, 0.4, 0.6, 0.6))
    if scene.entities:
        box = Box.around(box.centre[0], box.y1 - _SHARE * box.height / 2, _SHARE * box.width, _SHARE * box.height)
    there = [other for entity in scene.entities for other in dense(entity.layout, KEY_BOXES) if other is not None]
    places = [place / 20 for place in range(2, 19)]
    x = min(places, key=lambda x: (round(sum(_centre_at(box, x).overlap(other) for other in there), 4), abs(x - 0.5)))
    return [_centre_at(box, x)] * KEY_BOXES


def _centre_at(box: Box, x: float) -> Box:
    return fit_inside(Box.around(x, box.centre[1], box.width, box.height))


def animate_entity(scene: Scene, entity: Entity, does: str) -> None:
    """Set an entity's motion ("jump", "fly away to the left"), keeping its size, and add it to the description.

    Raises:
        UnknownRequestError: these words are not a motion.
    """
    from lemminflect import getInflection

    verb, _, rest = does.partition(" ")
    if "VERB" not in find_word_classes(verb):
        raise UnknownRequestError(f"make {entity.name} {does}")
    third = (getInflection(verb, tag="VBZ") or (verb,))[0]
    sentence = f"The {entity.name} {third} {rest}".strip()
    made = OfflinePlanner().plan_request(PlanRequest(story=f"{sentence}.", backgrounds=(scene.background or "meadow",)))
    actors = [other for other in made.scenes[0].entities if normalised(other.name) == normalised(entity.name)]
    keys = actors[0].layout if actors else []
    if len(keys) < 2 or all(one == other for one, other in pairwise(keys)):
        raise UnknownRequestError(f"make {entity.name} {does}")
    own = next((Box(*box) for box in entity.layout if box is not None), None)
    first = next(box for box in keys if box is not None)
    factor = own.height / first.height if own is not None else 1.0
    entity.layout = [None if box is None else _scale_box(box, factor) for box in keys]
    scene.description = f"{scene.description} {sentence}.".strip()[:4000]


def _scale_box(box: Box, factor: float) -> Box:
    height = box.height * factor
    return fit_inside(Box.around(box.centre[0], box.y1 - height / 2, box.width * factor, height))
