"""Depth maps: metres, millimetres or disparities to how near things are."""

from __future__ import annotations

import numpy as np

from videodirector.errors import UsageError
from videodirector.planner.perception.maps import filled, read_map
from videodirector.planner.perception.sensed import Sensed
from videodirector.schemas import DepthInput

__all__ = ["load_depth"]


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
