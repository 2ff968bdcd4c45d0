"""Shared by tests: plans, a backend without secrets, and eyes that read videos back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import FrameType
from typing import Any

import av
import numpy as np

from videodirector.generator import Capabilities, Clip, Progress
from videodirector.generator.backends.frames import Frame
from videodirector.schemas import Box, Entity, Scene, VideoPlan


@dataclass(frozen=True)
class Seen:
    """A video file as an independent reader sees it."""

    frames: list[Frame]
    rate: Fraction
    codec: str
    pix_fmt: str
    size: tuple[int, int]


def see(path: Path) -> Seen:
    """Reads a video with PyAV, which knows nothing of how it was written."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in container.decode(stream)]
        context = stream.codec_context
        assert stream.average_rate is not None
        return Seen(
            frames=frames,
            rate=Fraction(stream.average_rate),
            codec=context.name,
            pix_fmt=str(context.pix_fmt),
            size=(context.width, context.height),
        )


@dataclass
class GreyBackend:
    """Draws every scene as flat grey frames, of the level that its description tells; fails where asked to."""

    size: tuple[int, int] = (32, 24)
    max_frames: int | None = None
    failing: dict[str, BaseException] = field(default_factory=dict)
    drawn: list[tuple[str, int, int | None]] = field(default_factory=list)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="grey",
            frame_size=self.size,
            boxes="approximate",
            references=0,
            shared_groups=False,
            max_frames=self.max_frames,
            libraries=("numpy",),
        )

    def prepare(self, plan: VideoPlan) -> GreyBackend:
        return self

    def effective(self, scene: Scene, *, seed: int, steps: int | None) -> dict[str, Any]:
        return {"size": self.size, "frames": scene.frames, "description": scene.description, "id": scene.id}

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:
        self.drawn.append((scene.id, seed, steps))
        yield Progress(1, 2)
        if scene.id in self.failing:
            raise self.failing[scene.id]
        yield Progress(2, 2)
        width, height = self.size
        frames = np.full(
            (scene.frames, height, width, 3),
            int(scene.description) if scene.description.isdigit() else 128,
            dtype=np.uint8,
        )
        return Clip(frames, notes=(f"{scene.id} is grey",))


def calls(work: Callable[[], object]) -> int:
    """How many functions are called while it works: a measure of work that is the same on a busy machine."""
    made = 0

    def seen(frame: FrameType, event: str, argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return made


def grey_plan(*levels: int, frames: int = 6) -> VideoPlan:
    """A plan whose scenes are named s0, s1, ... and have the given grey levels."""
    return VideoPlan(
        seed=7, scenes=[Scene(id=f"s{i}", description=str(level), frames=frames) for i, level in enumerate(levels)]
    )


def fox_plan() -> VideoPlan:
    """Two scenes of one fox; the second has an owl as well."""
    fox: list[Box | None] = [Box(0.1, 0.5, 0.4, 0.8), Box(0.6, 0.5, 0.9, 0.8)]
    owl: list[Box | None] = [None, Box(0.4, 0.1, 0.6, 0.3)]
    return VideoPlan.model_validate(
        {
            "seed": 3,
            "scenes": [
                Scene(
                    id="walk",
                    description="A fox walks.",
                    background="forest",
                    entities=[Entity(id="fox", name="fox", layout=fox)],
                ),
                Scene(
                    id="meet",
                    description="The fox meets an owl.",
                    background="forest",
                    frames=8,
                    entities=[
                        Entity(id="fox", name="fox", layout=fox[:1]),
                        Entity(id="owl", name="owl", layout=owl),
                    ],
                ),
            ],
        }
    )
