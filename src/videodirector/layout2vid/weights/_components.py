"""Decide which Python classes the parts of a model's folder become: a fixed table, never a module that a file names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videodirector.errors import ModelFormatError

__all__ = ["resolve_components"]

OURS = {
    "Grounding": "videodirector.layout2vid.nn.grounding",
    "BankPrior": "videodirector.layout2vid.appearance.bank_prior",
    "Enlarger": "videodirector.layout2vid.nn.enlarger",
}
"""Where this package's own parts are defined, by the names of their classes."""

EARLIER = {"videodirector.layout2vid.grounding", "videodirector.layout2vid.prior"}
"""Modules that folders of earlier releases name; the class decides, not the module."""

LIBRARIES = ("diffusers", "transformers")


def resolve_components(index: Mapping[str, Any], source: str | Path) -> dict[str, Any]:
    """Replace the modules that a model index names by those of the fixed table.

    Args:
        index: the content of ``model_index.json``; a part is a pair of a library and a class, or of two nulls.
        source: the index's file, for errors.

    Raises:
        ModelFormatError: a part comes from another library, or is no class of this package; it names the field.
    """
    resolved = dict(index)
    for part, value in index.items():
        if part.startswith("_") or not isinstance(value, list) or not value or value[0] is None:
            continue
        library, name = (*value, None)[:2]
        if library in LIBRARIES and isinstance(name, str):
            continue
        if name not in OURS or library not in {*OURS.values(), *EARLIER}:
            raise ModelFormatError(
                f"{source}: {part} names the class {str(name)[:80]!r} of the library {str(library)[:80]!r}, "
                "and a model's folder does not choose which Python code is imported",
                hint=f"parts come from {', '.join(LIBRARIES)} or are one of {', '.join(OURS)} of this package",
            )
        resolved[part] = [OURS[name], name]
    return resolved
