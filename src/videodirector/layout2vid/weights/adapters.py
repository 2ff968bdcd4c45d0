"""Grounding from anybody's checkpoint: our folders, GLIGEN's files under both families of names, LVD's gated UNets.

A checkpoint may hold a whole UNet. What belongs to the grounding is taken, the UNet's own keys are passed over, and
whatever is lacking or belongs to neither is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet3DConditionModel
from safetensors import safe_open
from torch import Tensor

from videodirector.errors import ModelFormatError, ModelNotFoundError
from videodirector.files.bounded_json import parse_bounded
from videodirector.layout2vid.nn.gligen import FREQUENCIES
from videodirector.layout2vid.nn.grounding import Form, Grounding
from videodirector.layout2vid.nn.unet import spatial_blocks
from videodirector.layout2vid.weights.checkpoint import PICKLES, check_finite, check_weights
from videodirector.layout2vid.weights.hub import fetch_model

__all__ = ["load_grounding", "translate_key"]

WRAPPERS = ("model.diffusion_model.", "diffusion_model.", "model.", "unet.", "module.")

BASE = re.compile(
    r"(conv_in|conv_out|conv_norm_out|time_embedding|class_embedding|add_embedding|transformer_in"
    r"|(down|up)_blocks\.\d+\.(resnets|attentions|temp_convs|temp_attentions|downsamplers|upsamplers)"
    r"|mid_block\.(resnets|attentions|temp_convs|temp_attentions)"
    r"|time_embed|label_emb|(input|output)_blocks\.\d+|middle_block|out)\."
)
"""Keys of a UNet itself, diffusers' names and those of the latent-diffusion code."""

BUFFERS = re.compile(r"position_net\.(fourier_embedder\.)?freq_bands$")
"""Constants that some programs store beside the weights."""

FUSER = re.compile(r"(?P<block>.+)\.transformer_blocks\.0\.fuser\.(?P<rest>.+)")


def load_grounding(source: str | Path, *, unet: UNet3DConditionModel | None = None) -> Grounding:
    """The grounding that a checkpoint holds.

    Args:
        source: a folder that ``Grounding.save_pretrained`` or ``Layout2VidPipeline.save_pretrained`` wrote; a gated
            UNet's folder or the pipeline around it, as GLIGEN's and LVD's are published; a ``.safetensors`` file with
            GLIGEN's weights, under its own names or diffusers'; or the hub id of any of these.
        unet: the network it shall go into; a block that lacks its weights is then named.

    Raises:
        ModelNotFoundError: there is nothing at that place.
        ModelFormatError: the file is pickled or broken, holds no grounding, or lacks or adds keys, which are named.
    """
    place = _place(Path(source) if Path(source).exists() else fetch_model(str(source)))
    files = [place] if place.is_file() else _files(place)
    config = _config(place)
    if config.get("_class_name") == "Grounding":
        known = {key: value for key, value in config.items() if not key.startswith("_")}
        return _filled(Grounding, known, dict(_tensors(files, lambda key: key)), place)
    state = dict(_tensors(files, lambda key: translate_key(key, place)))
    if not state:
        raise ModelFormatError(
            f"{place} holds no grounding: it has neither a position net nor fusers",
            hint="give a checkpoint with boxes, such as GLIGEN's or longlian/text-to-video-lvd-ms",
        )
    return _filled(Grounding, _described(state, config, unet, place), state, place)


def translate_key(key: str, source: object = "the checkpoint") -> str | None:
    """Our name for a published key; None for one that is the UNet's own.

    Raises:
        ModelFormatError: it is neither.
    """
    name = _unwrapped(key)
    if name.startswith("position_net."):
        return None if BUFFERS.fullmatch(name) else name
    fuser = FUSER.fullmatch(name)
    if fuser is not None and "temp_" not in name:
        block = _diffusers_name(fuser["block"])
        # Both programs wrap the output projection in a sequence, so attn.to_out.0 is called so in all of them.
        return f"fusers.{block.replace('.', '-')}.{fuser['rest']}"
    if fuser is None and BASE.match(name):
        return None
    raise ModelFormatError(
        f"{source} has a key that belongs neither to a UNet nor to its grounding: {key}",
        hint="this is a checkpoint for another program or of another kind of grounding (key points, edges, ...)",
    )


def _unwrapped(key: str) -> str:
    for wrapper in WRAPPERS:
        if key.startswith(wrapper):
            return key.removeprefix(wrapper)
    return key


def _diffusers_name(block: str) -> str:
    """``input_blocks.4.1`` is ``down_blocks.1.attentions.0``; what is named so already stays."""
    if found := re.fullmatch(r"input_blocks\.(\d+)\.1", block):
        level, layer = divmod(int(found[1]) - 1, 3)
        return f"down_blocks.{level}.attentions.{layer}"
    if found := re.fullmatch(r"output_blocks\.(\d+)\.1", block):
        level, layer = divmod(int(found[1]), 3)
        return f"up_blocks.{level}.attentions.{layer}"
    return "mid_block.attentions.0" if block == "middle_block.1" else block


# -- files


def _place(path: Path) -> Path:
    """Where the weights are: the file, the folder, or the part of a pipeline's folder."""
    if path.is_file():
        return path
    for part in (path / "grounding", path / "unet", path):
        if any(part.glob("*.safetensors")):
            return part
    return next((part for part in (path / "unet", path) if part.is_dir() and any(part.iterdir())), path)


def _files(folder: Path) -> list[Path]:
    check_weights(folder)
    found = sorted(folder.glob("*.safetensors"))
    plain = [path for path in found if not re.search(r"\.(fp16|bf16|fp32|non_ema)\b", path.name)]
    if not found:
        raise ModelNotFoundError(
            f"{folder} holds no weights", hint="give the folder of a model, or a .safetensors file"
        )
    return plain or found


def _config(place: Path) -> dict[str, Any]:
    file = (place.parent if place.is_file() else place) / "config.json"
    if not file.is_file():
        return {}
    try:
        content = parse_bounded(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelFormatError(f"{file} cannot be read: {error}", hint="copy or download this file again") from error
    return content if isinstance(content, dict) else {}


def _tensors(files: Iterable[Path], name_of: Any) -> Iterator[tuple[str, Tensor]]:
    """The tensors of files by the names that ``name_of`` gives to their keys, but for those it gives none."""
    for file in files:
        if file.suffix in PICKLES:
            raise ModelFormatError(
                f"{file} is a pickle file, which can run any code when it is opened; it was not opened",
                hint="ask for the weights as .safetensors, or convert them on a machine you can spare",
            )
        try:
            with safe_open(file, framework="pt") as tensors:
                for key in tensors.keys():  # noqa: SIM118  no mapping
                    if (name := name_of(key)) is not None:
                        value = tensors.get_tensor(key)
                        check_finite(key, value, str(file))
                        yield name, value
        except ModelFormatError:
            raise
        except Exception as error:  # safetensors raises a class of its own, and of Rust's
            raise ModelFormatError(
                f"{file} is truncated or no safetensors file: {error}", hint="copy or download this file again"
            ) from error


# -- what the weights say of themselves


def _described(
    state: Mapping[str, Tensor], config: Mapping[str, Any], unet: UNet3DConditionModel | None, place: Path
) -> dict[str, Any]:
    """The configuration of the grounding that these published weights belong to."""
    form: Form = "text-image" if any(".linears_text." in key for key in state) else "text"
    first = state.get(f"position_net.linears{'_text' if form == 'text-image' else ''}.0.weight")
    last = state.get(f"position_net.linears{'_text' if form == 'text-image' else ''}.4.weight")
    if first is None or last is None:
        raise ModelFormatError(
            f"{place} lacks its position net (position_net.linears...)", hint="copy or download the whole checkpoint"
        )
    text_width, token_width = first.shape[1] - 8 * FREQUENCIES, last.shape[0]
    carrying = spatial_blocks(unet) if unet is not None else {}
    blocks = list(carrying) or _blocks(state)
    queries = [state.get(f"fusers.{block.replace('.', '-')}.attn.to_q.weight") for block in blocks]
    lacking = [block for block, query in zip(blocks, queries, strict=True) if query is None]
    if lacking:
        raise ModelFormatError(
            f"{place} lacks the fusers of {', '.join(lacking)}",
            hint="it was made for another UNet; give one for the model that it shall be attached to",
        )
    widths = [query.shape[0] for query in queries if query is not None]
    return {
        "blocks": blocks,
        "widths": widths,
        "heads": _heads(widths, blocks, config, token_width, [block.attn1.heads for block in carrying.values()]),
        "text_width": text_width,
        "picture_shape": [text_width] if form == "text-image" else [0],
        "token_width": token_width,
        "form": form,
    }


def _blocks(state: Iterable[str]) -> list[str]:
    """The blocks that fusers are for, in the order of a UNet's modules."""
    found = {key.split(".")[1].replace("-", ".") for key in state if key.startswith("fusers.")}
    return sorted(found, key=lambda name: ("dum".index(name[0]), [int(part) for part in re.findall(r"\d+", name)]))


def _heads(
    widths: Sequence[int], blocks: Sequence[str], config: Mapping[str, Any], token_width: int, own: Sequence[int]
) -> list[int]:
    """Heads of every fuser: as many as the block's own attention has.

    ``attention_head_dim`` is the width of a head in a ``UNet3DConditionModel`` and, misnamed, the number of heads in a
    ``UNet2DConditionModel``. Without a configuration: 8 heads where the context is that of Stable Diffusion 1 (768
    wide), elsewhere ``own``, those of the UNet that it shall go into, or heads of width 64 where that is not known.
    """
    given = config.get("attention_head_dim")
    if config.get("_class_name") == "UNet2DConditionModel" and given is not None:
        levels = list(given) if isinstance(given, list) else [given] * 4
        return [int(levels[_level(block, len(levels))]) for block in blocks]
    if given is None and token_width == 768:
        return [8] * len(widths)
    if given is None and own:
        return list(own)
    size = int(given) if isinstance(given, int) else 64
    return [max(width // size, 1) for width in widths]


def _level(block: str, levels: int) -> int:
    """The level that a block lies on: 0 is the finest; the middle lies on the coarsest."""
    side, number = block.split(".")[:2]
    if side == "mid_block":
        return levels - 1
    return int(number) if side == "down_blocks" else levels - 1 - int(number)


def _filled(cls: type[Grounding], config: dict[str, Any], state: dict[str, Tensor], place: Path) -> Grounding:
    """A grounding with these weights, after its keys and shapes have been compared with what it must have."""
    try:
        with torch.device("meta"):
            grounding = cls(**config)
    except (TypeError, ValueError) as error:
        raise ModelFormatError(f"{place}: the configuration is none of a grounding: {error}") from error
    wanted = {key: tuple(value.shape) for key, value in grounding.state_dict().items()}
    problems = [f"lacks {key}" for key in wanted if key not in state]
    problems += [f"adds {key}" for key in state if key not in wanted]
    problems += [
        f"has {key} in the shape {tuple(value.shape)}, not {wanted[key]}"
        for key, value in state.items()
        if key in wanted and tuple(value.shape) != wanted[key]
    ]
    if problems:
        shown = "; ".join(problems[:8]) + (f"; and {len(problems) - 8} more" if len(problems) > 8 else "")
        raise ModelFormatError(
            f"{place} does not fit: it {shown}", hint="give a whole checkpoint of the kind that its keys begin"
        )
    grounding.load_state_dict(state, assign=True)
    return grounding.eval()
