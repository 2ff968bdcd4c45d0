"""Estimate the memory that rendering a scene takes, on the meta device: nothing is read and nothing computed."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet3DConditionModel
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from videodirector.layout2vid.nn.entities import Entities
from videodirector.layout2vid.nn.grounding import Grounding
from videodirector.layout2vid.sampling.scene_pass import ScenePass

__all__ = ["MemoryEstimate", "estimate_memory", "one_step", "peak_of"]


@dataclass(frozen=True, kw_only=True)
class MemoryEstimate:
    """Bytes: of the weights, and at the peak of a denoising step and of decoding, beside the weights."""

    weights: int
    denoising: int
    decoding: int

    @property
    def peak(self) -> int:
        """The most at any time."""
        return self.weights + max(self.denoising, self.decoding)


class _Watch(TorchDispatchMode):
    """Count the bytes of every storage that operations allocate, for as long as it lives."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = 0
        self._known: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # What goes in and comes out again is a view: of weights, or of something counted already.
        given = {leaf.untyped_storage()._cdata for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)}
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor) and leaf.untyped_storage()._cdata not in given:
                self._count(leaf.untyped_storage())
        return out

    def _count(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key in self._known:
            return
        size = storage.nbytes()

        def gone(_: Any) -> None:
            self._known.pop(key, None)
            self.live -= size

        self._known[key] = weakref.ref(storage, gone)
        self.live += size
        self.peak = max(self.peak, self.live)


class _FusedAttention(TorchFunctionMode):
    """Replace attention by what fused kernels allocate: they never hold the scores."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.nn.functional.scaled_dot_product_attention:
            return torch.empty_like(args[0])
        return func(*args, **(kwargs or {}))


def peak_of(run: Callable[[], object]) -> int:
    """Measure the peak bytes of tensors that ``run`` allocates; tensors from before do not count."""
    with torch.no_grad(), _FusedAttention(), _Watch() as watch:
        run()
    return watch.peak


def estimate_memory(
    unet: UNet3DConditionModel,
    grounding: Grounding,
    vae: AutoencoderKL,
    *,
    others: int = 0,
    frames: int = 16,
    side: int = 32,
    halves: int = 2,
    chunk: int = 16,
) -> MemoryEstimate:
    """Estimate the memory of rendering one scene with networks on the meta device, in their own precision.

    Args:
        unet: with its grounding attached.
        grounding: of the published form with words alone.
        vae: the autoencoder.
        others: bytes of other weights that stay on the device, such as a text encoder's.
        frames: of the scene.
        side: of the latents.
        halves: of guidance that run together: 2, or 1 when they run one after the other.
        chunk: frames that are decoded together.
    """
    pictures = torch.empty(chunk, int(vae.config.latent_channels), side, side, dtype=vae.dtype, device=vae.device)
    return MemoryEstimate(
        weights=others + sum(_bytes(network) for network in (unet, grounding, vae)),
        denoising=peak_of(one_step(unet, grounding, frames=frames, side=side, halves=halves)),
        decoding=peak_of(lambda: vae.decode(pictures).sample),
    )


def one_step(
    unet: UNet3DConditionModel, grounding: Grounding, *, frames: int, side: int, halves: int
) -> Callable[[], object]:
    """Build a function that computes one grounded step of a scene with eight entities, on the networks' device.

    Arguments as in ``estimate_memory``.
    """
    device, dtype, width, count = unet.device, unet.dtype, int(grounding.config.text_width), 8
    entities = Entities(
        boxes=torch.zeros(halves, frames, count, 4, device=device),
        present=torch.ones(halves, frames, count, dtype=torch.bool, device=device),
        text=torch.zeros(halves, count, width, dtype=dtype, device=device),
        text_known=torch.ones(halves, count, dtype=torch.bool, device=device),
        picture=torch.zeros(halves, count, 0, dtype=dtype, device=device),
        picture_known=torch.zeros(halves, count, dtype=torch.bool, device=device),
    )
    words = torch.zeros(halves, 77, int(unet.config.cross_attention_dim), dtype=dtype, device=device)
    x = torch.zeros(1, int(unet.config.in_channels), frames, side, side, dtype=dtype, device=device)

    def step() -> object:
        scene = ScenePass(unet, words, grounding.tokens(entities, size=(side, side)), frames=frames, size=(side, side))
        return scene(x, torch.zeros((), dtype=torch.long, device=device), grounded=True)

    return step


def _bytes(network: nn.Module) -> int:
    return sum(parameter.numel() * parameter.element_size() for parameter in network.parameters())
