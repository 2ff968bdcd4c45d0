"""storyworld-bind: six senses of the synthetic world in one space, learned as ImageBind was, from pictures outwards.

    python recipes/bind.py moments --out runs/bind --count 32000     # once: what is seen, heard and felt
    python recipes/bind.py vision  --out runs/bind --minutes 12      # pictures and videos with captions
    python recipes/bind.py audio   --out runs/bind --minutes 9       # sounds with videos; likewise depth, thermal, imu
    python recipes/bind.py export  --out runs/bind                   # bank, means, temperatures -> the package

Only pairs with a picture in them are ever learned from: no sound meets a caption, no heat map a motion trace. What
they have to do with each other follows from the pictures (ImageBind, arXiv 2305.05665). Every stage writes its state
every two minutes and goes on from it when called again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from bind_export import export
from bind_moments import Moments, build
from numpy.typing import NDArray
from torch import Tensor, nn

from videodirector.bind.towers import MODALITIES, Towers
from videodirector.layout2vid.training.loop import Schedule, fit
from videodirector.storyworld.motion import MOTIONS

NEGATIVES = 3072  # beside those of the batch
STILLS = ("depth", "thermal")  # learned with single pictures; the others with videos


def contrast(ours: Tensor, theirs: Tensor, log_scale: Tensor, same: Tensor) -> Tensor:
    """InfoNCE in both directions.

    Args:
        ours: (batch, width).
        theirs: (batch + others, width); the first are the partners, the others only negatives. Without many of them
            the place alone tells partners apart, and things are never learned.
        log_scale: of the temperature.
        same: (batch, batch + others) pairs that tell the same and are no negatives.
    """
    count = len(ours)
    own = torch.eye(count, len(theirs)).bool()
    logits = (log_scale.clamp(max=4.6).exp() * ours @ theirs.T).masked_fill(same & ~own, -1e4)
    target = torch.arange(count)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits[:, :count].T, target)) / 2


class Siblings:
    """Moments of the same thing in the same place: what is left to tell them apart is how they move."""

    def __init__(self, told: NDArray[Any], count: int = 4) -> None:
        kind = np.asarray(told) // len(MOTIONS)
        self._order = np.argsort(kind, kind="stable")
        self._kinds, self._count = kind[self._order], count
        self._told = np.asarray(told)

    def of(self, rows: NDArray[Any], generator: torch.Generator) -> NDArray[Any]:
        """Some siblings of every row, anywhere in a list of negatives for all."""
        kinds = self._told[rows] // len(MOTIONS)
        first, last = (np.searchsorted(self._kinds, kinds, side=side) for side in ("left", "right"))
        chance = torch.rand(self._count, len(rows), generator=generator).numpy()
        return np.asarray(self._order[(first + chance * (last - first)).astype(np.int64)].ravel())


def seen(frames: Tensor, still: Tensor) -> Tensor:
    """Frames (batch, 3, 64, 64, 3) as pairs (batch, 6, 64, 64) in [-1, 1]: the middle one twice, or first and last."""
    pictures = frames.permute(0, 1, 4, 2, 3).float() / 127.5 - 1
    pairs = torch.where(still[:, None, None, None, None], pictures[:, [1, 1]], pictures[:, [0, 2]])
    return pairs.flatten(1, 2)


def shaken(maps: Tensor, modality: str, generator: torch.Generator) -> Tensor:
    """The same, a little otherwise: other light, another microphone, another sensor."""

    def chance(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    count = len(maps)
    if modality == "vision":
        return maps * (1 + 0.15 * chance(count, 1, 1, 1)) + 0.15 * chance(count, 1, 1, 1) + 0.03 * chance(*maps.shape)
    if modality == "audio":
        late = int(torch.randint(64, (1,), generator=generator))
        return maps.roll(late, -1) + 0.06 * chance(count, 1, 1, 1) + 0.04 * chance(*maps.shape)
    if modality == "imu":
        return maps + 0.03 * chance(*maps.shape)
    bent = maps.sign() * maps.abs() ** torch.exp(0.3 * chance(count, 1, 1, 1))
    return bent + 0.03 * chance(*maps.shape)


def main() -> None:  # noqa: PLR0915  a recipe reads best from top to bottom
    """Build the data, train a stage, or export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=("moments", "vision", "audio", "depth", "thermal", "imu", "export"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=32_000, help="moments to make")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--clips", type=int, default=400_000, help="clips to learn from, each as often as need be")
    parser.add_argument("--first", type=int, help="learn from the first moments only")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=2e-3)
    options = parser.parse_args()
    if options.stage == "moments":
        build(options.out / "moments", count=options.count)
        return
    torch.manual_seed(0)
    moments, towers = Moments(options.out / "moments", options.first), load(options.out)
    if options.stage == "export":
        export(towers, moments, options.out)
        return
    if options.stage != "vision":
        targets = embeddings(towers, moments, still=options.stage in STILLS)

    siblings = Siblings(moments.of("told"))

    def loss(rows: Any, generator: torch.Generator) -> Tensor:
        others = torch.randint(len(moments), (NEGATIVES,), generator=generator).sort().values.numpy()
        alike = siblings.of(rows, generator) if options.stage == "vision" else others[:0]
        all_rows = np.concatenate([rows, others, alike])
        told = torch.from_numpy(moments.of("told")[all_rows])
        same = told[: len(rows), None] == told
        if options.stage == "vision":
            still = torch.rand(len(rows), generator=generator) < 0.35
            if len(alike):  # a single picture does not tell its own motion from that of others
                same[still, -len(alike) :] = True
            pictures = shaken(seen(torch.from_numpy(moments.of("frames")[rows]), still), "vision", generator)
            variant = torch.cat([~still, torch.rand(NEGATIVES, generator=generator) < 0.65, torch.ones(len(alike)) > 0])
            captions = torch.from_numpy(moments.of("captions")[all_rows]).float()
            words = towers("text", captions[torch.arange(len(all_rows)), variant.long()])
            return contrast(towers("vision", pictures), words, towers.log_scale["text"], same)
        maps = torch.from_numpy(moments.of(options.stage)[rows]).float()
        if options.stage in STILLS:
            maps = maps / 80
        elif options.stage == "audio":
            maps = maps / 127.5 - 1
        sensed = towers(options.stage, shaken(maps, options.stage, generator))
        return contrast(sensed, targets[all_rows], towers.log_scale[options.stage], same)

    def batches(step: int) -> Iterator[Any]:
        while True:
            yield np.sort(np.random.default_rng((7, step)).choice(len(moments), options.batch, replace=False))
            step += 1

    if options.stage in (*STILLS, "audio") and not (options.out / f"{options.stage}.pt").exists():
        begin_as(towers.vision, towers.get_submodule(options.stage))
    learned = ["vision", "text"] if options.stage == "vision" else [options.stage]
    parameters = [p for name in learned for p in towers.get_submodule(name).parameters()]
    parameters.append(towers.log_scale["text" if options.stage == "vision" else options.stage])
    towers.eval()
    for name in learned:
        towers.get_submodule(name).train()
    recent: list[float] = []
    for progress in fit(
        groups=[{"params": parameters, "lr": options.rate, "weight_decay": 0.02}],
        loss=loss,
        batches=batches,
        schedule=Schedule(pictures=options.clips, batch=options.batch, minutes=options.minutes, warmup=40),
        state=options.out / f"{options.stage}.state.pt",
        device=torch.device("cpu"),
    ):
        recent.append(progress.loss)
        if progress.step % 50 == 0:
            told = f"{options.stage} {progress.step}, {progress.seconds / 60:.1f} min, loss {np.mean(recent):.3f}"
            print(told, flush=True)
            recent.clear()
            save(towers, options.out, learned)
    save(towers, options.out, learned)


@torch.no_grad()
def begin_as(vision: nn.Module, other: nn.Module) -> None:
    """Gives a tower of one channel what vision has learned of shapes; its colours are added up."""
    known = dict(vision.state_dict())
    for name, value in other.state_dict().items():
        if value.shape != known[name].shape:  # the first layer, six channels wide
            known[name] = known[name].sum(1, keepdim=True)
    other.load_state_dict(known)


def save(towers: Towers, out: Path, learned: list[str]) -> None:
    """What a stage has learned, the running statistics of its layers with it."""
    for name in learned:
        torch.save(towers.get_submodule(name).state_dict(), out / f"{name}.pt")
    torch.save(towers.log_scale.state_dict(), out / f"scale.{learned[-1]}.pt")


def load(out: Path) -> Towers:
    """The towers, with everything that has been learned so far."""
    towers = Towers()
    for name in MODALITIES:
        if (out / f"{name}.pt").exists():
            towers.get_submodule(name).load_state_dict(torch.load(out / f"{name}.pt", weights_only=True))
        if (out / f"scale.{name}.pt").exists():
            scale = torch.load(out / f"scale.{name}.pt", weights_only=True)
            towers.log_scale[name].data.copy_(scale[name])
    return towers


@torch.no_grad()
def embeddings(towers: Towers, moments: Moments, *, still: bool) -> Tensor:
    """Where vision puts every moment, (moments, width)."""
    towers.eval()
    found = []
    for start in range(0, len(moments), 256):
        frames = torch.from_numpy(np.array(moments.of("frames")[start : start + 256]))
        with torch.autocast("cpu", torch.bfloat16):
            found.append(towers("vision", seen(frames, torch.full((len(frames),), still))))
    return torch.cat(found)


if __name__ == "__main__":
    main()
