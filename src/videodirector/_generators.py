"""Generators that yield events and return a result."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

__all__ = ["Returning", "finish"]

Event = TypeVar("Event")
Result = TypeVar("Result")


class Returning(Generic[Event, Result]):
    """Iterates over the events of a generator; afterwards ``result`` is what it returned."""

    result: Result

    def __init__(self, generator: Generator[Event, None, Result]) -> None:
        self._generator = generator

    def __iter__(self) -> Iterator[Event]:
        self.result = yield from self._generator


def finish(generator: Generator[object, None, Result]) -> Result:
    """Run a generator to its end and return its result."""
    run = Returning(generator)
    for _ in run:
        pass
    return run.result
