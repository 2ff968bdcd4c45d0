"""A small network that knows one world: what a clip shows, where, how it moves, and which words belong to a picture.

Trained on true clips only (``recipes/features.py``), it measures how far drawn ones are from them. It needs torch, so
it is loaded through ``features.world_network`` when a metric asks for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from videodirector.errors import ModelError, ModelNotFoundError
from videodirector.evaluation.features import Features, Frames

__all__ = ["MOTIONS", "Vocabulary", "WorldModel", "WorldNetwork", "frames_tensor"]

MOTIONS = ("still", "left", "right", "up", "down")
"""How the largest thing of a clip moves."""

SIDE = 64  # pixels that it looks at; larger pictures are averaged down
LENGTH = 8  # frames of a clip that it looks at, evenly spaced
_BATCH = 16  # clips at a time


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The world in words: its things and places, and every word that its captions may have."""

    things: tuple[str, ...]
    places: tuple[str, ...]
    words: tuple[str, ...]


class WorldModel(nn.Module):
    """Convolutions for every frame, what and where they see, and convolutions over time.

    Args:
        vocabulary: what it tells apart.
        width: of its features.
        embedding: of the space that pictures and words share.
    """

    def __init__(self, vocabulary: Vocabulary, *, width: int = 128, embedding: int = 64) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        channels = (3, 24, 48, 96, width)
        self.convolutions = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(a, b, 3, stride=1 if b == width else 2, padding=1), nn.GroupNorm(8, b), nn.SiLU()
                )
                for a, b in pairwise(channels)
            )
        )
        self.where = nn.Conv2d(width, 16, 1)
        self.place = nn.Linear(16 * (SIDE // 8) ** 2, width)
        self.time = nn.Sequential(
            nn.Conv1d(3 * width, width, 3, padding=1), nn.SiLU(), nn.Conv1d(width, width, 3, padding=1), nn.SiLU()
        )
        self.to_things = nn.Linear(width, len(vocabulary.things))
        self.to_places = nn.Linear(width, len(vocabulary.places))
        self.to_motion = nn.Linear(width, len(MOTIONS))
        self.picture = nn.Linear(3 * width, embedding)
        self.words = nn.EmbeddingBag(len(vocabulary.words) + 1, embedding, mode="mean")
        self.text = nn.Linear(embedding, embedding)
        self.temperature = nn.Parameter(torch.tensor(2.0))
        self._numbers = {word: number for number, word in enumerate(vocabulary.words, start=1)}

    def look(self, frames: Tensor) -> Tensor:
        """What each frame shows: (frames, 3, side, side) in [-1, 1] to (frames, 3 * width)."""
        maps = self.convolutions(frames)
        seen = [maps.mean((2, 3)), maps.amax((2, 3)), functional.silu(self.place(self.where(maps).flatten(1)))]
        return torch.cat(seen, dim=1)

    def watch(self, clips: Tensor) -> Tensor:
        """Features of clips, (clips, frames, 3, side, side) to (clips, width)."""
        looked = self.look(clips.flatten(0, 1)).unflatten(0, clips.shape[:2])
        watched: Tensor = self.time(looked.transpose(1, 2)).mean(2)
        return watched

    def embed_pictures(self, frames: Tensor) -> Tensor:
        """Vectors of length 1 for pictures."""
        return functional.normalize(self.picture(self.look(frames)), dim=1)

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Vectors of length 1 for texts: the words that it knows, in any order."""
        numbers = [[self._numbers.get(word, 0) for word in words_of(text)] or [0] for text in texts]
        known = [[number for number in row if number] or [0] for row in numbers]
        starts = np.cumsum([0, *(len(row) for row in known[:-1])])
        flat = torch.tensor([number for row in known for number in row])
        return functional.normalize(self.text(self.words(flat, torch.from_numpy(starts))), dim=1)


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return re.findall(r"[a-z]+", text.lower())


def frames_tensor(frames: Frames) -> Tensor:
    """Frames (n, height, width, 3) as the model looks at them, (n, 3, side, side) in [-1, 1]."""
    pixels = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float() / 127.5 - 1
    if pixels.shape[-2:] == (SIDE, SIDE):
        return pixels
    smaller = min(pixels.shape[-2:]) < SIDE
    return functional.interpolate(pixels, (SIDE, SIDE), mode="bilinear" if smaller else "area")


class WorldNetwork:
    """The trained model as a ``VideoNetwork`` and a ``PictureTextNetwork``.

    Attributes:
        model: the network itself.
    """

    name = "storyworld features"

    def __init__(self, model: WorldModel) -> None:
        self.model = model.eval()

    @torch.no_grad()
    def features(self, clips: Sequence[Frames]) -> Features:
        """See ``VideoNetwork``."""
        parts = [self.model.watch(batch) for batch in _batches(clips)]
        return np.asarray(torch.cat(parts).double().numpy())

    @torch.no_grad()
    def probabilities(self, clips: Sequence[Frames]) -> Features:
        """See ``VideoNetwork``: the classes are the places of the world, which it tells apart best."""
        parts = [self.model.to_places(self.model.watch(batch)).double().softmax(1) for batch in _batches(clips)]
        return np.asarray(torch.cat(parts).numpy())

    @torch.no_grad()
    def pictures(self, frames: Sequence[NDArray[np.uint8]]) -> Features:
        """See ``PictureTextNetwork``."""
        looked = torch.cat([frames_tensor(frame[None]) for frame in frames])
        parts = [self.model.embed_pictures(part) for part in looked.split(_BATCH * LENGTH)]
        return np.asarray(torch.cat(parts).double().numpy())

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Features:
        """See ``PictureTextNetwork``."""
        return np.asarray(self.model.embed_texts(texts).double().numpy())

    def save(self, path: Path) -> None:
        """One file: weights in half precision, the vocabulary beside them."""
        tensors = {name: tensor.half().contiguous() for name, tensor in self.model.state_dict().items()}
        save_file(tensors, path, metadata={"vocabulary": json.dumps(asdict(self.model.vocabulary))})

    @classmethod
    def load(cls, path: Path) -> WorldNetwork:
        """From one file.

        Raises:
            ModelNotFoundError: there is none.
            ModelError: it holds something else.
        """
        if not path.is_file():
            raise ModelNotFoundError(
                f"there are no features at {path}", hint="train them: python recipes/features.py --out FILE"
            )
        try:
            with safe_open(path, framework="pt") as file:
                told = json.loads((file.metadata() or {})["vocabulary"])
                tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118  no mapping
            model = WorldModel(Vocabulary(**{key: tuple(value) for key, value in told.items()}))
            model.load_state_dict(tensors)
        except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(
                f"{path} is not a network of recipes/features.py: {error}", hint="train it again with that recipe"
            ) from error
        return cls(model)


def _batches(clips: Sequence[Frames]) -> list[Tensor]:
    spaced = [clip[np.linspace(0, len(clip) - 1, LENGTH).round().astype(int)] for clip in clips]
    looked = [frames_tensor(clip) for clip in spaced]
    return [torch.stack(looked[start : start + _BATCH]) for start in range(0, len(looked), _BATCH)]
