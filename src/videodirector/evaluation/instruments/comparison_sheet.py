"""Comparison sheets: rendered beside expected frames, with planned and found boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from videodirector.schemas import Box

__all__ = ["ComparisonCase", "draw_comparison_sheet"]

_TEXT_HEIGHT = 26
_GAP = 6


@dataclass(frozen=True, kw_only=True)
class ComparisonCase:
    """One frame of the sheet.

    Attributes:
        title, subtitle: a line of words each.
        rendered, expected: the frame and the expected one, RGB of shape (height, width, 3).
        planned: boxes of the plan.
        found: boxes found, each with whether that is right.
    """

    title: str
    subtitle: str
    rendered: NDArray[np.uint8]
    expected: NDArray[np.uint8]
    planned: Sequence[Box] = ()
    found: Sequence[tuple[Box, bool]] = ()


def draw_comparison_sheet(cases: Sequence[ComparisonCase], *, side: int = 192, columns: int = 4) -> Image.Image:
    """Draw cases side by side: left the rendered frame, right the expected one.

    Planned boxes are white; boxes found are green where they are right, else red.

    Args:
        cases: what to show.
        side: width of one picture on the sheet, in pixels.
        columns: cases in a row.

    Raises:
        ValueError: there are no cases.
    """
    if not cases:
        raise ValueError("there are no cases to show")
    height = round(side * cases[0].rendered.shape[0] / cases[0].rendered.shape[1])
    cell = 2 * side + 2 * _GAP, height + _TEXT_HEIGHT + _GAP
    columns = min(columns, len(cases))
    sheet = Image.new("RGB", (columns * cell[0], -(-len(cases) // columns) * cell[1]), (24, 24, 28))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(10)
    for number, case in enumerate(cases):
        left, top = number % columns * cell[0], number // columns * cell[1]
        area = (left, top + _TEXT_HEIGHT, side, height)
        for offset, pixels in ((0, case.rendered), (side + _GAP // 2, case.expected)):
            picture = Image.fromarray(pixels).resize((side, height), Image.Resampling.NEAREST)
            sheet.paste(picture, (left + offset, top + _TEXT_HEIGHT))
        for box in case.planned:
            _draw_outline(draw, box, area, "white")
        for box, right in case.found:
            _draw_outline(draw, box, area, "lime" if right else "red")
        words = [_truncate_line(line, font, cell[0] - 4) for line in (case.title, case.subtitle)]
        draw.text((left + 2, top + 1), "\n".join(words), fill="white", font=font, spacing=1)
    return sheet


def _truncate_line(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(f"{line}…") > width:
        line = line[:-1]
    return f"{line}…"


def _draw_outline(draw: ImageDraw.ImageDraw, box: Box, area: tuple[int, int, int, int], colour: str) -> None:
    left, top, width, height = area
    draw.rectangle(
        (left + box.x0 * width, top + box.y0 * height, left + box.x1 * width - 1, top + box.y1 * height - 1),
        outline=colour,
    )
