"""Pictures for people: what was planned and found, beside the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from videodirector.evaluation.report import SceneScore
from videodirector.schemas import Box

__all__ = ["comparison_sheet"]

_TEXT = 26
_GAP = 6


def comparison_sheet(
    cases: Sequence[tuple[SceneScore, NDArray[np.uint8], NDArray[np.uint8]]], *, side: int = 192, columns: int = 4
) -> Image.Image:
    """Cases side by side: left the frame that was scored, right the true picture of the plan.

    Planned boxes are white, boxes found are green when they count as in place, else red.

    Args:
        cases: score, scored frame and true frame, each frame RGB of shape (height, width, 3).
        side: width of one picture on the sheet, in pixels.
        columns: cases in a row.

    Raises:
        ValueError: there are no cases.
    """
    if not cases:
        raise ValueError("there are no cases to show")
    height = round(side * cases[0][1].shape[0] / cases[0][1].shape[1])
    cell = 2 * side + 2 * _GAP, height + _TEXT + _GAP
    columns = min(columns, len(cases))
    sheet = Image.new("RGB", (columns * cell[0], -(-len(cases) // columns) * cell[1]), (24, 24, 28))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(10)
    for number, (score, frame, truth) in enumerate(cases):
        left, top = number % columns * cell[0], number // columns * cell[1]
        for offset, pixels in ((0, frame), (side + _GAP // 2, truth)):
            picture = Image.fromarray(pixels).resize((side, height), Image.Resampling.NEAREST)
            sheet.paste(picture, (left + offset, top + _TEXT))
        for entity in score.entities:
            _outline(draw, entity.planned, (left, top + _TEXT, side, height), "white")
            if entity.found:
                colour = "lime" if entity.in_box else "red"
                _outline(draw, entity.found.box, (left, top + _TEXT, side, height), colour)
        things = ", ".join(f"{entity.name} {entity.iou:.2f}" for entity in score.entities)
        place = score.planned_background
        if not score.background_right:
            place += f", looks like {score.background.name}"
        draw.text((left + 2, top + 1), f"{score.scene}: {things}\n{place}", fill="white", font=font, spacing=1)
    return sheet


def _outline(draw: ImageDraw.ImageDraw, box: Box, area: tuple[int, int, int, int], colour: str) -> None:
    left, top, width, height = area
    draw.rectangle(
        (left + box.x0 * width, top + box.y0 * height, left + box.x1 * width - 1, top + box.y1 * height - 1),
        outline=colour,
    )
