"""Track every planned entity through the frames with the detector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from videodirector.errors import UsageError
from videodirector.evaluation.instruments.detector import Detector
from videodirector.evaluation.metrics.coherence import Appearance
from videodirector.evaluation.metrics.feature_networks import Frames
from videodirector.evaluation.metrics.tracking import EntityTrack, SceneTracks
from videodirector.schemas import Box, Scene

__all__ = ["EntityTrack", "SceneTracks", "identify_variant", "track_entities"]

_SEARCH_STRIDE = 4  # frames between searches of the whole picture, while a thing is not found


def track_entities(
    scene: Scene,
    frames: Frames,
    detector: Detector,
    *,
    names: Mapping[str, str] | None = None,
    look_at: Sequence[int] | None = None,
) -> SceneTracks:
    """Track everything that a scene plans.

    A thing is searched for on some whole frames, and followed from there into the frames before and after. The plan's
    boxes are used only to assign several things of one name.

    Args:
        scene: as planned.
        frames: as rendered, as many as planned.
        detector: of the things.
        names: entity id -> what the detector calls it; by its name where it is not listed.
        look_at: numbers of the frames; None means all.

    Raises:
        UsageError: there are not as many frames as planned.
    """
    if len(frames) != scene.frames:
        raise UsageError(
            f"scene {scene.id!r} has {scene.frames} frames in the plan and {len(frames)} in the video",
            hint="is this the plan that the video was made from?",
        )
    looked_at = tuple(range(scene.frames)) if look_at is None else tuple(sorted(set(look_at)))
    called = {entity.id: (names or {}).get(entity.id, entity.name) for entity in scene.entities}
    planned = {entity.id: [entity.boxes(scene.frames)[number] for number in looked_at] for entity in scene.entities}
    found: dict[str, Sequence[Box | None]] = {}
    counted: dict[str, int] = {}
    for name in dict.fromkeys(called.values()):
        if name not in detector.names:
            continue
        same = [entity for entity, other in called.items() if other == name]
        if len(same) == 1:
            found[same[0]] = _follow_entity(detector, frames, name, looked_at)
            continue
        seen = [[d.box for d in detector.find_all(frames[number], name)] for number in looked_at]
        counted[name] = len(seen[len(seen) // 2])
        found |= _assign_detections({entity: planned[entity] for entity in same}, seen)
    things = [
        EntityTrack(entity=entity, name=called[entity], planned=tuple(planned[entity]), found=tuple(found[entity]))
        for entity in called
        if entity in found
    ]
    unknown = tuple(dict.fromkeys(name for name in called.values() if name not in detector.names))
    return SceneTracks(scene=scene.id, looked_at=looked_at, things=tuple(things), counted=counted, unknown=unknown)


def _follow_entity(detector: Detector, frames: Frames, name: str, looked_at: Sequence[int]) -> list[Box | None]:
    """Return where a thing is on each of these frames."""
    found: list[Box | None] = [None] * len(looked_at)
    last = len(looked_at) - 1
    for place in sorted({*range(0, last + 1, _SEARCH_STRIDE), last}):
        if found[place] is not None or (seen := detector.find(frames[looked_at[place]], name)) is None:
            continue
        found[place] = seen.box
        for step in (-1, 1):
            here, box = place, seen.box
            while 0 <= here + step <= last and abs(looked_at[here + step] - looked_at[here]) == 1:
                here += step
                if found[here] is not None:
                    break
                frame = frames[looked_at[here]]
                near = detector.find_near(frame, name, box) or detector.find(frame, name)  # it may have leapt
                if near is None:
                    break
                found[here] = box = near.box
    return found


def _assign_detections(
    planned: Mapping[str, Sequence[Box | None]], seen: Sequence[Sequence[Box]]
) -> dict[str, list[Box | None]]:
    """Assign detections to several things of one name: on every frame the pairing with the most overlap."""
    entities = list(planned)
    found: dict[str, list[Box | None]] = {entity: [None] * len(seen) for entity in entities}
    for frame, boxes in enumerate(seen):
        shared = np.array(
            [[box.iou(plan) if (plan := planned[entity][frame]) else 0.0 for box in boxes] for entity in entities]
        ).reshape(len(entities), len(boxes))
        for row, column in zip(*linear_sum_assignment(-shared), strict=True):
            found[entities[row]][frame] = boxes[column]
    return found


def identify_variant(
    detector: Detector, pixels: NDArray[np.uint8], variants: Sequence[str], *, scene: str, frame: int
) -> Appearance:
    """Find a thing in any of its variants, the most probable first, and identify the variant."""
    for name in variants:
        if found := detector.find(pixels, name):
            variant = detector.find_most_similar(pixels, found.box, variants)
            return Appearance(scene=scene, frame=frame, variant=variant, box=found.box)
    return Appearance(scene=scene, frame=frame, variant=None, box=None)
