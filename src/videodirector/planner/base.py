"""What every planner can do: turn a story into a plan."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol, runtime_checkable

from videodirector.schemas import PlanRequest, VideoPlan

__all__ = ["Planner", "RequestPlanner"]


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
