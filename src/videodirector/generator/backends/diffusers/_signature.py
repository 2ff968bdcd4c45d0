"""Reads the inputs of a pipeline from the signature of its call: no list of models, so that new ones work."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from videodirector.errors import ModelFormatError

__all__ = ["PipelineSignature", "SceneInputs", "build_arguments", "read_signature"]

LENGTH = ("num_frames", "video_length", "frames")
RATE = ("frame_rate", "fps", "target_fps")
NEEDED = frozenset({"conditioning_frames", "mask_video"})
"""Parameters that a pipeline cannot do without, though their defaults say it can."""
FILLED = frozenset(
    {
        "prompt", "negative_prompt", "height", "width", "num_inference_steps", "guidance_scale", "generator",
        "output_type", "return_dict", "image", "last_image", "mask", "reference_images", "conditioning_scale",
        "callback_on_step_end", "callback", "callback_steps", "decode_chunk_size", "control_video", *LENGTH, *RATE,
    }
)  # fmt: skip
"""Every parameter that this backend knows how to fill, besides the ``video`` beside a ``mask``."""


@dataclass(frozen=True, kw_only=True)
class PipelineSignature:
    """The parameters of a pipeline's call that matter here, by what they are for.

    Attributes:
        name: the pipeline's class.
        takes: all its parameters.
        defaults: the defaults of those that have one.
        length, rate, control: the names of the parameters for the number of frames, frames a second and control video;
            None where it takes none.
        tensors: whether the control video is a tensor (1, 3, frames, height, width) in [0, 1], not a list of pictures.
    """

    name: str
    takes: frozenset[str]
    defaults: Mapping[str, Any] = field(repr=False)
    length: str
    rate: str | None
    control: str | None
    tensors: bool = False

    @property
    def pictures_only(self) -> bool:
        """Whether it cannot begin without a first picture."""
        return "image" in self.takes and "image" not in self.defaults


@dataclass(frozen=True, kw_only=True)
class SceneInputs:
    """The inputs of a pipeline for one scene; pictures are PIL images. None or empty: leave it to the pipeline.

    Attributes:
        prompt, negative_prompt: words.
        frames, size, rate: of the clip, already fitted to the model.
        steps, guidance: of the denoising.
        first_frame, last_frame: pictures to begin and end with.
        control: a picture a frame to follow.
        conditioning_scale: how strongly.
        references: pictures of things to show.
    """

    prompt: str = ""
    negative_prompt: str = ""
    frames: int
    size: tuple[int, int]
    rate: Fraction
    steps: int | None = None
    guidance: float | None = None
    first_frame: Any = None
    last_frame: Any = None
    control: list[Any] | None = None
    conditioning_scale: float = 1.0
    references: tuple[Any, ...] = ()


def read_signature(pipeline: type) -> PipelineSignature:
    """Read a pipeline class.

    Raises:
        ModelFormatError: it takes no number of frames, or needs what no plan can give; the error names it.
    """
    call = getattr(pipeline, "__call__", None)  # noqa: B004  the function, for its signature
    parameters = {} if call is None else dict(inspect.signature(call).parameters)
    parameters.pop("self", None)
    named = {
        name: parameter
        for name, parameter in parameters.items()
        if parameter.kind not in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}
    }
    length = _find_first(LENGTH, named)
    if length is None:
        raise ModelFormatError(
            f"{pipeline.__name__} does not render videos: its call takes no number of frames ({', '.join(LENGTH)})",
            hint="give a text-to-video or image-to-video pipeline; one for pictures can be the key_model",
        )
    # A `video` alone is one to be edited; with a mask it is what VACE calls a control video.
    control = "control_video" if "control_video" in named else "video" if {"video", "mask"} <= named.keys() else None
    missing = sorted(
        name
        for name, parameter in named.items()
        if name in NEEDED or (parameter.default is parameter.empty and name not in FILLED and name != control)
    )
    if "video" in named and control != "video" and not {"prompt", "image"} & named.keys():
        missing.append("video")
    if missing:
        raise ModelFormatError(
            f"{pipeline.__name__} needs {', '.join(missing)}, which no plan has",
            hint="give a pipeline that is called with words, a first picture or a control video",
        )
    return PipelineSignature(
        name=pipeline.__name__,
        takes=frozenset(named),
        defaults={name: value.default for name, value in named.items() if value.default is not value.empty},
        length=length,
        rate=_find_first(RATE, named),
        control=control,
        tensors=control is not None and _is_tensor(named[control].annotation),
    )


def build_arguments(signature: PipelineSignature, inputs: SceneInputs) -> dict[str, Any]:
    """The keyword arguments of the pipeline's call, without generator, callback and output type."""
    width, height = inputs.size
    rate = inputs.rate
    wanted: dict[str, Any] = {
        "prompt": inputs.prompt,
        "negative_prompt": inputs.negative_prompt or None,
        signature.length: inputs.frames,
        "height": height,
        "width": width,
        "num_inference_steps": inputs.steps,
        "guidance_scale": inputs.guidance,
        "image": inputs.first_frame,
        "last_image": inputs.last_frame,
        "reference_images": list(inputs.references) or None,
        "use_resolution_binning": False,  # the size is fitted already
    }
    if signature.rate is not None:  # some take fractions, some count
        whole = signature.rate != "frame_rate" or isinstance(signature.defaults.get(signature.rate), int)
        wanted[signature.rate] = max(1, round(rate)) if whole else float(rate)
    if signature.control is not None:
        wanted |= _build_control(signature, inputs)
    return {name: value for name, value in wanted.items() if value is not None and name in signature.takes}


def _build_control(signature: PipelineSignature, inputs: SceneInputs) -> dict[str, Any]:
    """The control video with its mask: white is rendered, black is kept."""
    from PIL import Image

    assert signature.control is not None, "checked by the caller"
    begins = inputs.first_frame is not None and signature.control == "video"
    control = inputs.control
    if control is None and begins:  # nothing to follow but the first picture; grey is unspecified
        control = [Image.new("RGB", inputs.size, (128, 128, 128))] * inputs.frames
    if control is None:
        return {}
    control, mask = list(control), [Image.new("L", inputs.size, 255)] * len(control)
    if begins:
        control[0], mask[0] = inputs.first_frame, Image.new("L", inputs.size, 0)
    return {
        signature.control: _stack(control) if signature.tensors else control,
        "mask": mask,
        "conditioning_scale": inputs.conditioning_scale,
    }


def _stack(pictures: list[Any]) -> Any:
    """Pictures as a tensor (1, 3, frames, height, width) in [0, 1]."""
    import numpy as np
    import torch

    frames = torch.from_numpy(np.stack([np.asarray(picture) for picture in pictures]))
    return frames.permute(3, 0, 1, 2).unsqueeze(0) / 255


def _is_tensor(annotation: object) -> bool:
    """Whether a parameter's annotation says that it takes tensors and nothing else."""
    words = set(re.findall(r"\w+", getattr(annotation, "__name__", "") or str(annotation)))
    return bool({"Tensor", "FloatTensor"} & words) and not {"list", "List", "Image", "PipelineImageInput"} & words


def _find_first(names: tuple[str, ...], there: Mapping[str, Any]) -> str | None:
    return next((name for name in names if name in there), None)
