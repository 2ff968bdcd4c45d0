"""A plan while a request changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from videodirector.planner.refine.errors import CannotDo
from videodirector.planner.refine.targets import Target, entities_called
from videodirector.schemas import Entity, Layout, Scene, VideoPlan

__all__ = ["Work", "any_of"]

T = TypeVar("T")


@dataclass
class Work:
    """A plan being changed, and what the request has spoken of so far.

    Attributes:
        plan: changed in place.
        named: the scenes that this part of the request names; None for none.
        scope: those that it named last, for "add a kite to scene 1 and add a ball".
        last: whom "it" means.
    """

    plan: VideoPlan
    named: list[Scene] | None = None
    scope: list[Scene] = field(default_factory=list)
    last: list[Target] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Say something in the plan's notes, once."""
        self.plan.notes += [text] if text not in self.plan.notes else []

    @property
    def scenes(self) -> list[Scene]:
        """The scenes meant: those named, or all."""
        return self.named or list(self.plan.scenes)

    def targets(self, phrase: str) -> list[Target]:
        """The entities meant, remembered for the next "it"."""
        self.last = entities_called(self.scenes, phrase, self.last)
        return self.last

    def each(self, phrase: str, change: Callable[[Scene, Entity], None]) -> None:
        """Do something to everybody meant.

        Raises:
            CannotDo: it can be done to none of them; with the first reason.
        """
        any_of(self.targets(phrase), lambda target: change(*target))

    def each_layout(self, phrase: str, change: Callable[[Layout], Layout]) -> None:
        """Change the layouts of everybody meant."""
        self.each(phrase, lambda _, entity: setattr(entity, "layout", change(list(entity.layout))))


def any_of(things: Iterable[T], change: Callable[[T], None]) -> None:
    """Do something to each of these; it is enough if it can be done to one.

    Raises:
        CannotDo: it can be done to none; with the first reason.
    """
    done, refused = 0, []
    for thing in things:
        try:
            change(thing)
            done += 1
        except CannotDo as error:
            refused.append(error)
    if refused and not done:
        raise refused[0]
