"""Renders a plan without a model, fast and exactly: for previews, and as the reference of metrics."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from videodirector.files.fonts import fit_lines
from videodirector.generator.backends.control_video import box_pixels
from videodirector.generator.backends.frames import Frame, Frames
from videodirector.generator.backends.layout_methods import compile_scene
from videodirector.generator.backends.protocol import Capabilities, Clip, Progress
from videodirector.generator.backends.references import References, load_references
from videodirector.generator.backends.scene import derived_seed, track_digest
from videodirector.layout2vid.appearance.appearance import appearances
from videodirector.schemas import Box, Entity, Scene, VideoPlan
from videodirector.storyworld import atlas, backgrounds
from videodirector.storyworld.atlas import Sprite
from videodirector.storyworld.scene import compose

__all__ = ["StoryboardBackend"]

_PLAIN = (226, 228, 232)  # behind the things where there is no painting

_TURN = 0.04  # a thing that moves further than this, as a fraction of the width, looks where it goes


class StoryboardBackend:
    """The ``storyboard`` backend: sprites in their boxes on painted backgrounds.

    A thing that the storyworld has no picture of is rendered as a box with its name; a reference picture fills its box.
    The first entity of a scene is rearmost. Things face the side they move to. Members of a group look like its
    first one, members of a background group show the same painting. Seeds decide only the details of backgrounds, and
    steps mean nothing.

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
            name="storyboard",
            frame_size=self._size,
            boxes="exact",
            words=False,
            references=None,
            shared_groups=True,
            version="1",
            libraries=("numpy", "pillow", "scipy"),
        )

    def prepare(self, plan: VideoPlan) -> StoryboardRenderer:
        """Reads the atlas and the reference pictures.

        Raises:
            PlanError: a reference is not a picture that can be read.
        """
        return StoryboardRenderer(plan, self.capabilities, load_references(plan))


class StoryboardRenderer:
    """Draws the scenes of one plan; see ``StoryboardBackend``."""

    def __init__(self, plan: VideoPlan, capabilities: Capabilities, references: References) -> None:
        self._plan = plan
        self._capabilities = capabilities
        self._size = capabilities.frame_size
        self._references = references
        self._appearances = appearances(plan, references)
        self._atlas = atlas.load()

    def render(
        self,
        scene: Scene,
        *,
        seed: int,
        steps: int | None = None,
    ) -> Generator[Progress, None, Clip]:
        """See ``SceneRenderer.render``; progress is reported frame by frame."""
        painting, actors = self._painting(scene, seed), self._actors(scene)
        if painting is None:
            background: Frame = np.full((self._size[1], self._size[0], 3), _PLAIN, dtype=np.uint8)
        else:
            background = backgrounds.paint(painting.name, size=self._size, seed=painting.seed)
        frames: Frames = np.empty((scene.frames, *background.shape), dtype=np.uint8)
        for number in range(scene.frames):
            frames[number] = _draw_frame(background, actors, number)
            yield Progress(number + 1, scene.frames)
        controls = compile_scene(self._plan, scene, self._capabilities, steps=steps).controls
        return Clip(frames, tuple(self._notes(scene, painting, actors)), controls)

    def effective(
        self,
        scene: Scene,
        *,
        seed: int,
        steps: int | None,  # noqa: ARG002  it draws in one step
    ) -> dict[str, Any]:
        """See ``SceneRenderer.effective``: which painting, which pictures, and their boxes on every frame."""
        painting = self._painting(scene, seed)
        return {
            "size": list(self._size),
            "frames": scene.frames,
            "painting": None if painting is None else painting.name,
            "painting_seed": None if painting is None else painting.seed,
            "no_painting_of": scene.background if painting is None else None,
            "entities": [
                {"look": self._described(actor.look), "boxes": track_digest(actor.track)}
                for actor in self._actors(scene)
            ],
        }

    def _painting(self, scene: Scene, seed: int) -> _Painting | None:
        name = backgrounds.find(scene.background) or backgrounds.find(scene.description)
        if name is None:
            return None
        group = self._plan.background_group(scene)
        return _Painting(name, seed if group is None else derived_seed(self._plan.seed, "background", group))

    def _actors(self, scene: Scene) -> list[_Actor]:
        """The things of a scene that can be seen on any of its frames."""
        tracks = [(entity, entity.boxes(scene.frames)) for entity in scene.entities]
        return [_Actor(self._look(scene, entity, track), track) for entity, track in tracks if any(track)]

    def _look(self, scene: Scene, entity: Entity, track: Sequence[Box | None]) -> _Look:
        appearance = self._appearances[scene.id, entity.id]
        if appearance.file is not None:
            return _Reference(self._references[appearance.file], self._references.digest(appearance.file))
        sprite = self._atlas.find(appearance.name, appearance.description)
        return appearance.name if sprite is None else _turn_sprite(sprite, track)

    @staticmethod
    def _described(look: _Look) -> list[str | bool]:
        if isinstance(look, Sprite):
            return ["sprite", look.name, look.mirrored]
        return ["label", look] if isinstance(look, str) else ["picture", look.digest]

    @staticmethod
    def _notes(scene: Scene, painting: _Painting | None, actors: Sequence[_Actor]) -> Iterator[str]:
        if painting is None and scene.background:
            yield f"no painting of the background {scene.background!r}: drawn plain"
        for actor in actors:
            if isinstance(actor.look, str):
                yield f"no picture of {actor.look!r}: drawn as a box with its name"


@dataclass(frozen=True)
class _Painting:
    name: str
    seed: int


@dataclass(frozen=True)
class _Reference:
    picture: Image.Image
    digest: str


_Look = Sprite | _Reference | str


@dataclass(frozen=True)
class _Actor:
    look: _Look
    track: Sequence[Box | None]


def _turn_sprite(sprite: Sprite, track: Sequence[Box | None]) -> Sprite:
    seen = [box for box in track if box is not None]
    way = seen[-1].centre[0] - seen[0].centre[0] if seen else 0.0
    return sprite.facing("right" if way > 0 else "left") if abs(way) > _TURN else sprite


def _draw_frame(background: Frame, actors: Sequence[_Actor], number: int) -> Frame:
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
            _draw_picture(picture, actor.look.picture, box)
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
    lines = fit_lines(name, font, width - 4 * line, lines=2)
    draw.multiline_text((width / 2, height / 2), "\n".join(lines), fill="white", font=font, anchor="mm", align="center")
    canvas.alpha_composite(label, (left, top))
