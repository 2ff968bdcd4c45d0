"""Pictures: any mode and size to RGB, upright and not too large."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from videodirector.errors import UsageError
from videodirector.files.formats import PictureError, open_picture
from videodirector.schemas import ImageInput
from videodirector.senses.sensed import SIDE, Sensed, as_array, existing, unreadable

__all__ = ["cut_out", "load_image", "opened", "to_rgb", "to_rgba"]

_ALIKE = 24  # of 255: how far a ground of one colour strays from it, as JPEG leaves it


def load_image(given: ImageInput) -> Sensed:
    """A picture as RGB, turned as its EXIF says; transparency lies on white.

    Raises:
        UsageError: no such file, not a picture, cut off, or too large (100 million pixels).
    """
    if not isinstance(given.source, Path):
        image = _of_array(given.source, given.name)
        return Sensed(modality="image", clips=(to_rgb(image),), name=given.name)
    path = existing(given.source, "picture")
    with opened(path, "a picture") as image:
        image.draft("RGB", (SIDE, SIDE))  # JPEG: decoded small, 100 megapixels in the memory of one
        notes = []
        if getattr(image, "n_frames", 1) > 1:
            notes.append(f"{path} is animated: its first frame is used (as --video it would move).")
        try:
            return Sensed(modality="image", clips=(to_rgb(image),), name=given.name, notes=tuple(notes))
        except (OSError, ValueError, SyntaxError, IndexError) as error:
            raise unreadable(path, "a picture", str(error)) from None


def opened(path: Path, what: str) -> Image.Image:
    """The file, opened by Pillow but not yet decoded.

    Raises:
        UsageError: it is no picture, or too large.
    """
    try:
        return open_picture(path)
    except PictureError as error:
        if "too large" in str(error):
            raise UsageError(f"{path} {error}", hint=error.hint) from None
        raise unreadable(path, what) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint=f"name {what}") from None


def to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """(height, width, 3), no side longer than ``SIDE``, upright; transparency lies on white."""
    clear = to_rgba(image)
    return np.asarray(Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB"))


def to_rgba(image: Image.Image) -> Image.Image:
    """Eight bits a channel, no side longer than ``SIDE``, upright."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = Image.fromarray(_to_bytes(np.asarray(image)))
    image.thumbnail((2 * SIDE, 2 * SIDE), Image.Resampling.BOX)  # before anything is converted: memory
    image = ImageOps.exif_transpose(image).convert("RGBA")
    image.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return image


def cut_out(picture: Image.Image) -> Image.Image:
    """The thing alone, where it can be told from its ground: by transparency, or because the ground has one colour.

    Args:
        picture: RGBA.

    Returns:
        RGBA, cropped to the thing, its ground transparent; the picture as it is, where it has a ground of many
        colours, which says nothing of what belongs to the thing.
    """
    pixels = np.array(picture)
    thing = pixels[..., 3] > 8
    if thing.all():
        colours = pixels[..., :3].astype(np.int16)
        edge = np.concatenate([colours[0], colours[-1], colours[:, 0], colours[:, -1]])
        ground = np.median(edge, axis=0)
        if (np.abs(edge - ground).max(-1) <= _ALIKE).mean() < 0.9:
            return picture
        from scipy.ndimage import label

        areas, _ = label(np.abs(colours - ground).max(-1) <= _ALIKE)
        outer = np.unique(np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]]))
        thing = ~np.isin(areas, outer[outer > 0])
        pixels[..., 3] *= thing
    if thing.mean() < 0.005:
        return picture
    rows, columns = (np.flatnonzero(thing.any(axis)) for axis in (1, 0))
    return Image.fromarray(pixels).crop((int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))


def _of_array(source: Any, name: str) -> Image.Image:
    if isinstance(source, Image.Image):
        return source.copy()  # thumbnails are made in place
    array = as_array(source, name)
    if array.ndim == 3 and array.shape[0] in (3, 4) and array.shape[2] not in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise UsageError(
            f"a picture is an array (height, width), (height, width, 3) or (height, width, 4), not {array.shape}"
        )
    return Image.fromarray(_to_bytes(array))


def _to_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Any numbers as bytes: 16 bits keep their upper eight, floats in [0, 1] are scaled, all others stretched."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if array.dtype == np.uint16 and array.max() > 4095:
        return (array >> 8).astype(np.uint8)
    values = array.astype(np.float32)
    known = np.isfinite(values)
    if not known.any():
        raise UsageError("not one value of this picture is a number", hint="is it the right array?")
    values = np.where(known, values, values[known].min())
    low, high = float(values.min()), float(values.max())
    if array.dtype.kind == "f" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    return ((values - low) * (255 / max(high - low, 1e-9))).round().astype(np.uint8)
