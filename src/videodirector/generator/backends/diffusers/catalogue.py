"""The pipelines of the installed diffusers that this release knows facts of, and what each can do by its signature."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from videodirector.errors import ModelFormatError
from videodirector.generator.backends.diffusers._signature import read_signature
from videodirector.generator.backends.diffusers.families import FAMILIES, find_family
from videodirector.generator.backends.diffusers.model import REGIONAL, derive_capabilities, silence_libraries
from videodirector.generator.backends.diffusers.options import DiffusersOptions
from videodirector.generator.backends.protocol import Capabilities

__all__ = ["list_pipelines"]


def list_pipelines() -> Iterator[tuple[str, str, Capabilities]]:
    """(class, family, capabilities) of each; those that render pictures, or need what no plan has, are left out."""
    import diffusers

    for name in sorted(
        name for name in dir(diffusers) if name.startswith(tuple(FAMILIES)) and name.endswith("Pipeline")
    ):
        with silence_libraries():
            kind = getattr(diffusers, name)
        try:
            signature = read_signature(kind)
        except ModelFormatError:
            continue
        family = find_family(name)
        yield (
            name,
            family.title,
            derive_capabilities(signature, family, _read_networks(kind), size=None, options=DiffusersOptions()),
        )


def _read_networks(pipeline: type) -> dict[str, dict[str, str]]:
    """What the pipeline's constructor says of its transformer: the name of its class."""
    parameters = inspect.signature(pipeline).parameters
    said = str(parameters["transformer"].annotation) if "transformer" in parameters else ""
    known = next((name for name in REGIONAL if name in said), None)
    return {} if known is None else {"transformer": {"_class_name": known}}
