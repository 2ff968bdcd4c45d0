"""ImageBind (arXiv 2305.05665), from weights that the user has: six senses in one space of 1024 dimensions.

Code and weights of ImageBind are CC BY-NC-SA 4.0, so neither comes with this package. This is a description of its
networks from the paper's figures, written anew, that takes a checkpoint as it was published; nothing else of that
project is needed, whose pinned dependencies no longer install. Whoever loads the weights accepts their licence.

Pictures and videos are clips of two frames, sounds three clips of two seconds as log-mel filter banks, depth is
disparity, heat one channel of brightness, motion 2000 readings of six axes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from videodirector.errors import ModelFormatError, ModelNotFoundError

Vectors = NDArray[np.float32]
Tokenizer = Callable[[Sequence[str]], Tensor]
"""Texts to CLIP's tokens (texts, 77), zeros behind the end of a text."""

__all__ = ["SENSES", "ImageBind", "ImageBindNetworks", "Sense", "clip_tokenizer", "filter_banks"]

WIDTH = 1024
_MEAN, _STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # CLIP's


@dataclass(frozen=True, kw_only=True)
class Sense:
    """One encoder: a transformer of ``blocks`` over ``tokens`` of ``width``.

    Attributes:
        patch: shape of the filter that makes tokens; empty for text, (values,) for motion.
        stride: of that filter.
        tokens: positions, the class token with them.
        extra_keys: whether attention has a learned key and value besides those of the tokens.
        first_norm: whether tokens are normalised before the first block.
        scale: what the unit vector is multiplied with.
    """

    width: int
    blocks: int
    heads: int
    tokens: int
    patch: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    extra_keys: bool = False
    first_norm: bool = False
    scale: float = 1.0


SENSES: dict[str, Sense] = {
    "vision": Sense(
        width=1280, blocks=32, heads=16, tokens=257, patch=(3, 2, 14, 14), stride=(2, 14, 14), first_norm=True
    ),
    "text": Sense(width=1024, blocks=24, heads=16, tokens=77, scale=1 / 0.07),
    "audio": Sense(
        width=768, blocks=12, heads=12, tokens=229, patch=(1, 16, 16), stride=(10, 10), extra_keys=True, scale=20.0
    ),
    "depth": Sense(
        width=384, blocks=12, heads=8, tokens=197, patch=(1, 16, 16), stride=(16, 16), extra_keys=True, scale=5.0
    ),
    "thermal": Sense(
        width=768, blocks=12, heads=12, tokens=197, patch=(1, 16, 16), stride=(16, 16), extra_keys=True, scale=10.0
    ),
    "imu": Sense(width=512, blocks=6, heads=8, tokens=251, patch=(48,), extra_keys=True, scale=5.0),
}
VOCABULARY = 49_408


class _Block(nn.Module):
    """Pre-norm attention and perceptron."""

    def __init__(self, sense: Sense) -> None:
        super().__init__()
        width = sense.width
        self.norm_1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = nn.MultiheadAttention(width, sense.heads, bias=True, add_bias_kv=sense.extra_keys, batch_first=True)
        self.norm_2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        seen = self.norm_1(x)
        x = x + self.attn(seen, seen, seen, attn_mask=mask, need_weights=False)[0]
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm_2(x))))


class _Encoder(nn.Module):
    """One sense: values to tokens, through the blocks, to a vector."""

    def __init__(self, sense: Sense) -> None:
        super().__init__()
        self.sense = sense
        width, patch = sense.width, sense.patch
        self.positions = nn.Parameter(torch.zeros(1, sense.tokens, width))
        if patch:
            self.class_token = nn.Parameter(torch.zeros(1, 1, width))
            self.stem = nn.Parameter(torch.zeros(width, *patch))
        else:
            self.words = nn.Embedding(VOCABULARY, width)
        # What has one channel only is normalised behind the stem, what has none of CLIP's history too.
        self.stem_norm = nn.LayerNorm(width) if patch and not sense.first_norm else None
        self.first_norm = nn.LayerNorm(width, eps=1e-6) if sense.first_norm else None
        self.blocks = nn.ModuleList(_Block(sense) for _ in range(sense.blocks))
        self.last_norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, WIDTH, bias=False)
        if not patch:
            self.log_scale = nn.Parameter(torch.tensor(math.log(sense.scale)))

    def forward(self, values: Tensor) -> Float[Tensor, "batch width"]:
        """Scaled vectors; normalise them to compare across senses."""
        mask = None
        if not self.sense.patch:
            x = self.words(values) + self.positions
            mask = torch.full((x.shape[1],) * 2, -torch.inf, device=x.device).triu(1)
        else:
            x = self._patched(values)
            if self.stem_norm is not None:
                x = self.stem_norm(x)
            x = torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions
        if self.first_norm is not None:
            x = self.first_norm(x)
        for block in self.blocks:
            x = block(x, mask)
        ends = values.argmax(-1) if mask is not None else torch.zeros(len(x), dtype=torch.long, device=x.device)
        vectors = F.normalize(self.head(self.last_norm(x[torch.arange(len(x)), ends])), dim=-1)
        return vectors * (self.log_scale.exp().clamp(max=100) if mask is not None else self.sense.scale)

    def _patched(self, values: Tensor) -> Tensor:
        patch, stride = self.sense.patch, self.sense.stride
        if len(patch) == 1:  # motion: pieces of eight readings of six axes
            pieces = values.unfold(-1, 8, 8).permute(0, 2, 1, 3).flatten(2)
            return pieces @ self.stem.T
        convolve = F.conv3d if len(patch) == 4 else F.conv2d
        return convolve(values, self.stem, stride=stride).flatten(2).transpose(1, 2)


class ImageBindNetworks(nn.Module):
    """All six encoders, 1,200.8 million parameters."""

    def __init__(self, senses: dict[str, Sense] | None = None) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict({name: _Encoder(sense) for name, sense in (senses or SENSES).items()})

    def forward(self, sense: str, values: Tensor) -> Tensor:
        """Vectors (batch, 1024), scaled."""
        vectors: Tensor = self.encoders[sense](values)
        return vectors


class ImageBind:
    """ImageBind behind the planner's Embedder protocol.

    Args:
        networks: with the user's weights.
        tokenizer: CLIP's; ``transformers.CLIPTokenizer`` of any CLIP has it.
    """

    name = "imagebind"
    modalities = frozenset({"image", "audio", "video", "depth", "thermal", "imu"})

    def __init__(self, networks: ImageBindNetworks, tokenizer: Tokenizer) -> None:
        self.networks, self._tokenizer = networks.eval().requires_grad_(False), tokenizer

    @classmethod
    def load(cls, checkpoint: Path, tokenizer: Tokenizer) -> ImageBind:
        """From the published checkpoint (imagebind_huge.pth), read without running any code in it.

        Raises:
            ModelNotFoundError: there is no such file.
            ModelFormatError: it holds something else.
        """
        if not checkpoint.exists():
            raise ModelNotFoundError(f"{checkpoint}: there is no such file", hint="give the path of imagebind_huge.pth")
        try:
            published = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
            with torch.device("meta"):
                networks = ImageBindNetworks()
            weights = {ours: published[theirs] for ours, theirs in published_names(networks)}
            shapes = {name: tensor.shape for name, tensor in networks.state_dict().items()}
            networks.load_state_dict(
                {name: tensor.reshape(shapes[name]) for name, tensor in weights.items()}, assign=True
            )
        except KeyError as error:
            raise ModelFormatError(f"{checkpoint} is no ImageBind: it lacks {error}") from None
        except Exception as error:  # a pickle can fail in any way
            raise ModelFormatError(f"{checkpoint} cannot be read as ImageBind: {str(error)[:300]}") from None
        return cls(networks, tokenizer)

    @torch.no_grad()
    def embed(self, modality: str, clips: Sequence[NDArray[Any]]) -> Vectors:
        """Unit vectors (clips, 1024) of clips as ``planner.perception.sensed.Sensed`` describes them."""
        sense = {"image": "vision", "video": "vision"}.get(modality, modality)
        found = [F.normalize(self.networks(sense, _PREPARE[modality](clip)), dim=-1).mean(0) for clip in clips]
        return np.asarray(F.normalize(torch.stack(found), dim=-1).numpy(), dtype=np.float32)

    @torch.no_grad()
    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, 1024)."""
        parts = [self.networks("text", self._tokenizer(texts[at : at + 64])) for at in range(0, len(texts), 64)]
        return np.asarray(F.normalize(torch.cat(parts), dim=-1).numpy(), dtype=np.float32)

    def scale(self, modality: str, aspect: str) -> float | None:  # noqa: ARG002  the protocol's
        """Not calibrated."""
        return None


def clip_tokenizer(folder: Path) -> Tokenizer:
    """CLIP's tokenizer, from a folder with the tokenizer files of any CLIP.

    Raises:
        ModelNotFoundError: they are not there.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError):
        raise ModelNotFoundError(
            f"{folder} has no tokenizer",
            hint="ImageBind reads text as CLIP does: put tokenizer.json, or vocab.json and merges.txt, there",
        ) from None

    def tokens(texts: Sequence[str]) -> Tensor:
        rows = [tokenizer(text, truncation=True, max_length=77)["input_ids"] for text in texts]
        return torch.tensor([[*row, *[0] * (77 - len(row))] for row in rows])

    return tokens


def published_names(networks: ImageBindNetworks) -> list[tuple[str, str]]:
    """Our names of all parameters with those in the published checkpoint."""
    return [(name, _published(*name.split(".", 2)[1:])) for name in networks.state_dict()]


def _published(sense: str, rest: str) -> str:
    before, trunk, head = (f"modality_{part}.{sense}" for part in ("preprocessors", "trunks", "heads"))
    stem = {"depth": "depth_stem", "imu": "imu_stem"}.get(sense, "rgbt_stem")
    place, _, leaf = rest.partition(".")
    if sense == "text":  # projected where the text ends
        head += ".proj"
    projection = {"text": 1, "imu": 3}.get(sense, 2)
    return {
        "positions": f"{before}.{'pos_embed' if sense in ('text', 'imu') else 'pos_embedding_helper.pos_embed'}",
        "class_token": f"{before}.cls_token",
        "stem": f"{before}.{stem}.proj.{'1.' if sense == 'vision' else ''}weight",
        "words": f"{before}.token_embedding.{leaf}",
        "stem_norm": f"{before}.{stem}.norm_layer.{leaf}",
        "first_norm": f"{trunk}.pre_transformer_layer.0.{leaf}",
        "blocks": f"{trunk}.{rest}",
        "last_norm": f"{head}.0.{leaf}",
        "head": f"{head}.{projection}.{leaf}",
        "log_scale": f"modality_postprocessors.{sense}.1.log_logit_scale",
    }[place]


def filter_banks(samples: Vectors, *, frames: int = 204, bands: int = 128) -> Vectors:
    """Log-mel filter banks of sound at 16 kHz, 25 ms windows every 10 ms, as Kaldi computes them; (bands, frames)."""
    samples = samples - samples.mean()
    windows = np.lib.stride_tricks.sliding_window_view(samples, 400)[::160]
    windows = windows - windows.mean(1, keepdims=True)
    before = np.concatenate([windows[:, :1], windows[:, :-1]], axis=1)
    power = np.abs(np.fft.rfft((windows - 0.97 * before) * np.hanning(400), 512)) ** 2
    mel = 1127 * np.log1p(np.fft.rfftfreq(512, 1 / 16_000)[:256] / 700)
    edges = np.linspace(1127 * np.log1p(20 / 700), 1127 * np.log1p(8000 / 700), bands + 2)
    rising = (mel - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - mel) / (edges[2:] - edges[1:-1])[:, None]
    energy = np.log(np.maximum(np.maximum(0, np.minimum(rising, falling)) @ power[:, :256].T, 1.1920929e-07))
    energy = np.pad(energy[:, :frames], ((0, 0), (0, max(0, frames - energy.shape[1]))))
    return np.asarray((energy + 4.268) / 9.138, dtype=np.float32)


def _seen(picture: NDArray[Any]) -> Tensor:
    return _watched(np.stack([picture, picture]))


def _watched(frames: NDArray[Any]) -> Tensor:
    """Pairs of frames, (pairs, 3, 2, 224, 224)."""
    pixels = np.stack([_square(Image.fromarray(frame)) for frame in frames]).astype(np.float32) / 255
    pixels = ((pixels - _MEAN) / _STD).astype(np.float32)
    firsts = range(0, max(len(pixels) - 1, 1), 2)
    pairs = [np.stack([pixels[at], pixels[min(at + 1, len(pixels) - 1)]]) for at in firsts]
    return torch.from_numpy(np.stack(pairs)).permute(0, 4, 1, 2, 3)


def _heard(samples: NDArray[Any]) -> Tensor:
    """Three clips of two seconds, evenly spread, (3, 1, 128, 204)."""
    from scipy.signal import resample_poly

    sound = np.asarray(resample_poly(samples, 1, 3), dtype=np.float32)
    sound = np.pad(sound, (0, max(0, 32_000 - len(sound))))
    starts = np.linspace(0, len(sound) - 32_000, 3).astype(int)
    return torch.from_numpy(np.stack([filter_banks(sound[at : at + 32_000]) for at in starts]))[:, None]


def _mapped(values: NDArray[Any]) -> Tensor:
    """A depth or heat map without a unit, so of mean 0 and variance 1; (1, 1, 224, 224)."""
    small = _square(Image.fromarray(values.astype(np.float32), "F"))
    return torch.from_numpy((small - small.mean()) / max(float(small.std()), 1e-6))[None, None]


def _felt(readings: NDArray[Any]) -> Tensor:
    """Ten seconds at 200 Hz, the last reading held, each axis of mean 0 and variance 1; (1, 6, 2000)."""
    held = np.pad(readings[:, :2000], ((0, 0), (0, max(0, 2000 - readings.shape[1]))), mode="edge")
    spread = np.maximum(held.std(1, keepdims=True), 1e-3)
    return torch.from_numpy(((held - held.mean(1, keepdims=True)) / spread).astype(np.float32))[None]


def _square(image: Image.Image) -> NDArray[Any]:
    """The middle, 224 by 224, of a picture whose shorter side has been made 224."""
    factor = 224 / min(image.size)
    width, height = (max(224, round(side * factor)) for side in image.size)
    left, top = (width - 224) // 2, (height - 224) // 2
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC).crop((left, top, left + 224, top + 224)))


_PREPARE: dict[str, Callable[[NDArray[Any]], Tensor]] = {
    "image": _seen,
    "video": _watched,
    "audio": _heard,
    "depth": _mapped,
    "thermal": _mapped,
    "imu": _felt,
}
