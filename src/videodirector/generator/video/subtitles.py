"""Subtitles: files beside the video, or text drawn into its frames."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from videodirector.errors import UsageError
from videodirector.files.fonts import Font, fit_lines
from videodirector.generator.backends.frames import Frame
from videodirector.generator.video.timeline import Shot
from videodirector.schemas import VideoPlan

__all__ = ["Cue", "SubtitleBurner", "build_cues", "find_font", "format_srt", "format_vtt"]

_LINES = 3
_LARGEST, _SMALLEST = 16, 30  # the parts of the picture's height that a line takes


@dataclass(frozen=True)
class Cue:
    """A text and the frames of the video, from ``start`` up to but not ``end``, on which it is shown."""

    start: int
    end: int
    text: str


def build_cues(plan: VideoPlan, shots: Sequence[Shot]) -> list[Cue]:
    """Build the cue of each scene with a text, from its first frame to that of the next scene."""
    found: list[Cue] = []
    for index, (scene, shot) in enumerate(zip(plan.scenes, shots, strict=True)):
        text = " ".join((scene.description if scene.subtitle is None else scene.subtitle).split())
        end = shots[index + 1].start if index + 1 < len(shots) else shot.end
        if text and end > shot.start:
            found.append(Cue(shot.start, end, text))
    return found


def format_srt(found: Sequence[Cue], rate: Fraction) -> str:
    """Format cues as SubRip text."""
    parts = [
        f"{number}\n{_format_time(cue.start / rate, ',')} --> {_format_time(cue.end / rate, ',')}\n{cue.text}\n"
        for number, cue in enumerate(found, start=1)
    ]
    return "\n".join(parts)


def format_vtt(found: Sequence[Cue], rate: Fraction) -> str:
    """Format cues as WebVTT text."""
    parts = []
    for cue in found:
        start, end = _format_time(cue.start / rate, "."), _format_time(cue.end / rate, ".")
        parts.append(f"{start} --> {end}\n{html.escape(cue.text, quote=False)}\n")
    return "\n".join(["WEBVTT\n", *parts])


def _format_time(seconds: Fraction, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def find_font(found: Sequence[Cue], file: str | None) -> Callable[[int], Font]:
    """Find a font, in any size, that has a glyph for every character of the cues.

    Args:
        found: the cues to be drawn.
        file: the font to use. None uses the font in Pillow, so that pictures are the same on every machine; it has
            little beyond ASCII, and where characters are missing a common font of the system is used.

    Raises:
        UsageError: the file is not a font, or characters are missing from it, or from every font that was found.
    """
    fonts = [_load_font(file)] if file is not None else [ImageFont.load_default, *_load_system_fonts()]
    missing = [_list_missing(found, font) for font in fonts]
    for font, letters in zip(fonts, missing, strict=True):
        if not letters:
            return font
    raise UsageError(
        f"the font for the subtitles has no {', '.join(map(repr, min(missing, key=len)[:5]))}",
        hint="name one that has with --font FILE, or write them beside the video with --subtitles srt",
    )


def _load_font(file: str) -> Callable[[int], Font]:
    try:
        ImageFont.truetype(file, 12)
    except OSError as error:
        raise UsageError(f"cannot read the font {file!r}: {error}", hint="name a TrueType or OpenType file") from None
    return lambda size: ImageFont.truetype(file, size)


def _load_system_fonts() -> Iterator[Callable[[int], Font]]:
    for name in ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial.ttf", "Arial Unicode.ttf", "NotoSansCJK-Regular.ttc"):
        with suppress(UsageError):
            yield _load_font(name)


def _list_missing(found: Sequence[Cue], font: Callable[[int], Font]) -> str:
    """List the characters of the cues for which the font has no glyph."""
    sized = font(24)
    blank = bytes(sized.getmask("\uffff"))  # a character that no font has: its glyph is that of a missing one
    letters = {letter for cue in found for letter in cue.text if letter.isprintable() and not letter.isspace()}
    return "".join(sorted(letter for letter in letters if bytes(sized.getmask(letter)) == blank))


class SubtitleBurner:
    """Draws subtitles into the frames of a video, at its size, and passes the frames on.

    Args:
        write: takes the frames on.
        found: the cues in order.
        size: (width, height) of the frames.
        font: see ``find_font``.
    """

    def __init__(
        self, write: Callable[[Frame], None], found: Sequence[Cue], size: tuple[int, int], font: Callable[[int], Font]
    ) -> None:
        self._write = write
        self._cues = list(reversed(found))
        self._size = size
        self._font = font
        self._number = 0
        self._drawn: tuple[Cue, NDArray[np.uint8], int] | None = None

    def write(self, frame: Frame) -> None:
        """Add a frame of shape (height, width, 3), uint8."""
        while self._cues and self._cues[-1].end <= self._number:
            self._cues.pop()
        if self._cues and self._cues[-1].start <= self._number:
            frame = self._burn(frame, self._cues[-1])
        self._write(frame)
        self._number += 1

    def _burn(self, frame: Frame, cue: Cue) -> Frame:
        if self._drawn is None or self._drawn[0] is not cue:
            self._drawn = (cue, *self._render_strip(cue.text))
        _, strip, top = self._drawn
        burnt = frame.copy()
        below = burnt[top : top + len(strip)].astype(np.uint32)
        part = strip[..., 3:].astype(np.uint32)
        mixed = (part * strip[..., :3] + (255 - part) * below + 127) // 255
        burnt[top : top + len(strip)] = mixed.astype(np.uint8)
        return burnt

    def _render_strip(self, text: str) -> tuple[NDArray[np.uint8], int]:
        """The words on nothing, over the whole width, and the line of the picture on which they begin."""
        width, height = self._size
        for size in range(max(8, height // _LARGEST), max(7, height // _SMALLEST - 1), -1):
            font = self._font(size)
            lines = fit_lines(text, font, 0.92 * width, lines=_LINES)
            if not lines[-1].endswith("...") or text.endswith("..."):
                break
        edge = max(1, size // 10)
        line = size + size // 3
        strip = Image.new("RGBA", (width, min(height, len(lines) * line + 2 * edge)))
        ImageDraw.Draw(strip).multiline_text(
            (width / 2, edge),
            "\n".join(lines),
            fill="white",
            font=font,
            anchor="ma",
            align="center",
            spacing=size // 3,
            stroke_width=edge,
            stroke_fill="black",
        )
        return np.asarray(strip), max(0, height - strip.height - height // 24)
