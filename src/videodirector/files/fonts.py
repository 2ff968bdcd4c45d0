"""Fits text into pictures, with the font in Pillow: the system needs none."""

from __future__ import annotations

from PIL import ImageFont

__all__ = ["Font", "fit_lines"]

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def fit_lines(text: str, font: Font, width: float, *, lines: int) -> list[str]:
    """The text broken into at most ``lines`` lines of at most ``width`` pixels; what does not fit ends in three dots.

    White space of every kind, line breaks included, counts as one blank; control characters are left out.
    """
    # As many characters as could ever fit are looked at, so that a text of a megabyte costs no more than a page.
    words = "".join(c if c.isprintable() or c.isspace() else "" for c in text[: int(width + 1) * lines]).split()
    broken: list[str] = []
    while words and len(broken) < lines:
        line = words.pop(0)
        while words and font.getlength(f"{line} {words[0]}") <= width:
            line += f" {words.pop(0)}"
        broken.append(_cut(line, font, width))
    if words:
        broken[-1] = _cut(f"{broken[-1].removesuffix('...')}...", font, width)
    return broken


def _cut(line: str, font: Font, width: float) -> str:
    if font.getlength(line) <= width:
        return line
    kept = line.removesuffix("...")
    while kept and font.getlength(f"{kept}...") > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}..." if kept else ""
