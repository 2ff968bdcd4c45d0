"""Memory on a CPU."""

from __future__ import annotations

import ctypes

__all__ = ["keep_memory"]


def keep_memory() -> None:
    """Let glibc keep freed blocks instead of returning them to the kernel.

    Denoising frees and asks again for the same large tensors at every step; with the page faults of fresh ones a step
    of the small UNet took twice as long on a CPU. Elsewhere than on Linux with glibc this does nothing.
    """
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:
        return
    m_trim_threshold, m_mmap_threshold = -1, -3
    libc.mallopt(m_mmap_threshold, 2**30)
    libc.mallopt(m_trim_threshold, 2**31 - 1)
