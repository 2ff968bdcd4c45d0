"""What no single field of a plan can check: names that must be unique, and names that must name something.

It looks at data that may be broken elsewhere, so that a reader learns of these problems together with all the others;
hence it skips whatever does not have the expected form, which another check reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from videodirector.schemas._names import normalised

__all__ = ["contradictions"]

_LONGEST_NAME = 1_000  # characters

Contradiction = tuple[tuple[int | str, ...], str, object, str]


def contradictions(plan: object) -> Iterator[Contradiction]:
    """The location, problem, found value and hint of each contradiction in plan data or a plan."""
    scenes = _items(_field(plan, "scenes"))
    names: dict[str, set[str]] = {}  # scene id -> what can be seen in it: entity ids, names, the background
    for index, scene in enumerate(scenes):
        seen = {_normalised(_field(scene, "background"))}
        ids: set[str] = set()
        for place, entity in enumerate(_items(_field(scene, "entities"))):
            entity_id = _field(entity, "id")
            if isinstance(entity_id, str) and entity_id in ids:
                where = ("scenes", index, "entities", place, "id")
                yield where, "two entities of one scene have this id", entity_id, "ids are unique within a scene"
            ids.add(str(entity_id))
            seen |= {_normalised(entity_id), _normalised(_field(entity, "name"))}
        scene_id = _field(scene, "id")
        if isinstance(scene_id, str):
            if scene_id in names:
                yield ("scenes", index, "id"), "two scenes have this id", scene_id, "scene ids are unique within a plan"
            names.setdefault(scene_id, set()).update(seen - {""})
    yield from _continuations(scenes)
    yield from _groups(_field(plan, "consistency_groups"), names)
    yield from _references(plan, names)


def _continuations(scenes: Sequence[object]) -> Iterator[Contradiction]:
    places: dict[str, int] = {}
    for index, scene in enumerate(scenes):
        if isinstance(scene_id := _field(scene, "id"), str):
            places.setdefault(scene_id, index)
    for index, scene in enumerate(scenes):
        continued = _field(scene, "continues")
        if not isinstance(continued, str) or places.get(continued, index) < index:
            continue
        where = ("scenes", index, "continues")
        if continued in places:
            yield where, "a scene can only continue one that comes before it", continued, "move it, or name another"
        else:
            yield where, "there is no scene of this id", continued, "name a scene of this plan, or remove it"


def _groups(groups: object, names: Mapping[str, set[str]]) -> Iterator[Contradiction]:
    if not isinstance(groups, Mapping):
        return
    for group, members in groups.items():
        if not isinstance(group, str):
            continue
        times = Counter(scene_id for scene_id in _items(members) if isinstance(scene_id, str))
        listed: set[str] = set()
        for place, scene_id in enumerate(_items(members)):
            where = ("consistency_groups", group, place)
            if not isinstance(scene_id, str):
                continue
            if scene_id not in names:
                yield where, "there is no scene of this id", scene_id, "name a scene of this plan, or remove it"
            elif scene_id in listed and times[scene_id] > 1:
                often = "twice" if times[scene_id] == 2 else f"{times[scene_id]:,} times"
                yield where, f"the group names this scene {often}", scene_id, "name it once"
                times[scene_id] = 1  # said once
            listed.add(scene_id)
        known = listed & names.keys()
        if known and not any(_normalised(group) in names[scene_id] for scene_id in known):
            problem = "no entity and no background of this name or id in the scenes of the group"
            yield ("consistency_groups", group), problem, group, "rename the group, or remove it"


def _references(plan: object, names: Mapping[str, set[str]]) -> Iterator[Contradiction]:
    references = _field(plan, "references")
    if not isinstance(references, Mapping):
        return
    everything = set().union(*names.values())
    for key in references:
        if isinstance(key, str) and _normalised(key) not in everything:
            problem = "no entity and no background of this name or id in the plan"
            yield ("references", key), problem, key, "rename the reference, or remove it"


def _field(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else ()


def _normalised(value: object) -> str:
    # What is longer than a name may be is refused elsewhere, and takes long to normalise.
    return normalised(value) if isinstance(value, str) and len(value) <= _LONGEST_NAME else ""
