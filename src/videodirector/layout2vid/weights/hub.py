"""Fetch models from the hub: only what is needed, and only what is not here yet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from videodirector.errors import ModelFormatError, ModelNotFoundError

__all__ = ["INDEX", "fetch_file", "fetch_model"]

INDEX = "model_index.json"
WANTED = ("*.json", "*.safetensors", "*.txt", "*.model")
VARIANTS = ("*.fp16.*", "*.bf16.*", "*.fp32.*", "*non_ema*", "*.ckpt")

ID = re.compile(r"[\w-][\w.-]*/[\w.-]+(?<!\.safetensors)", re.ASCII)
"""What can be the id of a model; a mistyped path is not looked up."""


def fetch_model(model: str, *, variant: str | None = None, parts: Sequence[str] = ()) -> Path:
    """Fetch a hub model and return its folder on this machine; an interrupted fetch is resumed.

    Args:
        model: hub id, ``owner/name``.
        variant: fetch the weights of this variant (``fp16``) beside the plain ones.
        parts: fetch only these parts of a pipeline; empty for all.

    Raises:
        ModelNotFoundError: there is no such model, no network, or the fetch broke off.
        ModelFormatError: it has only pickled weights.
    """
    from huggingface_hub import snapshot_download

    ignored = [pattern for pattern in VARIANTS if variant is None or variant not in pattern]
    wanted = [f"{part}/{pattern}" for part in parts for pattern in WANTED] + [INDEX] if parts else WANTED
    with _fetching(model):
        folder = Path(snapshot_download(model, allow_patterns=list(wanted), ignore_patterns=ignored))
    if not any(folder.rglob("*.safetensors")):
        raise ModelFormatError(
            f"the model {model} has no .safetensors weights" + (f" of the variant {variant}" if variant else ""),
            hint="pickled weights are not opened, for they can run any code; ask its owner for safetensors",
        )
    return folder


def fetch_file(model: str, file: str, *, revision: str | None = None) -> Path | None:
    """Fetch one file of a hub model; None where the model has no such file.

    Without a network a model has the files that were fetched before.

    Raises:
        ModelNotFoundError: as ``fetch_model``.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    with _fetching(model):
        try:
            return Path(hf_hub_download(model, file, revision=revision))
        except LocalEntryNotFoundError:
            if not isinstance(try_to_load_from_cache(model, INDEX, revision=revision), str):
                raise
        except EntryNotFoundError:
            pass
    return None


@contextmanager
def _fetching(model: str) -> Iterator[None]:
    """Refuse what is not an id, and report failures of the hub inside of this block with a remedy."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        if not ID.fullmatch(model):
            raise HFValidationError(model)
        yield
    except HFValidationError as error:
        raise ModelNotFoundError(
            f"there is no model at {model!r}: it is no folder",
            hint="give a folder in diffusers' format, or the id of a model on the hub, like owner/name",
        ) from error
    except GatedRepoError as error:
        raise ModelNotFoundError(
            f"the model {model} is gated: its owner asks for an agreement first",
            hint=f"agree at https://huggingface.co/{model}, then log in with `hf auth login`",
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelNotFoundError(
            f"the hub has no model {model!r}, or it is private",
            hint="check the id; for a private model log in with `hf auth login`",
        ) from error
    except RevisionNotFoundError as error:
        raise ModelNotFoundError(
            f"the model {model} has no such revision on the hub", hint="check the name of the revision"
        ) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        raise ModelNotFoundError(
            f"the model {model} is not on this machine, or not the whole of it, and the hub cannot be reached",
            hint="connect to the network (and unset HF_HUB_OFFLINE), or give the folder of a copy",
        ) from error
    except Exception as error:  # whichever client is below raises errors of its own when a connection breaks
        raise ModelNotFoundError(
            f"fetching {model} broke off: {error or type(error).__name__}",
            hint="run the same command again: what has arrived is kept, and the rest is fetched",
        ) from error
