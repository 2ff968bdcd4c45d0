"""Creates a backend when it is needed, and keeps it."""

from __future__ import annotations

from videodirector.generator.backends import create
from videodirector.generator.backends.protocol import Backend
from videodirector.schemas import RenderSettings

__all__ = ["BackendSource"]


class BackendSource:
    """Creates the backend that settings name, and keeps it; pickled without its weights.

    Args:
        given: an object to use in place of what the settings name.
    """

    def __init__(self, given: Backend | None = None) -> None:
        self._given = given
        self._made: tuple[object, Backend] | None = None

    def get(self, settings: RenderSettings) -> Backend:
        """Return the backend for these settings.

        Raises:
            UsageError: there is none of this name, or it cannot be made with this model or these options.
        """
        if self._given is not None:
            return self._given
        size = (settings.width, settings.height) if settings.width and settings.height else None
        if settings.backend == "layout2vid":
            size = None  # its model fixes the size, and need not be loaded again
        wanted = (settings.backend, settings.model, size, dict(settings.options))
        if self._made is None or self._made[0] != wanted:
            made = create(settings.backend, model=settings.model, size=size, options=settings.options)
            self._made = (wanted, made)
        return self._made[1]

    def __getstate__(self) -> dict[str, object]:
        return {"_given": self._given, "_made": None}
