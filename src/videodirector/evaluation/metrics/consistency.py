"""Consistency across scenes: whether one thing looks the same wherever its group appears.

VideoDirectorGPT compares adjacent scenes; its reviewers asked for all pairs. Both are told, for two likenesses: which
variant of the thing it is (the colour of a car), by the detector, and the cosine of the crops' vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videodirector.evaluation.metrics.features import Features, PictureTextNetwork
from videodirector.evaluation.metrics.statistics import Estimate, Proportion
from videodirector.schemas import Box, FrozenModel

__all__ = ["Appearance", "Consistency", "consistency", "crop"]


class Appearance(FrozenModel):
    """One thing in one scene.

    Attributes:
        scene: the scene's id.
        frame: number of the frame that was looked at.
        variant: which variant of the thing was seen, None where none was.
        box: where.
    """

    scene: str
    frame: int
    variant: str | None
    box: Box | None


@dataclass(frozen=True, kw_only=True)
class Consistency:
    """Over pairs of scenes with the same thing.

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
        """For JSON."""
        names = ("adjacent", "all_pairs", "crops_adjacent", "crops_all", "seen")
        return {name: getattr(self, name).as_dict() for name in names}


def consistency(
    groups: Iterable[Sequence[tuple[Appearance, NDArray[np.uint8]]]], network: PictureTextNetwork | None = None
) -> Consistency:
    """Compare the appearances of every thing.

    Args:
        groups: for each thing its appearances in the order of the scenes, each with the frame that was looked at.
        network: sees crops; None leaves their likeness out.
    """
    things = list(groups)
    looks = [_vectors(thing, network) for thing in things]

    def same(pairs: Callable[[Iterable[int]], Iterable[tuple[int, int]]]) -> Estimate:
        return Estimate.share([float(_same(thing, a, b)) for a, b in pairs(range(len(thing)))] for thing in things)

    def alike(pairs: Callable[[Iterable[int]], Iterable[tuple[int, int]]]) -> Estimate:
        return Estimate.mean(
            [float(look[a] @ look[b]) for a, b in pairs(range(len(thing))) if a in look and b in look]
            for thing, look in zip(things, looks, strict=True)
        )

    return Consistency(
        adjacent=same(pairwise),
        all_pairs=same(_every_two),
        crops_adjacent=alike(pairwise),
        crops_all=alike(_every_two),
        seen=Proportion.of(appearance.variant is not None for thing in things for appearance, _ in thing),
    )


def crop(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """What is in a box, two pixels on a side at least."""
    height, width = pixels.shape[:2]
    left, top = min(int(box.x0 * width), width - 2), min(int(box.y0 * height), height - 2)
    return pixels[top : max(round(box.y1 * height), top + 2), left : max(round(box.x1 * width), left + 2)]


def _every_two(numbers: Iterable[int]) -> Iterable[tuple[int, int]]:
    return combinations(numbers, 2)


def _same(thing: Sequence[tuple[Appearance, NDArray[np.uint8]]], a: int, b: int) -> bool:
    one, other = thing[a][0].variant, thing[b][0].variant
    return one is not None and one == other


def _vectors(
    thing: Sequence[tuple[Appearance, NDArray[np.uint8]]], network: PictureTextNetwork | None
) -> dict[int, Features]:
    """By number of the appearance; those where nothing was seen are left out."""
    crops = {number: crop(pixels, seen.box) for number, (seen, pixels) in enumerate(thing) if seen.box}
    if network is None or not crops:
        return {}
    return dict(zip(crops, network.pictures(list(crops.values())), strict=True))
