"""What the command line says of a field of a model: the one place where an option is described."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Option"]


@dataclass(frozen=True)
class Option:
    """Makes a field an option of the command line, as metadata: ``steps: Annotated[int | None, Option("Steps.")]``.

    Attributes:
        help: the help text; rich markup is allowed.
        flag: the name on the command line, by default that of the field: ``--transition-frames``.
        metavar: how the value is called in the help, by default the choices of a ``Literal`` or the kind of value.
        default: who decides where the option is not given, for fields whose default is None.
        least: the least number that is taken.
        parse: turns the text of the command line into the value of the field.
    """

    help: str
    flag: str = ""
    metavar: str = ""
    default: str = ""
    least: int | None = None
    parse: Callable[[str], Any] | None = None
