"""Run a text-to-video UNet on one scene: what does not change while it is denoised is computed once.

``UNet3DConditionModel.forward`` computes per frame and per step what is the same for all frames and steps, runs both
halves of guidance from the first convolution on although words part them only at the first cross-attention, and
copies between orders of memory around every temporal layer. This pass runs the same modules in the same order and

- keeps the caption's keys and values, per block, for all frames and steps; all frames of a scene query them at once;
- keeps those of the grounding tokens for all steps;
- runs the halves of guidance as one until they part;
- keeps channels last in memory, so that frames x height x width x channels is every layer's view of the same numbers,
  and computes a temporal convolution as a flat one over (frames, pixels).

The results agree with the UNet's own up to rounding.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from diffusers import UNet3DConditionModel
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
from jaxtyping import Float
from torch import Tensor, nn

from videodirector.layout2vid.nn.feed_forward import feed_forward
from videodirector.layout2vid.nn.gated_attention import GroundingTokens
from videodirector.layout2vid.nn.unet import GroundedBlock, Identity, raster

__all__ = ["ScenePass", "passable"]

Hidden = Float[Tensor, "_ _ height width"]
"""(frames of all halves, or of one while they are the same; channels; height; width), channels last in memory."""


def passable(unet: UNet3DConditionModel) -> bool:
    """Whether a UNet is as it was built: not compiled as a whole, not offloaded by layer, plain attention, no FreeU.

    What a pass would overlook, the UNet's own forward sees to.
    """
    compiled = getattr(unet, "_compiled_call_impl", None) is not None
    freed = any(getattr(block, "s1", None) for block in unet.up_blocks)
    plain = all(type(processor) in {AttnProcessor, AttnProcessor2_0} for processor in unet.attn_processors.values())
    offloaded = any(  # layer by layer: by diffusers in groups, or by accelerate
        hasattr(module, "_diffusers_hook") or (hasattr(module, "_hf_hook") and module is not unet)
        for module in unet.modules()
    )
    return plain and not compiled and not freed and not offloaded


class ScenePass:
    """The UNet for one scene.

    Args:
        unet: the network, in evaluation mode.
        words: captions' states, one row for each half of guidance.
        tokens: what the fusers attend to, for the frames of all halves; None where there are none.
        frames: of the scene.
        size: height and width of the latents.
    """

    def __init__(
        self,
        unet: UNet3DConditionModel,
        words: Float[Tensor, "halves words context"],
        tokens: GroundingTokens | None,
        *,
        frames: int,
        size: tuple[int, int],
    ) -> None:
        self.unet, self.words, self.tokens = unet, words, tokens
        self.frames, self.size, self.halves = frames, size, len(words)
        self._caption_keys: dict[int, tuple[Tensor, Tensor]] = {}
        self._grounded = False

    @torch.no_grad()
    def __call__(
        self, x: Float[Tensor, "1 channels frames height width"], timestep: Tensor, *, grounded: bool = False
    ) -> Float[Tensor, "halves channels frames height width"]:
        """The network's output for every half, all from the same sample; with or without the grounding tokens."""
        unet = self.unet
        hook = getattr(unet, "_hf_hook", None)  # of model offload: it brings the weights, and waits at the forward
        if hook is not None:
            hook.pre_forward(unet)
        self._grounded = grounded and self.tokens is not None
        embedded = unet.time_embedding(unet.time_proj(timestep.reshape(1).to(x.device)).to(x.dtype))
        # The canvas, a hook on the first convolution, is another one for each half.
        parted = self._grounded and self.tokens is not None and self.tokens.canvas is not None
        h = x[0].transpose(0, 1).contiguous(memory_format=torch.channels_last)
        h = unet.conv_in(self._widened(h) if parted else h)
        h = self._temporal(unet.transformer_in, h)
        skips = [h]
        for block in unet.down_blocks:
            for layer in range(len(block.resnets)):
                h = self._layer(block, layer, h, embedded)
                skips.append(h)
            for downsampler in block.downsamplers or ():
                h = downsampler(h)
                skips.append(h)
        h = self._layer(unet.mid_block, 0, h, embedded, attend=False)
        for layer, (spatial, temporal) in enumerate(
            zip(unet.mid_block.attentions, unet.mid_block.temp_attentions, strict=True)
        ):
            h = self._temporal(temporal, self._spatial(spatial, h))
            h = self._layer(unet.mid_block, layer + 1, h, embedded, attend=False)
        even = all(side % 2**unet.num_upsamplers == 0 for side in self.size)
        for block in unet.up_blocks:
            for layer in range(len(block.resnets)):
                skip = self._widened(skips.pop())
                h = self._layer(block, layer, torch.cat([self._widened(h), skip], dim=1), embedded)
            for upsampler in block.upsamplers or ():
                h = upsampler(h, None if even else skips[-1].shape[2:])
        if unet.conv_norm_out is not None:
            h = unet.conv_act(unet.conv_norm_out(h))
        h = self._widened(unet.conv_out(h))
        return h.unflatten(0, (self.halves, self.frames)).transpose(1, 2)

    def _widened(self, h: Tensor) -> Tensor:
        """One copy for each half, where the halves are still one."""
        return h if h.shape[0] == self.halves * self.frames else h.repeat(self.halves, *(1,) * (h.ndim - 1))

    def _layer(self, block: Any, layer: int, h: Hidden, embedded: Tensor, *, attend: bool = True) -> Hidden:
        h = self._convolution(block.resnets[layer], h, embedded)
        h = self._temporal_convolution(block.temp_convs[layer], h)
        if attend and hasattr(block, "attentions"):
            h = self._spatial(block.attentions[layer], h)
            h = self._temporal(block.temp_attentions[layer], h)
        return h

    # -- the kinds of layers; benchmarks/layout2vid_speed.py takes their times

    def _convolution(self, resnet: nn.Module, h: Hidden, embedded: Tensor) -> Hidden:
        out: Tensor = resnet(h, embedded)
        return out

    def _temporal_convolution(self, layer: Any, h: Hidden) -> Hidden:
        if isinstance(layer, Identity):
            return h
        flat = self._flat(h)
        out = flat
        for part in (layer.conv1, layer.conv2, layer.conv3, layer.conv4):
            convolution = part[-1]
            # A kernel of 3 x 1 x 1 over frames, rows, columns is one of 3 x 1 over frames and pixels.
            out = F.conv2d(
                F.silu(part[0](out)), convolution.weight.squeeze(-1), convolution.bias, padding=convolution.padding[:2]
            )
        return self._raised(flat + out, h)

    def _temporal(self, transformer: Any, h: Hidden) -> Hidden:
        if isinstance(transformer, Identity):
            return h
        flat = transformer.norm(self._flat(h))
        halves, channels, frames, pixels = flat.shape
        tokens = flat.permute(0, 3, 2, 1).reshape(halves * pixels, frames, channels)
        tokens = transformer.proj_in(tokens)
        for block in transformer.transformer_blocks:
            if block._compiled_call_impl is not None:
                tokens = block(tokens)
                continue
            tokens = block.attn1(block.norm1(tokens)) + tokens
            tokens = block.attn2(block.norm2(tokens)) + tokens  # with itself as well
            tokens = feed_forward(block.ff, block.norm3(tokens)) + tokens
        out = transformer.proj_out(tokens).reshape(halves, pixels, frames, channels).permute(0, 2, 1, 3)
        height, width = h.shape[2:]
        return out.reshape(halves * frames, height, width, channels).permute(0, 3, 1, 2) + h

    def _spatial(self, transformer: Any, h: Hidden) -> Hidden:
        height, width = h.shape[2:]
        tokens = transformer.norm(h)
        if not transformer.use_linear_projection:
            tokens = transformer.proj_in(tokens)
        tokens = tokens.permute(0, 2, 3, 1).flatten(1, 2)
        if transformer.use_linear_projection:
            tokens = transformer.proj_in(tokens)
        for block in transformer.transformer_blocks:
            tokens = self._block(block, tokens)
        if transformer.use_linear_projection:
            tokens = transformer.proj_out(tokens)
        out = tokens.unflatten(1, (height, width)).permute(0, 3, 1, 2)
        if not transformer.use_linear_projection:
            out = transformer.proj_out(out)
        return out + self._widened(h)

    def _block(self, block: Any, tokens: Float[Tensor, "_ visual width"]) -> Float[Tensor, "_ visual width"]:
        tokens = block.attn1(block.norm1(tokens)) + tokens
        tokens = self._widened(tokens)
        if self._grounded and self.tokens is not None and isinstance(block, GroundedBlock):
            tokens = block.fuser(tokens, self.tokens, raster(tokens.shape[1], self.size))
        tokens = self._cross(block.attn2, block.norm2(tokens)) + tokens
        return feed_forward(block.ff, block.norm3(tokens)) + tokens

    def _cross(self, attention: Any, tokens: Float[Tensor, "frames visual width"]) -> Tensor:
        """Cross-attend to the caption: the frames of a half query its words together."""
        keys, values = self._keys_and_values(attention)
        queries = attention.to_q(tokens)
        together = queries.reshape(self.halves, -1, attention.heads, keys.shape[-1]).transpose(1, 2)
        attended = F.scaled_dot_product_attention(together, keys, values)
        out: Tensor = attention.to_out[0](attended.transpose(1, 2).reshape(queries.shape))
        return out

    def _keys_and_values(self, attention: Any) -> tuple[Tensor, Tensor]:
        if id(attention) not in self._caption_keys:
            keys, values = (
                project(self.words).unflatten(-1, (attention.heads, -1)).transpose(1, 2)
                for project in (attention.to_k, attention.to_v)
            )
            self._caption_keys[id(attention)] = keys, values
        return self._caption_keys[id(attention)]

    # -- orders of memory

    def _flat(self, h: Hidden) -> Float[Tensor, "halves channels times pixels"]:
        """The same numbers as (halves, channels, frames, pixels); without a copy where channels are last."""
        last = h.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1)
        return last.unflatten(0, (-1, self.frames)).flatten(2, 3).permute(0, 3, 1, 2)

    @staticmethod
    def _raised(flat: Float[Tensor, "halves channels times pixels"], like: Hidden) -> Hidden:
        height, width = like.shape[2:]
        last = flat.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1)
        return last.unflatten(2, (height, width)).flatten(0, 1).permute(0, 3, 1, 2)
