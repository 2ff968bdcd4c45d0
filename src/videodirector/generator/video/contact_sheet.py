"""The contact sheet: a picture with a row of frames for each scene, and under it what the scene says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from videodirector.files.atomic import build_output_error
from videodirector.files.fonts import fit_lines
from videodirector.generator.backends.frames import Frames
from videodirector.schemas import Scene

__all__ = ["ContactSheet"]

_COLUMNS = 5
_GAP = 6
_FONT_SIZE = 14
_CAPTION = 2 * 18 + 4
_WIDTHS = (192, 128, 96, 64)
_BUDGET = 8_000_000  # pixels; a sheet in memory stays small beside the rest, however many scenes there are
_PAPER, _INK = (250, 250, 248), (40, 42, 48)


class ContactSheet:
    """Takes the scenes one by one and keeps only the finished picture.

    With many scenes the frames become smaller; past a few hundred, the last line says how many scenes are not shown.

    Args:
        scenes: how many will come.
        frame_size: (width, height) of their frames, in pixels.
    """

    def __init__(self, scenes: int, frame_size: tuple[int, int]) -> None:
        across, down = frame_size
        for self._width in _WIDTHS:
            self._height = max(1, min(round(self._width * down / across), 4 * self._width))
            total, row = _COLUMNS * (self._width + _GAP) + _GAP, self._height + _CAPTION + _GAP
            if scenes * total * row <= _BUDGET:
                break
        self._row = row
        self._shown = max(1, min(scenes, _BUDGET // (total * row)))
        self._hidden = scenes - self._shown
        last = _CAPTION if self._hidden else 0
        self._sheet = Image.new("RGB", (total, _GAP + self._shown * row + last), _PAPER)
        self._draw = ImageDraw.Draw(self._sheet)
        self._font = ImageFont.load_default(_FONT_SIZE)
        self._added = 0
        if self._hidden:
            self._write(f"... and {self._hidden} more scenes", _GAP + self._shown * row, lines=1)

    def add(self, scene: Scene, frames: Frames) -> None:
        """Add a row: first and last frame of the scene and some between them."""
        if self._added == self._shown:
            return
        top = _GAP + self._added * self._row
        count = min(_COLUMNS, len(frames))
        for column, number in enumerate(np.linspace(0, len(frames) - 1, count).round().astype(int).tolist()):
            picture = Image.fromarray(frames[number]).resize((self._width, self._height), Image.Resampling.BICUBIC)
            self._sheet.paste(picture, (_GAP + column * (self._width + _GAP), top))
        place = f" [{scene.background}]" if scene.background else ""
        self._write(f"{scene.id}: {scene.description}{place}", top + self._height, lines=2)
        self._added += 1

    def save(self, path: Path) -> None:
        """Write the sheet as PNG, whatever the file is called.

        Raises:
            OutputError: the disk is full, or the place has gone.
        """
        try:
            self._sheet.save(path, format="PNG")
        except OSError as error:
            raise build_output_error(path, error) from error

    def _write(self, text: str, top: int, *, lines: int) -> None:
        fitted = fit_lines(text, self._font, self._sheet.width - 2 * _GAP, lines=lines)
        self._draw.multiline_text((_GAP, top + 2), "\n".join(fitted), fill=_INK, font=self._font, spacing=2)
