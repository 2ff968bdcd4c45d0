"""What a model folder says of its model, read without loading it: no torch, no weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from videodirector.errors import ModelFormatError
from videodirector.files.bounded_json import parse_bounded
from videodirector.layout2vid.appearance.appearance import Captions
from videodirector.layout2vid.weights.checkpoint import INDEX, check_folder, holds_grounding

__all__ = ["ModelFacts", "read_facts"]


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What holds for everything that a model draws; see ``Layout2VidPipeline`` for the meaning of its settings.

    ``frame_size`` is (width, height) in pixels; ``text_encoder_package`` names the Python package that the text encoder
    comes from, if it does not lie in the folder. ``grounded``: whether it has learned boxes. ``imagines``: whether its
    prior draws what things look like from noise. ``album``: the module that its memory has its pictures from.
    """

    frame_size: tuple[int, int]
    num_inference_steps: int
    layout_strength: float
    noise_sharing: float
    text_encoder_package: str | None
    grounded: bool
    imagines: bool
    captions: Captions
    album: str | None = None


def read_facts(folder: Path) -> ModelFacts:
    """The facts of the model in this folder, which is looked over first.

    Raises:
        ModelError: as ``check_folder``; or a setting is not what it should be.
    """
    package = check_folder(folder)
    index, unet, vae = (_read(folder / name) for name in (INDEX, "unet/config.json", "vae/config.json"))
    try:
        latent_scale = 2 ** (len(vae["block_out_channels"]) - 1)
        enlarged = folder / "enlarger/config.json"
        scale = int(_read(enlarged)["scale"]) if index.get("enlarger", [None, None])[1] else 1
        step = int(index.get("patch_size", 1)) * latent_scale * scale
        given = unet["sample_size"]
        height, width = (given, given) if isinstance(given, int) else given
        return ModelFacts(
            frame_size=(int(width) * step, int(height) * step),
            num_inference_steps=int(index.get("num_inference_steps", 50)),
            layout_strength=float(index.get("layout_strength", 0.1)),
            noise_sharing=float(index.get("noise_sharing", 0.0)),
            text_encoder_package=package,
            grounded=holds_grounding(folder) is not None,
            imagines=index.get("prior", [None, None])[1] == "PriorTransformer",
            captions=_captions(index.get("captions", "told")),
            album=_album(folder / "prior/config.json"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFormatError(
            f"{folder} does not say how large its frames are or how it draws: {error!r}",
            hint="give a folder that Layout2VidPipeline.save_pretrained wrote",
        ) from error


def _album(prior: Path) -> str | None:
    named = _read(prior).get("album") if prior.exists() else None
    return None if named is None else str(named)


def _captions(said: Any) -> Captions:
    if said not in get_args(Captions):
        raise ValueError(f"captions are one of {', '.join(get_args(Captions))}, not {said!r}")
    return cast("Captions", said)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = parse_bounded(path.read_bytes())
        if not isinstance(content, dict):
            raise ValueError("it holds no JSON object")
    except (OSError, ValueError) as error:
        raise ModelFormatError(f"{path} cannot be read: {error}", hint="copy or download this file again") from error
    return content
