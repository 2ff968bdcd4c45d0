"""Settings of one backend, from ``--option NAME=VALUE``: typed, frozen, unknown names refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from videodirector.errors import UsageError
from videodirector.schemas.problems import issues_of

__all__ = ["BackendOptions", "read_pairs"]


class BackendOptions(BaseModel):
    """Base of the settings of a backend; each gives its fields types, bounds and defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Parse plain values; text is converted to the type of the field.

        Raises:
            UsageError: naming every option that is unknown or invalid, and those that exist.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            problems = "; ".join(f"option {issue}" for issue in issues_of(error, (cls,)))
            names = ", ".join(cls.model_fields) or "none"
            raise UsageError(problems, hint=f"options of this backend: {names}") from None


def read_pairs(pairs: Iterable[str]) -> dict[str, str]:
    """Parse ``["offload=model"]`` into a mapping.

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
