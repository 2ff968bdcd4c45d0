"""The storyworld for evaluation: instruments from its atlas, subjects for plans, labelled frames.

Seeds: training uses 11, 12 and 21 to 23, what is held out from it 24; plans 31, labelled frames 32, samples of
backgrounds 33, composed plans 34.
The thresholds of the detector were chosen on scenes of 101 to 105.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from videodirector import lexicon
from videodirector.evaluation import BackgroundClassifier, Detector, LabelledFrame
from videodirector.evaluation.benchmark.skill_plans import Subject
from videodirector.schemas import Box, Entity, Scene
from videodirector.storyworld import atlas, backgrounds
from videodirector.storyworld.scene import SceneSampler

__all__ = [
    "Instruments",
    "Pixels",
    "blur_frame",
    "build_autoencoder_change",
    "build_instruments",
    "find_background_name",
    "find_detector_name",
    "iter_labelled_frames",
    "list_subjects",
    "list_variants",
]

FRAMES, BACKGROUNDS = 32, 33
SAMPLE_SIDE = 32  # pixels

# So thin that the detector misses most of them even on true frames.
_TOO_THIN = frozenset({"bicycle"})

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Instruments:
    """A detector of every sprite, and a classifier of every background."""

    detector: Detector
    classifier: BackgroundClassifier


def build_instruments(*, samples: int = 150) -> Instruments:
    """Build instruments for frames of any size; the classifier uses this many small samples of each background."""
    rng = np.random.default_rng(BACKGROUNDS)
    painted = {
        name: [backgrounds.paint(name, size=SAMPLE_SIDE, seed=int(rng.integers(2**31))) for _ in range(samples)]
        for name in lexicon.trained_backgrounds()
    }
    return Instruments(
        detector=Detector({sprite.name: sprite.image for sprite in atlas.load()}),
        classifier=BackgroundClassifier(painted),
    )


def find_detector_name(entity: Entity) -> str:
    """Find the detector's name of an entity: the sprite that its words name, else its own name."""
    sprite = atlas.load().find(entity.name, entity.description)
    return entity.name if sprite is None else sprite.name


def find_background_name(scene: Scene) -> str | None:
    """Return the background that a scene's words name, if there is one."""
    return backgrounds.find(scene.background) or backgrounds.find(scene.description)


@lru_cache(maxsize=1)
def list_subjects() -> tuple[Subject, ...]:
    """List every sprite that the detector finds reliably, as subjects of plans."""
    return tuple(
        Subject(
            name=sprite.name,
            plural=_pluralise(sprite.name),
            aspect=sprite.image.width / sprite.image.height,
            kind=sprite.thing.name,
            own=sprite.own_colour,
        )
        for sprite in atlas.load()
        if sprite.thing.name not in _TOO_THIN
    )


def list_variants(name: str) -> tuple[str, ...]:
    """Return all sprites of the same thing, this one first."""
    kinds = {sprite.name: sprite.thing.name for sprite in atlas.load()}
    return (name, *(other for other, kind in kinds.items() if other != name and kind == kinds.get(name)))


def _pluralise(name: str) -> str:
    from lemminflect import getInflection

    *before, last = name.split()
    inflected = getInflection(last, tag="NNS")
    return " ".join([*before, inflected[0] if inflected else f"{last}s"])


def iter_labelled_frames(
    number: int, *, size: int, absent: int = 3, change: Callable[[Pixels], Pixels] | None = None
) -> Iterator[LabelledFrame]:
    """Yield true frames with one to three things, and names of things that are not there.

    Args:
        number: of frames.
        size: of their sides, in pixels.
        absent: names that are not there, for each frame; another colour of a thing counts as another thing.
        change: done to the pixels, such as a blur; the truth stays.
    """
    scenes = SceneSampler(size=size, seed=FRAMES, entities=(1, 3))
    names = [sprite.name for sprite in atlas.load()]
    for index in range(number):
        clip = scenes[index]
        there = tuple(actor.sprite.name for actor in clip.actors)
        asked = np.random.default_rng((FRAMES, index)).permutation([name for name in names if name not in there])
        yield LabelledFrame(
            pixels=clip.frames[0] if change is None else change(clip.frames[0]),
            names=there,
            boxes=tuple(Box(*box) for actor in clip.actors for box in actor.track if box),
            background=clip.background,
            absent=tuple(str(name) for name in asked[:absent]),
        )


def blur_frame(pixels: Pixels) -> Pixels:
    """Blur a frame like a small autoencoder: a Gaussian with sigma 1/64 of the height."""
    sigma = pixels.shape[0] / 64
    soft = gaussian_filter(pixels.astype(np.float32), (sigma, sigma, 0))
    return np.asarray(soft.round(), dtype=np.uint8)


def build_autoencoder_change(model: str | None) -> Callable[[Pixels], Pixels]:
    """Build the reconstruction by a model's autoencoder, the upper bound of that model's pictures."""
    import torch
    from diffusers import AutoencoderKL

    from videodirector.generator.backends.layout2vid import MODEL
    from videodirector.layout2vid.appearance.latents import decode, encode, to_tensor

    vae = AutoencoderKL.from_pretrained(model or MODEL, subfolder="vae", low_cpu_mem_usage=False).float().eval()

    @torch.no_grad()
    def apply_autoencoder(pixels: Pixels) -> Pixels:
        picture = decode(vae, encode(vae, to_tensor(pixels[None])))[0]
        levels = ((picture + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
        return np.asarray(levels, dtype=np.uint8)

    return apply_autoencoder
