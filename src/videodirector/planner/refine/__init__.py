"""A plan changed by a request in plain words: what was asked, and nothing else.

`requests` is the table of what is understood, `targets` finds the scenes and things that are meant, `edits` carries
out, with `tracks` for boxes, `scenes` for whole scenes and names, `newcomers` for what comes in.
"""

from videodirector.planner.refine.edit_errors import EditError, NoChangeError, UnknownEntityError, UnknownRequestError
from videodirector.planner.refine.requests import refine

__all__ = ["EditError", "NoChangeError", "UnknownEntityError", "UnknownRequestError", "refine"]
