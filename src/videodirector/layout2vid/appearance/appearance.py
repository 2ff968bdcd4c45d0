"""Read from a plan how its entities look: words, pictures and sides, before anything becomes a tensor.

Beside ``conditioning`` the only file here that reads a plan; this one needs no torch.
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

STILL = 0.04  # an entity whose centre moves less than this share of the picture faces neither side


@dataclass(frozen=True, kw_only=True, eq=False)
class Appearance:
    """How one entity looks, one object for all scenes of its consistency group.

    ``picture`` is the plan's reference picture, if it has one, from the file ``file``. ``key`` identifies it in its
    plan: its group, or the scene and the entity; the seed of an unCLIP prior follows from it.
    """

    name: str
    description: str = ""
    picture: Image | None = None
    file: str | None = None
    key: str = ""

    @property
    def phrase(self) -> str:
        """The words that are encoded."""
        return self.description or self.name


def side(track: Track) -> Side | None:
    """Tell to which side an entity moves, from where it is first visible to where it is last visible."""
    seen = [box for box in track if box is not None]
    if not seen:
        return None
    shift = (seen[-1][0] + seen[-1][2] - seen[0][0] - seen[0][2]) / 2
    if abs(shift) < STILL:
        return None
    return "right" if shift > 0 else "left"


def caption(scene: Scene) -> str:
    """Write a scene's description and background in the form of the captions of training."""
    description = scene.description.strip().rstrip(".")
    if not scene.background:
        return description
    return f"{description}. Background: {scene.background}" if description else f"Background: {scene.background}"


def appearances(plan: VideoPlan, pictures: Mapping[str, Image]) -> dict[tuple[str, str], Appearance]:
    """Collect how every entity looks, by (scene id, entity id); members of a group share the first one's appearance.

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
