"""Refine a plan by a request in plain words, changing only what is requested.

``requests`` is the table of known requests, ``targets`` finds the scenes and entities they name, ``edits`` applies
them, with ``layout_edits`` for boxes, ``scenes`` for whole scenes and names, ``_new_entities`` for added entities.
"""

from videodirector.planner.refine.edit_errors import EditError, NoChangeError, UnknownEntityError, UnknownRequestError
from videodirector.planner.refine.requests import refine

__all__ = ["EditError", "NoChangeError", "UnknownEntityError", "UnknownRequestError", "refine"]
