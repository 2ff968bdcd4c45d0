"""What no signature and no config says of a family of video models: one row a family, facts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from videodirector.generator.backends.fitting import ANY_LENGTH, Lengths

__all__ = ["FAMILIES", "UNKNOWN", "Family", "find_family"]


@dataclass(frozen=True, kw_only=True)
class Family:
    """One row.

    Attributes:
        title: for people.
        rate: frames a second of the videos it learned from.
        lengths: numbers of frames that it renders; the config may say a smaller ``most``.
        multiple: pixels of which both sides are multiples.
        size: (width, height) when nobody says; None where signature or config say it.
        precise: components that are kept in float32 whatever the rest is in.
        tiled: whether it can decode pictures in tiles only.
    """

    title: str
    rate: Fraction | None = None
    lengths: Lengths = ANY_LENGTH
    multiple: int = 8
    size: tuple[int, int] | None = None
    precise: tuple[str, ...] = ()
    tiled: bool = False


def _every(step: int, most: int | None = None) -> Lengths:
    return Lengths(step=step, offset=1, most=most)


_WAN = ("vae", "image_encoder")

FAMILIES: Mapping[str, Family] = {
    "TextToVideoSD": Family(title="ModelScope, Zeroscope", rate=Fraction(8), lengths=Lengths(most=32)),
    "AnimateDiff": Family(title="AnimateDiff", rate=Fraction(8), lengths=Lengths(most=32)),
    "CogVideoX": Family(title="CogVideoX", rate=Fraction(8), lengths=_every(4, 81), multiple=16),
    "LTX": Family(title="LTX-Video", rate=Fraction(24), lengths=_every(8, 257), multiple=32),
    "LTX2": Family(title="LTX-2", rate=Fraction(24), lengths=_every(8, 257), multiple=32),
    "HunyuanVideo": Family(title="HunyuanVideo", rate=Fraction(24), lengths=_every(4, 129), multiple=16),
    "HunyuanVideo15": Family(
        title="HunyuanVideo 1.5", rate=Fraction(24), lengths=_every(4, 121), multiple=16, size=(848, 480)
    ),
    "Wan": Family(title="Wan", rate=Fraction(16), lengths=_every(4, 81), multiple=16, precise=_WAN),
    "WanVACE": Family(title="Wan VACE", rate=Fraction(16), lengths=_every(4, 81), multiple=16, precise=_WAN),
    "Mochi": Family(title="Mochi", rate=Fraction(30), lengths=_every(6, 163), multiple=16, size=(848, 480)),
    "StableVideoDiffusion": Family(
        title="Stable Video Diffusion", rate=Fraction(7), lengths=Lengths(most=25), multiple=64
    ),
    "I2VGenXL": Family(title="I2VGen-XL", rate=Fraction(16), lengths=Lengths(most=32), multiple=64),
    "Allegro": Family(
        title="Allegro", rate=Fraction(15), lengths=Lengths(least=88, most=88), size=(1280, 720), tiled=True
    ),
    "Latte": Family(title="Latte", rate=Fraction(8), lengths=Lengths(least=16, most=16)),
    "EasyAnimate": Family(title="EasyAnimate", rate=Fraction(8), lengths=_every(4, 49), multiple=16),
    "SkyReelsV2": Family(title="SkyReels V2", rate=Fraction(24), lengths=_every(4, 97), multiple=16),
    "SanaVideo": Family(title="SANA-Video", rate=Fraction(16), lengths=_every(4, 81), multiple=32),
    "SanaImageToVideo": Family(title="SANA-Video", rate=Fraction(16), lengths=_every(4, 81), multiple=32),
    "HunyuanSkyreels": Family(title="SkyReels V1", rate=Fraction(24), lengths=_every(4, 97), multiple=16),
    "Kandinsky5": Family(title="Kandinsky 5", rate=Fraction(24), lengths=_every(4, 121), multiple=16),
    "Cosmos": Family(title="Cosmos", rate=Fraction(30), lengths=_every(8, 121), multiple=16),
}
"""By the beginning of the pipeline's class name; the longest that fits counts."""

UNKNOWN = Family(title="unknown", multiple=16)


def find_family(pipeline: str, configs: Mapping[str, Mapping[str, Any]] | None = None) -> Family:
    """The row of a pipeline class, with what the configs of its components say otherwise.

    Args:
        pipeline: name of the class; one that nobody has seen gets a row without facts.
        configs: component -> its config.
    """
    fitting = [name for name in FAMILIES if pipeline.startswith(name)]
    family = FAMILIES[max(fitting, key=len)] if fitting else UNKNOWN
    configs = configs or {}
    network = configs.get("transformer") or configs.get("unet") or {}
    most = [network.get(name) for name in ("sample_frames", "motion_max_seq_length", "video_length", "num_frames")]
    limit = next((number for number in most if isinstance(number, int)), None)
    if limit is not None and family.lengths.most is not None and limit < family.lengths.most:
        least = min(family.lengths.least, limit)
        family = replace(family, lengths=replace(family.lengths, least=least, most=limit))
    if family.title == "CogVideoX" and network.get("patch_size_t"):  # version 1.5
        family = replace(family, rate=Fraction(16))
    if family.title.startswith("Wan") and configs.get("vae", {}).get("scale_factor_spatial") == 16:  # 2.2 of 5 billion
        family = replace(family, rate=Fraction(24), multiple=32, lengths=_every(4, 121))
    return family
