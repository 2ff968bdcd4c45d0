"""Lists the backends, what each honours of a plan, and what is missing to use it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from videodirector.errors import VideoDirectorError
from videodirector.generator.backends import create, names
from videodirector.generator.backends.layout_methods import choose_method
from videodirector.generator.backends.protocol import Capabilities

__all__ = ["BackendEntry", "describe_backend", "list_backends", "list_families", "list_honoured"]


@dataclass(frozen=True, kw_only=True)
class BackendEntry:
    """One backend, or one model of it.

    Attributes:
        name: what to give as ``--backend``, or a family of models.
        draws: what it is, for people.
        boxes: by which means it imposes a layout.
        honours: what else of a plan it honours.
        missing: what has to be done before it can be used; empty where nothing has.
        options: the names of its own settings.
        capabilities: what it declares, as plain data; None where that depends on the model.
    """

    name: str
    draws: str
    boxes: str
    honours: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    capabilities: Mapping[str, Any] | None = None


def list_backends() -> list[BackendEntry]:
    """Build one entry a backend, without loading a model or calling a server."""
    return [_build_entries().get(name) or describe_backend(name) for name in names()]


def describe_backend(name: str, *, model: str | None = None, options: Mapping[str, Any] | None = None) -> BackendEntry:
    """Describe a backend with a model by its capabilities; an error becomes what is missing."""
    try:
        capabilities = create(name, model=model, options=options).capabilities
    except VideoDirectorError as error:
        return BackendEntry(
            name=name, draws=model or "registered by another package", boxes="?", missing=(error.message,)
        )
    return _build_entry(name, model or "", capabilities)


def list_families() -> list[BackendEntry]:
    """Build one entry for each known pipeline of the installed diffusers."""
    from videodirector.generator.backends.diffusers.catalogue import list_pipelines

    return [_build_entry(name, title, capabilities) for name, title, capabilities in list_pipelines()]


def list_honoured(capabilities: Capabilities) -> Iterator[str]:
    """List what a backend honours of a plan besides the boxes, in a few words each."""
    if capabilities.words:
        yield "descriptions of things" if capabilities.listed else "descriptions"
    if capabilities.references is None:
        yield "reference pictures"
    elif capabilities.references:
        yield f"{capabilities.references} reference pictures a scene"
    if capabilities.shared_groups:
        yield "groups"
    if capabilities.first_frame:
        yield "continues"
    if capabilities.steps:
        yield "steps"
    if capabilities.negative_prompt:
        yield "words to avoid"
    if capabilities.guidance:
        yield "guidance"


def _build_entry(name: str, draws: str, capabilities: Capabilities) -> BackendEntry:
    plain = {field.name: _to_plain(getattr(capabilities, field.name)) for field in fields(capabilities)}
    return BackendEntry(
        name=name,
        draws=draws,
        boxes=choose_method(capabilities).value,
        honours=tuple(list_honoured(capabilities)),
        capabilities=plain,
    )


def _to_plain(value: object) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return f"{value.numerator}/{value.denominator}" if isinstance(value, Fraction) else str(value)


def _build_entries() -> dict[str, BackendEntry]:
    from videodirector.generator.backends.diffusers.options import DiffusersOptions
    from videodirector.generator.backends.server.options import ServerOptions

    drawing = _build_entry(
        "storyboard", "ready-made pictures in their boxes, at once", create("storyboard").capabilities
    )
    grounded = describe_backend("layout2vid")
    return {
        "layout2vid": BackendEntry(
            **{**vars(grounded), "draws": "the layout-grounded model in the package, or another one"}
        ),
        "storyboard": drawing,
        "diffusers": BackendEntry(
            name="diffusers",
            draws="any video pipeline of diffusers, --model FOLDER or OWNER/NAME",
            boxes="by the model: control video, key picture, regional attention or words",
            missing=(*_list_missing("diffusers", "accelerate"), *_check_gpu()),
            options=tuple(DiffusersOptions.model_fields),
        ),
        "server": BackendEntry(
            name="server",
            draws="a model behind /v1/videos, --base-url URL --model NAME",
            boxes="key picture with --option picture=true, else words",
            honours=("descriptions", "continues with --option picture=true"),
            missing=(*_list_missing("openai"), *_check_key()),
            options=tuple(ServerOptions.model_fields),
        ),
    }


def _list_missing(*packages: str) -> Iterator[str]:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            yield f"pip install {package}"


def _check_gpu() -> Iterator[str]:
    if shutil.which("nvidia-smi") is None:
        yield "an NVIDIA GPU, for all but the smallest models"


def _check_key() -> Iterator[str]:
    if not any(os.environ.get(name) for name in ("VIDEODIRECTOR_API_KEY", "OPENAI_API_KEY")):
        yield "a key in VIDEODIRECTOR_API_KEY, if the server wants one"
