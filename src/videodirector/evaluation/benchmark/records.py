"""From drawn frames to a record of what was seen in them: the costly half of measuring, done once for each plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field

from videodirector.errors import UsageError
from videodirector.evaluation.benchmark.plans import TrialSkill, middle
from videodirector.evaluation.benchmark.world import Instruments, background_of, called, variants
from videodirector.evaluation.instruments.sightings import identify, sightings
from videodirector.evaluation.metrics.consistency import Appearance
from videodirector.evaluation.metrics.features import Frames
from videodirector.evaluation.metrics.sightings import SceneSightings
from videodirector.evaluation.metrics.smoothness import flicker
from videodirector.schemas import Box, Entity, FrozenModel, Scene, VideoPlan

__all__ = ["RECORDS_VERSION", "PlanRecord", "SceneRecord", "look"]

RECORDS_VERSION = "1"
"""Raise it whenever the same clips give other records: older ones are then measured anew."""


class SceneRecord(FrozenModel):
    """What was seen in one scene.

    Attributes:
        sightings: of everything planned.
        background: what was planned, None where the classifier knows no such place, or where things hide all of it.
        background_seen: what the middle frame shows.
        flicker: change of the background from frame to frame, see ``evaluation.smoothness``.
    """

    sightings: SceneSightings
    background: str | None
    background_seen: str | None
    flicker: tuple[float, ...]


class PlanRecord(FrozenModel):
    """What was seen in one plan.

    Attributes:
        id: the plan's, such as ``object-007``.
        skill: what it tests, None where it is anybody's plan.
        scenes: in the plan's order.
        groups: for each thing that several scenes show, how it looks in each of them.
        keys: of the clips in the scene cache, scene by scene; empty where there is none.
        seconds: that the drawing took.
        revision: of the code that looked, the plan, and the clips.
    """

    id: str
    skill: TrialSkill | None
    scenes: tuple[SceneRecord, ...]
    groups: dict[str, tuple[Appearance, ...]] = Field(default_factory=dict)
    keys: tuple[str, ...] = ()
    seconds: float = 0.0
    revision: str = ""


def look(
    plan: VideoPlan,
    clips: Sequence[Frames],
    instruments: Instruments,
    *,
    name: str,
    skill: TrialSkill | None = None,
) -> PlanRecord:
    """Look for everything that a plan asks for.

    Args:
        plan: what was asked for.
        clips: the frames of every scene, in order.
        instruments: what looks.
        name: of the plan, for the record.
        skill: what it tests; then no more frames are looked at than that takes.

    Raises:
        UsageError: a scene has not as many frames as planned.
    """
    detector = instruments.detector
    groups: dict[str, tuple[Appearance, ...]] = Field(default_factory=dict)
    names: dict[tuple[str, str], str] = {}
    by_scene = {scene.id: clip for scene, clip in zip(plan.scenes, clips, strict=True)}
    for group, members in _groups(plan):
        first = called(members[0][1])
        # Members of a group are one thing, so they look as the first one does, whatever their own words say.
        names |= {(scene.id, entity.id): first for scene, entity in members}
        if skill in {None, "consistency"} and len(members) > 1 and first in detector.names:
            seen = []
            for scene, entity in members:
                frame = _shown(scene, entity)
                pixels = by_scene[scene.id][frame]
                seen.append(identify(detector, pixels, variants(first), scene=scene.id, frame=frame))
            groups[group] = tuple(seen)
    scenes = [
        _scene(
            scene,
            by_scene[scene.id],
            instruments,
            skill,
            {e.id: names.get((scene.id, e.id), called(e)) for e in scene.entities},
        )
        for scene in plan.scenes
    ]
    return PlanRecord(id=name, skill=skill, scenes=tuple(scenes), groups=groups)


def _scene(
    scene: Scene, frames: Frames, instruments: Instruments, skill: TrialSkill | None, names: Mapping[str, str]
) -> SceneRecord:
    seen = sightings(scene, frames, instruments.detector, names=names, look_at=_looked_at(scene, skill))
    planned = [entity.boxes(scene.frames) for entity in scene.entities]
    covered: list[list[Box]] = [[box for track in planned if (box := track[frame])] for frame in range(scene.frames)]
    for place, frame in enumerate(seen.looked_at):
        covered[frame] += [box for thing in seen.things if (box := thing.found[place])]
    background, shown = background_of(scene), None
    try:
        shown = instruments.classifier.classify(frames[middle(scene)], covered[middle(scene)]).name
    except UsageError:  # the boxes hide all of it
        background = None
    return SceneRecord(
        sightings=seen, background=background, background_seen=shown, flicker=tuple(flicker(frames, covered))
    )


def _looked_at(scene: Scene, skill: TrialSkill | None) -> Sequence[int] | None:
    if skill in {None, "object"}:
        return None
    return (0, scene.frames - 1) if skill == "movement" else (middle(scene),)


def _groups(plan: VideoPlan) -> Iterator[tuple[str, list[tuple[Scene, Entity]]]]:
    """Every consistency group of entities with its members, at most one a scene: of three ducks nobody knows which."""
    found: dict[str, dict[str, list[tuple[Scene, Entity]]]] = {}
    for scene, entity in plan.appearances():
        group = plan.group_of(scene, entity)
        if group is not None and any(entity.layout):
            found.setdefault(group, {}).setdefault(scene.id, []).append((scene, entity))
    for group, scenes in found.items():
        alone = [members[0] for members in scenes.values() if len(members) == 1]
        if alone:
            yield group, alone


def _shown(scene: Scene, entity: Entity) -> int:
    """The frame nearest to the middle that shows an entity."""
    there = [number for number, box in enumerate(entity.boxes(scene.frames)) if box]
    return min(there, key=lambda number: abs(number - middle(scene)), default=middle(scene))
