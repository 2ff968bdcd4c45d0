"""Compile networks layer by layer: minutes once, then every step is faster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from videodirector.errors import RenderError

__all__ = ["compile_layers", "compiling"]

LAYERS = {"ResnetBlock2D", "TemporalConvLayer", "BasicTransformerBlock", "Attention", "_Attention", "FeedForward"}
"""Classes of the layers that are compiled. A scene's pass runs the parts of a spatial block one by one."""

SHAPES = 64
"""Of which one class of layers may be compiled; torch's own limit is 8, beyond which layers are left as they are."""


def compile_layers(*networks: nn.Module, **options: Any) -> None:
    """Compile networks layer by layer when they first run: a few shapes, so it takes minutes and not an hour.

    ``options`` are those of ``torch.compile``.
    """
    import torch._dynamo.config as dynamo  # slow to import

    dynamo.recompile_limit = max(dynamo.recompile_limit, SHAPES)
    for network in networks:
        for module in network.modules():
            if type(module).__name__ in LAYERS:
                module.compile(**{"dynamic": False, **options})


@contextmanager
def compiling() -> Iterator[None]:
    """Report a failure of torch's compiler inside of this block as an error of rendering, with a remedy.

    Raises:
        RenderError: torch's compiler failed.
    """
    try:
        yield
    except RuntimeError as error:
        if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
            raise
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise RenderError(
            f"the model's layers cannot be compiled here: {lines[0][:200] if lines else type(error).__name__}",
            hint="leave out --option compile=true; or install what compiles: a C++ compiler, on a GPU triton too",
        ) from error
