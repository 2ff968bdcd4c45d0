"""The storyworld as training data: tensors, tables of phrases and pictures, and the prior that remembers them.

The one file to change for training on another world: whatever yields pixels, boxes, names and captions will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from videodirector.layout2vid.appearance.bank_prior import BankPrior
from videodirector.layout2vid.appearance.latents import VIEW_SIDE, encode, entity_picture, rgba, to_tensor
from videodirector.layout2vid.appearance.text_encoder import encode_phrases
from videodirector.layout2vid.conditioning import pad_entities, tracks
from videodirector.layout2vid.nn.entities import Entities
from videodirector.storyworld import atlas
from videodirector.storyworld.atlas import Sprite
from videodirector.storyworld.scene import SceneSampler

MOST = 5  # entities in a training scene


class World:
    """Numbered clips with everything that training wants to know about them."""

    def __init__(
        self, *, seed: int, frames: int = 1, size: int, entities: tuple[int, int] = (0, MOST), close: float = 0.0
    ) -> None:
        self.scenes = scenes(size=size, frames=frames, seed=seed, entities=entities, pool=256, close=close)
        self.frames = frames
        self.phrases, self.rows, self._first = _phrases()

    def __getitem__(self, number: int) -> dict[str, Any]:
        """Pixels (frames, size, size, 3), boxes, presence, rows of phrases and pictures, the caption."""
        clip = self.scenes[number]
        rng = np.random.default_rng((self.scenes.seed, number, 2))
        boxes, present = tracks([actor.track for actor in clip.actors], self.frames)
        sprites = [actor.sprite for actor in clip.actors]
        rows = [self._first[sprite.name] for sprite in sprites]
        phrases = [
            first + (0 if rng.random() < 0.6 else int(rng.integers(len(sprite.phrases))))
            for (first, _), sprite in zip(rows, sprites, strict=True)
        ]
        right = [looks_right(sprite) for sprite in sprites]
        return {
            "pixels": torch.from_numpy(clip.frames),
            "boxes": pad_entities(boxes, count=MOST, dim=1),
            "present": pad_entities(present, count=MOST, dim=1),
            "phrase": pad_entities(torch.tensor(phrases, dtype=torch.long), count=MOST, dim=0),
            "picture": pad_entities(torch.tensor([row for _, row in rows], dtype=torch.long), count=MOST, dim=0),
            "right": pad_entities(torch.tensor(right, dtype=torch.bool), count=MOST, dim=0),
            "known": torch.arange(MOST) < len(sprites),
            "caption": clip.caption,
        }


class Pictures:
    """For the autoencoder: scenes, and now and then one sprite alone. Picture ``number`` is always the same one."""

    def __init__(self, seed: int, size: int = 64) -> None:
        self.scenes = scenes(size=size, seed=seed, entities=(0, 5), pool=256)
        self.sprites = list(atlas.load())
        self.size = size

    def __getitem__(self, number: int) -> Tensor:
        """(3, size, size) in [-1, 1]."""
        rng = np.random.default_rng((self.scenes.seed, number, 1))
        if rng.random() < 0.2:
            sprite = self.sprites[int(rng.integers(len(self.sprites)))]
            pixels = entity_picture(sprite.facing("left" if rng.random() < 0.5 else "right").image, self.size)
        else:
            pixels = self.scenes[number].frames[0]
        return to_tensor(pixels[None])[0]


def scenes(
    *,
    size: int,
    frames: int = 1,
    seed: int,
    entities: tuple[int, int] = (0, MOST),
    pool: int = 0,
    close: float = 0.0,
) -> SceneSampler:
    """Numbered clips with their things, boxes, backgrounds and captions, of clips with how things move."""
    return SceneSampler(
        size=size, frames=frames, seed=seed, entities=entities, pool=pool, deeds=frames > 1, close=close
    )


def looks_right(sprite: Sprite) -> bool:
    """Whether this view looks to the right; what is drawn from the front counts as looking left."""
    return sprite.thing.faces != "front" and sprite.mirrored == (sprite.thing.faces == "left")


def _phrases() -> tuple[list[str], list[int], dict[str, tuple[int, int]]]:
    """All phrases, the picture row of each, and for each sprite its first phrase and its row."""
    phrases: list[str] = []
    rows: list[int] = []
    first: dict[str, tuple[int, int]] = {}
    for row, sprite in enumerate(atlas.load()):
        first[sprite.name] = (len(phrases), row)
        phrases += sprite.phrases
        rows += [row] * len(sprite.phrases)
    return phrases, rows, first


@torch.no_grad()
def make_prior(vae: AutoencoderKL, text_encoder: Any, tokenizer: Any, *, size: int = 64) -> BankPrior:
    """The prior that holds every sprite in both views under all its phrases."""
    phrases, rows, _ = _phrases()
    latents = []
    for turn in ("left", "right"):
        pixels = np.stack([entity_picture(sprite.facing(turn).image, size) for sprite in atlas.load()])
        latents.append(encode(vae, to_tensor(pixels).to(vae.device)).flatten(1))
    keys = encode_phrases(text_encoder, tokenizer, phrases)
    views = torch.stack([rgba(sprite.facing("left").image, VIEW_SIDE) for sprite in atlas.load()])
    return BankPrior.of(phrases, rows, keys, latents[0], latents[1], views=views)


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Embeddings looked up by row."""

    text: Tensor
    left: Tensor
    right: Tensor
    views: Tensor

    @classmethod
    def of(cls, prior: BankPrior, device: torch.device) -> Tables:
        """From the prior that was made of the same world."""
        return cls(
            text=prior.text_keys.to(device),
            left=prior.left.to(device),
            right=prior.right.to(device),
            views=prior.views.to(device),
        )

    def entities(self, item: dict[str, Any]) -> Entities:
        """The grounding's input for a batch of items."""
        device = self.text.device
        rows, right = item["picture"].to(device), item["right"].to(device).unsqueeze(-1)
        views = self.views[rows].float() / 255
        return Entities(
            boxes=item["boxes"].to(device),
            present=item["present"].to(device),
            text=self.text[item["phrase"].to(device)],
            picture=torch.where(right, self.right[rows], self.left[rows]),
            text_known=item["known"].to(device),
            picture_known=item["known"].to(device),
            views=torch.where(right[..., None, None], views.flip(-1), views),
        )
