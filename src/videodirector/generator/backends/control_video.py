"""A layout as pictures, for models that follow a control video: thin coloured rectangles on white."""

from __future__ import annotations

import colorsys
import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from videodirector.generator.backends.frames import Frame, Frames
from videodirector.schemas import Box, Scene

__all__ = ["COLOURS", "assign_colours", "box_pixels", "draw_control_video", "draw_outline"]

_HUES = (0, 7, 4, 9, 2, 5, 10, 1, 8, 3, 6, 11)  # twelfths of the circle, neighbours far apart

COLOURS: tuple[tuple[int, int, int], ...] = tuple(
    (round(red * 255), round(green * 255), round(blue * 255))
    for value in (0.85, 0.55)
    for red, green, blue in (colorsys.hsv_to_rgb(hue / 12, 1.0, value) for hue in _HUES)
)
"""Two dozen colours that are easy to distinguish on white."""


def assign_colours(names: Mapping[str, str]) -> dict[str, tuple[int, int, int]]:
    """Assign a colour to every entity: a function of its name alone, unless two of a scene would get the same.

    Args:
        names: entity id -> what it is one of, such as its consistency group: so a thing keeps its colour in all scenes.
    """
    free = list(range(len(COLOURS)))
    chosen: dict[str, tuple[int, int, int]] = {}
    for entity, name in sorted(names.items(), key=lambda item: (item[1], item[0])):
        if not free:  # more things than colours
            free = list(range(len(COLOURS)))
        start = hashlib.blake2b(name.encode(), digest_size=2).digest()[0] % len(COLOURS)
        index = min(free, key=lambda colour: (colour - start) % len(COLOURS))
        free.remove(index)
        chosen[entity] = COLOURS[index]
    return chosen


def box_pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Compute (left, top, right, bottom) of a box in pixels of a (width, height) picture, ends excluded, not empty."""
    width, height = size
    left, top = min(round(box.x0 * width), width - 1), min(round(box.y0 * height), height - 1)
    return left, top, max(round(box.x1 * width), left + 1), max(round(box.y1 * height), top + 1)


def draw_outline(frame: Frame, box: Box, colour: Sequence[int], *, line: int) -> None:
    """Draw the edge of a box, ``line`` pixels wide and inside of it."""
    left, top, right, bottom = box_pixels(box, (frame.shape[1], frame.shape[0]))
    across, down = min(line, right - left), min(line, bottom - top)
    frame[top : top + down, left:right] = colour
    frame[bottom - down : bottom, left:right] = colour
    frame[top:bottom, left : left + across] = colour
    frame[top:bottom, right - across : right] = colour


def draw_control_video(
    scene: Scene, *, frames: int, size: tuple[int, int], names: Mapping[str, str] | None = None
) -> Frames:
    """Draw the boxes of a scene over time on white frames, later entities over earlier ones.

    Args:
        scene: whose boxes.
        frames: number of frames; the first shows the first key boxes and the last one the last, whatever the number.
        size: (width, height) in pixels.
        names: entity id -> what gives it its colour; the id itself where there is none.

    Returns:
        Shape (frames, height, width, 3). Lines are one pixel wide for every 240 of the shorter side, and two at least.
    """
    width, height = size
    pictures: Frames = np.full((frames, height, width, 3), 255, dtype=np.uint8)
    painted = assign_colours({entity.id: (names or {}).get(entity.id, entity.id) for entity in scene.entities})
    line = max(2, round(min(size) / 240))
    for entity in scene.entities:
        for number, box in enumerate(entity.boxes(frames)):
            if box is not None:
                draw_outline(pictures[number], box, painted[entity.id], line=line)
    return pictures
