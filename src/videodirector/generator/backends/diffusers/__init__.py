"""Any video pipeline of diffusers as a backend: one adapter, led by the signature of the pipeline's call."""

from videodirector.generator.backends.diffusers.backend import DiffusersBackend, DiffusersRenderer
from videodirector.generator.backends.diffusers.options import DiffusersOptions

__all__ = ["DiffusersBackend", "DiffusersOptions", "DiffusersRenderer"]
