"""The text-to-video UNet's blocks: grounded, or without their temporal layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from diffusers import UNet3DConditionModel
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from jaxtyping import Float
from torch import Tensor, nn

from videodirector.layout2vid.nn.gated_attention import GatedSelfAttention, GroundingTokens

__all__ = [
    "GroundedBlock",
    "Identity",
    "close_temporal_layers",
    "convolution_blocks",
    "last_temporal_convolutions",
    "mixes_frames",
    "raster",
    "revive_blank_temporal_layers",
    "skip_closed_temporal_layers",
    "spatial_blocks",
    "temporal_layers",
    "without_temporal_layers",
]


def spatial_blocks(unet: UNet3DConditionModel) -> dict[str, BasicTransformerBlock]:
    """The spatial transformer blocks by the dotted name of the transformer that holds them, in the UNet's order."""
    return {
        name: module.transformer_blocks[0]
        for name, module in unet.named_modules()
        if isinstance(module, Transformer2DModel)
    }


def convolution_blocks(unet: UNet3DConditionModel) -> list[nn.Module]:
    """The spatial residual blocks, which see the time embedding."""
    return [module for module in unet.modules() if isinstance(module, ResnetBlock2D)]


class GroundedBlock(nn.Module):
    """Guided 2D attention: self-attention, gated self-attention with the grounding tokens, cross-attention.

    Shares all modules of the block that it stands for. Without tokens it computes exactly what that block does.
    """

    def __init__(self, block: BasicTransformerBlock, fuser: GatedSelfAttention) -> None:
        super().__init__()
        self.norm1, self.attn1 = block.norm1, block.attn1
        self.norm2, self.attn2 = block.norm2, block.attn2
        self.norm3, self.ff = block.norm3, block.ff
        # Not registered: the fuser belongs to the adapter, and the UNet's own state dict stays what it was.
        object.__setattr__(self, "fuser", fuser)
        object.__setattr__(self, "original", block)
        self.tokens: GroundingTokens | None = None
        self.size = (1, 1)

    original: BasicTransformerBlock
    fuser: GatedSelfAttention

    def forward(
        self,
        hidden_states: Float[Tensor, "frames visual width"],
        encoder_hidden_states: Float[Tensor, "frames words context"] | None = None,
        attention_mask: Tensor | None = None,
        encoder_attention_mask: Tensor | None = None,
        **_: Any,
    ) -> Float[Tensor, "frames visual width"]:
        hidden_states = self.attn1(self.norm1(hidden_states), attention_mask=attention_mask) + hidden_states
        if self.tokens is not None:
            hidden_states = self.fuser(hidden_states, self.tokens, raster(hidden_states.shape[1], self.size))
        attended = self.attn2(
            self.norm2(hidden_states),
            encoder_hidden_states=encoder_hidden_states,
            attention_mask=encoder_attention_mask,
        )
        hidden_states = attended + hidden_states
        out: Tensor = self.ff(self.norm3(hidden_states)) + hidden_states
        return out


def raster(count: int, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of ``count`` visual tokens, given those of the whole latent: each level halves, rounding up."""
    height, width = size
    while height * width > count:
        height, width = -(-height // 2), -(-width // 2)
    if height * width != count:
        raise ValueError(f"{count} visual tokens are no level of a {size[0]}x{size[1]} latent")
    return height, width


class Identity(nn.Module):
    """In the place of a temporal layer that is left out."""


class _SameAttention(Identity):
    def forward(self, hidden_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor]:
        return (hidden_states,)


class _SameConvolution(Identity):
    def forward(self, hidden_states: Tensor, num_frames: int = 1) -> Tensor:  # noqa: ARG002
        return hidden_states


def _temporal_holders(unet: UNet3DConditionModel) -> Iterator[tuple[nn.Module, str, type[nn.Module]]]:
    for module in unet.modules():
        if hasattr(module, "temp_attentions"):
            yield module, "temp_attentions", _SameAttention
        if hasattr(module, "temp_convs"):
            yield module, "temp_convs", _SameConvolution


def temporal_layers(unet: UNet3DConditionModel) -> list[nn.Module]:
    """All modules that mix frames: temporal convolutions and transformers."""
    held = [layer for module, name, _ in _temporal_holders(unet) for layer in getattr(module, name)]
    return [unet.transformer_in, *held]


def mixes_frames(unet: UNet3DConditionModel) -> bool:
    """Whether any temporal layer is left; without them no frame knows of another."""
    return not all(isinstance(layer, Identity) for layer in temporal_layers(unet))


def _last(layer: nn.Module) -> nn.Module:
    """The layer that a temporal layer's residual branch ends with."""
    name = "proj_out" if hasattr(layer, "proj_out") else "conv4.3"
    return layer.get_submodule(name)


def close_temporal_layers(unet: UNet3DConditionModel) -> None:
    """Let every temporal layer start as the identity: what it adds is 0 (Emu Video, section 3.1)."""
    for layer in temporal_layers(unet):
        for parameter in _last(layer).parameters():
            nn.init.zeros_(parameter)


def _closed(layer: nn.Module) -> bool:
    return not any(parameter.any() for parameter in _last(layer).parameters())


@torch.no_grad()
def blank_closed_temporal_layers(unet: UNet3DConditionModel) -> None:
    """Fill temporal layers that add 0 with zeros, which changes no output but the size of a packed file."""
    for layer in temporal_layers(unet):
        if _closed(layer):
            for parameter in layer.parameters():
                parameter.zero_()


def revive_blank_temporal_layers(unet: UNet3DConditionModel) -> None:
    """Give temporal layers of zeros a random start, still closed: among zeros nothing can be learned."""
    for layer in temporal_layers(unet):
        if not any(parameter.any() for parameter in layer.parameters()):
            for part in layer.modules():
                reset = getattr(part, "reset_parameters", None)
                if reset is not None:
                    reset()
            for parameter in _last(layer).parameters():
                nn.init.zeros_(parameter)


def skip_closed_temporal_layers(unet: UNet3DConditionModel) -> int:
    """Take out temporal layers that add 0, which changes no output but the time it takes; returns how many."""
    skipped = 0
    if _closed(unet.transformer_in):
        unet.transformer_in = _SameAttention()
        skipped += 1
    for module, name, same in list(_temporal_holders(unet)):
        layers = getattr(module, name)
        for position, layer in enumerate(layers):
            if _closed(layer):
                layers[position] = same()
                skipped += 1
    return skipped


def last_temporal_convolutions(unet: UNet3DConditionModel) -> list[nn.Module]:
    """Those of the last block, which sees the sample through the skip connections beside what was made of it.

    All frames start from one noise, so two frames of a noisy clip differ by what has moved and nothing else: that is
    to be read off at the finest raster, and learned without a backward pass through the rest of the network.
    """
    return list(unet.up_blocks[-1].temp_convs)


@contextmanager
def without_temporal_layers(unet: UNet3DConditionModel, *, but: Iterable[nn.Module] = ()) -> Iterator[None]:
    """Leave out the temporal layers: the text-to-image network that the text-to-video one was grown from.

    Args:
        unet: the network, as it was before when the context ends.
        but: those that stay.
    """
    stay = {id(layer) for layer in but}
    kept: list[tuple[nn.Module, str, nn.ModuleList]] = []
    first = unet.transformer_in
    try:
        unet.transformer_in = first if id(first) in stay else _SameAttention()
        for module, name, same in list(_temporal_holders(unet)):
            layers = getattr(module, name)
            kept.append((module, name, layers))
            setattr(module, name, nn.ModuleList(layer if id(layer) in stay else same() for layer in layers))
        yield
    finally:
        unet.transformer_in = first
        for module, name, layers in kept:
            setattr(module, name, layers)
