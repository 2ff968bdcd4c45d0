"""Looking over a model's folder before anything is loaded, so that what is wrong with it can be said plainly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from videodirector.errors import ModelError, ModelFormatError, ModelNotFoundError

__all__ = ["PICKLES", "check_folder", "check_weights"]

INDEX = "model_index.json"
WEIGHTS = "diffusion_pytorch_model.safetensors"
PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}


def check_folder(folder: Path) -> str | None:
    """Check a pipeline's folder in diffusers' format: every part is there, whole, and safe to read.

    Returns:
        The Python package that the text encoder comes from, if it does not lie in the folder.

    Raises:
        ModelNotFoundError: the folder or a part of it is missing.
        ModelFormatError: a file is truncated, not what it should be, or pickled.
    """
    index = _json(folder / INDEX)
    for part, description in index.items():
        if part.startswith("_") or not isinstance(description, list) or description[0] is None:
            continue
        place = folder / part
        if not place.is_dir():
            raise ModelNotFoundError(
                f"{folder} lacks the folder {part}/ that its {INDEX} names", hint="copy the whole model folder again"
            )
        if (place / "config.json").exists():
            _json(place / "config.json")
        check_weights(place)
    package = index.get("text_encoder_package")
    return package if isinstance(package, str) else None


def check_weights(place: Path) -> None:
    """Check the weights of one part of a model: there, whole, and no pickles.

    Raises:
        ModelNotFoundError, ModelFormatError: as ``check_folder``.
    """
    tensors = sorted(place.glob("*.safetensors"))
    pickles = sorted(path for path in place.iterdir() if path.suffix in PICKLES)
    if pickles and not tensors:
        raise ModelFormatError(
            f"{pickles[0]} is a pickle file, which can run any code when it is opened; it was not opened",
            hint="ask for the weights as .safetensors, or convert them on a machine you can spare",
        )
    if not tensors and (place / "config.json").exists() and not (place / "tokenizer_config.json").exists():
        raise ModelNotFoundError(f"{place} holds no weights ({WEIGHTS})", hint="copy the whole model folder again")
    for path in tensors:
        _check_safetensors(path)


def _check_safetensors(path: Path) -> None:
    """The header says how long the file must be; a cut-off download is shorter."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, 100_000_000):
            raise _broken(path, size)
        try:
            header: dict[str, Any] = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            raise _broken(path, size) from None
    if 8 + length + max(ends, default=0) != size:
        raise _broken(path, size)


def _broken(path: Path, size: int) -> ModelError:
    return ModelFormatError(
        f"{path} is truncated or no safetensors file ({size} bytes)", hint="copy or download this file again"
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelNotFoundError(
            f"{path.parent} is no model folder: it lacks {path.name}",
            hint="give the folder that holds model_index.json, or leave --model away to use storyworld-mini",
        ) from error
    except (OSError, ValueError) as error:
        raise ModelFormatError(f"{path} cannot be read: {error}", hint="copy or download this file again") from error
    if not isinstance(content, dict):
        raise ModelFormatError(f"{path} holds no JSON object", hint="copy or download this file again")
    return content
