"""What a plan says of how its scenes look: words, pictures and sides, before anything becomes a tensor.

With ``conditioning`` the only file of this room that reads a plan; this one needs no torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from PIL.Image import Image

from videodirector.schemas import Box, Scene, VideoPlan

__all__ = ["Appearance", "Captions", "Side", "Track", "appearances", "caption", "side"]

Captions = Literal["told", "listed"]
Side = Literal["left", "right"]
Track = Sequence[Box | tuple[float, float, float, float] | None]

STILL = 0.04  # a thing whose centre moves less than this share of the picture looks to neither side


@dataclass(frozen=True, kw_only=True, eq=False)
class Appearance:
    """What one thing looks like, one object for all scenes of its consistency group.

    ``name`` and ``description`` say it in words; ``picture`` shows it, if the plan refers to one, the file ``file``.
    ``key`` names it in its plan: its group, or the scene and the entity; from it follows the seed of what a prior
    imagines. ``remembered`` is the phrase by which a model's memory knows it, where that is settled already; otherwise
    it is the one nearest in meaning.
    """

    name: str
    description: str = ""
    picture: Image | None = None
    file: str | None = None
    key: str = ""
    remembered: str | None = None

    @property
    def phrase(self) -> str:
        """The words that are encoded."""
        return self.description or self.name


def side(track: Track) -> Side | None:
    """To which side a thing moves, from where it is first seen to where it is last seen."""
    seen = [box for box in track if box is not None]
    if not seen:
        return None
    shift = (seen[-1][0] + seen[-1][2] - seen[0][0] - seen[0][2]) / 2
    if abs(shift) < STILL:
        return None
    return "right" if shift > 0 else "left"


def caption(scene: Scene) -> str:
    """The scene in words, in the form that the captions of training have."""
    description = scene.description.strip().rstrip(".")
    if not scene.background:
        return description
    return f"{description}. Background: {scene.background}" if description else f"Background: {scene.background}"


def appearances(plan: VideoPlan, pictures: Mapping[str, Image]) -> dict[tuple[str, str], Appearance]:
    """How every entity looks, by (scene id, entity id); members of one group share one appearance, the first one's.

    ``pictures`` are the plan's reference pictures by file name.
    """
    shared: dict[str, Appearance] = {}
    found: dict[tuple[str, str], Appearance] = {}
    for scene, entity in plan.appearances():
        file = plan.reference_of(scene, entity)
        group = plan.group_of(scene, entity)
        own = Appearance(
            name=entity.name,
            description=entity.description,
            picture=None if file is None else pictures[file],
            file=file,
            key=f"{scene.id}/{entity.id}" if group is None else group,
        )
        # An entity with a picture of its own keeps it, whatever its group looks like.
        found[scene.id, entity.id] = (
            own if group is None or entity.id in plan.references else shared.setdefault(group, own)
        )
    return found
