"""Thermal images: degrees, counts of a sensor or shades of grey to how hot things are."""

from __future__ import annotations

import numpy as np

from videodirector.planner.perception.maps import filled, read_map
from videodirector.planner.perception.sensed import Sensed
from videodirector.schemas import ThermalInput

__all__ = ["load_thermal"]


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
