"""Build the sprite atlas: one picture per thing of the lexicon, from the Noto Color Emoji font.

    python recipes/atlas.py FONT.ttf            # Debian: fonts-noto-color-emoji (OFL-1.1)

Reads the things from ``videodirector.lexicon`` and writes ``sprites.png`` and ``sprites.json`` into
``videodirector/storyworld/``. The colour bitmaps are read straight out of the font's CBDT table, so nothing is
rasterised and the result is the same on every machine. ``--sheet`` also writes a numbered picture to look at.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image

from videodirector import lexicon

CELL = 128
COLUMNS = 12


def ligatures(font: TTFont) -> dict[tuple[str, ...], str]:
    """Glyph sequences (joined emoji) and the glyph that the font's GSUB table puts in their place."""
    found: dict[tuple[str, ...], str] = {}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            ligatures = getattr(getattr(table, "ExtSubTable", table), "ligatures", {})
            for first, entries in ligatures.items():
                for entry in entries:
                    found[(first, *entry.Component)] = entry.LigGlyph
    return found


def picture(font: TTFont, joined: dict[tuple[str, ...], str], emoji: str) -> Image.Image:
    """The font's bitmap of one emoji, cropped to what is visible. RGBA."""
    cmap = font.getBestCmap()
    glyphs = [cmap[ord(char)] for char in emoji if ord(char) in cmap and char != "\ufe0f"]
    if len(glyphs) > 1:
        without_selector = tuple(glyph for glyph in glyphs if glyph != cmap.get(0xFE0F))
        glyph = joined[without_selector]
    else:
        glyph = glyphs[0]
    data = font["CBDT"].strikeData[0][glyph]
    data.ensureDecompiled()
    image = Image.open(io.BytesIO(data.imageData)).convert("RGBA")
    box = image.getchannel("A").point(lambda alpha: 255 if alpha > 16 else 0).getbbox()
    return image.crop(box)


def main() -> None:
    """Write the atlas."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("font", type=Path)
    parser.add_argument("--out", type=Path, default=Path(lexicon.__file__).parents[1] / "storyworld")
    parser.add_argument("--sheet", type=Path, help="also write the atlas on a grey ground, to look at")
    options = parser.parse_args()
    font = TTFont(options.font)
    joined = ligatures(font)
    things = list(lexicon.things().values())
    rows = -(-len(things) // COLUMNS)
    atlas = Image.new("RGBA", (COLUMNS * CELL, rows * CELL))
    index = {}
    for number, thing in enumerate(things):
        sprite = picture(font, joined, thing.emoji)
        sprite.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
        left, top = number % COLUMNS * CELL, number // COLUMNS * CELL
        atlas.paste(sprite, (left, top))
        index[thing.name] = [left, top, left + sprite.width, top + sprite.height]
    # Colour hidden under full transparency would bleed in when sprites are resized; it also costs bytes.
    pixels = np.array(atlas)
    pixels[pixels[..., 3] == 0] = 0
    Image.fromarray(pixels).save(options.out / "sprites.png", optimize=True)
    (options.out / "sprites.json").write_text(json.dumps(index, indent=1) + "\n")
    if options.sheet:
        ground = Image.new("RGBA", atlas.size, (150, 150, 150, 255))
        ground.alpha_composite(atlas)
        ground.convert("RGB").save(options.sheet)


if __name__ == "__main__":
    main()
