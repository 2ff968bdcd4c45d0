"""The request to a planner: the story, and what the user wants of its plan."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self, TypedDict

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from videodirector.errors import UsageError
from videodirector.files.bounded_json import parse_bounded
from videodirector.schemas._base import FrozenModel
from videodirector.schemas._names import normalised
from videodirector.schemas._option import Option
from videodirector.schemas.plan import MAX_ENTITIES, MAX_SCENES, Name, Seed, Text
from videodirector.schemas.problems import issues_of
from videodirector.schemas.rate import FrameRate

__all__ = ["CastMember", "PlanOptions", "PlanRequest", "load_cast"]


def _repair_surrogates(value: object) -> object:
    """Text with its surrogate pairs joined and half characters replaced: a story is any text."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value


def _join_lines(value: object) -> object:
    return " ".join(str(_repair_surrogates(value)).split()) if isinstance(value, str) else value


Line = Annotated[Text, BeforeValidator(_join_lines)]
NameLine = Annotated[Name, BeforeValidator(_join_lines)]


class CastMember(FrozenModel):
    """Somebody or something that the user has in mind for the story.

    Attributes:
        name: as the story calls it ("Mia", "red car"); the plan calls it the same.
        description: how it looks, in English; empty leaves it to the planner.
        picture: file of a picture that it shall look like.
    """

    name: NameLine
    description: Line = ""
    picture: Name | None = None


_CAST: TypeAdapter[tuple[CastMember, ...]] = TypeAdapter(tuple[CastMember, ...])


def load_cast(path: str | os.PathLike[str]) -> tuple[CastMember, ...]:
    """The cast in a JSON file: ``[{"name": "Mia", "description": "a girl in a red coat", "picture": "mia.png"}]``.

    Pictures are looked for beside the file.

    Raises:
        UsageError: the file is missing, not JSON, or not a cast; naming every problem.
    """
    form = 'a cast is a JSON list: [{"name": "Mia", "description": "a girl in a red coat", "picture": "mia.png"}]'
    try:
        data = parse_bounded(Path(path).read_bytes())
        cast = _CAST.validate_python(data)
    except ValidationError as error:
        problems = "; ".join(map(str, issues_of(error, (CastMember,))))
        raise UsageError(f"{os.fspath(path)}: this is not a cast: {problems}", hint=form) from None
    except ValueError as error:  # not UTF-8, not JSON, too much of it, or a path that cannot be one
        raise UsageError(f"{os.fspath(path)}: this is not a cast: {error}", hint=form) from None
    except OSError as error:
        raise UsageError(f"{os.fspath(path)}: the cast cannot be read: {error.strerror}", hint=form) from None
    beside = Path(path).parent
    return tuple(
        member if member.picture is None else member.model_copy(update={"picture": str(beside / member.picture)})
        for member in cast
    )


class PlanRequest(FrozenModel):
    """A story, and what the user wants of its plan. What is None or empty is left to the planner.

    A planner keeps these requests, or says in the plan's notes which it did not keep and why. To add one, add a field
    with its ``Option``, and the key of ``PlanOptions``.

    Attributes:
        story: any text, in any language: sentences, or a script that lists its scenes.
        seed: the plan's seed.
        frame_rate: frames a second.
    """

    story: Annotated[str, BeforeValidator(_repair_surrogates), Field(strict=True)]
    scenes: Annotated[
        Annotated[int, Field(strict=True, ge=1, le=MAX_SCENES)] | None,
        Option("How many scenes.", default="the story's own", least=1),
    ] = None
    max_entities: Annotated[
        Annotated[int, Field(strict=True, ge=1, le=MAX_ENTITIES)] | None,
        Option("The most things in one scene.", default="no limit", least=1),
    ] = None
    cast: Annotated[
        tuple[CastMember, ...],
        Option(
            "Who and what appears: a JSON list of objects with name, description (optional) and picture (optional).",
            metavar="CAST.json",
            parse=load_cast,
        ),
    ] = ()
    style: Annotated[Line, Option('The look of every scene, like "watercolour, soft light".', metavar="TEXT")] = ""
    backgrounds: Annotated[
        tuple[NameLine, ...],
        Option(
            "Where it happens; several times for several scenes in order, of which the last holds for the rest.",
            flag="--background",
            metavar="PLACE",
        ),
    ] = ()
    seed: Seed | None = None
    frame_rate: FrameRate | None = None

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        names = [normalised(member.name) for member in self.cast]
        twice = next((name for name, times in Counter(names).items() if times > 1), None)
        if twice is not None:
            raise PydanticCustomError("cast", "two of the cast have one name: {name}", {"name": repr(twice)})
        if self.scenes is not None and len(self.backgrounds) > self.scenes:
            counts = {"backgrounds": len(self.backgrounds), "scenes": self.scenes}
            raise PydanticCustomError("backgrounds", "{backgrounds} backgrounds for {scenes} scenes", counts)
        return self

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Read a request from plain values, such as command-line options.

        Raises:
            UsageError: naming every request that is not valid.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise UsageError.from_issues(
                issues_of(error, (cls, CastMember)), hint="see `videodirector plan --help`"
            ) from None

    @property
    def wishes(self) -> tuple[str, ...]:
        """Names of the fields, besides story, seed and frame rate, that ask for something."""
        return tuple(name for name in PlanOptions.__annotations__ if getattr(self, name))

    def background(self, index: int) -> str:
        """The place of the scene of this index, from 0; empty when it is left to the planner."""
        return self.backgrounds[min(index, len(self.backgrounds) - 1)] if self.backgrounds else ""


class PlanOptions(TypedDict, total=False):
    """Keywords that mean what the fields of ``PlanRequest`` mean."""

    scenes: int | None
    max_entities: int | None
    cast: Sequence[CastMember]
    style: str
    backgrounds: Sequence[str]
