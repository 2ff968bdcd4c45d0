"""A pipeline of diffusers by folder or hub id: what it is, without loading its weights, and then with them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from videodirector.errors import MissingDependencyError, ModelError, ModelFormatError, ModelNotFoundError
from videodirector.files.bounded_json import parse_bounded
from videodirector.generator.backends.diffusers._anatomy import Anatomy
from videodirector.generator.backends.diffusers.families import Family
from videodirector.generator.backends.diffusers.options import DiffusersOptions
from videodirector.generator.backends.fitting import Sizes
from videodirector.generator.backends.protocol import Capabilities
from videodirector.layout2vid.weights.hub import fetch_file

__all__ = ["REGIONAL", "capabilities_of", "check_gpu", "folder_of", "hushed", "load", "pipeline_class", "read_configs"]

REFERENCES = 3  # reference pictures in one scene; each lengthens the sequence that the model works on

REGIONAL = frozenset({"WanTransformer3DModel", "SkyReelsV2Transformer3DModel", "LTXVideoTransformer3DModel"})
"""Transformers whose cross-attention is apart, so that words can be kept inside of boxes."""


def pipeline_class(model: str, *, revision: str | None = None) -> type:
    """The class of the pipeline in a folder or on the hub.

    Raises:
        ModelNotFoundError: there is no pipeline.
        ModelFormatError: it is none of diffusers'.
    """
    index = _read(model, "model_index.json", revision)
    if index is None:
        raise ModelNotFoundError(
            f"there is no pipeline at {model!r}: no model_index.json",
            hint="give a folder in diffusers' format, or the id of a model on the hub, like owner/name",
        )
    name = index.get("_class_name")
    if not isinstance(name, str):
        raise ModelFormatError(
            f"{model} brings its own program code for a pipeline ({name}), and that is not run",
            hint="load it in Python and hand the pipeline to DiffusersBackend(pipeline)",
        )
    if name == "Layout2VidPipeline":
        raise ModelFormatError(f"{model} is a Layout2Vid model", hint="draw with --backend layout2vid")
    import diffusers

    found = getattr(diffusers, name, None)
    if not isinstance(found, type) or not issubclass(found, diffusers.DiffusionPipeline):
        raise ModelFormatError(
            f"{model} is a {name}, which diffusers {diffusers.__version__} does not have",
            hint="install a newer diffusers, or choose another model",
        )
    return found


def folder_of(model: str, *, revision: str | None = None) -> Path:
    """The folder that a model lies in; for one of the hub that of the revision that was downloaded."""
    if Path(model).is_dir():
        return Path(model)
    index = fetch_file(model, "model_index.json", revision=revision)
    if index is None:
        raise ModelNotFoundError(f"there is no pipeline at {model!r}: no model_index.json", hint="check its name")
    return index.parent


def read_configs(model: str, *, revision: str | None = None) -> dict[str, dict[str, Any]]:
    """The configs of the components that say something of lengths and sizes, as far as there are any."""
    read = {part: _read(model, f"{part}/config.json", revision) for part in ("transformer", "unet", "vae")}
    return {part: config for part, config in read.items() if config is not None}


def capabilities_of(
    anatomy: Anatomy,
    family: Family,
    configs: Mapping[str, Mapping[str, Any]],
    *,
    size: tuple[int, int] | None,
    options: DiffusersOptions,
) -> Capabilities:
    """What a pipeline can do, from its signature, its family's row and its configs."""
    network = configs.get("transformer") or configs.get("unet") or {}
    own = _own_size(anatomy, family, network)
    # Positions that were learned, not computed, exist for one size only.
    only = own if network.get("use_learned_positional_embeddings") else None
    steps = anatomy.defaults.get("num_inference_steps")
    control = anatomy.control is not None
    flags = {
        "control video": control,
        "key picture": "image" in anatomy.takes or anatomy.control == "video",
        "regional attention": network.get("_class_name") in REGIONAL and "prompt_embeds" in anatomy.takes,
    }
    if options.rung is not None:
        if not flags.get(options.rung, not anatomy.pictures_only):
            raise ModelFormatError(
                f"{anatomy.name} cannot be led by {options.rung}",
                hint="leave the option rung away to use the best means",
            )
        flags = {name: name == options.rung for name in flags}
    return Capabilities(
        name="diffusers",
        version="1",
        libraries=("diffusers", "numpy", "pillow", "tokenizers", "torch", "transformers"),
        frame_size=size or only or own,
        boxes="approximate",
        control_video=flags["control video"],
        first_frame=flags["key picture"] or (flags["control video"] and anatomy.control == "video"),
        last_frame="last_image" in anatomy.takes and network.get("pos_embed_seq_len") is not None,
        regions=flags["regional attention"],
        words="prompt" in anatomy.takes,
        references=REFERENCES if "reference_images" in anatomy.takes else 0,
        portraits=options.key_model is not None,
        shared_groups=False,
        lengths=family.lengths,
        sizes=Sizes(multiple=family.multiple, only=only),
        rate=family.rate,
        any_rate=anatomy.rate is not None,
        steps=steps if isinstance(steps, int) else 50,
        negative_prompt="negative_prompt" in anatomy.takes,
        guidance="guidance_scale" in anatomy.takes,
    )


def _own_size(anatomy: Anatomy, family: Family, network: Mapping[str, Any]) -> tuple[int, int]:
    sides = anatomy.defaults.get("width"), anatomy.defaults.get("height")
    if all(isinstance(side, int) for side in sides):
        return sides  # type: ignore[return-value]  # checked in the line above
    if family.size is not None:
        return family.size
    sample = network.get("sample_size")
    latent = network.get("sample_width", sample), network.get("sample_height", sample)
    if all(isinstance(side, int) for side in latent):
        return latent[0] * 8, latent[1] * 8
    return 512, 512


def load(model: str, kind: type, family: Family, options: DiffusersOptions) -> Any:
    """The pipeline with its weights, ready on its device.

    Raises:
        ModelError: a file is missing, broken or pickled.
        MissingDependencyError: it needs a package that is not installed.
    """
    import torch

    from videodirector.layout2vid.weights.checkpoint import check_folder

    if Path(model).is_dir():
        check_folder(Path(model))
    device = _device(options)
    check_gpu(options, device)
    precision = getattr(torch, _dtype(options, device))
    settings: dict[str, Any] = {
        "dtype": {**dict.fromkeys(family.precise, torch.float32), "default": precision},
        "use_safetensors": True,
    }
    if options.revision is not None:
        settings["revision"] = options.revision
    if options.quantise != "none":
        settings["quantization_config"] = _quantisation(options.quantise, precision)
    try:
        with hushed():
            pipeline = kind.from_pretrained(model, **settings)  # type: ignore[attr-defined]  # diffusers has no types
            _repair(pipeline)
            _place(pipeline, device, family, options)
    except ImportError as error:
        raise MissingDependencyError(
            f"the model {model} needs a package that is not installed: {error}", hint="install it with pip"
        ) from error
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelError(
            f"the model {model} cannot be loaded: {error}", hint="is it whole, and made for this version of diffusers?"
        ) from error
    return pipeline


def _place(pipeline: Any, device: str, family: Family, options: DiffusersOptions) -> None:
    pipeline.set_progress_bar_config(disable=True)
    if options.offload == "model":
        pipeline.enable_model_cpu_offload(device=device)
    elif options.offload == "sequential":
        pipeline.enable_sequential_cpu_offload(device=device)
    else:
        pipeline.to(device)
    tiling = options.offload != "none" if options.tiling is None else options.tiling
    if (tiling or family.tiled) and hasattr(getattr(pipeline, "vae", None), "enable_tiling"):
        with suppress(NotImplementedError):  # some have the method, and nothing behind it
            pipeline.vae.enable_tiling()


def _device(options: DiffusersOptions) -> str:
    import torch

    best = "cuda" if torch.cuda.is_available() else "cpu"
    device = best if options.device == "auto" else options.device
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise MissingDependencyError(
            "this machine has no GPU that torch can use", hint="leave the option device away, or install torch for CUDA"
        )
    return device


def check_gpu(options: DiffusersOptions, device: str) -> None:
    """Refuse what makes sense on a GPU alone, before anything is loaded."""
    if device == "cpu" and (options.offload != "none" or options.quantise != "none"):
        raise MissingDependencyError(
            "offloading and weights in 8 or 4 bits spare the memory of a GPU, and there is none here",
            hint="leave the options offload and quantise away",
        )


def _dtype(options: DiffusersOptions, device: str) -> str:
    if options.dtype != "auto":
        return options.dtype
    return "float32" if device == "cpu" else "bfloat16"


def _quantisation(kind: str, precision: Any) -> Any:
    import importlib.util

    from diffusers import PipelineQuantizationConfig

    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingDependencyError(
            "quantised weights need the package bitsandbytes",
            hint="pip install 'videodirector[quantise]', or leave quantise away",
        )
    settings: dict[str, dict[str, Any]] = {
        "int8": {"load_in_8bit": True},
        "nf4": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": precision},
    }
    backend = {"int8": "bitsandbytes_8bit", "nf4": "bitsandbytes_4bit"}[kind]
    return PipelineQuantizationConfig(
        quant_backend=backend,
        quant_kwargs=settings[kind],
        components_to_quantize=["transformer", "transformer_2", "text_encoder"],
    )


def _repair(pipeline: Any) -> None:
    """Let diffusers 0.42 find the last norm of a CLIP text encoder where transformers 5 keeps it.

    Pipelines that skip CLIP's last layer (I2VGen-XL by default) look for it under ``text_model``, which is gone. Not
    set as a module, for then it would contain itself.
    """
    encoder = getattr(pipeline, "text_encoder", None)
    if hasattr(encoder, "final_layer_norm") and not hasattr(encoder, "text_model"):
        object.__setattr__(encoder, "text_model", encoder)


@contextmanager
def hushed() -> Iterator[None]:
    """Silence what diffusers, transformers and torch have to say to programmers; errors are raised as ever."""
    from videodirector.layout2vid.weights._logging import quiet

    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _read(model: str, file: str, revision: str | None) -> dict[str, Any] | None:
    folder = Path(model)
    path: Path | None = folder / file
    if not folder.is_dir():
        path = fetch_file(model, file, revision=revision)
    if path is None or not path.is_file():
        return None
    try:
        content = parse_bounded(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelFormatError(f"{path} cannot be read: {error}", hint="copy or download this file again") from error
    return content if isinstance(content, dict) else None
