"""Arrange memory for speed on a CPU, and report when there is too little."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from videodirector.errors import RenderError

__all__ = ["channels_last", "enough_memory", "keep_memory"]


@contextmanager
def enough_memory(what: str) -> Iterator[None]:
    """Report a lack of memory inside of this block as an error of rendering, with a remedy.

    Raises:
        RenderError: there is too little.
    """
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise _too_little(what, error) from error
    except RuntimeError as error:  # torch has no class of its own for the processor's memory
        if "not enough memory" not in str(error) and "alloc" not in str(error).lower():
            raise
        raise _too_little(what, error) from error


def _too_little(what: str, error: BaseException) -> RenderError:
    detail = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return RenderError(
        f"there is too little memory {what}: {detail}",
        hint="try --memory low, fewer frames a scene, or a smaller model; close what else uses the memory",
    )


def keep_memory() -> None:
    """Let glibc keep freed blocks instead of returning them to the kernel.

    Denoising frees and allocates the same large tensors at every step; with page faults for fresh ones a step of the
    small UNet took twice as long on a CPU. Without glibc this does nothing.
    """
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:
        return
    m_trim_threshold, m_mmap_threshold = -1, -3
    libc.mallopt(m_mmap_threshold, 2**30)
    libc.mallopt(m_trim_threshold, 2**31 - 1)


def channels_last(model: nn.Module) -> None:
    """Store the weights of convolutions in the order that is fastest for channels-last pictures.

    On a CPU group normalisation is the exception: torch walks small channels-last maps against the order of memory;
    normalising a 16 x 16 map took longer than convolving it (bfloat16, 128 channels). It gets those contiguous.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
        elif isinstance(module, nn.Conv3d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last_3d)
        elif isinstance(module, nn.GroupNorm) and _small_maps_plain not in module._forward_pre_hooks.values():
            module.register_forward_pre_hook(_small_maps_plain)


def _small_maps_plain(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    x = inputs[0]
    return (x.contiguous(),) if x.device.type == "cpu" and x.dim() == 4 and x.shape[2] * x.shape[3] < 1024 else inputs
