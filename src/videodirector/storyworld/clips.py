"""Clips of the moving world: animated sprites before a camera in a painted place, with exact labels, from a seed.

from videodirector.storyworld.clips import ClipSampler

clips = ClipSampler(size=128, frames=16, seed=0)
clip = clips[7]                     # always the same one
clip.frames, clip.caption           # (16, 128, 128, 3), "a fox walks to the right. Background: forest"
clip.actors[0].track                # its box on every frame, as the camera sees it
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from videodirector import lexicon
from videodirector.lexicon.captions import list_caption
from videodirector.storyworld import art, places
from videodirector.storyworld.art import Placement, Sprite
from videodirector.storyworld.places import NEAR, STILL, Camera, Hour, Scenery, Weather
from videodirector.storyworld.scene import DEEDS, captions, deed

Box = tuple[float, float, float, float]
Pixels = NDArray[np.uint8]
CameraMove = Literal["still", "pans left", "pans right", "zooms in", "zooms out"]

__all__ = ["Actor", "CameraMove", "Clip", "ClipSampler", "camera_path", "render"]


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A sprite in a clip.

    Attributes:
        sprite: facing where it goes.
        world: its box on every frame as a resting camera would see it; None where it is not in the picture.
        placements: its pose on every frame, and where in the world it is drawn.
        track: its box on every frame as the camera sees it.
        depth: how much of the camera's motion it shares: 1 on the ground, less in the sky.
    """

    sprite: Sprite
    world: tuple[Box | None, ...]
    placements: tuple[Placement | None, ...]
    track: tuple[Box | None, ...]
    depth: float = NEAR

    @property
    def phases(self) -> tuple[float, ...]:
        """The phase of its animation on every frame, in [0, 1); 0 where it is not in the picture."""
        return tuple(0.0 if placement is None else placement.phase % 1 for placement in self.placements)


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A rendered scene: ``frames`` is (frames, height, width, 3); later actors are before earlier ones.

    Attributes:
        frames: the pixels.
        actors: the things in it.
        background: name of the place.
        hour: its light.
        weather: what falls.
        move: what the camera does.
        cameras: where it looks on every frame.
        rate: frames a second.
        caption: what it says of all this.
    """

    frames: Pixels
    actors: tuple[Actor, ...]
    background: str
    hour: Hour
    weather: Weather
    move: CameraMove
    cameras: tuple[Camera, ...]
    rate: float
    caption: str
    scenery: Scenery = field(repr=False)

    def flow(self) -> NDArray[np.float32]:
        """Optical flow from each frame to the next, (frames - 1, height, width, 2), in pixels to the right and down.

        Of things the motion of the box they are drawn in: what their limbs do within it is not told.
        """
        count, height, width = self.frames.shape[:3]
        flows = np.zeros((count - 1, height, width, 2), dtype=np.float32)
        for number in range(count - 1):
            time, step = number / self.rate, 1 / self.rate
            flow = self.scenery.flow(self.cameras[number], self.cameras[number + 1], time=time, step=step)
            for actor in self.actors:
                before, after = actor.placements[number], actor.placements[number + 1]
                if before is None:
                    continue
                here = self.cameras[number].seen(before.box, actor.depth)
                there = here if after is None else self.cameras[number + 1].seen(after.box, actor.depth)
                mask = _mask(before, here, height, width)
                rows, columns = np.nonzero(mask)
                x, y = (columns + 0.5) / width, (rows + 0.5) / height
                across = there[0] + (x - here[0]) / (here[2] - here[0]) * (there[2] - there[0]) - x
                down = there[1] + (y - here[1]) / (here[3] - here[1]) * (there[3] - there[1]) - y
                flow[rows, columns] = np.stack([across * width, down * height], axis=-1)
            flows[number] = flow
        return flows

    def owners(self) -> NDArray[np.int16]:
        """Whose every pixel is, (frames, height, width): the number of the foremost actor there, -1 for the place."""
        count, height, width = self.frames.shape[:3]
        owners = np.full((count, height, width), -1, dtype=np.int16)
        for frame in range(count):
            for number, actor in enumerate(self.actors):
                placement = actor.placements[frame]
                if placement is not None:
                    box = self.cameras[frame].seen(placement.box, actor.depth)
                    owners[frame][_mask(placement, box, height, width)] = number
        return owners

    def depths(self) -> NDArray[np.float32]:
        """Depth of every pixel, (frames, height, width): layers from 0 far to 1 near, things above 1."""
        owners = self.owners()
        depths = np.stack(
            [self.scenery.depths(camera, number / self.rate) for number, camera in enumerate(self.cameras)]
        )
        return np.where(owners >= 0, 1 + (owners + 1) / (len(self.actors) + 1), depths).astype(np.float32)


def render(
    scenery: Scenery,
    actors: Sequence[Actor],
    cameras: Sequence[Camera],
    *,
    rate: float,
    weather: Weather = "clear",
    seed: int = 0,
) -> Iterator[Pixels]:
    """The frames of a scene, one by one, (height, width, 3) each."""
    for number, camera in enumerate(cameras):
        time = number / rate
        drawn = [
            (placement.pose, camera.seen(placement.box, actor.depth))
            for actor in actors
            if (placement := actor.placements[number]) is not None
        ]
        yield places.fall(art.compose(scenery.frame(camera, time), drawn), weather, time=time, seed=seed)


def camera_path(move: CameraMove, frames: int, amount: float) -> tuple[Camera, ...]:
    """A camera that starts and stops gently.

    Args:
        move: what it does.
        frames: how many there are.
        amount: of a pan the way in widths of the frame, at most 0.5; of a zoom the factor, from 1 to 1.6.
    """
    times = np.linspace(0, 1, frames) if frames > 1 else np.zeros(1)
    part = times * times * (3 - 2 * times)
    if move in ("pans left", "pans right"):
        side = 1 if move == "pans right" else -1
        return tuple(Camera(x=side * amount * (float(p) - 0.5)) for p in part)
    if move in ("zooms in", "zooms out"):
        grown = part if move == "zooms in" else 1 - part
        return tuple(Camera(zoom=float(amount**p)) for p in grown)
    return (STILL,) * frames


class ClipSampler:
    """An endless source of clips, each decided by its number: the same seed and number give the same clip.

    Args:
        size: side of the square frames, in pixels.
        frames: frames of a clip; 1 gives pictures.
        rate: frames a second.
        seed: of this source; training, validation and evaluation use different ones.
        entities: fewest and most things in a clip.
        pool: how many versions of every place are painted at first and then reused; 0 paints each anew.
        close: share of clips that show one thing, large.
        camera: share of clips in which the camera moves.
        weather: share of clips outdoors in which it rains or snows.
        without: names of things that never come, such as those held out.
        only: names of the only things that come; None for all.
        home: share of things that are where they belong: in their places, on the ground or in the air.
    """

    def __init__(
        self,
        *,
        size: int,
        frames: int = 1,
        rate: float = 8.0,
        seed: int = 0,
        entities: tuple[int, int] = (0, 4),
        pool: int = 0,
        close: float = 0.0,
        camera: float = 0.3,
        weather: float = 0.15,
        without: frozenset[str] = frozenset(),
        only: frozenset[str] | None = None,
        home: float = 0.7,
    ) -> None:
        self.size, self.frames, self.rate, self.seed, self.entities, self.pool = (
            size,
            frames,
            rate,
            seed,
            entities,
            pool,
        )
        self.close, self.camera, self.weather, self.home = close, camera, weather, home
        self._atlas = art.load()
        self._things = tuple(
            thing
            for thing in lexicon.things().values()
            if thing.name not in without and (only is None or thing.name in only)
        )
        self._places = tuple(lexicon.backgrounds())
        self._natives = {
            place: tuple(thing for thing in self._things if place in thing.places) for place in self._places
        }
        self._actions = tuple(lexicon.actions().values())
        self._painted: dict[tuple[str, int, Hour], Scenery] = {}

    def __iter__(self) -> Iterator[Clip]:
        number = 0
        while True:
            yield self[number]
            number += 1

    def __getitem__(self, number: int) -> Clip:
        rng = np.random.default_rng((self.seed, number))
        place = self._places[int(rng.integers(len(self._places)))]
        hour: Hour = "day" if rng.random() < 0.7 else ("dusk" if rng.random() < 0.5 else "night")
        scenery = self._scenery(place, hour, rng)
        weather: Weather = "clear"
        if not places.is_indoors(place) and place not in _DRY and rng.random() < self.weather:
            weather = "snow" if place in ("snow", "mountains") or rng.random() < 0.3 else "rain"
        move, cameras = self._camera(rng)
        actors = self._actors(place, scenery, cameras, rng)
        caption = self._caption(actors, place, rng, hour=scenery.hour, weather=weather, move=move)
        seed = int(rng.integers(2**31))
        frames = np.stack(list(render(scenery, actors, cameras, rate=self.rate, weather=weather, seed=seed)))
        return Clip(
            frames=frames, actors=actors, background=place, hour=scenery.hour, weather=weather, move=move,
            cameras=cameras, rate=self.rate, caption=caption, scenery=scenery,
        )  # fmt: skip

    def _scenery(self, place: str, hour: Hour, rng: np.random.Generator) -> Scenery:
        if not self.pool:
            return places.paint(place, size=self.size, seed=int(rng.integers(2**31)), hour=hour)
        version = int(rng.integers(self.pool))
        key = place, version, hour
        if key not in self._painted:
            number = self._places.index(place)
            seed = int(np.random.default_rng((self.seed, number, version)).integers(2**31))
            self._painted[key] = places.paint(place, size=self.size, seed=seed, hour=hour)
        return self._painted[key]

    def _camera(self, rng: np.random.Generator) -> tuple[CameraMove, tuple[Camera, ...]]:
        if self.frames == 1:
            # A picture, too, may show any part of a place.
            if rng.random() < self.camera:
                zoom = float(rng.uniform(1, 1.5))
                return "still", (Camera(x=float(rng.uniform(-0.2, 0.2)), zoom=zoom),)
            return "still", (STILL,)
        if rng.random() >= self.camera:
            return "still", (STILL,) * self.frames
        moves: tuple[CameraMove, ...] = ("pans left", "pans right", "zooms in", "zooms out")
        move = moves[int(rng.integers(4))]
        amount = float(rng.uniform(0.12, 0.45) if move.startswith("pans") else rng.uniform(1.15, 1.6))
        return move, camera_path(move, self.frames, amount)

    def _actors(
        self, place: str, scenery: Scenery, cameras: Sequence[Camera], rng: np.random.Generator
    ) -> tuple[Actor, ...]:
        low, high = self.entities
        count = int(rng.integers(low, high + 1))
        close = self.close > 0 and rng.random() < self.close
        count = 1 if close else count
        crowded = rng.random() < 0.15
        actors: list[Actor] = []
        for _ in range(count):
            sprite = self._sprite(place, rng)
            for _ in range(12):
                # What cannot move by itself is moved at times, for plans may ask for anything.
                moving = self.frames > 1 and rng.random() < (0.25 if sprite.moves == "still" else 0.75)
                acting = self._acting(sprite, rng, moving=moving)
                world = self._world(acting, scenery, rng, count, close=close, moving=moving)
                actor = self._actor(acting, world, cameras, rng)
                if actor is not None and (crowded or all(_apart(actor.track, other.track) for other in actors)):
                    actors.append(actor)
                    break
        # Who stands lower in the picture stands nearer.
        return tuple(sorted(actors, key=lambda actor: _last(actor.track)[3])) if rng.random() < 0.7 else tuple(actors)

    def _sprite(self, place: str, rng: np.random.Generator) -> Sprite:
        natives = self._natives[place]
        pool = natives if natives and rng.random() < self.home else self._things
        thing = pool[int(rng.integers(len(pool)))]
        people = self._atlas.people(thing.name)
        if people and rng.random() < 0.4:
            return people[int(rng.integers(len(people)))]
        variants = self._atlas.variants(thing.name)
        return variants[int(rng.integers(len(variants)))]

    def _acting(self, sprite: Sprite, rng: np.random.Generator, *, moving: bool) -> Sprite:
        """Somebody does something that goes with whether they move; everything else stays as it is."""
        name = sprite.thing.name
        if name not in lexicon.STORY_PEOPLE or name in ("baby", "old man", "old woman") or sprite.look:
            return sprite
        if rng.random() < 0.25 and not moving:
            return sprite  # a face
        if moving and rng.random() < 0.5:
            return self._atlas.acting(sprite, "walks" if rng.random() < 0.5 else "runs")
        fitting = [action for action in self._actions if (action.moves != "still") == moving]
        return self._atlas.acting(sprite, fitting[int(rng.integers(len(fitting)))].name)

    def _actor(
        self, sprite: Sprite, world: tuple[Box | None, ...], cameras: Sequence[Camera], rng: np.random.Generator
    ) -> Actor | None:
        start, end = _first(world), _last(world)
        way = end[0] + end[2] - start[0] - start[2]
        if self.frames > 1 and abs(way) > 0.08:
            sprite = sprite.facing("right" if way > 0 else "left")
        else:
            sprite = sprite.facing("right" if rng.random() < 0.5 else "left")
        depth = 0.5 if sprite.thing.kind == "sky" else NEAR
        placements = art.place(sprite, world, rate=self.rate, start=float(rng.random()))
        track = tuple(
            None if box is None else _in_view(camera.seen(box, depth))
            for camera, box in zip(cameras, world, strict=True)
        )
        if not any(track):
            return None
        seen = tuple(None if box is None else placement for box, placement in zip(track, placements, strict=True))
        return Actor(sprite=sprite, world=world, placements=seen, track=track, depth=depth)

    def _world(
        self, sprite: Sprite, scenery: Scenery, rng: np.random.Generator, count: int, *, close: bool, moving: bool
    ) -> tuple[Box | None, ...]:
        """A straight or curved path from box to box; it may begin late or end early, and the thing may grow."""
        width, height = self._extent(sprite, rng, count, close=close)
        home = rng.random() < self.home
        start = _somewhere(sprite, scenery, rng, width, height, home=home)
        if self.frames == 1 or not moving:
            return self._hidden([start] * self.frames, rng)
        growth = float(np.exp(rng.normal(0, 0.3))) if rng.random() < 0.25 else 1.0
        growth = min(growth, 0.9 / width, 0.9 / height)
        if home and sprite.moves in ("walks", "rolls"):
            end = _along(start, sprite, rng, self.frames / self.rate, growth)
        else:
            end = _somewhere(sprite, scenery, rng, width * growth, height * growth, home=home)
        bend = float(rng.normal(0, 0.1)) if rng.random() < 0.3 and sprite.moves not in ("walks", "rolls") else 0.0
        track: list[Box | None] = []
        for time in np.linspace(0, 1, self.frames).tolist():
            x0, y0, x1, y1 = ((1 - time) * a + time * b for a, b in zip(start, end, strict=True))
            lift = min(max(4 * time * (1 - time) * bend, -y0), 1 - y1)
            track.append((x0, y0 + lift, x1, y1 + lift))
        return self._hidden(track, rng)

    def _hidden(self, track: Sequence[Box | None], rng: np.random.Generator) -> tuple[Box | None, ...]:
        if self.frames < 2 or rng.random() >= 0.15:
            return tuple(track)
        cut = int(rng.integers(1, self.frames))
        hidden = range(cut) if rng.random() < 0.5 else range(cut, self.frames)
        return tuple(None if frame in hidden else box for frame, box in enumerate(track))

    def _extent(self, sprite: Sprite, rng: np.random.Generator, count: int, *, close: bool) -> tuple[float, float]:
        """Natural size times chance: mostly near it, at times anything from tiny to nearly the whole picture."""
        if close:
            height = float(rng.uniform(0.45, 0.9))
        elif rng.random() < 0.75:
            height = sprite.thing.size * float(np.exp(rng.normal(0.1, 0.3)))
        else:
            height = float(rng.uniform(0.18, 0.8))
        height *= 1.0 if count <= 3 else 0.85
        width = height * sprite.aspect * float(np.exp(rng.normal(0, 0.1)))
        if rng.random() < 0.1:  # a plan's boxes may be of any shape
            width *= float(np.exp(rng.normal(0, 0.4)))
        shrink = min(1.0, 0.92 / max(width, height))
        return max(width * shrink, 0.1), max(height * shrink, 0.12)

    def _caption(
        self,
        actors: Sequence[Actor],
        place: str,
        rng: np.random.Generator,
        *,
        hour: Hour,
        weather: Weather,
        move: CameraMove,
    ) -> str:
        names = [actor.sprite.name for actor in actors]
        if self.frames > 1 and actors:
            said = " and ".join(_said(actor, rng) for actor in actors)
            where = lexicon.backgrounds()[place].description if hour == "day" and rng.random() < 0.3 else place
            text = f"{said}. Background: {where}" if rng.random() < 0.8 else f"{said} in the {place}"
        elif any(actor.sprite.action for actor in actors) and rng.random() < 0.6:
            text = f"{' and '.join(_said(actor, rng) for actor in actors)}. Background: {place}"
        else:
            text = captions(names, place, rng) if rng.random() < 0.8 else list_caption(names, place)
        if hour != "day":
            text += " at night" if hour == "night" else " at sunset"
        if weather != "clear":
            text += " in the rain" if weather == "rain" else " in falling snow"
        return f"{text}. The camera {move}" if move != "still" else text


_DRY = frozenset(["underwater", "space", "lunar surface", "cave", "desert", "volcanic land"])


def _said(actor: Actor, rng: np.random.Generator) -> str:
    """ "a woman runs to the right", "an owl waits"."""
    name = actor.sprite.name
    named = f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
    does = deed(actor.world)
    action = actor.sprite.action
    if action is None:
        return f"{named} {rng.choice(DEEDS[does])}"
    side = f" to the {does}" if does in ("left", "right") else ""
    return f"{named} {action.name}{side}"


def _somewhere(
    sprite: Sprite, scenery: Scenery, rng: np.random.Generator, width: float, height: float, *, home: bool
) -> Box:
    """A box of this size: anywhere, or where such a thing is at home."""
    x0 = float(rng.uniform(0, 1 - width))
    y0 = float(rng.uniform(0, 1 - height))
    if home and scenery.name not in ("sky", "space", "underwater"):
        ground = scenery.ground
        if sprite.moves in ("walks", "rolls", "still") and sprite.thing.kind != "sky":
            foot = float(rng.uniform(min(ground + 0.03, 0.97), 0.98))
            y0 = max(0.0, foot - height)
        elif sprite.thing.kind == "sky" or sprite.moves == "flies":
            y0 = float(rng.uniform(0, max(0.01, min(ground, 1 - height) * 0.6)))
        elif sprite.moves == "swims":
            foot = float(rng.uniform(min(ground, 0.9), 0.95))
            y0 = max(0.0, foot - height)
    return x0, y0, x0 + width, y0 + height


def _along(start: Box, sprite: Sprite, rng: np.random.Generator, seconds: float, growth: float) -> Box:
    """Where something comes that goes along the ground at a pace of its own."""
    width, height = (start[2] - start[0]) * growth, (start[3] - start[1]) * growth
    pace = _PACES.get(sprite.action.name if sprite.action else sprite.moves, 0.5) * float(np.exp(rng.normal(0, 0.3)))
    way = pace * seconds * (start[3] - start[1])
    room_left, room_right = start[0], 1 - start[0] - width
    side = 1 if rng.random() < room_right / max(1e-6, room_left + room_right) else -1
    way = min(way, max(0.0, room_right if side > 0 else room_left))
    foot = min(max(start[3] + float(rng.normal(0, 0.02)) + (height - (start[3] - start[1])) * 0.5, height), 1.0)
    x0 = min(max(start[0] + side * way, 0.0), max(0.0, 1 - width))
    return x0, foot - height, x0 + width, foot


_PACES = {"walks": 0.45, "runs": 1.4, "cycles": 1.4, "rolls": 1.2, "rides": 1.6, "walks with a cane": 0.3}
"""Own heights a second."""


def _in_view(box: Box) -> Box | None:
    """The box, if at least a quarter of it is within the frame."""
    across = max(0.0, min(box[2], 1) - max(box[0], 0))
    down = max(0.0, min(box[3], 1) - max(box[1], 0))
    area = (box[2] - box[0]) * (box[3] - box[1])
    return box if area > 0 and across * down / area >= 0.25 else None


def _mask(placement: Placement, box: Box, height: int, width: int) -> NDArray[np.bool_]:
    """The pixels of a frame that a pose covers."""
    x0, y0, x1, y1 = box
    alpha = placement.pose.image.getchannel("A")
    mask = np.zeros((height, width), dtype=bool)
    left, top = max(0, math.floor(x0 * width)), max(0, math.floor(y0 * height))
    right, bottom = min(width, math.ceil(x1 * width)), min(height, math.ceil(y1 * height))
    if left >= right or top >= bottom:
        return mask
    columns = ((np.arange(left, right) + 0.5) / width - x0) / (x1 - x0) * alpha.width
    rows = ((np.arange(top, bottom) + 0.5) / height - y0) / (y1 - y0) * alpha.height
    inside = ((columns >= 0) & (columns < alpha.width))[None] & ((rows >= 0) & (rows < alpha.height))[:, None]
    found = np.asarray(alpha)[np.clip(rows.astype(int), 0, alpha.height - 1)][
        :, np.clip(columns.astype(int), 0, alpha.width - 1)
    ]
    mask[top:bottom, left:right] = inside & (found > 127)
    return mask


def _first(track: Sequence[Box | None]) -> Box:
    return next(box for box in track if box)


def _last(track: Sequence[Box | None]) -> Box:
    return next(box for box in reversed(track) if box)


def _apart(a: Sequence[Box | None], b: Sequence[Box | None]) -> bool:
    """Whether two things never cover more than a tenth of the smaller one."""
    return all(_cover(one, other) < 0.1 for one, other in zip(a, b, strict=True) if one and other)


def _cover(a: Box, b: Box) -> float:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(0.0, across) * max(0.0, down) / smaller
