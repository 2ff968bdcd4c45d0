"""What a model folder says of its model, read without loading it: no torch, no weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videodirector.errors import ModelFormatError
from videodirector.layout2vid.checkpoint import INDEX, check_folder

__all__ = ["ModelFacts", "read_facts"]


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What holds for everything that a model draws; see ``Layout2VidPipeline`` for the meaning of its settings.

    ``frame_size`` is (width, height) in pixels; ``text_encoder_package`` names the Python package that the text encoder
    comes from, if it does not lie in the folder.
    """

    frame_size: tuple[int, int]
    num_inference_steps: int
    layout_strength: float
    noise_sharing: float
    text_encoder_package: str | None


def read_facts(folder: Path) -> ModelFacts:
    """The facts of the model in this folder, which is looked over first.

    Raises:
        ModelError: as ``check_folder``; or a setting is not what it should be.
    """
    package = check_folder(folder)
    index, unet, vae = (_read(folder / name) for name in (INDEX, "unet/config.json", "vae/config.json"))
    try:
        latent_scale = 2 ** (len(vae["block_out_channels"]) - 1)
        side = int(unet["sample_size"]) * int(index.get("patch_size", 1)) * latent_scale
        return ModelFacts(
            frame_size=(side, side),
            num_inference_steps=int(index.get("num_inference_steps", 50)),
            layout_strength=float(index.get("layout_strength", 0.1)),
            noise_sharing=float(index.get("noise_sharing", 0.0)),
            text_encoder_package=package,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFormatError(
            f"{folder} does not say how large its frames are or how it draws: {error!r}",
            hint="give a folder that Layout2VidPipeline.save_pretrained wrote",
        ) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFormatError(f"{path} cannot be read: {error}", hint="copy or download this file again") from error
    return content
