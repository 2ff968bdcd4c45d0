"""The frozen base class of values, and number types that several of them use."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Count", "FrozenModel", "Seconds"]

Count = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class FrozenModel(BaseModel):
    """A value that cannot be changed and takes no unknown fields; a field may be called ``model``."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())
