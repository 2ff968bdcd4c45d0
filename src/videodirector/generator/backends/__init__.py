"""The backends by name. Naming one imports only that one, and creating it loads no weights."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, Protocol

from videodirector.errors import MissingDependencyError, UsageError
from videodirector.generator.backends.options import BackendOptions
from videodirector.generator.backends.protocol import Backend

__all__ = ["GROUP", "Factory", "create", "names"]

GROUP = "videodirector.backends"
"""The entry-point group under which other packages register theirs: ``name = "package.module:factory"``."""


class Factory(Protocol):
    """Makes a backend; what a package registers. It is called with keywords, and loads no weights."""

    def __call__(self, *, model: str | None, size: tuple[int, int] | None, options: Mapping[str, Any]) -> Backend:
        """See ``create``."""
        ...


def create(
    name: str,
    *,
    model: str | None = None,
    size: tuple[int, int] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Backend:
    """Create the backend of this name.

    Args:
        name: one of ``names()``.
        model: folder, hub id or name of its model; None takes the one that it brings.
        size: (width, height) that frames would best have, in pixels; a backend with a size of its own keeps that.
        options: settings of this backend alone, see its page in the documentation.

    Raises:
        UsageError: there is no such backend, it takes no model or needs one, or an option makes no sense.
    """
    factory = _BUILT_IN.get(name) or _load_registered(name)
    if factory is None:
        raise UsageError(f"there is no backend {name!r}", hint=f"choose one of: {', '.join(names())}")
    return factory(model=model, size=size, options=options or {})


def names() -> tuple[str, ...]:
    """List all backends, the default one first, those that other packages register last."""
    return (*_BUILT_IN, *(point.name for point in entry_points(group=GROUP) if point.name not in _BUILT_IN))


def _load_registered(name: str) -> Factory | None:
    for point in entry_points(group=GROUP, name=name):
        try:
            factory: Factory = point.load()
        except Exception as error:  # whatever a foreign package raises while it is imported
            raise MissingDependencyError(
                f"the backend {name!r} of {point.value} cannot be loaded: {error}",
                hint="install the package that brings it anew, or remove it",
            ) from error
        return factory
    return None


def _layout2vid(*, model: str | None, size: tuple[int, int] | None, options: Mapping[str, Any]) -> Backend:  # noqa: ARG001  its model fixes the size
    from videodirector.generator.backends.layout2vid import Layout2VidBackend, Layout2VidOptions

    return Layout2VidBackend(model, options=Layout2VidOptions.parse(options))


def _storyboard(*, model: str | None, size: tuple[int, int] | None, options: Mapping[str, Any]) -> Backend:
    from videodirector.generator.backends.storyboard import StoryboardBackend

    BackendOptions.parse(options)
    if model is not None:
        raise UsageError(
            f"the storyboard backend has no model, so it cannot use {model!r}",
            hint="leave out the model, or choose the backend layout2vid",
        )
    return StoryboardBackend(size=size) if size else StoryboardBackend()


def _diffusers(*, model: str | None, size: tuple[int, int] | None, options: Mapping[str, Any]) -> Backend:
    from videodirector.generator.backends.diffusers import DiffusersBackend, DiffusersOptions

    if model is None:
        raise UsageError("the diffusers backend needs a model", hint="give --model FOLDER or --model OWNER/NAME")
    return DiffusersBackend(model, size=size, options=DiffusersOptions.parse(options))


def _server(*, model: str | None, size: tuple[int, int] | None, options: Mapping[str, Any]) -> Backend:
    from videodirector.generator.backends.server import ServerBackend, ServerOptions

    if model is None:
        raise UsageError(
            "the server backend needs the name of a model", hint="give --model NAME, as the server calls it"
        )
    return ServerBackend(model, size=size, options=ServerOptions.parse(options))


_BUILT_IN: dict[str, Factory] = {
    "layout2vid": _layout2vid,
    "storyboard": _storyboard,
    "diffusers": _diffusers,
    "server": _server,
}
