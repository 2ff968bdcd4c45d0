"""Silence the libraries below while they load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet"]


@contextmanager
def quiet() -> Iterator[None]:
    """Silence diffusers' and transformers' progress bars and warnings; errors are raised as ever.

    The command line's progress and ``--json`` must not be mixed with theirs.
    """
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    kept = [
        (module, module.get_verbosity(), module.is_progress_bar_enabled())
        for module in (diffusers_logging, transformers_logging)
    ]
    for module, _, _ in kept:
        module.set_verbosity_error()
        module.disable_progress_bar()
    try:
        yield
    finally:
        for module, verbosity, bars in kept:
            module.set_verbosity(verbosity)
            if bars:
                module.enable_progress_bar()
