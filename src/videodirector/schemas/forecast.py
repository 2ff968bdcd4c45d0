"""What will be rendered, what is kept, and why: the result of ``videodirector diff`` and of a dry run."""

from __future__ import annotations

from typing import Any, Literal

from videodirector.schemas._base import FrozenModel
from videodirector.schemas.changes import Change
from videodirector.schemas.results import Control

__all__ = ["Forecast", "InputChange", "SceneForecast"]


class InputChange(FrozenModel):
    """Something that decides the frames of a scene and differs: ``name`` as the backend tells it, ``why`` in words."""

    name: str
    why: str
    before: Any = None
    after: Any = None


class SceneForecast(FrozenModel):
    """What becomes of one scene.

    Attributes:
        id: the scene.
        verdict: whether it has to be rendered, is there already, or is no longer in the plan.
        reasons: why it has to be rendered; empty for one of which nothing is known.
        changes: fields of the plan that differ and concern it, whether they decide its frames or not.
        controls: in a dry run, what the backend will do with everything that is requested for the scene.
    """

    id: str
    verdict: Literal["draw", "keep", "gone"]
    reasons: tuple[InputChange, ...] = ()
    changes: tuple[Change, ...] = ()
    controls: tuple[Control, ...] = ()


class Forecast(FrozenModel):
    """What becomes of a plan.

    Attributes:
        scenes: every scene of the plan in order, then those that are gone.
        changes: fields of the plan that differ and decide no frame by themselves: order, frame rate, story, notes.
    """

    scenes: tuple[SceneForecast, ...]
    changes: tuple[Change, ...] = ()

    def ids(self, verdict: Literal["draw", "keep", "gone"]) -> list[str]:
        """List the scenes of this verdict."""
        return [scene.id for scene in self.scenes if scene.verdict == verdict]
