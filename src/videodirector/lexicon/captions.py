"""The plainest captions of a scene: its things and its place, as models of the story world learned them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["add_article", "join_names", "list_caption"]


def add_article(name: str) -> str:
    """Put "a" or "an" before a name, unless it has an article or is a proper name."""
    if name[0].isupper() or name.partition(" ")[0] in {"a", "an", "the"}:
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def join_names(names: Sequence[str]) -> str:
    """Join names with their articles: "a fox, an owl and the moon"; empty for no names."""
    things = [add_article(name) for name in names]
    return things[0] if len(things) == 1 else ", ".join(things[:-1]) + f" and {things[-1]}" if things else ""


def list_caption(names: Sequence[str], place: str) -> str:
    """List things and their place: "a fox and an owl. Background: forest"; names or place may be missing."""
    return ". ".join(filter(None, (join_names(names), place and f"Background: {place}")))
