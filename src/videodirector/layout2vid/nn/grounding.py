"""Entities and boxes become grounding tokens; the adapter that carries them into a frozen text-to-video UNet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

import torch
from diffusers import ConfigMixin, ModelMixin, UNet3DConditionModel
from diffusers.configuration_utils import register_to_config
from diffusers.models.embeddings import get_timestep_embedding
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from videodirector.layout2vid.nn.canvas import Canvas, Retouch
from videodirector.layout2vid.nn.entities import Entities, by_frame
from videodirector.layout2vid.nn.gated_attention import GatedSelfAttention, GroundingTokens
from videodirector.layout2vid.nn.gligen import PublishedPositionNet, fourier
from videodirector.layout2vid.nn.unet import GroundedBlock, convolution_blocks, spatial_blocks

__all__ = ["Form", "Grounding", "PositionNet", "fourier", "harmonic"]

Form = Literal["layout2vid", "text", "text-image"]
"""Which position net: VideoDirectorGPT's, or one of the public checkpoints' (see ``published``)."""


def harmonic(phase: Float[Tensor, "*shape"], count: int) -> Float[Tensor, "*shape features"]:
    """Fourier features of a phase in cycles: sine and cosine of its first ``count`` harmonics."""
    angle = 2 * torch.pi * phase.float().unsqueeze(-1) * torch.arange(1, count + 1, device=phase.device)
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


class PositionNet(nn.Module):
    """``h = MLP(P_text(f_text(e)), P_image(f_image(e)), Fourier(box))`` (VideoDirectorGPT, section 3.2).

    With ``grid`` = 1 an entity gives one token a frame. With ``grid`` = g it gives g x g tokens: each knows its cell
    of the box as well, takes its own cell of the picture embedding, which must then be a (channels, side, side)
    raster, and is seen in its cell alone.
    """

    def __init__(
        self,
        *,
        text_width: int,
        picture_shape: Sequence[int],
        token_width: int,
        grid: int,
        masked: bool,
        hidden: int = 512,
        frequencies: int = 8,
        harmonics: int = 0,
    ) -> None:
        super().__init__()
        self.grid, self.masked, self.frequencies, self.harmonics = grid, masked, frequencies, harmonics
        self.picture_shape = tuple(picture_shape)
        if grid > 1 and (len(self.picture_shape) != 3 or self.picture_shape[1] % grid or self.picture_shape[2] % grid):
            raise ValueError(
                f"a grid of {grid} needs pictures (channels, side, side) that it divides, not {picture_shape}"
            )
        cell = torch.Size(self.picture_shape).numel() // grid**2
        boxes = 8 * frequencies * (2 if grid > 1 else 1)
        self.text_projection = nn.Linear(text_width, hidden // 2)
        self.picture_projection = nn.Linear(cell, hidden // 2)
        self.null_text_feature = nn.Parameter(torch.zeros(text_width))
        self.null_picture_feature = nn.Parameter(torch.zeros(cell))
        self.null_position_feature = nn.Parameter(torch.zeros(boxes))
        self.linears = nn.Sequential(
            nn.Linear(hidden + boxes, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, token_width),
        )
        # Beside the other inputs of the first layer, with weights of 0: until it is trained, nothing changes.
        self.phase_projection = nn.Linear(2 * harmonics, hidden, bias=False) if harmonics else None
        if self.phase_projection is not None:
            nn.init.zeros_(self.phase_projection.weight)

    def forward(self, entities: Entities) -> GroundingTokens:
        """Tokens of all frames, (batch * frames, entities * grid^2, width), entity by entity, row by row."""
        batch, frames, count, _ = entities.boxes.shape
        cells = self.grid**2
        text = torch.where(entities.text_known.unsqueeze(-1), entities.text, self.null_text_feature)
        picture = torch.where(
            entities.picture_known[..., None, None, None], self._cells(entities.picture), self.null_picture_feature
        )
        words = self.text_projection(text)[:, None, :, None].expand(-1, frames, -1, cells, -1)
        looks = by_frame(self.picture_projection(picture), entities.pose, frames=frames)
        content = torch.cat([words, looks], dim=-1)
        regions = self._regions(entities.boxes)
        position = fourier(regions, frequencies=self.frequencies)
        if self.grid > 1:
            whole = fourier(entities.boxes, frequencies=self.frequencies).unsqueeze(-2).expand(-1, -1, -1, cells, -1)
            position = torch.cat([whole, position], dim=-1)
        present = entities.present[..., None, None].expand(-1, -1, -1, cells, 1)
        position = torch.where(present, position.to(content.dtype), self.null_position_feature.to(content.dtype))
        features = self.linears[0](torch.cat([content, position], dim=-1))
        if self.phase_projection is not None and entities.phase is not None:
            turning = harmonic(entities.phase, self.harmonics).to(features.dtype) * present[..., 0, :]
            features = features + self.phase_projection(turning).unsqueeze(-2)
        features = self.linears[1:](features)
        seen = torch.where(present, regions, torch.zeros_like(regions)) if self.masked else None
        return GroundingTokens(
            features=features.reshape(batch * frames, count * cells, features.shape[-1]),
            regions=seen.reshape(batch * frames, count * cells, 4) if seen is not None else None,
        )

    def _cells(
        self, picture: Float[Tensor, "batch entities poses picture"]
    ) -> Float[Tensor, "batch entities poses cells cell"]:
        if self.grid == 1:
            return picture.unsqueeze(3)
        channels, height, width = self.picture_shape
        g = self.grid
        raster = picture.reshape(*picture.shape[:3], channels, g, height // g, g, width // g)
        return raster.permute(0, 1, 2, 4, 6, 3, 5, 7).flatten(5).flatten(3, 4)

    def _regions(
        self, boxes: Float[Tensor, "batch frames entities 4"]
    ) -> Float[Tensor, "batch frames entities cells 4"]:
        steps = torch.arange(self.grid, device=boxes.device, dtype=boxes.dtype)
        row, column = (axis.reshape(-1) for axis in torch.meshgrid(steps, steps, indexing="ij"))
        x0, y0, x1, y1 = (side.unsqueeze(-1) for side in boxes.unbind(-1))
        wide, high = (x1 - x0) / self.grid, (y1 - y0) / self.grid
        left, top = x0 + wide * column, y0 + high * row
        return torch.stack([left, top, left + wide, top + high], dim=-1)


class FramePositions(nn.Module):
    """Where in its scene a frame stands, as something to add to the time embedding; it adds 0 at first.

    Without it temporal layers cannot tell the frames apart: they see all of them alike, but for the clip's ends.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.project.weight)

    def forward(self, frames: int) -> Float[Tensor, "{frames} embedding"]:
        """Embeddings of the first so many frames."""
        at = torch.arange(frames, device=self.project.weight.device)
        out: Tensor = self.project(get_timestep_embedding(at, self.project.in_features).to(self.project.weight.dtype))
        return out


class Grounding(ModelMixin, ConfigMixin):
    """The trained part of Layout2Vid: a position net and a fuser for every spatial transformer block of a UNet.

    Attaching it swaps each block for a grounded one that shares the block's own modules; detaching puts the very
    same blocks back. It is stored in a folder of its own, so the UNet beside it stays one that any program can load.

    Args:
        blocks: dotted names of the UNet's spatial transformers, outermost first.
        widths: of the visual tokens in these blocks.
        heads: of the attention in these blocks.
        text_width: of an entity's text embedding.
        picture_shape: of an entity's picture embedding.
        token_width: of the grounding tokens.
        grid: tokens of an entity along each side of its box.
        masked: whether a token is seen in its region alone.
        canvas_width: of the UNet's first convolution, which then also sees the pictures laid into their boxes; 0 for
            no canvas.
        retouched: whether the UNet's last features see the canvas once more.
        patch_size, latent_scale: of the canvas, see :class:`Canvas`.
        form: the position net; ``grid``, ``masked`` and ``harmonics`` are those of ``layout2vid``.
        harmonics: of the phase of a thing's movement that its tokens carry; 0 for none.
        time_width: of the UNet's time embedding, where the frames' positions in the scene are added to it; 0 for none.
    """

    config_name = "config.json"

    @register_to_config
    def __init__(
        self,
        *,
        blocks: list[str],
        widths: list[int],
        heads: list[int],
        text_width: int,
        picture_shape: list[int],
        token_width: int,
        grid: int = 1,
        masked: bool = False,
        canvas_width: int = 0,
        retouched: bool = False,
        patch_size: int = 1,
        latent_scale: int = 8,
        form: Form = "layout2vid",
        harmonics: int = 0,
        time_width: int = 0,
    ) -> None:
        super().__init__()
        self.position_net: PositionNet | PublishedPositionNet
        if form == "layout2vid":
            self.position_net = PositionNet(
                text_width=text_width,
                picture_shape=picture_shape,
                token_width=token_width,
                grid=grid,
                masked=masked,
                harmonics=harmonics,
            )
        else:
            self.position_net = PublishedPositionNet(
                width=text_width, token_width=token_width, pictures=form == "text-image"
            )
        self.fusers = nn.ModuleDict(
            {
                name.replace(".", "-"): GatedSelfAttention(width=width, context=token_width, heads=count)
                for name, width, count in zip(blocks, widths, heads, strict=True)
            }
        )
        self.canvas = (
            Canvas(
                channels=picture_shape[0],
                latent_scale=latent_scale,
                patch_size=patch_size,
                width=canvas_width * (1 + retouched),
            )
            if canvas_width
            else None
        )
        self.retouch = Retouch(canvas_width) if canvas_width and retouched else None
        self.frame_positions = FramePositions(time_width) if time_width else None
        self._attached: dict[str, GroundedBlock] = {}
        self._features: Tensor | None = None  # of the canvas, while it is in use
        self._positions: Tensor | None = None  # of the frames, likewise
        self._hooks: list[RemovableHandle] = []
        self._unet: list[UNet3DConditionModel] = []  # in a list, so that it is not taken for a submodule

    @classmethod
    def for_unet(
        cls,
        unet: UNet3DConditionModel,
        *,
        text_width: int,
        picture_shape: Sequence[int],
        token_width: int,
        grid: int = 1,
        masked: bool = False,
        canvas: bool = False,
        retouched: bool = False,
        patch_size: int = 1,
        latent_scale: int = 8,
        form: Form = "layout2vid",
        harmonics: int = 0,
        positions: bool = False,
    ) -> Grounding:
        """A fresh adapter with closed gates that fits a UNet."""
        found = spatial_blocks(unet)
        return cls(
            blocks=list(found),
            widths=[block.attn1.to_q.in_features for block in found.values()],
            heads=[block.attn1.heads for block in found.values()],
            text_width=text_width,
            picture_shape=list(picture_shape),
            token_width=token_width,
            grid=grid,
            masked=masked,
            canvas_width=unet.conv_in.out_channels if canvas else 0,
            retouched=retouched,
            patch_size=patch_size,
            latent_scale=latent_scale,
            form=form,
            harmonics=harmonics,
            time_width=unet.time_embedding.linear_2.out_features if positions else 0,
        )

    @property
    def attached(self) -> bool:
        """Whether a UNet carries these fusers."""
        return bool(self._attached)

    @property
    def closed(self) -> bool:
        """Whether all gates are shut, so that nothing it says is heard; so it is before training."""
        gates = [parameter for name, parameter in self.named_parameters() if ".alpha_" in name]
        if self.canvas is not None:
            gates += self.canvas.project.parameters()
        if self.retouch is not None:
            gates += self.retouch.add.parameters()
        if self.frame_positions is not None:
            gates += self.frame_positions.parameters()
        return not any(bool(gate.any()) for gate in gates)

    def attach(self, unet: UNet3DConditionModel) -> None:
        """Put a fuser into every spatial block.

        Raises:
            ValueError: the UNet has other blocks than this adapter was made for, or one is attached already.
        """
        if self._attached:
            raise ValueError("this grounding is attached already: detach() it first")
        if any(isinstance(module, GroundedBlock) for module in unet.modules()):
            raise ValueError("this UNet carries other grounding: detach() that first")
        found = spatial_blocks(unet)
        wanted = list(self.config.blocks)
        if list(found) != wanted or [b.attn1.to_q.in_features for b in found.values()] != list(self.config.widths):
            raise ValueError(f"this grounding fits a UNet with the spatial blocks {wanted}, not {list(found)}")
        for name, block in found.items():
            fuser: Any = self.fusers[name.replace(".", "-")]
            grounded = GroundedBlock(block, fuser)
            unet.get_submodule(name).transformer_blocks[0] = grounded
            self._attached[name] = grounded
        if self.canvas is not None:
            self._hooks.append(unet.conv_in.register_forward_hook(self._add_canvas))
        if self.retouch is not None:
            last = unet.conv_norm_out or unet.conv_out
            self._hooks.append(last.register_forward_pre_hook(self._retouch))
        if self.frame_positions is not None:
            for resnet in convolution_blocks(unet):
                self._hooks.append(resnet.register_forward_pre_hook(self._tell_time))
        self._unet.append(unet)

    def _add_canvas(self, _module: nn.Module, _given: Any, output: Tensor) -> Tensor:
        if self._features is None:
            return output
        return output + self._features[:, : output.shape[1]].to(output.dtype)

    def _retouch(self, _module: nn.Module, given: tuple[Tensor]) -> tuple[Tensor]:
        if self._features is None or self.retouch is None:
            return given
        hidden = given[0]
        return (self.retouch(hidden, self._features[:, hidden.shape[1] :]),)

    def _tell_time(self, _module: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if self._positions is None:
            return given
        hidden, embedded, *rest = given
        return (hidden, embedded + self._positions.to(embedded.dtype), *rest)

    def detach(self) -> None:
        """Give the UNet its own blocks back."""
        for name, grounded in self._attached.items():
            self._unet[0].get_submodule(name).transformer_blocks[0] = grounded.original
        while self._hooks:
            self._hooks.pop().remove()
        self._attached.clear()
        self._unet.clear()

    def tokens(self, entities: Entities, *, size: tuple[int, int]) -> GroundingTokens:
        """What the entities say to the UNet, for latents of ``size`` = (height, width)."""
        tokens: GroundingTokens = self.position_net(entities)
        if self.frame_positions is not None:
            batch, frames = entities.boxes.shape[:2]
            tokens = replace(tokens, positions=self.frame_positions(frames).repeat(batch, 1))
        if self.canvas is None or entities.views is None:
            return tokens
        return replace(tokens, canvas=self.canvas(entities, size=size))

    @contextmanager
    def use(self, tokens: GroundingTokens | None, *, size: tuple[int, int]) -> Iterator[None]:
        """Within this block the UNet sees these tokens; with None the fusers are skipped, not multiplied by zero.

        ``size`` is the height and width of the latents.
        """
        for grounded in self._attached.values():
            grounded.tokens, grounded.size = tokens, size
        self._features = tokens.canvas if tokens is not None else None
        self._positions = tokens.positions if tokens is not None else None
        try:
            yield
        finally:
            self._features = self._positions = None
            for grounded in self._attached.values():
                grounded.tokens = None
