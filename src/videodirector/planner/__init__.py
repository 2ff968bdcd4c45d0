"""Planners: any input -> VideoPlan."""

from videodirector.planner.base import Planner
from videodirector.planner.offline import OfflinePlanner

__all__ = ["OfflinePlanner", "Planner"]
