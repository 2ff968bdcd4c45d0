"""Maps of one channel, depth or heat: files and arrays to float arrays without holes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videodirector.errors import UsageError
from videodirector.files.reading import open_regular
from videodirector.schemas import DepthInput, ThermalInput
from videodirector.senses.image import opened
from videodirector.senses.sensed import SIDE, Sensed, as_array, existing, unreadable

__all__ = ["filled", "load_depth", "load_thermal", "read_map"]

_LARGEST = 400_000_000  # values of a .npy file


def read_map(source: Any, what: str) -> tuple[NDArray[Any], bool]:
    """A map (height, width[, channels]) as it is stored, thinned to ``SIDE``, and whether it is a picture in colour.

    Raises:
        UsageError: no such file, no map in it.
    """
    if isinstance(source, Path):
        path = existing(source, what)
        array = _numpy(path, what) if _is_numpy(path) else _picture(path, what)
        name = str(path)
    else:
        array, name = as_array(source, f"the {what}"), f"the {what}"
    while array.ndim > 2 and 1 in array.shape:
        array = array.squeeze(array.shape.index(1))
    if array.ndim == 3 and array.shape[2] == 2:  # grey with transparency
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise UsageError(f"{name}: a {what} has a height and a width, and this is an array of shape {array.shape}")
    if min(array.shape[:2]) < 2:
        raise UsageError(f"{name}: a {what} of {array.shape[0]} by {array.shape[1]} values shows nothing")
    step = -(-max(array.shape[:2]) // SIDE)
    array = np.asarray(array[::step, ::step])
    if array.ndim == 3:
        array = array[..., :3]
        if np.array_equal(array[..., 0], array[..., 1]) and np.array_equal(array[..., 0], array[..., 2]):
            array = array[..., 0]
    return array, array.ndim == 3


def filled(values: NDArray[Any], missing: NDArray[np.bool_], name: str, what: str) -> NDArray[np.float32]:
    """The map with its holes filled from what lies nearest.

    Raises:
        UsageError: it is nothing but holes, or everywhere the same.
    """
    values = values.astype(np.float32)
    missing = missing | ~np.isfinite(values)
    if missing.mean() > 0.95:
        raise UsageError(f"{name}: {missing.mean():.0%} of this {what} are holes", hint="is it the right file?")
    if missing.any():
        from scipy.ndimage import distance_transform_edt

        nearest = distance_transform_edt(missing, return_distances=False, return_indices=True)
        values = values[tuple(nearest)]
    if float(np.ptp(values)) == 0:
        raise UsageError(f"{name}: this {what} is {values.flat[0]:g} everywhere", hint="is it the right file?")
    return values


def _is_numpy(path: Path) -> bool:
    with open_regular(path) as file:
        return file.read(6) == b"\x93NUMPY" or path.suffix == ".npy"


def _numpy(path: Path, what: str) -> NDArray[Any]:
    with open_regular(path) as file:
        if file.read(6) != b"\x93NUMPY":  # numpy would read an archive, too
            raise unreadable(path, f"a {what}", "it is no numpy array")
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise unreadable(path, f"a {what}", str(error)) from None
    if array.size > _LARGEST:
        raise UsageError(f"{path} holds {array.size:,} values", hint=f"a {what} may have {_LARGEST:,}")
    return as_array(array, str(path))


def _picture(path: Path, what: str) -> NDArray[Any]:
    with opened(path, f"a {what}") as image:
        try:
            if image.mode in ("P", "CMYK", "YCbCr", "RGBA", "PA"):
                return np.asarray(image.convert("RGB"))
            return np.asarray(image.convert("L") if image.mode == "1" else image)
        except (OSError, ValueError, SyntaxError) as error:
            raise unreadable(path, f"a {what}", str(error)) from None


def load_depth(given: DepthInput) -> Sensed:
    """A depth map as nearness, 0 the farthest and 1 the nearest; what was not measured (0, NaN) is filled.

    Raises:
        UsageError: no such file, no map in it, a colour picture.
    """
    array, coloured = read_map(given.source, "depth map")
    if coloured:
        raise UsageError(
            f"{given.name} is a picture in colours; a depth map has one channel",
            hint="give the map itself (16-bit PNG, TIFF or .npy); is it a photograph? Then --image",
        )
    values = given.values or ("nearness" if array.dtype == np.uint8 else "distance")
    holes = (array == 0) if values == "distance" else np.zeros(array.shape, dtype=np.bool_)
    depth = filled(array, holes, given.name, "depth map")
    if values == "distance":
        if float(depth.min()) < 0:
            raise UsageError(
                f"{given.name} has negative distances (down to {float(depth.min()):g})",
                hint='is it a disparity map? Then DepthInput(source=..., values="nearness")',
            )
        depth = float(depth.min()) / depth  # inverse depth, whatever the unit
    else:
        depth = (depth - depth.min()) / np.ptp(depth)
    return Sensed(modality="depth", clips=(depth.astype(np.float32),), name=given.name)


def load_thermal(given: ThermalInput) -> Sensed:
    """A thermal image, larger is hotter, in whatever unit it came; what was not measured is filled.

    The usual colour scales (iron, inferno, white-hot) grow brighter with the heat, so a picture in colours is taken
    by its brightness.

    Raises:
        UsageError: no such file, no map in it.
    """
    array, coloured = read_map(given.source, "thermal image")
    notes = []
    if coloured:
        array = array @ np.array([0.299, 0.587, 0.114])
        notes.append(f"{given.name} is in colours: its brightness is taken for heat.")
    heat = filled(array, np.zeros(array.shape, dtype=np.bool_), given.name, "thermal image")
    if given.hot == "dark":
        heat = heat.max() - heat
    return Sensed(modality="thermal", clips=(heat.astype(np.float32),), name=given.name, notes=tuple(notes))
