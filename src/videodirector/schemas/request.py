"""What a planner is asked for: the story, and what the user wants of its plan."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from videodirector.errors import UsageError
from videodirector.files.bounded_json import parse_bounded
from videodirector.files.reading import MEBIBYTE, read_bounded
from videodirector.schemas._names import normalised
from videodirector.schemas.plan import MAX_ENTITIES, MAX_SCENES, Name, Seed, Text
from videodirector.schemas.problems import issues_of
from videodirector.schemas.rate import FrameRate

__all__ = ["CastMember", "PlanRequest", "load_cast"]


def _whole(value: object) -> object:
    """Text with its surrogate pairs joined and half characters replaced: a story is any text."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else value


def _one_line(value: object) -> object:
    return " ".join(str(_whole(value)).split()) if isinstance(value, str) else value


Line = Annotated[Text, BeforeValidator(_one_line)]
NameLine = Annotated[Name, BeforeValidator(_one_line)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CastMember(_Frozen):
    """Somebody or something that the user has in mind for the story.

    Attributes:
        name: as the story calls it ("Mia", "red car"); the plan calls it the same.
        description: how it looks, in English; empty leaves it to the planner.
        picture: file of a picture that it shall look like.
    """

    name: NameLine
    description: Line = ""
    picture: Name | None = None


class PlanRequest(_Frozen):
    """A story, and what the user wants of its plan. What is None or empty is left to the planner.

    A planner keeps these wishes, or says in the plan's notes which it did not keep and why.

    Attributes:
        story: any text, in any language: sentences, or a script that lists its scenes.
        scenes: number of scenes.
        max_entities: the most entities in one scene.
        cast: who and what appears, by name.
        style: a line about the look ("watercolour, soft light"), said of every scene.
        backgrounds: where the scenes happen, in order; the last one holds for the scenes that follow.
        seed: the plan's seed.
        frame_rate: frames a second.
    """

    story: Annotated[str, BeforeValidator(_whole), Field(strict=True)]
    scenes: Annotated[int, Field(strict=True, ge=1, le=MAX_SCENES)] | None = None
    max_entities: Annotated[int, Field(strict=True, ge=1, le=MAX_ENTITIES)] | None = None
    cast: tuple[CastMember, ...] = ()
    style: Line = ""
    backgrounds: tuple[NameLine, ...] = ()
    seed: Seed | None = None
    frame_rate: FrameRate | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
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
        """A request from plain values, such as command-line options.

        Raises:
            UsageError: naming every wish that cannot be meant.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            issues = issues_of(error, (cls, CastMember))
            raise UsageError("; ".join(map(str, issues)), hint="see `videodirector plan --help`") from None

    @property
    def wishes(self) -> tuple[str, ...]:
        """The fields, besides story, seed and frame rate, that ask for something."""
        return tuple(name for name in ("scenes", "max_entities", "cast", "style", "backgrounds") if getattr(self, name))

    def background(self, index: int) -> str:
        """The place of the scene of this index, from 0; empty when it is left to the planner."""
        return self.backgrounds[min(index, len(self.backgrounds) - 1)] if self.backgrounds else ""


_CAST: TypeAdapter[tuple[CastMember, ...]] = TypeAdapter(tuple[CastMember, ...])


def load_cast(path: str | os.PathLike[str]) -> tuple[CastMember, ...]:
    """The cast in a JSON file: `[{"name": "Mia", "description": "a girl in a red coat", "picture": "mia.png"}]`.

    Pictures are looked for beside the file.

    Raises:
        UsageError: the file is missing, not JSON, or not a cast; naming every problem.
    """
    form = 'a cast is a JSON list: [{"name": "Mia", "description": "a girl in a red coat", "picture": "mia.png"}]'
    try:
        data = parse_bounded(read_bounded(path, most=MEBIBYTE))
        cast = _CAST.validate_python(data)
    except ValidationError as error:
        problems = "; ".join(map(str, issues_of(error, (CastMember,))))
        raise UsageError(f"{os.fspath(path)}: this is no cast: {problems}", hint=form) from None
    except ValueError as error:  # not UTF-8, not JSON, too much of it, or a path that cannot be one
        raise UsageError(f"{os.fspath(path)}: this is no cast: {error}", hint=form) from None
    except OSError as error:
        raise UsageError(f"{os.fspath(path)}: the cast cannot be read: {error.strerror}", hint=form) from None
    beside = Path(path).parent
    return tuple(
        member if member.picture is None else member.model_copy(update={"picture": str(beside / member.picture)})
        for member in cast
    )
