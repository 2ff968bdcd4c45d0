"""Options of the diffusers backend: ``--option NAME=VALUE``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from videodirector.generator.backends.options import BackendOptions

__all__ = ["DiffusersOptions"]


class DiffusersOptions(BackendOptions):
    """Settings of the diffusers backend; each has a default that works.

    Attributes:
        dtype: precision of the weights; "auto" is bfloat16 on a GPU, float32 on a CPU.
        device: where to compute; "auto" is the GPU, where there is one.
        offload: what to keep in main memory while it is not needed: nothing, whole networks ("model": little slower),
            or single layers ("sequential": much slower, for the largest models).
        quantise: weights of transformer and text encoder in 8 or 4 bits (needs bitsandbytes and a GPU).
        tiling: decode pictures in tiles, which takes less memory; None is on where something is offloaded.
        revision: the branch, tag or commit of a model on the hub.
        guidance: strength of guidance; None leaves it to the model.
        negative_prompt: what to avoid.
        conditioning_scale: how strongly a control video acts; 0 is not at all.
        key_model: what renders key pictures: "storyworld" (the model in the package), "storyboard", or the folder or
            hub id of a Layout2Vid, GLIGEN or any text-to-image pipeline. If given, it also renders the reference
            pictures of groups that have none.
        key_steps: denoising steps of a key picture; None leaves them to the model.
        rung: the method of imposing the layout, instead of the best one.
    """

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    device: Annotated[str, Field(pattern=r"^(auto|cpu|mps|xpu|cuda(:\d+)?)$")] = "auto"
    offload: Literal["none", "model", "sequential"] = "none"
    quantise: Literal["none", "int8", "nf4"] = "none"
    tiling: bool | None = None
    revision: str | None = None
    guidance: Annotated[float, Field(ge=0, le=100)] | None = None
    negative_prompt: str = ""
    conditioning_scale: Annotated[float, Field(ge=0, le=10)] = 1.0
    key_model: str | None = None
    key_steps: Annotated[int, Field(ge=1, le=1000)] | None = None
    rung: Literal["control video", "key picture", "regional attention", "words"] | None = None
