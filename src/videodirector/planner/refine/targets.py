"""Find the scenes and entities that a request names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from videodirector.planner.english.vocabulary import FUNCTION_WORDS, NUMBERS, lemmatise, pluralise, split_words
from videodirector.planner.refine.edit_errors import EditError, UnknownEntityError
from videodirector.schemas import Entity, Scene, VideoPlan, normalised

__all__ = ["NUMBER", "SCENE", "Target", "find_entities", "find_scene", "find_scenes", "is_entity"]

_ORDINALS = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth".split(),  # noqa: SIM905 - one line
        start=1,
    )
}
NUMBER = rf"(?:\d{{1,5}}|{'|'.join(NUMBERS)})"
_ORDINAL = rf"(?:{'|'.join(_ORDINALS)}|last|final|\d{{1,5}}(?:st|nd|rd|th))"
_WORD = r"(?:scenes?|shots?|clips?)"
SCENE = rf"(?:{_WORD} (?:{NUMBER}|[\w.-]*\d[\w.-]*)|(?:the )?{_ORDINAL} {_WORD})"
"""A scene in a request: "scene 2", "the last scene", "scene s2"."""

_SCOPE = re.compile(
    rf"[,:]?\s*\b(?:(?:in|of|from|for|to|at|during|on|within) )?(?P<one>{SCENE})"
    rf"(?P<more>(?:\s*(?:,|and|&)\s*(?:{SCENE}|{NUMBER}\b(?! seconds?\b| frames?\b)))*)[,:]?",
    re.IGNORECASE,
)
_EVERYWHERE = re.compile(
    rf"\s*\b(?:in|of|from|for|to) (?:all|every|each|both)(?: the)? {_WORD}\b|\beverywhere\b|\bthroughout\b",
    re.IGNORECASE,
)

Target = tuple[Scene, Entity]


def find_scenes(plan: VideoPlan, text: str) -> tuple[list[Scene] | None, str]:
    """Return the scenes that a request names (None if it names none), and the request without them.

    Raises:
        EditError: the plan has no such scene.
    """
    if _EVERYWHERE.search(text):
        return list(plan.scenes), " ".join(_EVERYWHERE.sub(" ", text).split())
    match = _SCOPE.search(text)
    if match is None:
        return None, text
    names = [match["one"], *re.findall(rf"{SCENE}|{NUMBER}", match["more"] or "", re.IGNORECASE)]
    found = [find_scene(plan, name) for name in names]
    return found, " ".join(f"{text[: match.start()]} {text[match.end() :]}".split())


def find_scene(plan: VideoPlan, name: str) -> Scene:
    """Return the scene of a name like "scene 2", "the last scene", "3", or its id.

    Raises:
        EditError: the plan has no such scene.
    """
    words = [word for word in name.lower().split() if word not in ("the",) and not re.fullmatch(_WORD, word)]
    word = words[0] if words else ""
    ids = {scene.id.lower(): scene for scene in plan.scenes}
    if word in ids:
        return ids[word]
    number = NUMBERS.get(word) or _ORDINALS.get(word) or int(re.sub(r"\D", "", word)[:9] or 0)
    number = len(plan.scenes) if word in ("last", "final") else number
    if not 1 <= number <= len(plan.scenes):
        raise EditError(
            f"there is no {name}",
            hint=f"the plan has {len(plan.scenes)}: {_join_names(scene.id for scene in plan.scenes)}",
        )
    return plan.scenes[number - 1]


_ALL = split_words("all both every each the two three four five six several")


def find_entities(scenes: Sequence[Scene], phrase: str, last: Sequence[Target] = ()) -> list[Target]:
    """Return the entities that a noun phrase means, in these scenes.

    "the owl", "the owls", "both cars", "the second duck", "duck-2", "it" (those named before).

    Raises:
        UnknownEntityError: no entity has this name.
        EditError: several entities match a singular.
    """
    words = phrase.lower().strip(" .,!").split()
    if words in (["everything"], ["everyone"], ["everybody"], ["all", "things"]):
        return [(scene, entity) for scene in scenes for entity in scene.entities]
    if len(words) == 1 and words[0] in ("it", "him", "her", "them", "they", "he", "she"):
        if not last and len({entity.name for scene in scenes for entity in scene.entities}) == 1:
            return [(scene, entity) for scene in scenes for entity in scene.entities]
        if not last:
            raise UnknownEntityError(f"nothing was named before that {words[0]!r} could mean")
        here = {scene.id for scene in scenes}
        return [target for target in last if target[0].id in here] or list(last)
    ordinal = next((_ORDINALS[word] for word in words if word in _ORDINALS), -1 if "last" in words else 0)
    every = bool({"all", "both", "every", "each"} & set(words))
    bare = " ".join(word for word in words if word not in _ALL | {"a", "an", "last", "of"} | set(_ORDINALS)) or phrase
    found: list[Target] = []
    for scene in scenes:
        named, plural = _match_entities(scene, bare)
        if len(named) > 1 and not (every or plural or ordinal):
            hint = f"say “the {pluralise(bare)}”, “the first {bare}”, or an id: {_join_names(e.id for e in named)}"
            raise EditError(f"{scene.id} has {len(named)} of “{bare}”", hint=hint)
        if ordinal:
            named = named[ordinal - 1 : ordinal] if ordinal > 0 else named[-1:]
        found += [(scene, entity) for entity in named]
    if not found:
        there = _join_names(dict.fromkeys(entity.name for scene in scenes for entity in scene.entities))
        where = "the plan" if len(scenes) != 1 else scenes[0].id
        raise UnknownEntityError(
            f"there is no “{bare}” in {where}", hint=f"it has: {there}" if there else "it has nothing in it"
        )
    return found


def is_entity(scenes: Sequence[Scene], phrase: str, last: Sequence[Target] = ()) -> bool:
    """Return whether these words name something in these scenes."""
    try:
        return bool(find_entities(scenes, phrase, last))
    except EditError:
        return False


def _match_entities(scene: Scene, bare: str) -> tuple[list[Entity], bool]:
    """Return the entities of this name in a scene, and whether it is a plural; exact names win over the last word's."""
    wanted = normalised(bare)
    head, _, last = wanted.rpartition(" ")
    single = f"{head} {lemmatise(last, 'NOUN')}".strip()
    plural = single != wanted
    described = {word for word in single.split() if word not in FUNCTION_WORDS}
    tests: tuple[Callable[[Entity], bool], ...] = (
        lambda entity: normalised(entity.id) == wanted,
        lambda entity: normalised(entity.name) == wanted,
        lambda entity: normalised(entity.name) == single,
        lambda entity: normalised(entity.name).endswith((f" {wanted}", f" {single}")),
        lambda entity: normalised(entity.description).endswith((f" {wanted}", f" {single}")),
        lambda entity: bool(described) and described <= set(normalised(f"{entity.name} {entity.description}").split()),
    )
    for fits in tests:
        if named := [entity for entity in scene.entities if fits(entity)]:
            return named, plural
    return [], plural


def _join_names(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:12]) + (", ..." if len(shown) > 12 else "")
