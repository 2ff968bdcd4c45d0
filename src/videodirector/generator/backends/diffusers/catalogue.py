"""The pipelines of the installed diffusers that this release knows facts of, and what each can do by its signature."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from videodirector.errors import ModelFormatError
from videodirector.generator.backends.diffusers._anatomy import anatomy_of
from videodirector.generator.backends.diffusers.families import FAMILIES, family_of
from videodirector.generator.backends.diffusers.model import REGIONAL, capabilities_of, hushed
from videodirector.generator.backends.diffusers.options import DiffusersOptions
from videodirector.generator.backends.protocol import Capabilities

__all__ = ["catalogue"]


def catalogue() -> Iterator[tuple[str, str, Capabilities]]:
    """(class, family, capabilities) of each; those that draw pictures, or need what no plan has, are left out."""
    import diffusers

    for name in sorted(
        name for name in dir(diffusers) if name.startswith(tuple(FAMILIES)) and name.endswith("Pipeline")
    ):
        with hushed():
            kind = getattr(diffusers, name)
        try:
            anatomy = anatomy_of(kind)
        except ModelFormatError:
            continue
        family = family_of(name)
        yield (
            name,
            family.title,
            capabilities_of(anatomy, family, _networks(kind), size=None, options=DiffusersOptions()),
        )


def _networks(pipeline: type) -> dict[str, dict[str, str]]:
    """What the pipeline's constructor says of its transformer: the name of its class."""
    parameters = inspect.signature(pipeline).parameters
    said = str(parameters["transformer"].annotation) if "transformer" in parameters else ""
    known = next((name for name in REGIONAL if name in said), None)
    return {} if known is None else {"transformer": {"_class_name": known}}
