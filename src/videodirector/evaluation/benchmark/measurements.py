"""Compute measurements from records: proportions and means with confidence intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from videodirector.evaluation.benchmark.records import PlanRecord, SceneRecord
from videodirector.evaluation.benchmark.trial_plans import TrialSkill
from videodirector.evaluation.metrics.coherence import (
    measure_consistency,
    measure_frame_similarity,
    measure_pixel_change,
    measure_text_similarity,
)
from videodirector.evaluation.metrics.feature_networks import Frames, ImageTextNetwork, VideoNetwork
from videodirector.evaluation.metrics.frechet import measure_frechet_video_distance, measure_inception_score
from videodirector.evaluation.metrics.layout_fidelity import measure_layout_fidelity, measure_visibility
from videodirector.evaluation.metrics.motion import Displacement, measure_jumps, measure_movement
from videodirector.evaluation.metrics.statistics import Estimate, Proportion
from videodirector.evaluation.metrics.tracking import SceneTracks
from videodirector.evaluation.metrics.vpeval import (
    check_counts,
    check_found,
    check_in_box,
    check_positions,
    check_sizes,
)
from videodirector.schemas import Scene

__all__ = [
    "Measurement",
    "compute_feature_measurements",
    "compute_measurements",
    "measure_displacement",
    "score_record",
]

Clips = Callable[[PlanRecord], Sequence[Frames]]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One line of the report: ``key`` in JSON, ``measure`` for people."""

    key: str
    measure: str
    value: Proportion | Estimate

    def as_dict(self) -> dict[str, Any]:
        """Return a dictionary for JSON."""
        return {"measure": self.measure, **self.value.as_dict()}


def compute_measurements(
    records: Sequence[PlanRecord], clips: Clips, network: ImageTextNetwork | None = None
) -> list[Measurement]:
    """Compute all measurements of these records; skills without a record are left out.

    Args:
        records: of any skills; those without a skill count for every measure.
        clips: returns the rendered frames of a record.
        network: embeds crops, for the similarity of one thing in several scenes.
    """
    found: list[Measurement] = []

    def add(key: str, measure: str, value: Proportion | Estimate) -> None:
        if value.total:
            found.append(Measurement(key=key, measure=measure, value=value))

    objects = _select_scenes(records, "object")
    sightings = [scene.sightings for scene in objects]
    add("object_in_box", "object: in its box (IoU >= 0.5)", _count_answers(sightings, check_in_box))
    add("object_seen", "object: found anywhere", _count_answers(sightings, check_found))
    add("count", "count", _count_answers(_select_tracks(records, "count"), check_counts))
    add("spatial", "spatial relation", _count_answers(_select_tracks(records, "spatial"), check_positions))
    add("scale", "scale relation", _count_answers(_select_tracks(records, "scale"), check_sizes))
    moving = [thing for scene in _select_tracks(records, "movement") for thing in scene.things]
    add("movement", "movement direction (chance 25 %)", measure_movement(moving))
    layout = measure_layout_fidelity(sightings)
    add("layout_iou", "layout: mean IoU, all frames", layout.mean_iou)
    add("layout_centres", "layout: distance of centres, all frames", layout.centre_distance)
    presence = measure_visibility(sightings)
    add("visibility", "visibility: there exactly when planned, of frames", presence.right)
    add("visibility_hidden", "visibility: away when planned to be, of frames", presence.hidden)
    add("jumps", "smoothness: movement other than planned, a frame", measure_jumps(sightings))
    every = [scene for record in records for scene in record.scenes]
    whole = [record for record in records if record.skill in {"object", None}]  # others may have fewer frames
    known = [scene for scene in every if scene.background is not None]
    add("background", "background right", Proportion.from_outcomes(s.background_seen == s.background for s in known))
    add(
        "flicker",
        "smoothness: change of the background, levels of 255 a frame",
        Estimate.mean(s.flicker for s in objects),
    )
    found += _measure_consistency(records, clips, network)
    moved = measure_displacement(records)
    add("following", "moved boxes: things that follow", moved.followed)
    add("seconds", "seconds to draw a scene", Estimate.mean([r.seconds / len(r.scenes)] for r in whole if r.seconds))
    return found


def compute_feature_measurements(
    clips: Sequence[tuple[Scene, Frames]],
    true: Sequence[Frames],
    *,
    videos: VideoNetwork | None,
    pictures: ImageTextNetwork | None,
) -> list[Measurement]:
    """Compute the metrics of the papers that need a network.

    Args:
        clips: rendered scenes.
        true: as many true clips, of other scenes.
        videos: for the Fréchet video distance and the inception score.
        pictures: for CLIP-Text and CLIP-Image.
    """
    drawn = [frames for _, frames in clips]
    found = [
        Measurement(key="pixel_mse", measure="Pixel-MSE of neighbouring frames", value=measure_pixel_change(drawn))
    ]
    if videos is not None and min(len(drawn), len(true)) > 1:
        fvd, score = measure_frechet_video_distance(videos, drawn, true), measure_inception_score(videos, drawn)
        found.append(Measurement(key="fvd", measure=f"Fréchet video distance ({videos.name})", value=fvd))
        found.append(Measurement(key="inception_score", measure=f"inception score ({videos.name})", value=score))
    if pictures is not None:
        words = [f"{scene.description} {scene.background}".strip() for scene, _ in clips]
        text = measure_text_similarity(pictures, drawn, words)
        found.append(Measurement(key="clip_text", measure=f"CLIP-Text ({pictures.name})", value=text))
        image = measure_frame_similarity(pictures, drawn)
        found.append(Measurement(key="clip_image", measure=f"CLIP-Image ({pictures.name})", value=image))
    return found


def measure_displacement(records: Sequence[PlanRecord]) -> Displacement:
    """Measure the displacement of the first thing of each "following" plan, from its first scene to its second."""
    asked: list[tuple[float, float]] = []
    seen_: list[tuple[float, float] | None] = []
    for record in records:
        if record.skill != "following":
            continue
        before, after = (scene.sightings.things[0] for scene in record.scenes)
        assert before.planned[0]
        assert after.planned[0]
        asked.append(_subtract_points(before.planned[0].centre, after.planned[0].centre))
        there = before.found[0], after.found[0]
        seen_.append(_subtract_points(there[0].centre, there[1].centre) if there[0] and there[1] else None)
    return Displacement(requested=tuple(asked), observed=tuple(seen_))


def score_record(record: PlanRecord) -> float:
    """Return the share of a plan's requirements that are met, in [0, 1]; it ranks the worst cases."""
    answers = [scene.background_seen == scene.background for scene in record.scenes if scene.background]
    for scene in record.scenes:
        answers += _SKILL_CHECKS.get(record.skill, check_in_box)(scene.sightings)
        if record.skill == "movement":
            moves = measure_movement(scene.sightings.things)
            answers += [True] * moves.successes + [False] * (moves.total - moves.successes)
    for appearances in record.groups.values():
        answers += [a.variant is not None and a.variant == appearances[0].variant for a in appearances[1:]]
    return sum(answers) / len(answers) if answers else 1.0


_SKILL_CHECKS: dict[TrialSkill | None, Callable[[SceneTracks], list[bool]]] = {
    "count": check_counts,
    "spatial": check_positions,
    "scale": check_sizes,
    "movement": lambda scene: [],  # noqa: ARG005  judged by its two frames
}


def _measure_consistency(
    records: Sequence[PlanRecord], clips: Clips, network: ImageTextNetwork | None
) -> list[Measurement]:
    groups = []
    for record in records:
        if record.groups:
            drawn = {scene.sightings.scene: frames for scene, frames in zip(record.scenes, clips(record), strict=True)}
            groups += [[(a, drawn[a.scene][a.frame]) for a in members] for members in record.groups.values()]
    if not groups:
        return []
    found = measure_consistency(groups, network)
    rows: list[tuple[str, str, Proportion | Estimate]] = [
        ("consistency", "consistency: same variant in adjacent scenes", found.adjacent),
        ("consistency_all", "consistency: same variant, all pairs of scenes", found.all_pairs),
        ("consistency_crops", "consistency: cosine of crops, adjacent scenes", found.crops_adjacent),
        ("consistency_crops_all", "consistency: cosine of crops, all pairs", found.crops_all),
        ("consistency_seen", "consistency: scenes in which the thing was found", found.seen),
    ]
    return [Measurement(key=key, measure=measure, value=value) for key, measure, value in rows if value.total]


def _select_scenes(records: Sequence[PlanRecord], skill: TrialSkill) -> list[SceneRecord]:
    return [scene for record in records if record.skill in {skill, None} for scene in record.scenes]


def _select_tracks(records: Sequence[PlanRecord], skill: TrialSkill) -> list[SceneTracks]:
    return [scene.sightings for scene in _select_scenes(records, skill)]


def _count_answers(scenes: Sequence[SceneTracks], rule: Callable[[SceneTracks], list[bool]]) -> Proportion:
    return Proportion.from_outcomes(chain.from_iterable(rule(scene) for scene in scenes))


def _subtract_points(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return b[0] - a[0], b[1] - a[1]
