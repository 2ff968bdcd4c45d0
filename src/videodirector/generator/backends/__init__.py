"""The backends by name. Naming one imports only that one, and creating it loads no weights."""

from __future__ import annotations

from collections.abc import Callable

from videodirector.errors import UsageError
from videodirector.generator.backend import Backend

__all__ = ["create", "names"]


def create(name: str, *, model: str | None = None, size: tuple[int, int] | None = None) -> Backend:
    """The backend of this name.

    Args:
        name: one of ``names()``.
        model: folder or hub id of its weights; None takes those that it brings.
        size: (width, height) that frames would best have, in pixels; a backend with a size of its own keeps that.

    Raises:
        UsageError: there is no such backend, or it takes no model.
    """
    if name not in _FACTORIES:
        raise UsageError(f"there is no backend {name!r}", hint=f"choose one of: {', '.join(names())}")
    return _FACTORIES[name](model, size)


def names() -> tuple[str, ...]:
    """All backends, the default one first."""
    return tuple(_FACTORIES)


def _layout2vid(model: str | None, size: tuple[int, int] | None) -> Backend:  # noqa: ARG001  its model fixes the size
    from videodirector.generator.backends.layout2vid import Layout2VidBackend

    return Layout2VidBackend(model)


def _storyboard(model: str | None, size: tuple[int, int] | None) -> Backend:
    from videodirector.generator.backends.storyboard import StoryboardBackend

    if model is not None:
        raise UsageError(
            f"the storyboard backend draws without a model, so it cannot use {model!r}",
            hint="leave out the model, or choose the backend layout2vid",
        )
    return StoryboardBackend(size=size) if size else StoryboardBackend()


_FACTORIES: dict[str, Callable[[str | None, tuple[int, int] | None], Backend]] = {
    "layout2vid": _layout2vid,
    "storyboard": _storyboard,
}
