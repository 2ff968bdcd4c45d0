"""Build the storyworld's art: a few poses of each animated emoji, cropped, as AVIF.

    npm pack @lobehub/fluent-emoji-anim-1@1.0.0            # and -2, -3, -4: 730 MB together, MIT
    for part in lobehub-*.tgz; do tar xzf $part; done
    python recipes/art.py package/assets

Takes every picture that the lexicon names, animated where ``recipes/fluent_animated.tsv`` has it, in
whatever tone of skin: the list of Microsoft's own animations (microsoft/fluentui-emoji-animated, MIT). Writes
``pictures/`` in ``videodirector/storyworld/art/``: one AVIF a picture and ``index.json``. What is there already is
kept; ``--all`` makes it anew. ``--sheet`` also writes a picture of all first poses, to look at.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from videodirector import lexicon

SIDE = 160
"""Longer side of a picture, in pixels."""

QUALITY = 55

PHASES = (8, 12, 24, 36)
"""Numbers of poses to choose from: the first at which a frame differs little enough from its nearest pose."""

_TOLERANCE = 6.0  # of 255, a pixel that is visible in any frame
_FRAME_RATE = 24

Pixels = NDArray[np.float32]


def build(code: str, folder: Path, out: Path, animated: frozenset[str]) -> dict[str, Any]:
    """Write one picture; the row of the index that describes it."""
    frames = read_frames(folder / f"{code}.webp", animated=bare(code) in animated)
    phases = choose_phases(frames)
    poses = frames[np.round(np.arange(phases) * len(frames) / phases).astype(int) % len(frames)]
    seen = (frames[..., 3] > 16 / 255).any(0)
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    poses = poses[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = poses.shape[1:3]
    size = (max(1, round(width * SIDE / max(width, height))), max(1, round(height * SIDE / max(width, height))))
    pictures = [encode_ready(resize(pose, size)) for pose in poses]
    pictures[0].save(
        out / f"{code}.avif",
        save_all=True,
        append_images=pictures[1:],
        quality=QUALITY,
        subsampling="4:4:4",
        speed=6,
        max_threads=1,
    )
    seconds = round(len(frames) / _FRAME_RATE, 3) if phases > 1 else 0.0
    return {"width": size[0], "height": size[1], "phases": phases, "seconds": seconds}


def bare(code: str) -> str:
    """The code points without those that ask for colour or for a tone of skin."""
    return "-".join(part for part in code.split("-") if part not in {"fe0f", *(f"1f3f{x}" for x in "bcdef")})


def read_frames(path: Path, *, animated: bool) -> Pixels:
    """All frames, or the first, with premultiplied alpha: (frames, height, width, 4) in [0, 1]."""
    frames = []
    with Image.open(path) as file:
        for number in range(getattr(file, "n_frames", 1) if animated else 1):
            file.seek(number)
            frames.append(np.asarray(file.convert("RGBA").convert("RGBa"), dtype=np.float32) / 255)
    return np.stack(frames)


def choose_phases(frames: Pixels) -> int:
    """How many poses stand for a loop."""
    if len(frames) == 1:
        return 1
    small = frames[:, ::8, ::8].reshape(len(frames), -1)
    covered = (frames[:, ::8, ::8, 3] > 16 / 255).any(0).sum()
    for phases in PHASES:
        poses = np.round(np.arange(phases) * len(frames) / phases).astype(int) % len(frames)
        nearest = poses[np.round(np.arange(len(frames)) * phases / len(frames)).astype(int) % phases]
        error = np.abs(small - small[nearest]).sum(1).mean() / covered / 4 * 255
        if error <= _TOLERANCE:
            break
    return min(phases, len(frames))


def resize(pose: Pixels, size: tuple[int, int]) -> Pixels:
    """Resize, each channel by itself, so that premultiplied alpha stays exact."""
    channels = [Image.fromarray(channel).resize(size, Image.Resampling.LANCZOS) for channel in np.moveaxis(pose, -1, 0)]
    return np.stack([np.asarray(channel) for channel in channels], axis=-1).clip(0, 1)


def encode_ready(pose: Pixels) -> Image.Image:
    """Straight alpha with the colours of the edge carried on where nothing is seen.

    A codec that meets black there spends half of its bits on the border and lets it bleed in.
    """
    levels = [pose]
    while max(levels[-1].shape[:2]) > 1:
        fine = levels[-1]
        even = np.pad(fine, [(0, fine.shape[0] % 2), (0, fine.shape[1] % 2), (0, 0)])
        levels.append(even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2, 4).mean((1, 3)))
    colour = levels[-1][..., :3] / np.maximum(levels[-1][..., 3:], 1e-6)
    for fine in levels[-2::-1]:
        wide = colour.repeat(2, 0).repeat(2, 1)[: fine.shape[0], : fine.shape[1]]
        alpha = fine[..., 3:]
        trust = np.clip(alpha * 8, 0, 1)
        colour = trust * fine[..., :3] / np.maximum(alpha, 1e-6) + (1 - trust) * wide
    straight = np.concatenate([colour, pose[..., 3:]], axis=-1).clip(0, 1)
    return Image.fromarray((straight * 255 + 0.5).astype(np.uint8))


def write_sheet(out: Path, path: Path) -> None:
    """All first poses on a grey ground."""
    from videodirector.storyworld import art

    codes = list(json.loads((out / "index.json").read_text()))
    cell, columns = 80, 24
    sheet = Image.new("RGB", (columns * cell, -(-len(codes) // columns) * cell), (200, 208, 200))
    for number, code in enumerate(codes):
        pose = art.picture(code).pose(0).image
        pose.thumbnail((cell, cell))
        sheet.paste(pose, (number % columns * cell, number // columns * cell), pose)
    sheet.save(path)


def main() -> None:
    """Write the art."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with CODE.webp of 256 x 256 pixels")
    parser.add_argument("--out", type=Path, default=Path(lexicon.__file__).parents[1] / "storyworld/art/pictures")
    parser.add_argument("--codes", type=Path, help="code points, one a line, in place of those of the lexicon")
    parser.add_argument("--all", action="store_true", help="make anew what is there already")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sheet", type=Path, help="also write all first poses on a grey ground, to look at")
    options = parser.parse_args()
    animated = frozenset(
        bare(line.split("\t")[0]) for line in (here / "fluent_animated.tsv").read_text().splitlines()[1:]
    )
    codes = sorted(set(options.codes.read_text().split() if options.codes else lexicon_codes()))
    missing = [code for code in codes if not (options.folder / f"{code}.webp").exists()]
    if missing:
        parser.error(f"{options.folder} has no {', '.join(f'{code}.webp' for code in missing)}")
    index_file = options.out / "index.json"
    index = {} if options.all or not index_file.exists() else json.loads(index_file.read_text())
    wanted = [code for code in codes if code not in index or not (options.out / f"{code}.avif").exists()]
    work = partial(build, folder=options.folder, out=options.out, animated=animated)
    with ProcessPoolExecutor(options.workers) as pool:
        for code, row in zip(wanted, pool.map(work, wanted, chunksize=4), strict=True):
            index[code] = row
    rows = [f" {json.dumps(code)}: {json.dumps(index[code])}" for code in codes]
    index_file.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    for file in options.out.glob("*.avif"):
        if file.stem not in codes:
            file.unlink()
    if options.sheet:
        write_sheet(options.out, options.sheet)


def lexicon_codes() -> set[str]:
    """The pictures that the lexicon names."""
    codes = {thing.code for thing in lexicon.things().values()}
    codes |= {code for action in lexicon.actions().values() for code in action.codes}
    codes |= {code for look in lexicon.looks().values() for code in look.codes}
    return codes | {
        lexicon.with_tone(code, tone) for code in codes if lexicon.has_tones(code) for tone in lexicon.SKIN_TONES
    }


if __name__ == "__main__":
    main()
