"""storyworld-bind: the six-sense model that the package brings, behind the planner's Embedder protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import resample_poly

from videodirector.errors import MissingDependencyError, ModelFormatError, ModelNotFoundError
from videodirector.files.reading import read_bounded_text
from videodirector.senses.embedders import features
from videodirector.senses.embedders._decoder import Decoder
from videodirector.senses.embedders.towers import MODALITIES, Towers

Vectors = NDArray[np.float32]
Sentences = Callable[[Sequence[str]], NDArray[Any]]
"""Texts to sentence embeddings (texts, 384), scaled to a variance of 1 a dimension."""

__all__ = ["CONFIG", "WEIGHTS", "StoryworldBind", "packaged"]

WEIGHTS = "model.safetensors"
CONFIG = "config.json"

_HEARD_RATE, _FELT_RATE = 48_000, 200  # of the clips that loaders give
_TOWERS = {"image": "vision", "video": "vision"}


def packaged() -> Path:
    """The folder of the weights that the package brings."""
    return Path(str(files("videodirector").joinpath("weights", "storyworld-bind")))


class StoryworldBind:
    """Pictures, videos, sounds, depth, heat, motion and text in one space of 128 dimensions.

    Args:
        towers: the networks.
        means: of each tower's vectors over the training clips: the modality gap, which is subtracted.
        scales: calibrated by ``"modality/aspect"``.
        motions: orthonormal directions (motions, 128) in which texts differ that tell of other motions.
        known: texts whose vectors are known by heart, means subtracted.
        decoder: writes captions of vectors.
        sentences: reads texts that are not known by heart; None knows no others.
    """

    name = "storyworld-bind"
    modalities = frozenset({"image", "audio", "video", "depth", "thermal", "imu"})

    def __init__(
        self,
        towers: Towers,
        *,
        means: dict[str, Vectors],
        scales: dict[str, float],
        motions: Vectors | None = None,
        known: tuple[Sequence[str], Vectors] = ((), np.zeros((0, 128), dtype=np.float32)),
        decoder: Decoder | None = None,
        sentences: Sentences | None = None,
    ) -> None:
        self.towers = towers.eval().requires_grad_(False)
        self.decoder = None if decoder is None else decoder.eval().requires_grad_(False)
        self._means, self._scales = means, scales
        self._motions = np.zeros((0, 128), dtype=np.float32) if motions is None else motions
        self._known = {text: row for row, text in enumerate(known[0])}
        self._vectors, self._sentences = known[1], sentences

    @classmethod
    def load(cls, folder: Path | None = None, *, sentences: Sentences | None = None) -> StoryworldBind:
        """From a folder that ``recipes/bind.py export`` wrote; None takes the package's.

        Raises:
            ModelNotFoundError: there is no such folder.
            ModelFormatError: its files are damaged or do not fit one another.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        folder = folder or packaged()
        if not (folder / CONFIG).exists() or not (folder / WEIGHTS).exists():
            raise ModelNotFoundError(f"{folder} lacks {CONFIG} or {WEIGHTS}", hint="train it with recipes/bind.py")
        try:
            config = json.loads(read_bounded_text(folder / CONFIG))
            tensors = {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}
            known = config["known"], tensors.pop("known").numpy()
            motions = tensors.pop("motions").numpy()
            means = {name: tensors.pop(f"mean.{name}").numpy() for name in MODALITIES}
            decoder = Decoder(config["words"])
            decoder.load_state_dict({name: tensors.pop(f"decoder.{name}") for name in decoder.state_dict()})
            towers = Towers()
            towers.load_state_dict(tensors, strict=False)  # batch counters are not stored
            if missing := [name for name in towers.state_dict() if name not in tensors and "batches" not in name]:
                raise ValueError(f"it lacks {missing[0]}")
            if len(known[0]) != len(known[1]):
                raise ValueError(f"{len(known[0])} texts, {len(known[1])} vectors")
        except (SafetensorError, ValueError, KeyError, RuntimeError, OSError) as error:
            message = f"{folder} holds no storyworld-bind: {error}"
            raise ModelFormatError(message, hint="copy the folder again") from None
        return cls(
            towers,
            means=means,
            scales=config["scales"],
            motions=motions,
            known=known,
            decoder=decoder,
            sentences=sentences,
        )

    def embed(self, modality: str, clips: Sequence[NDArray[Any]]) -> Vectors:
        """Unit vectors (clips, 128) of clips as ``planner.perception.sensed.Sensed`` describes them.

        Pictures and maps are looked at from several sides (``features.views``), and of a video its middle too, for
        what it shows; how it moves the middle cannot tell, so that part of its vector does not count.
        """
        return _unit(np.stack([self._embedded(modality, clip) for clip in clips]))

    def _embedded(self, modality: str, clip: NDArray[Any]) -> Vectors:
        tower = _TOWERS.get(modality, modality)
        vector = self._mean_of(tower, _PREPARE[modality](clip))
        if modality == "video":
            middle = self._mean_of(tower, _seen(clip[len(clip) // 2]))
            vector = vector + middle - self._motions.T @ (self._motions @ middle)
        return vector

    @torch.no_grad()
    def _mean_of(self, tower: str, maps: Sequence[Vectors]) -> Vectors:
        vectors = self.towers(tower, torch.from_numpy(np.stack(maps))).numpy()
        return _unit(_centred(vectors, self._means[tower]).mean(0))

    @torch.no_grad()
    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, 128); those of the caption bank are known by heart, others need the text encoder.

        Raises:
            MissingDependencyError: a text is not known by heart, and there is no text encoder.
        """
        strangers = [text for text in dict.fromkeys(texts) if text not in self._known]
        if strangers:
            if self._sentences is None:
                raise MissingDependencyError("storyworld-bind was loaded without a text encoder")
            sentences = torch.from_numpy(np.asarray(self._sentences(strangers), dtype=np.float32))
            new = _centred(self.towers("text", sentences).numpy(), self._means["text"])
            self._known |= {text: len(self._vectors) + row for row, text in enumerate(strangers)}
            self._vectors = np.concatenate([self._vectors, new])
        return self._vectors[[self._known[text] for text in texts]]

    def scale(self, modality: str, aspect: str) -> float | None:
        """What cosines are multiplied with to make calibrated logits of them."""
        return self._scales.get(f"{modality}/{aspect}")


def _seen(picture: NDArray[Any]) -> list[Vectors]:
    return features.views(_bright(features.pair(picture, picture)), mirrored=True)


def _watched(frames: NDArray[Any]) -> list[Vectors]:
    return features.views(_bright(features.pair(frames[0], frames[-1])))


def _heard(samples: NDArray[Any]) -> list[Vectors]:
    """Windows of two seconds; the quietest are left out where others are a hundred times louder."""
    heard = resample_poly(samples, 1, _HEARD_RATE // features.AUDIO_RATE).astype(np.float32)
    starts = range(0, max(len(heard) - features.SAMPLES // 2, 1), features.SAMPLES)
    windows = [heard[start : start + features.SAMPLES] for start in starts]
    power = [float((window**2).mean()) for window in windows]
    return [features.loudness(window) for window, p in zip(windows, power, strict=True) if p >= max(power) / 100]


def _felt(readings: NDArray[Any]) -> list[Vectors]:
    length = _FELT_RATE * features.IMU_SAMPLES // features.IMU_RATE
    starts = range(0, max(readings.shape[1] - length // 2, 1), length)
    return [features.trace(readings[:, start : start + length], _FELT_RATE) for start in starts]


def _mapped(values: NDArray[Any]) -> list[Vectors]:
    return features.views(features.field(values), mirrored=True)


_PREPARE: dict[str, Callable[[NDArray[Any]], list[Vectors]]] = {
    "image": _seen,
    "video": _watched,
    "audio": _heard,
    "depth": _mapped,
    "thermal": _mapped,
    "imu": _felt,
}


def _bright(pixels: NDArray[np.uint8]) -> Vectors:
    return np.asarray(pixels / 127.5 - 1, dtype=np.float32)


def _centred(vectors: Vectors, mean: Vectors) -> Vectors:
    return _unit(vectors - mean)


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), dtype=np.float32)
