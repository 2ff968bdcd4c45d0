"""The networks of storyworld-bind: one tower for each modality, into one space."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

__all__ = ["MODALITIES", "WIDTH", "MapTower", "TextTower", "Towers", "TraceTower"]

WIDTH = 128
"""Width of the space."""

MODALITIES = ("vision", "text", "audio", "depth", "thermal", "imu")
"""Images and videos share a tower: an image is a video whose two frames are the same."""


class _Residual(nn.Module):
    """Two 3x3 convolutions with a residual connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


def _downsample(before: int, after: int, *, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )


class MapTower(nn.Module):
    """Pictures, spectrograms, depth and heat maps: a small residual network over 64x64 values.

    Its last 4x4 places are pooled by mean and by maximum, so that a small thing in one corner
    counts.
    """

    def __init__(self, channels: int, widths: tuple[int, int, int, int] = (32, 64, 128, 160)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.body = nn.Sequential(
            _downsample(channels, a, kernel=5),
            _downsample(a, b),
            _Residual(b),
            _Residual(b),
            _downsample(b, c),
            _Residual(c),
            _Residual(c),
            _downsample(c, d),
            _Residual(d),
        )
        self.head = nn.Linear(2 * d, WIDTH)

    def forward(self, maps: Float[Tensor, "batch channels 64 64"]) -> Float[Tensor, "batch width"]:
        places = self.body(maps.contiguous(memory_format=torch.channels_last)).flatten(2)
        return F.normalize(self.head(torch.cat([places.mean(-1), places.amax(-1)], dim=-1)).float(), dim=-1)


class TraceTower(nn.Module):
    """Motion traces: convolutions along time."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in ((6, width), (width, width), (width, 2 * width), (2 * width, 2 * width)):
            layers += [nn.Conv1d(before, after, 5, stride=2, padding=2, bias=False), nn.BatchNorm1d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(2 * width * 13, WIDTH)  # time keeps its order: speeding up comes before slowing down

    def forward(self, trace: Float[Tensor, "batch 6 200"]) -> Float[Tensor, "batch width"]:
        return F.normalize(self.head(self.body(trace).flatten(1)).float(), dim=-1)


class TextTower(nn.Module):
    """Sentence embeddings of a frozen text encoder, scaled to a variance of 1 a dimension, into the space."""

    def __init__(self, sentence: int = 384, hidden: int = 512) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(sentence, hidden), nn.GELU(), nn.Linear(hidden, WIDTH))

    def forward(self, sentences: Float[Tensor, "batch sentence"]) -> Float[Tensor, "batch width"]:
        return F.normalize(self.body(sentences).float(), dim=-1)


class Towers(nn.Module):
    """All towers, and for every modality beside vision the temperature of its training pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.vision = MapTower(6)
        self.text = TextTower()
        self.audio = MapTower(1)
        self.depth = MapTower(1)
        self.thermal = MapTower(1)
        self.imu = TraceTower()
        self.log_scale = nn.ParameterDict({name: nn.Parameter(torch.tensor(2.7)) for name in MODALITIES[1:]})

    def forward(self, modality: str, batch: Tensor) -> Float[Tensor, "batch width"]:
        """Return unit vectors."""
        tower: nn.Module = self.get_submodule(modality)
        vectors: Tensor = tower(batch)
        return vectors
