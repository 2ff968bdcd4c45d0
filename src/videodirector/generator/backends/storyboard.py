"""Draws a plan itself, at once and exactly: what people see while they edit, and what metrics are measured against."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from videodirector.generator.backend import Capabilities, Clip, Frame, Frames, Progress
from videodirector.generator.control_video import box_pixels
from videodirector.generator.ladder import lower
from videodirector.generator.references import load_references
from videodirector.generator.scene import derived_seed
from videodirector.generator.text import fitted_lines
from videodirector.schemas import Box, Entity, Scene, VideoPlan
from videodirector.storyworld import atlas, backgrounds
from videodirector.storyworld.atlas import Sprite
from videodirector.storyworld.scene import compose

__all__ = ["StoryboardBackend"]

_TURN = 0.04  # a thing that moves further than this, as a fraction of the width, looks where it goes


class StoryboardBackend:
    """The ``storyboard`` backend: sprites in their boxes on painted backgrounds.

    A thing that the storyworld has no picture of is drawn as a box with its name; a reference picture fills its box.
    The first entity of a scene stands rearmost. Things look to the side they move to. Members of a background group
    show the same painting. Seeds decide only the details of backgrounds, and steps mean nothing.

    At 64x64 or any other size the pixels are those that ``storyworld.scene`` trains models on.

    Args:
        size: (width, height) of its frames, in pixels.
    """

    def __init__(self, *, size: tuple[int, int] = (256, 256)) -> None:
        self._size = size

    @property
    def capabilities(self) -> Capabilities:
        """Exact boxes, reference pictures, any length."""
        return Capabilities(
            name="storyboard", frame_size=self._size, boxes="exact", words=False, references=None, shared_groups=True
        )

    def prepare(self, plan: VideoPlan) -> StoryboardRenderer:
        """Reads the atlas and the reference pictures.

        Raises:
            PlanError: a reference is not a picture that can be read.
        """
        return StoryboardRenderer(plan, self.capabilities, load_references(plan))


class StoryboardRenderer:
    """Draws the scenes of one plan; see ``StoryboardBackend``."""

    def __init__(self, plan: VideoPlan, capabilities: Capabilities, references: Mapping[str, Image.Image]) -> None:
        self._plan = plan
        self._capabilities = capabilities
        self._size = capabilities.frame_size
        self._references = references
        self._atlas = atlas.load()

    def render(
        self,
        scene: Scene,
        *,
        seed: int,
        steps: int | None = None,
    ) -> Generator[Progress, None, Clip]:
        """See ``SceneRenderer.render``; progress is told frame by frame."""
        notes: list[str] = []
        background = self._background(scene, seed, notes)
        actors = [self._actor(scene, entity, notes) for entity in scene.entities]
        frames: Frames = np.empty((scene.frames, *background.shape), dtype=np.uint8)
        for number in range(scene.frames):
            frames[number] = _draw(background, actors, number)
            yield Progress(number + 1, scene.frames)
        return Clip(frames, tuple(notes), lower(self._plan, scene, self._capabilities, steps=steps).controls)

    def _background(self, scene: Scene, seed: int, notes: list[str]) -> Frame:
        name = backgrounds.find(scene.background) or backgrounds.find(scene.description)
        if name is None:
            if scene.background:
                notes.append(f"no painting of the background {scene.background!r}: drawn plain")
            return np.full((self._size[1], self._size[0], 3), (226, 228, 232), dtype=np.uint8)
        group = self._plan.background_group(scene)
        if group is not None:
            seed = derived_seed(self._plan.seed, "background", group)
        return backgrounds.paint(name, size=self._size, seed=seed)

    def _actor(self, scene: Scene, entity: Entity, notes: list[str]) -> _Actor:
        track = entity.boxes(scene.frames)
        look: Sprite | Image.Image | str
        file = self._plan.reference_of(scene, entity)
        sprite = self._atlas.find(entity.name, entity.description)
        if file is not None:
            look = self._references[file]
        elif sprite is not None:
            look = _facing(sprite, track)
        else:
            look = entity.name
            notes.append(f"no picture of {entity.name!r}: drawn as a box with its name")
        return _Actor(look, track)


@dataclass(frozen=True)
class _Actor:
    look: Sprite | Image.Image | str
    track: Sequence[Box | None]


def _facing(sprite: Sprite, track: Sequence[Box | None]) -> Sprite:
    seen = [box for box in track if box is not None]
    way = seen[-1].centre[0] - seen[0].centre[0] if seen else 0.0
    return sprite.facing("right" if way > 0 else "left") if abs(way) > _TURN else sprite


def _draw(background: Frame, actors: Sequence[_Actor], number: int) -> Frame:
    canvas = background
    sprites: list[tuple[Sprite, Box]] = []  # drawn together, so that a picture of sprites is to the bit a training one
    for actor in actors:
        box = actor.track[number]
        if box is None:
            continue
        if isinstance(actor.look, Sprite):
            sprites.append((actor.look, box))
            continue
        picture = Image.fromarray(compose(canvas, sprites)).convert("RGBA")
        sprites = []
        if isinstance(actor.look, str):
            _draw_label(picture, actor.look, box)
        else:
            _draw_picture(picture, actor.look, box)
        canvas = np.asarray(picture.convert("RGB"))
    return compose(canvas, sprites)


def _draw_picture(canvas: Image.Image, look: Image.Image, box: Box) -> None:
    left, top, right, bottom = box_pixels(box, canvas.size)
    canvas.alpha_composite(look.resize((right - left, bottom - top), Image.Resampling.LANCZOS), (left, top))


def _draw_label(canvas: Image.Image, name: str, box: Box) -> None:
    """A translucent box in a colour that belongs to the name, with the name in it."""
    left, top, right, bottom = box_pixels(box, canvas.size)
    width, height = right - left, bottom - top
    red, green, blue = (60 + byte // 2 for byte in hashlib.blake2b(name.encode(), digest_size=3).digest())
    line = max(1, canvas.height // 128)
    label = Image.new("RGBA", (width, height), (red, green, blue, 170))
    draw = ImageDraw.Draw(label)
    draw.rectangle((0, 0, width - 1, height - 1), outline=(255, 255, 255, 255), width=line)
    font = ImageFont.load_default(max(8, min(height // 3, canvas.height // 12)))
    lines = fitted_lines(name, font, width - 4 * line, lines=2)
    draw.multiline_text((width / 2, height / 2), "\n".join(lines), fill="white", font=font, anchor="mm", align="center")
    canvas.alpha_composite(label, (left, top))
