"""Importing large libraries."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["large_imports"]


@contextmanager
def large_imports() -> Iterator[None]:
    """Where large libraries are imported: without looking for garbage, and without remarks on what nobody asked for.

    Thousands of classes are made, all to stay, and looking costs a sixth of the time. bitsandbytes, where it is
    installed, remarks on kernels that it lacks.
    """
    on = gc.isenabled()
    gc.disable()
    remarks = logging.getLogger("bitsandbytes")
    level = remarks.level
    remarks.setLevel(logging.ERROR)
    try:
        yield
    finally:
        remarks.setLevel(level)
        if on:
            gc.enable()
