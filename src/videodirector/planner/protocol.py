"""What every planner can do: turn a story into a plan."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol, runtime_checkable

from videodirector.schemas import PlanRequest, VideoPlan

__all__ = ["Planner", "RefiningPlanner", "RequestPlanner"]


@runtime_checkable
class Planner(Protocol):
    """Turns a story into a plan."""

    def plan(self, story: str, *, seed: int | None = None, frame_rate: Fraction | None = None) -> VideoPlan:
        """The plan of a story.

        Args:
            story: any text.
            seed: the plan's seed, in [0, 2**63); None leaves the choice to the planner.
            frame_rate: frames a second; None means the plan's default.

        Returns:
            A valid plan; what the planner did not understand is in its notes.

        Raises:
            UsageError: a seed or frame rate that a plan cannot have.
            PlannerError: no plan could be made (a planner that needs a model or a network may meet this).
        """
        ...


@runtime_checkable
class RequestPlanner(Planner, Protocol):
    """A planner that also listens to what the user wants of the plan."""

    def plan_request(self, request: PlanRequest) -> VideoPlan:
        """The plan of a request.

        Returns:
            A valid plan; its notes say which of the wishes it does not keep, and why.

        Raises:
            PlannerError: no plan could be made.
        """
        ...


@runtime_checkable
class RefiningPlanner(Protocol):
    """A planner that changes plans by requests in plain words."""

    def refine(self, plan: VideoPlan, request: str) -> VideoPlan:
        """A copy of the plan in which what was asked is changed, and nothing else.

        Args:
            plan: stays as it is.
            request: "make the owl bigger in scene 2".

        Raises:
            PlanError: the plan was not valid before.
            PlannerError: the request is not understood, or the plan cannot be changed so.
        """
        ...
