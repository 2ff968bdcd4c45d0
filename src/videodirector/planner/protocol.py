"""The protocols of planners."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol, runtime_checkable

from videodirector.schemas import PlanRequest, VideoPlan

__all__ = ["Planner", "RefiningPlanner", "RequestPlanner"]


@runtime_checkable
class Planner(Protocol):
    """Turns a story into a plan."""

    def plan(self, story: str, *, seed: int | None = None, frame_rate: Fraction | None = None) -> VideoPlan:
        """Return the plan of a story.

        Args:
            story: any text.
            seed: the plan's seed, in [0, 2**63); None leaves the choice to the planner.
            frame_rate: frames a second; None means the plan's default.

        Returns:
            A valid plan; what the planner did not understand is in its notes.

        Raises:
            UsageError: a seed or frame rate that a plan cannot have.
            PlannerError: no plan could be made, for example without a network.
        """
        ...


@runtime_checkable
class RequestPlanner(Planner, Protocol):
    """A planner that also takes the constraints of a request."""

    def plan_request(self, request: PlanRequest) -> VideoPlan:
        """Return the plan of a request.

        Returns:
            A valid plan; its notes say which constraints it does not keep, and why.

        Raises:
            PlannerError: no plan could be made.
        """
        ...


@runtime_checkable
class RefiningPlanner(Protocol):
    """A planner that edits plans by requests in plain words."""

    def refine(self, plan: VideoPlan, request: str) -> VideoPlan:
        """Edit a copy of the plan as requested, and change nothing else.

        Args:
            plan: stays as it is.
            request: "make the owl bigger in scene 2".

        Raises:
            PlanError: the plan was not valid before.
            PlannerError: the request is not understood, or the plan cannot be changed so.
        """
        ...
