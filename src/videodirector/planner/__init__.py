"""Planners: story -> VideoPlan. Those with chat models are in ``videodirector.planner.llm``."""

from videodirector.planner.constraints import grant_constraints, plan_request
from videodirector.planner.offline import OfflinePlanner
from videodirector.planner.protocol import Planner, RefiningPlanner, RequestPlanner
from videodirector.planner.refine import UnknownEntityError, UnknownRequestError, refine

__all__ = [
    "OfflinePlanner",
    "Planner",
    "RefiningPlanner",
    "RequestPlanner",
    "UnknownEntityError",
    "UnknownRequestError",
    "grant_constraints",
    "plan_request",
    "refine",
]
