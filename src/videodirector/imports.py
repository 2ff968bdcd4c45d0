"""Importing large libraries."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["no_collection"]


@contextmanager
def no_collection() -> Iterator[None]:
    """Without looking for garbage: thousands of classes are imported here, all to stay, and looking costs a sixth.

    And without what bitsandbytes, where it is installed, has to say of kernels that nobody asked for.
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
