"""Errors of requests that cannot be carried out."""

from __future__ import annotations

from videodirector.errors import PlannerError

__all__ = ["EXAMPLE_REQUESTS", "EditError", "NoChangeError", "UnknownEntityError", "UnknownRequestError"]

EXAMPLE_REQUESTS = (
    "make the owl bigger in scene 2",
    "move the fox a little to the left",
    "put the ball next to the dog",
    "let the owl appear later",
    "make the fox jump",
    "make the car faster",
    "add a red kite to scene 1",
    "remove the moon from scene 3",
    "replace the dog with a cat",
    "rename the fox to Rusty",
    "make the car blue",
    "change the background of scene 2 to the beach",
    "make scene 1 twice as long",
    "swap the fox and the owl",
    "delete scene 2",
    "duplicate scene 2",
    "move scene 3 before scene 1",
)
"""One for each kind of request; shown by ``UnknownRequestError``."""


class UnknownRequestError(PlannerError):
    """The request matches no pattern; a planner with a chat model may understand it.

    Args:
        part: the words that were not understood.
    """

    def __init__(self, part: str) -> None:
        examples = "; ".join(EXAMPLE_REQUESTS)
        hint = f"understood without a chat model: {examples}. Or use a chat model, or edit the plan itself"
        super().__init__(f"the request {part[:200]!r} is not understood", hint=hint)


class EditError(PlannerError):
    """The request is understood, but the plan cannot be changed so."""


class NoChangeError(EditError):
    """The request changes nothing: it is so already, or as far as picture and scene allow."""


class UnknownEntityError(EditError):
    """The plan has no entity of this name."""
