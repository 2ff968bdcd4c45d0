"""Planners: any input -> VideoPlan. Those that ask chat models are in `videodirector.planner.llm`."""

from videodirector.planner.constraints import fulfil, granted
from videodirector.planner.offline import OfflinePlanner
from videodirector.planner.protocol import Planner, RefiningPlanner, RequestPlanner
from videodirector.planner.refine import NoSuchThing, NotUnderstood, refine

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
