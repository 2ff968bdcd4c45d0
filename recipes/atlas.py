"""Build the sprite atlas: one picture per thing of the lexicon, from the Noto Color Emoji font or from yours.

    python recipes/atlas.py FONT.ttf                       # Debian: fonts-noto-color-emoji (OFL-1.1)
    python recipes/atlas.py FONT.ttf --sprites my_sprites  # fox.png there is drawn for the thing called fox
    python recipes/atlas.py --sprites my_sprites           # a picture for every thing

Reads the things from ``videodirector.lexicon`` and writes ``sprites.png`` and ``sprites.json`` into
``videodirector/storyworld/``. The colour bitmaps are read straight out of the font's CBDT table, so nothing is
rasterised and the result is the same on every machine. ``--sheet`` also writes a numbered picture to look at.
"""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from videodirector import lexicon

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

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
    return visible(Image.open(io.BytesIO(data.imageData)))


def visible(image: Image.Image) -> Image.Image:
    """A picture cropped to what is visible. RGBA."""
    image = image.convert("RGBA")
    box = image.getchannel("A").point(lambda alpha: 255 if alpha > 16 else 0).getbbox()
    return image.crop(box)


def main() -> None:
    """Write the atlas."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("font", type=Path, nargs="?", help="with colour bitmaps (a CBDT table)")
    parser.add_argument("--sprites", type=Path, help="folder of pictures with transparency, named as things are")
    parser.add_argument("--out", type=Path, default=Path(lexicon.__file__).parents[1] / "storyworld")
    parser.add_argument("--sheet", type=Path, help="also write the atlas on a grey ground, to look at")
    options = parser.parse_args()
    font = _font(options.font) if options.font else None
    joined = ligatures(font) if font else {}
    things = list(lexicon.trained_things().values())
    own = {file.stem: file for file in options.sprites.iterdir()} if options.sprites else {}
    missing = [thing.name for thing in things if font is None and thing.name not in own]
    strangers = sorted(own.keys() - {thing.name for thing in things})
    if missing or strangers:
        parser.error(
            f"no picture of: {', '.join(missing) or 'nothing'}; pictures of what is not in "
            f"{Path(lexicon.__file__).with_name('things.tsv')}: {', '.join(strangers) or 'none'}"
        )
    rows = -(-len(things) // COLUMNS)
    atlas = Image.new("RGBA", (COLUMNS * CELL, rows * CELL))
    index = {}
    for number, thing in enumerate(things):
        if thing.name in own:
            sprite = visible(Image.open(own[thing.name]))
        else:
            assert font is not None
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


def _font(path: Path) -> TTFont:
    from fontTools.ttLib import TTFont  # pip install fonttools; sprites of one's own need it not

    return TTFont(path)


if __name__ == "__main__":
    main()
