"""What is different between two plans, for people to read: by scene and entity, never by position in a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from videodirector.schemas.layout import Box
from videodirector.schemas.plan import Entity, Scene, VideoPlan

__all__ = ["Change", "changes"]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that is not what it was.

    Attributes:
        path: where, by ids: ``scenes[s2].entities[owl].layout``.
        before, after: plain data as in the JSON document; None where there was or is nothing.
    """

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.path}: {_shown(self.after)}"
        if self.after is None:
            return f"- {self.path}: {_shown(self.before)}"
        before, after = _shown(self.before), _shown(self.after)
        return f"~ {self.path}: {before} -> {after}{' by another way' if before == after else ''}"


def changes(before: VideoPlan, after: VideoPlan) -> tuple[Change, ...]:
    """List every field in which two plans differ; scenes and entities are matched by their ids."""
    return tuple(_of_plan(before, after))


def _of_plan(before: VideoPlan, after: VideoPlan) -> Iterator[Change]:
    yield from _fields(before, after, "", apart={"scenes", "consistency_groups", "references"})
    old, new = ({scene.id: scene for scene in plan.scenes} for plan in (before, after))
    kept = [key for key in old if key in new]
    if kept != [key for key in new if key in old]:
        yield Change("scenes, order", list(old), list(new))
    for key in [*old, *(key for key in new if key not in old)]:
        path = f"scenes[{key}]"
        if key in old and key in new:
            yield from _of_scene(old[key], new[key], path)
        else:
            yield Change(path, _plain(old.get(key)), _plain(new.get(key)))
    for field in ("consistency_groups", "references"):
        one, other = getattr(before, field), getattr(after, field)
        for key in [*one, *(key for key in other if key not in one)]:
            if one.get(key) != other.get(key):
                yield Change(f"{field}[{key}]", one.get(key), other.get(key))


def _of_scene(before: Scene, after: Scene, path: str) -> Iterator[Change]:
    yield from _fields(before, after, f"{path}.", apart={"entities"})
    old, new = ({entity.id: entity for entity in scene.entities} for scene in (before, after))
    if [key for key in old if key in new] != [key for key in new if key in old]:
        yield Change(f"{path}.entities, order", list(old), list(new))
    for key in [*old, *(key for key in new if key not in old)]:
        where = f"{path}.entities[{key}]"
        if key in old and key in new:
            yield from _fields(old[key], new[key], f"{where}.")
        else:
            yield Change(where, _plain(old.get(key)), _plain(new.get(key)))


def _fields(
    before: VideoPlan | Scene | Entity, after: VideoPlan | Scene | Entity, path: str, *, apart: set[str] | None = None
) -> Iterator[Change]:
    one, other = _plain(before), _plain(after)
    for field in type(before).model_fields:
        if field not in (apart or ()) and one.get(field) != other.get(field):
            yield Change(f"{path}{field}", one.get(field), other.get(field))


def _plain(value: VideoPlan | Scene | Entity | None) -> Any:
    return None if value is None else value.model_dump(mode="json", warnings=False)


def _shown(value: Any) -> str:
    """A value on one line: a layout by its first and last box, an entity or scene by what it is."""
    if isinstance(value, Mapping):
        text = value.get("name") or value.get("description") or value.get("id")
        return str(text) if text else str(dict(value))
    if isinstance(value, (list, tuple)) and value and all(_is_box(item) for item in value):
        ends = [value[0]] if value[0] == value[-1] else [value[0], value[-1]]
        hidden = sum(item is None for item in value)
        text = " to ".join("not visible" if end is None else _numbers(end) for end in ends)
        return text if not hidden else f"{text} ({len(value) - hidden} of {len(value)} keys visible)"
    return str(value)


def _is_box(value: object) -> bool:
    return (
        value is None or isinstance(value, Box) or (isinstance(value, Sequence) and len(value) == 4 and _floats(value))
    )


def _floats(values: Sequence[object]) -> bool:
    return all(isinstance(value, float) for value in values)


def _numbers(box: Sequence[float]) -> str:
    return f"[{', '.join(f'{value:.2f}' for value in box)}]"
