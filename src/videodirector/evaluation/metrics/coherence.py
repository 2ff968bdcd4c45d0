"""Coherence: of one thing across scenes, of neighbouring frames, and of frames with their text.

VideoDirectorGPT compares adjacent scenes; its reviewers requested all pairs. Both are reported, for two similarities:
the variant of the thing (the colour of a car), by the detector, and the cosine of the crops' vectors. Neighbouring
frames are compared by cosine and pixels, frames and captions by cosine (CLIP-Text).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from videodirector.evaluation.metrics.feature_networks import Features, Frames, ImageTextNetwork
from videodirector.evaluation.metrics.statistics import Estimate, Proportion
from videodirector.schemas import Box

__all__ = [
    "Appearance",
    "Consistency",
    "crop_box",
    "measure_consistency",
    "measure_frame_similarity",
    "measure_pixel_change",
    "measure_text_similarity",
]


class Appearance(BaseModel):
    """The appearance of one thing in one scene.

    Attributes:
        scene: the scene's id.
        frame: number of the frame that was looked at.
        variant: which variant of the thing was seen, None where none was.
        box: where.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    scene: str
    frame: int
    variant: str | None
    box: Box | None


@dataclass(frozen=True, kw_only=True)
class Consistency:
    """Consistency over pairs of scenes with the same thing.

    Attributes:
        adjacent, all_pairs: share of pairs that show the same variant; a pair in which the thing was not seen twice is
            none of them.
        crops_adjacent, crops_all: cosine of the crops, over pairs in which it was seen twice.
        seen: scenes in which it was seen.
    """

    adjacent: Estimate
    all_pairs: Estimate
    crops_adjacent: Estimate
    crops_all: Estimate
    seen: Proportion

    def as_dict(self) -> dict[str, Any]:
        """Return a dictionary for JSON."""
        names = ("adjacent", "all_pairs", "crops_adjacent", "crops_all", "seen")
        return {name: getattr(self, name).as_dict() for name in names}


def measure_consistency(
    groups: Iterable[Sequence[tuple[Appearance, NDArray[np.uint8]]]], network: ImageTextNetwork | None = None
) -> Consistency:
    """Compare the appearances of every thing.

    Args:
        groups: for each thing its appearances in the order of the scenes, each with the frame that was looked at.
        network: sees crops; None leaves their likeness out.
    """
    things = list(groups)
    looks = [_embed_crops(thing, network) for thing in things]

    def same(pairs: Callable[[Iterable[int]], Iterable[tuple[int, int]]]) -> Estimate:
        return Estimate.share(
            [float(_is_same_variant(thing, a, b)) for a, b in pairs(range(len(thing)))] for thing in things
        )

    def alike(pairs: Callable[[Iterable[int]], Iterable[tuple[int, int]]]) -> Estimate:
        return Estimate.mean(
            [float(look[a] @ look[b]) for a, b in pairs(range(len(thing))) if a in look and b in look]
            for thing, look in zip(things, looks, strict=True)
        )

    return Consistency(
        adjacent=same(pairwise),
        all_pairs=same(_pair_all),
        crops_adjacent=alike(pairwise),
        crops_all=alike(_pair_all),
        seen=Proportion.from_outcomes(appearance.variant is not None for thing in things for appearance, _ in thing),
    )


def crop_box(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Crop a box, at least two pixels on a side."""
    height, width = pixels.shape[:2]
    left, top = min(int(box.x0 * width), width - 2), min(int(box.y0 * height), height - 2)
    return pixels[top : max(round(box.y1 * height), top + 2), left : max(round(box.x1 * width), left + 2)]


def _pair_all(numbers: Iterable[int]) -> Iterable[tuple[int, int]]:
    return combinations(numbers, 2)


def _is_same_variant(thing: Sequence[tuple[Appearance, NDArray[np.uint8]]], a: int, b: int) -> bool:
    one, other = thing[a][0].variant, thing[b][0].variant
    return one is not None and one == other


def _embed_crops(
    thing: Sequence[tuple[Appearance, NDArray[np.uint8]]], network: ImageTextNetwork | None
) -> dict[int, Features]:
    """By number of the appearance; those where nothing was seen are left out."""
    crops = {number: crop_box(pixels, seen.box) for number, (seen, pixels) in enumerate(thing) if seen.box}
    if network is None or not crops:
        return {}
    return dict(zip(crops, network.pictures(list(crops.values())), strict=True))


def measure_text_similarity(network: ImageTextNetwork, clips: Sequence[Frames], texts: Sequence[str]) -> Estimate:
    """Measure the mean cosine of every frame with the text of its clip, in [-1, 1]."""
    words = network.texts(texts) if texts else ()
    return Estimate.mean(
        (network.pictures(list(clip)) @ word).tolist() for clip, word in zip(clips, words, strict=True)
    )


def measure_frame_similarity(network: ImageTextNetwork, clips: Sequence[Frames]) -> Estimate:
    """Measure CLIP-Image: the mean cosine of neighbouring frames, in [-1, 1]; clips of one frame have none."""
    groups: list[list[float]] = []
    for clip in clips:
        seen = network.pictures(list(clip))
        groups.append((seen[1:] * seen[:-1]).sum(axis=1).tolist())
    return Estimate.mean(groups)


def measure_pixel_change(clips: Sequence[Frames]) -> Estimate:
    """Measure Pixel-MSE: the mean squared difference of neighbouring frames, in squared levels of 255."""
    return Estimate.mean(
        (np.diff(clip.astype(np.float64), axis=0) ** 2).mean(axis=(1, 2, 3)).tolist() for clip in clips
    )
