"""CLAP, SigLIP 2 and PE-AV: published models with permissive licences, from folders in transformers' format.

Each is a folder that ``save_pretrained`` wrote or a hub holds: the configuration, the weights as safetensors, and the
processor's and tokenizer's files. They are read from disk alone; no code in them is run.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from videodirector.errors import MissingDependencyError, ModelFormatError, ModelNotFoundError
from videodirector.files.display import shorten
from videodirector.files.weights import check_shards

Vectors = NDArray[np.float32]

__all__ = ["Clap", "PeAv", "Published", "SigLip2"]

_RATE = 48_000  # of the sounds that loaders give
_TEXTS = 64  # read at once


_FROM_DISK: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


class Published:
    """What the three have in common.

    Args:
        model: a transformers model.
        processor: its processor: tokenizer, and what prepares pictures or sounds.
    """

    name: ClassVar[str]
    modalities: ClassVar[frozenset[str]]
    kinds: ClassVar[tuple[str, ...]]
    """``model_type`` of configurations that it takes."""
    phrase: ClassVar[str] = "{}"
    """What such models were shown texts as."""

    def __init__(self, model: Any, processor: Any) -> None:
        self.model, self.processor = model.eval().requires_grad_(False), processor

    @classmethod
    def load(cls, folder: Path) -> Published:
        """From a folder.

        Raises:
            ModelNotFoundError: there is no such folder, or no configuration in it.
            ModelFormatError: it holds another model, or a damaged one.
            MissingDependencyError: the model needs a package that is not installed.
        """
        from transformers import AutoConfig, AutoModel

        if not (folder / "config.json").is_file():
            raise ModelNotFoundError(
                f"{folder} has no config.json", hint=f"give the folder of a {cls.name} model in transformers' format"
            )
        check_shards(folder)
        try:
            kind = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False).model_type
            if kind not in cls.kinds:
                raise ModelFormatError(
                    f"{folder} holds a model of type {kind}, not {' or '.join(cls.kinds)}",
                    hint=f"is it meant as another embedder than {cls.name}?",
                )
            if "video" in kind:
                cls._needs("timm", "torchvision")
            model = AutoModel.from_pretrained(folder, use_safetensors=True, **_FROM_DISK)
            return cls(model, cls._processor(folder, kind))
        except ImportError as error:
            message = f"{cls.name} needs a package that is not installed: {shorten(str(error), lines=1)}"
            raise MissingDependencyError(message) from None
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
            raise ModelFormatError(
                f"{folder} cannot be read as {cls.name}: {str(error)[:300]}", hint="copy the folder again"
            ) from None

    @classmethod
    def _needs(cls, *packages: str) -> None:
        lacking = [package for package in packages if importlib.util.find_spec(package) is None]
        if lacking:
            raise MissingDependencyError(
                f"{cls.name} needs {' and '.join(lacking)} for videos",
                hint=f"pip install {' '.join(lacking)}, built for the torch that is installed; sounds need neither",
            )

    @classmethod
    def _processor(cls, folder: Path, kind: str) -> Any:  # noqa: ARG003  the type matters to PE-AV
        from transformers import AutoProcessor

        return AutoProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)

    @torch.no_grad()
    def embed(self, modality: str, clips: Sequence[NDArray[Any]]) -> Vectors:
        """Unit vectors (clips, width) of clips as ``planner.perception.sensed.Sensed`` describes them."""
        return _numbers(torch.cat([F.normalize(self._sensed(modality, clip).float(), dim=-1) for clip in clips]))

    @torch.no_grad()
    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors (texts, width)."""
        asked = [self.phrase.format(text) for text in texts]
        parts = [self._read(asked[at : at + _TEXTS]).float() for at in range(0, len(asked), _TEXTS)]
        return _numbers(F.normalize(torch.cat(parts), dim=-1))

    def scale(self, modality: str, aspect: str) -> float | None:  # noqa: ARG002  the protocol's
        """Not calibrated."""
        return None

    def _sensed(self, modality: str, clip: NDArray[Any]) -> Tensor:
        """(1, width)."""
        raise NotImplementedError

    def _read(self, texts: list[str]) -> Tensor:
        """(texts, width)."""
        raise NotImplementedError


class Clap(Published):
    """CLAP (arXiv 2211.06687): sounds and text."""

    name = "clap"
    modalities = frozenset({"audio"})
    kinds = ("clap",)
    phrase = "the sound of {}"

    def _sensed(self, modality: str, clip: NDArray[Any]) -> Tensor:  # noqa: ARG002  it has but one
        extractor = self.processor.feature_extractor
        sound = _resampled(clip, extractor.sampling_rate)
        values = extractor(sound, sampling_rate=extractor.sampling_rate, return_tensors="pt")
        vector: Tensor = self.model.get_audio_features(**values).pooler_output
        return vector

    def _read(self, texts: list[str]) -> Tensor:
        tokens = self.processor.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        vectors: Tensor = self.model.get_text_features(**_only(tokens)).pooler_output
        return vectors


class SigLip2(Published):
    """SigLIP 2 (arXiv 2502.14786), of a fixed size or NaFlex: pictures and text; of videos the mean of the frames."""

    name = "siglip2"
    modalities = frozenset({"image", "video"})
    kinds = ("siglip", "siglip2")
    phrase = "this is a photo of {}."
    _WORDS = 64  # it was only ever shown texts padded to this length

    def _sensed(self, modality: str, clip: NDArray[Any]) -> Tensor:
        frames = [clip] if modality == "image" else list(clip)
        values = self.processor.image_processor(images=frames, return_tensors="pt")
        vectors = self.model.get_image_features(**values).pooler_output
        return F.normalize(vectors.float(), dim=-1).mean(0, keepdim=True)

    def _read(self, texts: list[str]) -> Tensor:
        length = min(self._WORDS, self.model.config.text_config.max_position_embeddings)
        tokens = self.processor.tokenizer(
            [text.lower() for text in texts], padding="max_length", max_length=length, truncation=True,
            return_tensors="pt",
        )  # fmt: skip
        vectors: Tensor = self.model.get_text_features(input_ids=tokens["input_ids"]).pooler_output
        return vectors


class PeAv(Published):
    """PE-AV, Perception Encoder Audiovisual (arXiv 2512.19687): sounds, videos and text.

    It reads a text once to compare it with sounds and once to compare it with videos. Both readings stand side by side
    in a vector of twice the width, of which a sound fills one half and a video the other.
    """

    name = "pe-av"
    modalities = frozenset({"audio", "video"})
    kinds = ("pe_audio_video", "pe_audio", "pe_video")

    @classmethod
    def _processor(cls, folder: Path, kind: str) -> Any:
        from transformers import AutoTokenizer, PeAudioFeatureExtractor

        parts: dict[str, Any] = {"tokenizer": AutoTokenizer.from_pretrained(folder, **_FROM_DISK)}
        if kind != "pe_video":
            parts["sounds"] = PeAudioFeatureExtractor.from_pretrained(folder, local_files_only=True)
        if kind != "pe_audio":
            from transformers import PeVideoVideoProcessor

            parts["videos"] = PeVideoVideoProcessor.from_pretrained(folder, local_files_only=True)
        return parts

    def __init__(self, model: Any, processor: Any) -> None:
        super().__init__(model, processor)
        whole = model.config.model_type == "pe_audio_video"
        self._halves: dict[str, Any] = {
            "audio": model.audio_model if whole else model if model.config.model_type == "pe_audio" else None,
            "video": model.video_model if whole else model if model.config.model_type == "pe_video" else None,
        }
        self.modalities = frozenset(name for name, half in self._halves.items() if half is not None)  # type: ignore[misc]

    def _sensed(self, modality: str, clip: NDArray[Any]) -> Tensor:
        half = self._halves[modality]
        if modality == "audio":
            extractor = self.processor["sounds"]
            sound = _resampled(clip, extractor.sampling_rate)
            values = extractor([sound], sampling_rate=extractor.sampling_rate, return_tensors="pt")
            vector = half.audio_head(half.audio_encoder(**values).pooler_output)
        else:
            values = self.processor["videos"](videos=[list(clip)], do_sample_frames=False, return_tensors="pt")
            vector = half.video_head(
                half.video_encoder(pixel_values_videos=values["pixel_values_videos"]).pooler_output
            )
        empty = torch.zeros_like(vector)
        return torch.cat([vector, empty] if modality == "audio" else [empty, vector], dim=-1)

    def _read(self, texts: list[str]) -> Tensor:
        tokens = self.processor["tokenizer"](texts, padding=True, truncation=True, return_tensors="pt")
        read = self.model.text_model(**_only(tokens), output_hidden_states=True).hidden_states[-1][:, 0]
        halves = []
        for name, half in self._halves.items():
            if half is None:
                halves.append(torch.zeros_like(read))
                continue
            head: Callable[[Tensor], Tensor] = half.text_audio_head if name == "audio" else half.text_video_head
            halves.append(F.normalize(head(read).float(), dim=-1))
        return torch.cat(halves, dim=-1)


def _only(tokens: Any) -> dict[str, Tensor]:
    return {name: tokens[name] for name in ("input_ids", "attention_mask")}


def _resampled(samples: NDArray[Any], rate: int) -> Vectors:
    if rate == _RATE:
        return np.asarray(samples, dtype=np.float32)
    from fractions import Fraction

    from scipy.signal import resample_poly

    ratio = Fraction(rate, _RATE)
    return np.asarray(resample_poly(samples, ratio.numerator, ratio.denominator), dtype=np.float32)


def _numbers(vectors: Tensor) -> Vectors:
    return np.asarray(F.normalize(vectors, dim=-1).numpy(), dtype=np.float32)
