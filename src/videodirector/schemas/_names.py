"""When two names are the same name."""

from __future__ import annotations

import unicodedata

__all__ = ["normalised"]


def normalised(name: str) -> str:
    """A name apart from case, spacing and the ways Unicode has of writing one letter: "Red  Car" is "red car"."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
