"""A backend of your own: what turns a scene into frames draws plans, with cache, stitching and manifest around it."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from videodirector import Director
from videodirector.generator import Capabilities, Clip, Progress, SceneRenderer
from videodirector.schemas import Scene, VideoPlan

WIDTH, HEIGHT = 640, 360
COLOURS = ["tomato", "gold", "seagreen", "royalblue", "orchid"]


class Paper:
    """Draws every thing as a disc of paper in its box; a consistency group has one colour."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do with a plan."""
        return Capabilities(
            name="paper", frame_size=(WIDTH, HEIGHT), boxes="exact", words=False, references=0, shared_groups=True
        )

    def prepare(self, plan: VideoPlan) -> SceneRenderer:
        """What the scenes share: a colour for each group of things."""
        names = sorted({entity.name for scene in plan.scenes for entity in scene.entities})
        return PaperRenderer({name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)})


class PaperRenderer:
    """A plan with its colours chosen."""

    def __init__(self, colours: dict[str, str]) -> None:
        self._colours = colours

    def render(self, scene: Scene, *, seed: int, steps: int | None) -> Generator[Progress, None, Clip]:  # noqa: ARG002
        """Frame by frame, the first entity rearmost."""
        frames = []
        for number in range(scene.frames):
            picture = Image.new("RGB", (WIDTH, HEIGHT), "ivory")
            pen = ImageDraw.Draw(picture)
            for entity in scene.entities:
                box = entity.boxes(scene.frames)[number]
                if box is not None:
                    corners = (box.x0 * WIDTH, box.y0 * HEIGHT, box.x1 * WIDTH, box.y1 * HEIGHT)
                    pen.ellipse(corners, fill=self._colours[entity.name], outline="black", width=2)
            frames.append(np.asarray(picture))
            yield Progress(number + 1, scene.frames)
        return Clip(np.stack(frames))

    def effective(self, scene: Scene, *, seed: int, steps: int | None) -> dict[str, Any]:  # noqa: ARG002
        """What decides the frames, and so whether a scene in the cache may be used again."""
        tracks = [[self._colours[entity.name], entity.boxes(scene.frames)] for entity in scene.entities]
        return {"frames": scene.frames, "tracks": tracks}


def main(arguments: list[str] | None = None) -> None:
    """Render a story with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("paper.mp4"))
    options = parser.parse_args(arguments)
    director = Director(backend=Paper())
    plan = director.plan("A red ball rolls over the grass. A dog runs after the ball.")
    result = director.render(plan, options.out)
    print(f"{result.path} is written: {len(result.scenes)} scenes")


if __name__ == "__main__":
    main()
