"""Planners: any input -> VideoPlan."""

from videodirector.planner.base import Planner, RequestPlanner
from videodirector.planner.offline import OfflinePlanner
from videodirector.planner.wishes import fulfil, granted

__all__ = ["OfflinePlanner", "Planner", "RequestPlanner", "fulfil", "granted"]
