"""The storyworld as training data: tensors, the phrases of things, and the prior that finds their pictures.

The one file to change for training on another world: whatever yields pixels, boxes, pictures of things and captions
will do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor

from videodirector.layout2vid.appearance.bank_prior import BankPrior
from videodirector.layout2vid.appearance.latents import VIEW_SIDE, encode, entity_picture, rgba, to_tensor
from videodirector.layout2vid.appearance.text_encoder import encode_phrases
from videodirector.layout2vid.conditioning import pad_entities, tracks
from videodirector.layout2vid.nn.entities import Entities
from videodirector.storyworld import album, art
from videodirector.storyworld.art import Sprite
from videodirector.storyworld.clips import Actor, Clip, ClipSampler

MOST = 5  # entities in a training scene
ALBUM = "storyworld"
TOKEN_SIDE = 64  # pixels of the pictures that grounding tokens are made of

HELD_OUT = frozenset(Path(__file__).with_name("held_out_things.txt").read_text(encoding="utf-8").split("\n")) - {""}
"""Things that training never shows, to tell what the model makes of strangers."""


class World:
    """Numbered clips with everything that training wants to know about them.

    Args:
        seed, frames, size, entities, close: as in ``ClipSampler``.
        held_out: whether the things are those of ``HELD_OUT`` alone, or all others.
        other_poses: how many poses, of each thing on a single picture, come beside the one that it shows.
    """

    def __init__(
        self,
        *,
        seed: int,
        frames: int = 1,
        size: int,
        entities: tuple[int, int] = (0, MOST),
        close: float = 0.0,
        held_out: bool = False,
        other_poses: int = 0,
    ) -> None:
        self.clips = ClipSampler(
            size=size, frames=frames, seed=seed, entities=entities, pool=48, close=close,
            camera=0.3 if frames == 1 else 0.0,  # boxes say nothing of what the camera does to a place
            without=frozenset() if held_out else HELD_OUT, only=HELD_OUT if held_out else None,
        )  # fmt: skip
        self.frames, self.other_poses = frames, other_poses
        self.phrases = phrases_and_rows()[0]
        self._numbers = {phrase: number for number, phrase in reversed(list(enumerate(self.phrases)))}

    def __getitem__(self, number: int) -> dict[str, Any]:
        """Pixels (frames, size, size, 3), boxes, presence, poses and phases, pictures, phrases, the caption."""
        clip = self.clips[number]
        rng = np.random.default_rng((self.clips.seed, number, 2))
        boxes, present = tracks([drawn_boxes(clip, actor) for actor in clip.actors], self.frames)
        told = [pad_entities(self._pictures(actor, rng), count=self.frames + self.other_poses, dim=0)
                for actor in clip.actors]  # fmt: skip
        views = torch.stack(told) if told else torch.zeros(0, self.frames + self.other_poses, 4, VIEW_SIDE, VIEW_SIDE)
        phases = torch.tensor([actor.phases for actor in clip.actors], dtype=torch.float32).reshape(-1, self.frames)
        phrases = [self._numbers[self._phrase(actor.sprite, rng)] for actor in clip.actors]
        return {
            "pixels": torch.from_numpy(clip.frames),
            "boxes": pad_entities(boxes, count=MOST, dim=1),
            "present": pad_entities(present, count=MOST, dim=1),
            "phase": pad_entities(phases.T, count=MOST, dim=1),
            "pose": torch.arange(self.frames).unsqueeze(1).expand(-1, MOST).clone(),
            "views": pad_entities(views.byte(), count=MOST, dim=0),
            "phrase": pad_entities(torch.tensor(phrases, dtype=torch.long), count=MOST, dim=0),
            "known": torch.arange(MOST) < len(clip.actors),
            "caption": clip.caption,
        }

    def _pictures(self, actor: Actor, rng: np.random.Generator) -> Tensor:
        """What a thing shows on every frame, and behind that other poses of it."""
        sprite = actor.sprite
        shown = [None if step is None else step.pose.image for step in actor.placements]
        others = rng.integers(sprite.phases, size=self.other_poses).tolist()
        images = [*shown, *(sprite.numbered_pose(number).image for number in others)]
        first = next(image for image in images if image is not None)
        return torch.stack([rgba(image or first, VIEW_SIDE) for image in images])

    @staticmethod
    def _phrase(sprite: Sprite, rng: np.random.Generator) -> str:
        name = album.key(sprite)
        return name if sprite.action or rng.random() < 0.6 else str(rng.choice(sprite.phrases))


def drawn_boxes(clip: Clip, actor: Actor) -> list[tuple[float, float, float, float] | None]:
    """Where a thing is drawn on every frame, as the camera sees it."""
    return [
        None if step is None else camera.seen(step.box, actor.depth)
        for step, camera in zip(actor.placements, clip.cameras, strict=True)
    ]


class Pictures:
    """For the autoencoder: scenes, and now and then one sprite alone. Picture ``number`` is always the same one."""

    def __init__(self, seed: int, size: int = 64) -> None:
        self.clips = ClipSampler(size=size, seed=seed, entities=(0, 5), pool=48)
        self.sprites = list(art.load())
        self.size = size

    def __getitem__(self, number: int) -> Tensor:
        """(3, size, size) in [-1, 1]."""
        rng = np.random.default_rng((self.clips.seed, number, 1))
        if rng.random() < 0.2:
            sprite = self.sprites[int(rng.integers(len(self.sprites)))]
            pose = sprite.facing("left" if rng.random() < 0.5 else "right").pose(rng.random())
            pixels = entity_picture(pose.image, self.size)
        else:
            pixels = self.clips[number].frames[0]
        return to_tensor(pixels[None])[0]


def phrases_and_rows() -> tuple[list[str], list[int]]:
    """All phrases of the album, each once, and for each the row of what it means; its name comes first."""
    known = set(album.sprites())  # a name goes before another's synonym
    phrases: list[str] = []
    rows: list[int] = []
    for row, (name, sprite) in enumerate(album.sprites().items()):
        own = dict.fromkeys(phrase for phrase in sprite.phrases if not sprite.action and phrase not in known)
        known.update(own)
        phrases += [name, *own]
        rows += [row] * (1 + len(own))
    return phrases, rows


@torch.no_grad()
def make_prior(text_encoder: Any, tokenizer: Any) -> BankPrior:
    """The prior that finds the pictures of the album by all their phrases."""
    phrases, rows = phrases_and_rows()
    parts = [encode_phrases(text_encoder, tokenizer, phrases[at : at + 64]) for at in range(0, len(phrases), 64)]
    none = torch.zeros(0, 4 * (TOKEN_SIDE // 4) ** 2)
    return BankPrior.of(phrases, rows, torch.cat(parts), none, none, album=ALBUM)


@torch.no_grad()
def album_latents(vae: AutoencoderKL) -> Tensor:
    """The latents of all things of the album at rest, looking to the left, flattened, row by row."""
    images = [sprite.facing("left").pose().image for sprite in album.sprites().values()]
    parts = [np.stack([entity_picture(image, TOKEN_SIDE) for image in images[at : at + 32]])
             for at in range(0, len(images), 32)]  # fmt: skip
    return torch.cat([encode(vae, to_tensor(part).to(vae.device)).flatten(1) for part in parts])


@torch.no_grad()
def with_latents(vae: AutoencoderKL, item: dict[str, Any]) -> dict[str, Any]:
    """A batch of items with the latents of the things' pictures, in half precision to be kept."""
    views = item["views"]
    known = item["known"]
    pictures = [
        entity_picture(Image.fromarray(view.permute(1, 2, 0).numpy()), TOKEN_SIDE)
        for view in views[known].flatten(0, 1)
    ]
    latents = torch.zeros(*views.shape[:3], 4 * (TOKEN_SIDE // 4) ** 2, dtype=torch.bfloat16)
    if pictures:
        encoded = encode(vae, to_tensor(np.stack(pictures)).to(vae.device)).flatten(1)
        latents[known] = encoded.unflatten(0, (-1, views.shape[2])).bfloat16().cpu()
    return {**item, "picture": latents}


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Embeddings looked up by row."""

    text: Tensor

    @classmethod
    def of(cls, prior: BankPrior, device: torch.device) -> Tables:
        """From the prior that was made of the same world."""
        return cls(text=prior.text_keys.to(device).float())

    def entities(self, item: dict[str, Any]) -> Entities:
        """The grounding's input for a batch of items to which ``with_latents`` has added latents."""
        device = self.text.device
        entities = Entities(
            boxes=item["boxes"].to(device),
            present=item["present"].to(device),
            text=self.text[item["phrase"].to(device)],
            picture=item["picture"].to(device).float(),
            text_known=item["known"].to(device),
            picture_known=item["known"].to(device),
            views=item["views"].to(device).float() / 255,
            phase=item["phase"].to(device),
        )
        return replace(entities, pose=item["pose"].to(device)) if entities.picture.shape[2] > 1 else entities
