"""A layout in words, for models that take nothing else: "the fox, on the left, moves to the right"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from videodirector.schemas import Box, Scene

__all__ = ["build_caption", "describe_layout", "describe_motion", "describe_place"]

_MOVED = 0.08  # a centre that moves less than this part of the picture is at rest
_GROWN = 1.5  # an area that changes by less than this factor stays as large as it is
_SMALL, _LARGE = 0.03, 0.35  # areas, as parts of the picture


def describe_place(box: Box) -> str:
    """Describe where a box is, by the thirds of the picture its centre is in: "at the top left", "in the middle"."""
    x, y = box.centre
    across = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    down = "top" if y < 1 / 3 else "bottom" if y > 2 / 3 else ""
    if across and not down:
        return f"on the {across}"
    return f"at the {down} {across}".rstrip() if down else "in the middle"


def describe_motion(track: Sequence[Box | None]) -> str:
    """Describe how a thing moves between its first and its last box; empty when it is at rest."""
    seen = [box for box in track if box is not None]
    if not seen:
        return ""
    first, last = seen[0], seen[-1]
    dx, dy = last.centre[0] - first.centre[0], last.centre[1] - first.centre[1]
    ways = [way for way, far in (("left", -dx), ("right", dx), ("up", -dy), ("down", dy)) if far >= _MOVED]
    parts = [f"moves {' and '.join(ways)}"] if ways else []
    growth = last.area / first.area
    if growth >= _GROWN:
        parts.append("comes nearer")
    elif growth <= 1 / _GROWN:
        parts.append("goes further away")
    if track[0] is None:
        parts.insert(0, "appears")
    if track[-1] is None:
        parts.append("disappears")
    return _join(parts)


def describe_layout(scene: Scene, *, places: bool = True) -> str:
    """Describe the boxes of a scene, a sentence an entity.

    Args:
        scene: the scene; things that are never visible are left out.
        places: whether to say where things are; without, only how they move.
    """
    sentences: list[str] = []
    for entity in scene.entities:
        track = entity.boxes(scene.frames)
        first = next((box for box in track if box is not None), None)
        if first is None:
            continue
        moves = describe_motion(track)
        size = "small, " if first.area < _SMALL else "large, " if first.area > _LARGE else ""
        subject = _capitalise(_add_article(entity.name))
        if places:
            sentences.append(f"{subject} is {size}{describe_place(first)}" + (f" and {moves}." if moves else "."))
        elif moves:
            sentences.append(f"{subject} {moves}.")
    return " ".join(sentences)


def build_caption(scene: Scene, looks: Mapping[str, str] | None = None) -> str:
    """Build the caption of a scene without its layout: what happens, how its things look, where it is.

    Args:
        scene: the scene.
        looks: entity id -> how it looks, in place of its own words.
    """
    parts = [_to_sentence(scene.description)] if scene.description else []
    said = scene.description
    for entity in scene.entities:
        look = (looks or {}).get(entity.id) or entity.description or entity.name
        if not _contains(said, look):
            parts.append(_to_sentence(look))
            said = f"{said} {look}"
    if scene.background and not _contains(scene.description, scene.background):
        parts.append(_to_sentence(f"background: {scene.background}" if parts else scene.background))
    return " ".join(parts)


def _contains(text: str, phrase: str) -> bool:
    """Whether the text contains every word of the phrase, articles apart."""
    words = set(re.findall(r"\w+", text.lower()))
    return set(re.findall(r"\w+", phrase.lower())) - {"a", "an", "the"} <= words


def _to_sentence(text: str) -> str:
    text = _capitalise(text.strip())
    return text if text.endswith((".", "!", "?", "。")) else f"{text}."


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]


def _add_article(name: str) -> str:
    bare = re.sub(r"^(?:an?|the)\s+", "", name, flags=re.IGNORECASE)
    return name if bare[:1].isupper() else f"the {bare}"


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
