"""Replaces the parameters of a command that are groups of options by those options.

A group is a dataclass of options and groups, or a ``TypedDict`` of keywords, whose options are described by the fields
of its model: ``RenderOptions`` by ``RenderSettings``, ``PlanOptions`` by ``PlanRequest``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from functools import wraps
from operator import itemgetter
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

import typer
from pydantic.fields import FieldInfo

from videodirector.schemas import FrozenModel, Option, PlanOptions, PlanRequest, RenderOptions, RenderSettings

__all__ = ["Only", "Without", "spread"]

_MODELS: dict[Any, type[FrozenModel]] = {RenderOptions: RenderSettings, PlanOptions: PlanRequest}


class Only(tuple[str, ...]):
    """Limits keywords to these fields: ``Annotated[RenderOptions, Only(["seed", "steps"])]``."""


class Without(tuple[str, ...]):
    """Leaves fields out of keywords: ``Annotated[RenderOptions, Without(["steps"])]``."""


@dataclass(frozen=True)
class _Group:
    """The options of a group, as parameters, and how its value is built from theirs."""

    parameters: tuple[inspect.Parameter, ...]
    build: Callable[[Mapping[str, Any]], Any]


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the groups among a command's parameters by their options, for typer to read."""
    inner = _expand(inspect.signature(command).parameters.values(), get_type_hints(command, include_extras=True))

    @wraps(command)
    def run(**values: Any) -> None:
        command(**inner.build(values))

    run.__signature__ = inspect.Signature(list(inner.parameters))  # type: ignore[attr-defined]  # inspect looks for it
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in inner.parameters}
    return run


def _expand(parameters: Iterable[inspect.Parameter], hints: Mapping[str, Any]) -> _Group:
    groups: dict[str, _Group] = {}
    for parameter in parameters:
        hint = hints[parameter.name]
        groups[parameter.name] = _group(hint) or _Group(
            (parameter.replace(annotation=hint),), itemgetter(parameter.name)
        )
    return _Group(
        tuple(option for group in groups.values() for option in group.parameters),
        lambda values: {name: group.build(values) for name, group in groups.items()},
    )


def _group(hint: Any) -> _Group | None:
    """Return the group that an annotation names, or None where it is one option."""
    base, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if is_dataclass(base):
        assert isinstance(base, type)
        inner = _expand(inspect.signature(base).parameters.values(), get_type_hints(base, include_extras=True))
        return _Group(inner.parameters, lambda values: base(**inner.build(values)))
    if not is_typeddict(base):
        return None
    options = dict(_options(base, extras))
    parameters = tuple(_parameter(name, option, field) for name, (option, field) in options.items())

    def build(values: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: values[name] for name in options if values[name] is not None}
        return {
            name: parse(value) if (parse := options[name][0].parse) is not None else value
            for name, value in given.items()
        }

    return _Group(parameters, build)


def _options(keywords: Any, extras: list[Any]) -> Iterator[tuple[str, tuple[Option, FieldInfo]]]:
    fields = _MODELS[keywords].model_fields
    names = [name for extra in extras if isinstance(extra, Only) for name in extra] or list(keywords.__annotations__)
    left_out = {name for extra in extras if isinstance(extra, Without) for name in extra}
    for name in names:
        option = next((item for item in fields[name].metadata if isinstance(item, Option)), None)
        if option is not None and name not in left_out:
            yield name, (option, fields[name])


def _parameter(name: str, option: Option, field: FieldInfo) -> inspect.Parameter:
    parts = list(_leaves(field.annotation))
    choices = [part for part in parts if get_origin(part) is Literal]
    metavar = option.metavar or (f"[{'|'.join(get_args(choices[0]))}]" if choices else None)
    kind: Any = str
    default = field.default
    if bool in parts:
        kind = bool
    elif int in parts:
        kind = int
    elif get_origin(field.annotation) is tuple and option.parse is None:
        kind = list[str]
    if default is None or default == ():
        kind, default = kind | None, None
    flag = option.flag or f"--{name.replace('_', '-')}"
    text = f"{option.help} [dim]default: {option.default}[/]" if option.default else option.help
    annotation = Annotated[kind, typer.Option(flag, metavar=metavar, help=text, min=option.least)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _leaves(annotation: Any) -> Iterator[Any]:
    """Yield the types that an annotation is composed of, and each ``Literal`` as a whole."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _leaves(arguments[0])
    elif origin is Literal or not arguments:
        yield annotation
    else:
        for argument in arguments:
            yield from _leaves(argument)
