"""storyworld-bind: six senses of the synthetic world in one space, learned as ImageBind was, from pictures outwards.

    python recipes/bind.py moments --out runs/bind --count 40000     # once: what is seen and felt
    python recipes/bind.py sounds  --out runs/bind --count 8000      # once: what is heard of the first of them
    python recipes/bind.py vision  --out runs/bind --minutes 30      # pictures and videos with captions
    python recipes/bind.py depth   --out runs/bind --minutes 13      # depth with pictures; likewise the other senses
    python recipes/bind.py decoder --out runs/bind                   # writes captions; learns from texts alone
    python recipes/bind.py export  --out runs/bind                   # bank, means, temperatures -> the package

With ``--init FOLDER`` a run begins with a model that was exported, such as the package's.

Only pairs with a picture in them are ever learned from: no sound meets a caption, no heat map a motion trace. What
they have to do with each other follows from the pictures (ImageBind, arXiv 2305.05665). Every stage writes its state
every two minutes and goes on from it when called again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from bind_decoder import train_decoder
from bind_export import export
from bind_moments import COLOURS, Moments, bank_sentences, build, build_sounds
from numpy.typing import NDArray
from torch import Tensor, nn

from videodirector import lexicon
from videodirector.layout2vid.training.loop import Schedule, fit
from videodirector.layout2vid.weights.precision import mixed
from videodirector.senses.caption_bank import build_motion_rows, build_world_rows
from videodirector.senses.embedders.storyworld import StoryworldBind
from videodirector.senses.embedders.towers import MODALITIES, Towers
from videodirector.storyworld.motion import MOTIONS

NEGATIVES = 1024  # captions beside those of the batch
PICTURES = 4096  # likewise, for other senses; they are embedded once
GREY = -3  # for a colour: a picture without any shows a thing that may have each of its colours
SHARP = 12.0  # how much likelier the pictures that look alike
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


class Bank:
    """The caption bank and what its rows tell, as tensors: vision learns to choose among all of them.

    Args:
        sentences: of ``rows()``, in that order.
    """

    def __init__(self, sentences: NDArray[Any]) -> None:
        things, places = list(lexicon.trained_things()), list(lexicon.trained_backgrounds())
        self.sentences = torch.from_numpy(sentences).float()
        told = []
        for row in build_world_rows():
            thing = things.index(row.thing) if row.thing else -1 if row.place else -2
            colour = COLOURS.index((row.words or "").split()[0]) if row.words != row.thing else -1
            told.append((thing, colour, places.index(row.place) if row.place else -1))
        self.thing, self.colour, self.place = (torch.tensor(column) for column in zip(*told, strict=True))

    @staticmethod
    def texts() -> list[str]:
        """Of every thing in every place, then of every thing in every motion."""
        return [row.text for row in (*build_world_rows(), *build_motion_rows())]

    def loss(self, vectors: Tensor, words: Tensor, log_scale: Tensor, shown: Tensor, still: Tensor) -> Tensor:
        """How unlikely the true captions are among all, and the true motion among all that a video can show.

        Args:
            vectors: (batch, width) of pictures and videos.
            words: (bank, width) of ``texts``.
            log_scale: of the temperature.
            shown: (batch, 4) as ``bind_moments.shown`` tells it; a colour may be ``GREY``.
            still: (batch,) which of them are pictures, that show no motion.
        """
        scale = log_scale.clamp(max=4.6).exp()
        thing, colour, place, motion = shown.long().unbind(1)
        count = len(self.thing)
        coloured = (self.colour == (colour % 100)[:, None]) & (colour >= 0)[:, None]
        plain = (self.colour < 0) & ((colour < 0) | (colour >= 100))[:, None]
        named = coloured | plain | (colour == GREY)[:, None]
        true = (self.thing == thing[:, None]) & (self.place == place[:, None]) & named
        told = F.log_softmax(scale * vectors @ words[:count].T, dim=1)
        captions = -told.masked_fill(~true, -1e4).logsumexp(1).mean()
        moving = ~still & (thing >= 0)
        across = words[count:].view(-1, len(MOTIONS), words.shape[-1]).mean(0)
        return captions + F.cross_entropy(scale * vectors[moving] @ across.T, motion[moving])


def distilled(ours: Tensor, theirs: Tensor, log_scale: Tensor) -> Tensor:
    """How far our likeness to pictures is from that of our own picture to them (SEED, arXiv 2101.04731).

    Args:
        ours: (batch, width).
        theirs: (batch + others, width), of pictures; the first are the partners.
        log_scale: of the temperature.
    """
    wanted = (SHARP * theirs[: len(ours)] @ theirs.T).softmax(1)
    return F.cross_entropy(log_scale.clamp(max=4.6).exp() * ours @ theirs.T, wanted)


def seen(frames: Tensor, still: Tensor) -> Tensor:
    """Frames (batch, 3, 64, 64, 3) as pairs (batch, 6, 64, 64) in [-1, 1]: the middle one twice, or first and last."""
    pictures = frames.permute(0, 1, 4, 2, 3).float() / 127.5 - 1
    pairs = torch.where(still[:, None, None, None, None], pictures[:, [1, 1]], pictures[:, [0, 2]])
    return pairs.flatten(1, 2)


def shaken(maps: Tensor, modality: str, generator: torch.Generator) -> Tensor:
    """The same, a little otherwise: other light, another microphone, another sensor."""

    def chance(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    def grain(maps: Tensor) -> Tensor:  # of one clip for four: normal numbers take their time
        return chance(-(-len(maps) // 4), *maps.shape[1:]).repeat(4, 1, 1, 1)[: len(maps)]

    count = len(maps)
    if modality == "vision":
        return maps * (1 + 0.15 * chance(count, 1, 1, 1)) + 0.15 * chance(count, 1, 1, 1) + 0.03 * grain(maps)
    if modality == "audio":
        late = int(torch.randint(64, (1,), generator=generator))
        return maps.roll(late, -1) + 0.06 * chance(count, 1, 1, 1) + 0.04 * grain(maps)
    if modality == "imu":
        return maps + 0.03 * chance(*maps.shape)
    bent = maps.sign() * maps.abs() ** torch.exp(0.3 * chance(count, 1, 1, 1))
    return bent + 0.015 * grain(maps)


def jolted(maps: Tensor, mirrored: Tensor, generator: torch.Generator) -> Tensor:
    """Maps (batch, channels, 64, 64) up to four pixels to any side, the edges held; some of them mirrored."""
    held = F.pad(maps, (4, 4, 4, 4), mode="replicate")
    held = torch.where(mirrored[:, None, None, None], held.flip(-1), held)
    height, width = maps.shape[-2:]
    corners = torch.randint(9, (len(maps), 2), generator=generator).tolist()
    return torch.stack(
        [one[:, y : y + height, x : x + width] for one, (y, x) in zip(held.unbind(), corners, strict=True)]
    )


def main() -> None:  # noqa: PLR0915  a recipe reads best from top to bottom
    """Build the data, train a stage, or export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "stage", choices=("moments", "sounds", "vision", "audio", "depth", "thermal", "imu", "decoder", "export")
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=32_000, help="moments to make")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--clips", type=int, default=400_000, help="clips to learn from, each as often as need be")
    parser.add_argument("--init", type=Path, help="folder of an exported model to begin with")
    parser.add_argument(
        "--keep-text", action="store_true", help="vision learns alone, towards captions that stay where they are"
    )
    parser.add_argument("--first", type=int, help="learn from the first moments only")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=2e-3)
    options = parser.parse_args()
    if options.stage == "moments":
        build(options.out / "moments", count=options.count)
        return
    if options.stage == "sounds":
        build_sounds(options.out / "moments", count=options.count)
        return
    torch.manual_seed(0)
    if options.init:
        begin_with(options.init, options.out)
    moments, towers = Moments(options.out / "moments", options.first), load(options.out)
    if options.stage == "decoder":
        train_decoder(towers.eval(), moments, options.out)
        return
    if options.stage == "export":
        export(towers, moments, options.out)
        return
    if options.stage == "vision":
        bank = Bank(bank_sentences(options.out, Bank.texts()))
        mirrors = {"left": "right", "right": "left"}
        mirror = torch.tensor([MOTIONS.index(mirrors.get(name, name)) for name in MOTIONS])
        with torch.no_grad():
            words_kept = towers.eval()("text", bank.sentences)
    else:
        targets = embeddings(towers, moments, options.out, still=options.stage in STILLS)

    def bank_loss(rows: Any, generator: torch.Generator) -> Tensor:
        still = torch.rand(len(rows), generator=generator) < 0.4
        mirrored = torch.rand(len(rows), generator=generator) < 0.5
        pictures = seen(torch.from_numpy(moments.of("frames")[rows]), still)
        pictures = shaken(jolted(pictures, mirrored, generator), "vision", generator)
        grey = torch.rand(len(rows), generator=generator) < 0.05
        faded = pictures.unflatten(1, (2, 3)).mean(2, keepdim=True).expand(-1, -1, 3, -1, -1).flatten(1, 2)
        pictures = torch.where(grey[:, None, None, None], faded, pictures)
        shown = torch.from_numpy(moments.of("shown")[rows])
        shown[grey & (shown[:, 1] >= 0), 1] = GREY
        shown[:, 3] = torch.where(mirrored, mirror[shown[:, 3].long()].to(shown.dtype), shown[:, 3])
        return bank.loss(towers("vision", pictures), words_kept, towers.log_scale["text"], shown, still)

    def caption_loss(rows: Any, generator: torch.Generator) -> Tensor:
        others = torch.randint(len(moments), (NEGATIVES,), generator=generator).sort().values.numpy()
        all_rows = np.concatenate([rows, others])
        still = torch.rand(len(rows), generator=generator) < 0.4
        told = torch.from_numpy(moments.of("told")[all_rows])
        kind = told // len(MOTIONS)
        same = torch.where(still[:, None], kind[: len(rows), None] == kind, told[: len(rows), None] == told)
        variant = torch.cat([~still, torch.rand(NEGATIVES, generator=generator) < 0.6])
        captions = torch.from_numpy(moments.of("captions")[all_rows]).float()
        pictures = shaken(seen(torch.from_numpy(moments.of("frames")[rows]), still), "vision", generator)
        vectors = towers("vision", pictures)
        words = towers("text", torch.cat([captions[torch.arange(len(all_rows)), variant.long()], bank.sentences]))
        shown = torch.from_numpy(moments.of("shown")[rows])
        free = contrast(vectors, words[: len(all_rows)], towers.log_scale["text"], same)
        return 0.3 * free + bank.loss(vectors, words[len(all_rows) :], towers.log_scale["text"], shown, still)

    def pair_loss(rows: Any, generator: torch.Generator) -> Tensor:
        others = torch.randint(len(moments), (PICTURES,), generator=generator).sort().values.numpy()
        all_rows = np.concatenate([rows, others])
        told = torch.from_numpy(moments.of("told")[all_rows])
        maps = torch.from_numpy(moments.of(options.stage)[rows]).float()
        if options.stage in STILLS:
            told = told // len(MOTIONS)
            maps = jolted(maps / 80, torch.rand(len(rows), generator=generator) < 0.5, generator)
        elif options.stage == "audio":
            maps = maps / 127.5 - 1
        same = told[: len(rows), None] == told
        sensed = towers(options.stage, shaken(maps, options.stage, generator))
        log_scale = towers.log_scale[options.stage]
        return contrast(sensed, targets[all_rows], log_scale, same) + distilled(sensed, targets[all_rows], log_scale)

    count = len(moments.of("frames" if options.stage == "vision" else options.stage))

    def batches(step: int) -> Iterator[Any]:
        while True:
            yield np.sort(np.random.default_rng((7, step)).choice(count, options.batch, replace=False))
            step += 1

    if options.stage in (*STILLS, "audio") and not (options.out / f"{options.stage}.pt").exists():
        begin_as(towers.vision, towers.get_submodule(options.stage))
    loss = pair_loss if options.stage != "vision" else bank_loss if options.keep_text else caption_loss
    learned = ["vision", "text"] if loss is caption_loss else [options.stage]
    parameters = [p for name in learned for p in towers.get_submodule(name).parameters()]
    parameters.append(towers.log_scale["text" if options.stage == "vision" else options.stage])
    towers.eval()
    for name in learned:
        cast(Any, towers.get_submodule(name).train()).to(memory_format=torch.channels_last)
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
    torch.save(towers.log_scale.state_dict(), out / f"scale.{'text' if learned[-1] == 'vision' else learned[-1]}.pt")


def begin_with(folder: Path, out: Path) -> None:
    """Writes the networks of an exported model as if they had been learned here; those that have been stay."""
    model = StoryworldBind.load(folder)
    for name in MODALITIES:
        if not (out / f"{name}.pt").exists():
            save(model.towers, out, [name])
    if model.decoder is not None and not (out / "decoder.pt").exists():
        torch.save({"words": model.decoder.words, "state": model.decoder.state_dict()}, out / "decoder.pt")


def load(out: Path) -> Towers:
    """The towers, with everything that has been learned so far."""
    towers = Towers()
    for name in MODALITIES:
        if (out / f"{name}.pt").exists():
            towers.get_submodule(name).load_state_dict(torch.load(out / f"{name}.pt", weights_only=True))
        if name in towers.log_scale and (out / f"scale.{name}.pt").exists():
            scale = torch.load(out / f"scale.{name}.pt", weights_only=True)
            towers.log_scale[name].data.copy_(scale[name])
    return towers


@torch.no_grad()
def embeddings(towers: Towers, moments: Moments, out: Path, *, still: bool) -> Tensor:
    """Where vision puts every moment, (moments, width), without their mean, which tells nothing; kept in ``out``."""
    kept = out / f"targets.{'still' if still else 'moving'}.pt"
    if not kept.exists() or kept.stat().st_mtime < (out / "vision.pt").stat().st_mtime:
        towers.eval()
        found = []
        for start in range(0, len(moments), 256):
            frames = torch.from_numpy(np.array(moments.of("frames")[start : start + 256]))
            with mixed(torch.device("cpu")):
                found.append(towers("vision", seen(frames, torch.full((len(frames),), still))))
        vectors = torch.cat(found)
        torch.save(F.normalize(vectors - vectors.mean(0), dim=-1), kept)
    targets: Tensor = torch.load(kept, weights_only=True)
    return targets


if __name__ == "__main__":
    main()
