"""Read what a model's folder says of it, without loading it: no torch, no weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, get_args

from videodirector.errors import ModelFormatError
from videodirector.files.bounded_json import parse_bounded
from videodirector.layout2vid.appearance.appearance import Captions
from videodirector.layout2vid.weights.checkpoint import INDEX, check_folder, find_grounding

__all__ = ["ModelConfig", "read_model_config"]


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Settings of a model that hold for every scene; see ``Layout2VidPipeline`` for their meaning.

    Attributes:
        frame_size: (width, height) in pixels.
        text_encoder_package: the Python package that the text encoder comes from, if it is not in the folder.
        grounded: whether the model has learned boxes.
        imagines: whether its prior samples from noise what things look like.
        captions, max_listed: the form of its captions, and how many things a listed one may name.
        backgrounds: the names of the backgrounds it knows, with synonyms; empty where it is not said.
        known_phrase: cosine from which the nearest phrase of its prior's bank means the same thing.
    """

    frame_size: tuple[int, int]
    num_inference_steps: int
    layout_strength: float
    noise_sharing: float
    text_encoder_package: str | None
    grounded: bool
    imagines: bool
    captions: Captions
    max_listed: int = 5
    backgrounds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known_phrase: float = 0.6

    def find_background(self, text: str) -> str | None:
        """Find the known background that a text mentions, by name or synonym as whole words; the longest match wins."""
        found = [
            (len(phrase), name)
            for name, synonyms in self.backgrounds.items()
            for phrase in (name, *synonyms)
            if re.search(rf"\b{re.escape(phrase)}\b", text.lower())
        ]
        return max(found, key=lambda match: match[0])[1] if found else None


def read_model_config(folder: Path) -> ModelConfig:
    """Check a model's folder and read its settings.

    Raises:
        ModelError: as ``check_folder``; or a setting has another type or value than it should.
    """
    package = check_folder(folder)
    index, unet, vae = (_read(folder / name) for name in (INDEX, "unet/config.json", "vae/config.json"))
    try:
        latent_scale = 2 ** (len(vae["block_out_channels"]) - 1)
        step = int(index.get("patch_size", 1)) * latent_scale
        given = unet["sample_size"]
        height, width = (given, given) if isinstance(given, int) else given
        return ModelConfig(
            frame_size=(int(width) * step, int(height) * step),
            num_inference_steps=int(index.get("num_inference_steps", 50)),
            layout_strength=float(index.get("layout_strength", 0.1)),
            noise_sharing=float(index.get("noise_sharing", 0.0)),
            text_encoder_package=package,
            grounded=find_grounding(folder) is not None,
            imagines=index.get("prior", [None, None])[1] == "PriorTransformer",
            captions=_captions(index.get("captions", "told")),
            max_listed=int(index.get("max_listed", 5)),
            backgrounds=_backgrounds(index.get("backgrounds") or {}),
            known_phrase=float(index.get("known_phrase", 0.6)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFormatError(
            f"the settings of the model {folder} cannot be used: {error!r}",
            hint="give a folder that Layout2VidPipeline.save_pretrained wrote",
        ) from error


def _captions(value: Any) -> Captions:
    if value not in get_args(Captions):
        raise ValueError(f"captions must be one of {', '.join(get_args(Captions))}, not {value!r}")
    return cast("Captions", value)


def _backgrounds(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict) or not all(isinstance(synonyms, list) for synonyms in value.values()):
        raise ValueError(f"backgrounds must map names to lists of synonyms, not {str(value)[:100]}")
    return {str(name): tuple(map(str, synonyms)) for name, synonyms in value.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = parse_bounded(path.read_bytes())
        if not isinstance(content, dict):
            raise ValueError("it holds no JSON object")
    except (OSError, ValueError) as error:
        raise ModelFormatError(f"{path} cannot be read: {error}", hint="copy or download this file again") from error
    return content
