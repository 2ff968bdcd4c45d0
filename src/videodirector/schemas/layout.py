"""Boxes, layouts, and the boxes of every frame that follow from them.

A *layout* is a list of key boxes, evenly spaced over a scene: the first key is at the first frame, the last key at
the last. ``None`` means that the thing cannot be seen there. One key alone means that the thing does not move.
Coordinates are fractions of the picture: x from left 0 to right 1, y from top 0 to bottom 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

__all__ = ["KEY_BOXES", "MIN_SIDE", "Box", "box_at", "dense"]

KEY_BOXES = 9
"""Key boxes in a layout unless the plan says otherwise (VideoDirectorGPT's figure)."""

MIN_SIDE = 0.001
"""The least width and height of a box: less than a tenth of a pixel at 64x64, so there is nothing to render."""


class Box(NamedTuple):
    """A box ``(x0, y0, x1, y1)``: left, top, right, bottom, each in [0, 1], at least ``MIN_SIDE`` wide and high.

    An immutable tuple of floats, so plain tuples are as good; a plan turns them into boxes when it is checked. The
    constructor checks nothing: use ``Box.checked`` for unknown numbers, ``Box.clipped`` to cut to the picture.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    @classmethod
    def checked(cls, values: Iterable[float]) -> Box:
        """The box of four numbers.

        Raises:
            ValueError: saying which of the rules above is broken.
        """
        numbers = list(values)
        if len(numbers) == 4 and all(type(number) is float for number in numbers):  # nearly all: in one step
            x0, y0, x1, y1 = numbers
            if x0 >= 0 and y0 >= 0 and x1 <= 1 and y1 <= 1 and x1 - x0 >= MIN_SIDE and y1 - y0 >= MIN_SIDE:
                return cls(x0, y0, x1, y1)
        if len(numbers) != 4:
            raise ValueError(f"a box is four numbers [x0, y0, x1, y1], not {len(numbers)}")
        if not all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers):
            raise ValueError("a box is four numbers [x0, y0, x1, y1]")
        # Comparing before converting: an int of 400 digits cannot become a float, but compares well.
        if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
            raise ValueError("box coordinates must be finite")
        if not all(0 <= number <= 1 for number in numbers):
            raise ValueError("box coordinates must lie in [0, 1], as fractions of the picture")
        x0, y0, x1, y1 = (float(number) for number in numbers)
        if x1 - x0 < MIN_SIDE:
            raise ValueError(f"a box needs x1 > x0, by {MIN_SIDE} at least")
        if y1 - y0 < MIN_SIDE:
            raise ValueError(f"a box needs y1 > y0, by {MIN_SIDE} at least")
        return cls(x0, y0, x1, y1)

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> Box:
        """The box of this centre and size; it may leave the picture."""
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    @property
    def width(self) -> float:
        """Width, as a fraction of the picture's."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height, as a fraction of the picture's."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Area, as a fraction of the picture's."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """Centre ``(x, y)``."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def overlap(self, other: Box) -> float:
        """Area of the part that both boxes cover."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(width, 0.0) * max(height, 0.0)

    def iou(self, other: Box) -> float:
        """Intersection over union, in [0, 1]."""
        shared = self.overlap(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def moved(self, dx: float, dy: float) -> Box:
        """The box displaced; it may leave the picture."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def scaled(self, factor: float) -> Box:
        """The box grown or shrunk about its centre; it may leave the picture."""
        return Box.around(*self.centre, self.width * factor, self.height * factor)

    def clipped(self) -> Box | None:
        """The part inside the picture, or None when less than ``MIN_SIDE`` of either side is left."""
        x0, y0, x1, y1 = (min(max(value, 0.0), 1.0) for value in self)
        return Box(x0, y0, x1, y1) if x1 - x0 >= MIN_SIDE and y1 - y0 >= MIN_SIDE else None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _validate,
            serialization=core_schema.plain_serializer_function_ser_schema(list),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "array",
            "title": "Box",
            "description": "[x0, y0, x1, y1]: left, top, right, bottom as fractions of the picture, x0 < x1, y0 < y1",
            "items": {"type": "number", "minimum": 0, "maximum": 1},
            "minItems": 4,
            "maxItems": 4,
        }


def _validate(value: object) -> Box:
    if not isinstance(value, (list, tuple)):
        raise PydanticCustomError(
            "box", "a box is four numbers [x0, y0, x1, y1], or null where the thing is not visible"
        )
    try:
        return Box.checked(value)
    except ValueError as error:
        raise PydanticCustomError("box", "{reason}", {"reason": str(error)}) from None


def dense(layout: Sequence[Box | None], frames: int) -> list[Box | None]:
    """The boxes of every frame of a scene.

    With K keys over F frames, key k is at time k (F-1)/(K-1) on the frames 0 .. F-1.

    - A frame at the time of a key has that key, to the bit; so the first and the last frame have the first and last
      key.
    - Between two boxes every coordinate is interpolated linearly.
    - Between a box and a ``None`` the box holds, unchanged, over the half of the interval that is nearest to it (the
      middle included), and is gone over the other half. So a thing appears and vanishes where the plan drew it.
    - Between two ``None`` there is nothing.
    - One key holds for all frames. A scene of one frame has the first key. With more keys than frames the layout is
      sampled at the frames' times.

    Args:
        layout: the key boxes; at least one.
        frames: number of frames; at least one.

    Returns:
        One box, or None where the thing is not visible, for each frame.

    Raises:
        ValueError: an empty layout, or less than one frame.
    """
    if not layout:
        raise ValueError("a layout needs at least one key")
    if frames < 1:
        raise ValueError(f"a scene needs at least one frame, not {frames}")
    return [box_at(layout, frame, frames) for frame in range(frames)]


def box_at(layout: Sequence[Box | None], frame: int, frames: int) -> Box | None:
    """The box of one frame, from 0, of a scene of so many; see ``dense``, of whose result it is one element."""
    if frames == 1 or len(layout) == 1:
        return _box(layout[0])
    # Integers, so that a frame on a key is recognised exactly.
    key, rest = divmod(frame * (len(layout) - 1), frames - 1)
    here = _box(layout[key])
    if rest == 0:
        return here
    there = _box(layout[key + 1])
    if here is not None and there is not None:
        return _between(here, there, rest / (frames - 1))
    if 2 * rest == frames - 1:
        return here or there
    return here if 2 * rest < frames - 1 else there


def _box(key: Box | None) -> Box | None:
    return None if key is None else Box(*key)


def _between(here: Box, there: Box, part: float) -> Box:
    # Clamped, because rounding may carry a coordinate past the ends it lies between.
    return Box(*(min(max(a + (b - a) * part, min(a, b)), max(a, b)) for a, b in zip(here, there, strict=True)))
