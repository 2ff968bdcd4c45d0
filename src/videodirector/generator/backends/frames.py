"""Frames as arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frame", "Frames"]


Frame = NDArray[np.uint8]
"""One picture: RGB, shape (height, width, 3)."""


Frames = NDArray[np.uint8]
"""Pictures in order: RGB, shape (frames, height, width, 3)."""
