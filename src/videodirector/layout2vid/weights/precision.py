"""Which arithmetic a device is fast in."""

from __future__ import annotations

import torch

__all__ = ["computes_bfloat16", "mixed"]


def computes_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware; without that it is ten times slower than float32 and more."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def mixed(device: torch.device) -> torch.autocast:
    """A context in which products are computed in bfloat16 where the device is fast in it, in float32 elsewhere."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type != "cpu" or computes_bfloat16())
