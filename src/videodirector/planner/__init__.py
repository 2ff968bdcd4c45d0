"""Planners: any input -> VideoPlan. Those that ask chat models are in `videodirector.planner.llm`."""

from videodirector.planner.base import Planner, RefiningPlanner, RequestPlanner
from videodirector.planner.offline import OfflinePlanner
from videodirector.planner.refine import NoSuchThing, NotUnderstood, refine
from videodirector.planner.wishes import fulfil, granted

__all__ = [
    "NoSuchThing",
    "NotUnderstood",
    "OfflinePlanner",
    "Planner",
    "RefiningPlanner",
    "RequestPlanner",
    "fulfil",
    "granted",
    "refine",
]
