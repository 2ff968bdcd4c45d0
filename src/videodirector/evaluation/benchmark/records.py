"""Records of what the instruments find in rendered frames: the costly half of measuring, done once for each plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from videodirector.errors import UsageError
from videodirector.evaluation.benchmark.trial_plans import TrialSkill, get_middle_frame
from videodirector.evaluation.benchmark.world import (
    Instruments,
    find_background_name,
    find_detector_name,
    list_variants,
)
from videodirector.evaluation.instruments.tracker import identify_variant, track_entities
from videodirector.evaluation.metrics.coherence import Appearance
from videodirector.evaluation.metrics.feature_networks import Frames
from videodirector.evaluation.metrics.motion import measure_flicker
from videodirector.evaluation.metrics.tracking import SceneTracks
from videodirector.schemas import Box, Entity, Scene, VideoPlan

__all__ = ["RECORDS_VERSION", "PlanRecord", "SceneRecord", "record_plan"]

RECORDS_VERSION = "1"
"""Raise it whenever the same clips give other records: older ones are then measured anew."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SceneRecord(_Frozen):
    """What was found in one scene.

    Attributes:
        sightings: of everything planned.
        background: what was planned, None where the classifier knows no such place, or where things hide all of it.
        background_seen: what the middle frame shows.
        flicker: change of the background from frame to frame, see ``metrics.motion``.
    """

    sightings: SceneTracks
    background: str | None
    background_seen: str | None
    flicker: tuple[float, ...]


class PlanRecord(_Frozen):
    """What was found in one plan.

    Attributes:
        id: the plan's, such as ``object-007``.
        skill: what it tests, None for other plans.
        scenes: in the plan's order.
        groups: for each thing that several scenes show, how it looks in each of them.
        keys: of the clips in the scene cache, scene by scene; empty where there is none.
        seconds: of rendering.
        revision: of the measuring code, the plan, and the clips.
    """

    id: str
    skill: TrialSkill | None
    scenes: tuple[SceneRecord, ...]
    groups: dict[str, tuple[Appearance, ...]] = {}
    keys: tuple[str, ...] = ()
    seconds: float = 0.0
    revision: str = ""


def record_plan(
    plan: VideoPlan,
    clips: Sequence[Frames],
    instruments: Instruments,
    *,
    name: str,
    skill: TrialSkill | None = None,
) -> PlanRecord:
    """Find everything that a plan requires in its frames.

    Args:
        plan: as requested.
        clips: the frames of every scene, in order.
        instruments: for the frames.
        name: of the plan, for the record.
        skill: what it tests; then only the frames it needs are examined.

    Raises:
        UsageError: a scene has not as many frames as planned.
    """
    detector = instruments.detector
    groups: dict[str, tuple[Appearance, ...]] = {}
    names: dict[tuple[str, str], str] = {}
    by_scene = {scene.id: clip for scene, clip in zip(plan.scenes, clips, strict=True)}
    for group, members in _iter_groups(plan):
        first = find_detector_name(members[0][1])
        # Members of a group are one thing, so they look as the first one does, whatever their own words say.
        names |= {(scene.id, entity.id): first for scene, entity in members}
        if skill in {None, "consistency"} and len(members) > 1 and first in detector.names:
            seen = []
            for scene, entity in members:
                frame = _find_shown_frame(scene, entity)
                pixels = by_scene[scene.id][frame]
                seen.append(identify_variant(detector, pixels, list_variants(first), scene=scene.id, frame=frame))
            groups[group] = tuple(seen)
    scenes = [
        _record_scene(
            scene,
            by_scene[scene.id],
            instruments,
            skill,
            {e.id: names.get((scene.id, e.id), find_detector_name(e)) for e in scene.entities},
        )
        for scene in plan.scenes
    ]
    return PlanRecord(id=name, skill=skill, scenes=tuple(scenes), groups=groups)


def _record_scene(
    scene: Scene, frames: Frames, instruments: Instruments, skill: TrialSkill | None, names: Mapping[str, str]
) -> SceneRecord:
    seen = track_entities(scene, frames, instruments.detector, names=names, look_at=_choose_frames(scene, skill))
    planned = [entity.boxes(scene.frames) for entity in scene.entities]
    covered: list[list[Box]] = [[box for track in planned if (box := track[frame])] for frame in range(scene.frames)]
    for place, frame in enumerate(seen.looked_at):
        covered[frame] += [box for thing in seen.things if (box := thing.found[place])]
    background, shown = find_background_name(scene), None
    try:
        shown = instruments.classifier.classify(frames[get_middle_frame(scene)], covered[get_middle_frame(scene)]).name
    except UsageError:  # the boxes hide all of it
        background = None
    return SceneRecord(
        sightings=seen, background=background, background_seen=shown, flicker=tuple(measure_flicker(frames, covered))
    )


def _choose_frames(scene: Scene, skill: TrialSkill | None) -> Sequence[int] | None:
    if skill in {None, "object"}:
        return None
    return (0, scene.frames - 1) if skill == "movement" else (get_middle_frame(scene),)


def _iter_groups(plan: VideoPlan) -> Iterator[tuple[str, list[tuple[Scene, Entity]]]]:
    """Yield every consistency group of entities with its members, one a scene: three ducks are indistinguishable."""
    found: dict[str, dict[str, list[tuple[Scene, Entity]]]] = {}
    for scene, entity in plan.appearances():
        group = plan.group_of(scene, entity)
        if group is not None and any(entity.layout):
            found.setdefault(group, {}).setdefault(scene.id, []).append((scene, entity))
    for group, scenes in found.items():
        alone = [members[0] for members in scenes.values() if len(members) == 1]
        if alone:
            yield group, alone


def _find_shown_frame(scene: Scene, entity: Entity) -> int:
    """Return the frame nearest to the middle that shows an entity."""
    there = [number for number, box in enumerate(entity.boxes(scene.frames)) if box]
    return min(there, key=lambda number: abs(number - get_middle_frame(scene)), default=get_middle_frame(scene))
