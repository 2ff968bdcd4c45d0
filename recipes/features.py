"""Train the small network through which the evaluation looks at the storyworld (Fréchet distance, CLIP-like scores).

    python recipes/features.py --out runs/features/world.safetensors
    python recipes/features.py --steps 10000 --install         # longer, and straight into the package

It learns from true clips alone: what a clip shows, on which background, how its largest thing moves, and which caption
belongs to which picture, among all of a batch. About ten minutes on two CPU cores.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from videodirector import evaluation, lexicon
from videodirector.evaluation.features import WORLD
from videodirector.evaluation.world_model import (
    LENGTH,
    MOTIONS,
    SIDE,
    Vocabulary,
    WorldModel,
    WorldNetwork,
    frames_tensor,
    words_of,
)
from videodirector.storyworld.scene import Actor, Clip, SceneSampler

TRAINING, VALIDATION = 41, 42  # seeds
STILL = 0.08  # of the picture: a thing that moves less counts as still


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--init", type=Path, help="weights to go on from")
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first clip, so as not to see the same again"
    )
    parser.add_argument("--validation", type=int, default=200, help="unseen clips")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path)
    where.add_argument("--install", action="store_true", help="put it into the package")
    options = parser.parse_args(arguments)
    out = Path(evaluation.__file__).with_name(WORLD) if options.install else options.out
    out.parent.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(0)
    model = WorldNetwork.load(options.init).model if options.init else WorldModel(vocabulary())
    model.train()
    print(f"{sum(parameter.numel() for parameter in model.parameters()):,} parameters", flush=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=0.01)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, total_steps=options.steps, pct_start=0.1)
    started, losses = time.monotonic(), []
    scenes = SceneSampler(size=SIDE, frames=LENGTH, seed=TRAINING, entities=(1, 3), pool=64)
    batches = every(scenes, options.batch, model, first=options.first)
    for step in range(1, options.steps + 1):
        loss = loss_of(model, next(batches))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rates.step()
        losses.append(float(loss.detach()))
        if step % 100 == 0:
            print(f"step {step}: loss {np.mean(losses[-100:]):.3f}, {time.monotonic() - started:.0f} s", flush=True)
            WorldNetwork(model).save(out)
            model.train()
    WorldNetwork(model).save(out)
    print(figures(WorldNetwork.load(out), options.validation))
    print(f"wrote {out}, {out.stat().st_size / 2**20:.2f} MiB")


def vocabulary() -> Vocabulary:
    """The lexicon's."""
    things, places = lexicon.things(), lexicon.backgrounds()
    phrases = [phrase for thing in things.values() for phrase in (thing.name, *thing.synonyms)]
    phrases += [phrase for place in places.values() for phrase in (place.name, place.description, *place.synonyms)]
    words = {word for phrase in [*phrases, *lexicon.colours()] for word in words_of(phrase)}
    return Vocabulary(things=tuple(things), places=tuple(places), words=tuple(sorted(words)))


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Clips with what is known of them; ``pictures`` and ``texts`` belong together, one by one."""

    clips: Tensor
    things: Tensor  # shares of the things that can be seen
    places: Tensor
    motions: Tensor
    pictures: Tensor
    texts: list[str]


def every(scenes: SceneSampler, count: int, model: WorldModel, *, first: int) -> Iterator[Batch]:
    """Batches of so many clips, one after the other, without end."""
    number = first
    while True:
        yield batch_of([scenes[number + index] for index in range(count)], model.vocabulary, number)
        number += count


def batch_of(clips: Sequence[Clip], known: Vocabulary, seed: int) -> Batch:
    """Each clip gives two pictures with their words: a frame with its caption, and a thing cut out with its name."""
    rng = np.random.default_rng((TRAINING, seed))
    things = torch.zeros(len(clips), len(known.things))
    pictures, texts = [], []
    for row, clip in enumerate(clips):
        for actor in clip.actors:
            things[row, known.things.index(actor.sprite.thing.name)] += 1
        frame = int(rng.integers(len(clip.frames)))
        pictures.append(frames_tensor(clip.frames[frame][None]))
        texts.append(", ".join([a.sprite.name for a in clip.actors if a.track[frame]] + [clip.background]))
        shown = [(actor, at) for actor in clip.actors for at, box in enumerate(actor.track) if box]
        actor, at = shown[int(rng.integers(len(shown)))]
        pictures.append(frames_tensor(cut_out(clip.frames[at], actor, at)[None]))
        texts.append(actor.sprite.name)
    return Batch(
        clips=torch.stack([frames_tensor(clip.frames) for clip in clips]),
        things=things / things.sum(1, keepdim=True),
        places=torch.tensor([known.places.index(clip.background) for clip in clips]),
        motions=torch.tensor([MOTIONS.index(motion(clip)) for clip in clips]),
        pictures=torch.cat(pictures),
        texts=texts,
    )


def cut_out(frame: NDArray[np.uint8], actor: Actor, number: int) -> NDArray[np.uint8]:
    """What is in a thing's box."""
    box = actor.track[number]
    assert box is not None
    height, width = frame.shape[:2]
    left, right = int(box[0] * width), max(int(np.ceil(box[2] * width)), int(box[0] * width) + 2)
    top, bottom = int(box[1] * height), max(int(np.ceil(box[3] * height)), int(box[1] * height) + 2)
    return frame[top:bottom, left:right]


def motion(clip: Clip) -> str:
    """How the clip's largest thing moves, from where it is first seen to where it is last seen."""
    seen = [[box for box in actor.track if box] for actor in clip.actors]
    largest = max(seen, key=lambda boxes: (boxes[0][2] - boxes[0][0]) * (boxes[0][3] - boxes[0][1]))
    (x0, y0, x1, y1), (u0, v0, u1, v1) = largest[0], largest[-1]
    dx, dy = (u0 + u1 - x0 - x1) / 2, (v0 + v1 - y0 - y1) / 2
    if max(abs(dx), abs(dy)) < STILL:
        return "still"
    if abs(dx) > abs(dy):
        return "right" if dx > 0 else "left"
    return "down" if dy > 0 else "up"


def loss_of(model: WorldModel, batch: Batch) -> Tensor:
    """Three classifications of the clip, and the contrast of pictures and words both ways."""
    watched = model.watch(batch.clips)
    told = 2 * functional.cross_entropy(model.to_things(watched), batch.things)
    told = told + functional.cross_entropy(model.to_places(watched), batch.places)
    told = told + 0.5 * functional.cross_entropy(model.to_motion(watched), batch.motions)
    alike = model.embed_pictures(batch.pictures) @ model.embed_texts(batch.texts).T * model.temperature.exp()
    same = torch.tensor([[float(a == b) for b in batch.texts] for a in batch.texts])
    same = same / same.sum(1, keepdim=True)
    contrast = functional.cross_entropy(alike, same) + functional.cross_entropy(alike.T, same)
    return told + 0.5 * contrast


@torch.no_grad()
def figures(network: WorldNetwork, count: int) -> str:
    """How well it knows unseen clips with one thing each."""
    scenes = SceneSampler(size=SIDE, frames=LENGTH, seed=VALIDATION, entities=(1, 1))
    clips = [scenes[number] for number in range(count)]
    known = vocabulary()
    placed = network.probabilities([clip.frames for clip in clips]).argmax(1)
    places = np.mean([known.places[n] == clip.background for n, clip in zip(placed, clips, strict=True)])
    seen = [next(at for at, box in enumerate(clip.actors[0].track) if box) for clip in clips]
    frames = [clip.frames[at] for clip, at in zip(clips, seen, strict=True)]
    texts = [f"{clip.actors[0].sprite.name}, {clip.background}" for clip in clips]
    alike = network.pictures(frames) @ network.texts(texts).T
    right = np.mean([texts[best] == text for best, text in zip(alike.argmax(1), texts, strict=True)])
    named = (network.pictures(frames) @ network.texts(known.things).T).argmax(1)
    things = np.mean([known.things[n] == c.actors[0].sprite.thing.name for n, c in zip(named, clips, strict=True)])
    return f"of {count} unseen clips: place {places:.1%}, caption among {count} {right:.1%}, thing {things:.1%}"


if __name__ == "__main__":
    main()
