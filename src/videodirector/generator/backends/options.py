"""Settings of one backend, from ``--option NAME=VALUE``: typed, frozen, unknown names refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import ValidationError

from videodirector.errors import UsageError
from videodirector.schemas import FrozenModel
from videodirector.schemas.problems import issues_of

__all__ = ["BackendOptions", "read_pairs"]


class BackendOptions(FrozenModel):
    """Base of the settings of a backend; each gives its fields types, bounds and defaults."""

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Settings from plain values; text is read as what the field wants.

        Raises:
            UsageError: naming every option that is unknown or cannot be meant, and those that there are.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            problems = "; ".join(f"option {issue}" for issue in issues_of(error, (cls,)))
            names = ", ".join(cls.model_fields) or "none"
            raise UsageError(problems, hint=f"options of this backend: {names}") from None


def read_pairs(pairs: Iterable[str]) -> dict[str, str]:
    """``["offload=model"]`` as a mapping.

    Raises:
        UsageError: one has no ``=``, or a name twice.
    """
    read: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise UsageError(f"the option {pair!r} is not NAME=VALUE", hint="for example --option offload=model")
        if name.strip() in read:
            raise UsageError(f"the option {name.strip()!r} is given twice", hint="give it once")
        read[name.strip()] = value.strip()
    return read
