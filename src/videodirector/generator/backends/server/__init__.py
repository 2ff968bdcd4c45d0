"""A video model on a server as a backend: OpenAI's ``/v1/videos``, and what speaks like it."""

from videodirector.generator.backends.server.backend import ServerBackend, ServerRenderer
from videodirector.generator.backends.server.options import ServerOptions

__all__ = ["ServerBackend", "ServerOptions", "ServerRenderer"]
